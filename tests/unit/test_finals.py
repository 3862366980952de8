"""What the caller is told: whose answer, in which words, with which Reason."""

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellhop import finals, reason
from bellhop.calls import Attempt, Call, Leg, LegKind
from bellhop.causes import CAUSES
from bellhop.profiles import Profile
from bellhop.recursion import Failure, Verdict, decide

CARRIERS = ("north", "south", "west", "east")


def leg(name="north", kind=LegKind.CARRIER):
    return Leg(kind=kind, name=name, user="44", answer_timeout=1, ring_timeout=1)


def call(*attempts, kinds=()):
    kinds = (*kinds, *[LegKind.CARRIER] * len(attempts))
    return Call(
        id="c", caller="1020", dialled="44", profile="carrier", started=0, deadline=9, attempts_allowed=9,
        legs=tuple(leg(n, k) for n, k in zip(itertools.cycle(CARRIERS), kinds[: len(attempts)])),
        attempts=tuple(msgspec.structs.replace(a, leg=i) for i, a in enumerate(attempts)),
    )  # fmt: skip


def failed(code=None, *, verdict=Verdict.ADVANCE, rule="a-rule", rang=False, **said):
    failure = Failure(code, replied=code is not None, rang=rang, **said)
    return Attempt(
        leg=0, started=0, ended=1, rang=rang, failure=failure, verdict=verdict.value, rule=rule
    )


def told(*attempts, policy="relay", kinds=()):
    answer = finals.final(call(*attempts, kinds=kinds))
    return answer.code, finals.reason(answer, policy)


def decided(*failures, profile=Profile(name="p")):  # noqa: B008 - frozen
    """Attempts as the engine makes them: each decided by the policy."""
    made = []
    for failure in failures:
        decision = decide(failure, profile, tuple(f for f in failures[: len(made)]))
        made.append(
            Attempt(
                leg=0, started=0, ended=1, rang=failure.rang, failure=failure,
                verdict=decision.verdict.value, rule=decision.rule,
            )
        )  # fmt: skip
        if decision.verdict is not Verdict.ADVANCE:
            break
    return made


@pytest.mark.parametrize("code", [*finals.CODES])
def test_a_carrier_alone_is_told_with_its_own_code_and_the_standards_phrase(code):
    if code < 400:
        return
    answer = finals.final(call(*decided(Failure(code))))
    assert (answer.code, answer.phrase) == (code, finals.CODES[code].phrase)
    assert finals.reason(answer, "relay") is None


def test_a_search_that_was_stopped_ends_with_what_stopped_it():
    attempts = decided(
        Failure(503, cause=34), Failure(404, cause=34), Failure(486), Failure(500, cause=38)
    )
    assert len(attempts) == 3
    assert told(*attempts) == (486, None)  # with its own Reason: none, and nobody else's


def test_a_6xx_ends_with_itself_and_one_that_is_not_believed_is_what_its_cause_says():
    assert told(*decided(Failure(404), Failure(603))) == (603, None)
    doubted = Profile(name="p", trust_6xx=False)
    said = decided(Failure(603, cause=41), Failure(404), profile=doubted)
    assert told(*said) == (404, None)


CHOICES = [
    # A cause that says something of the callee or the number beats the code that it came with.
    ([failed(503, cause=17), failed(503, cause=34)], (503, "Q.850;cause=17")),
    ([failed(404), failed(503, cause=34)], (404, None)),
    ([failed(503, cause=34), failed(404), failed(500)], (404, None)),
    ([failed(404), failed(404, cause=1, location="RLN"), failed(404, cause=34)],
     (404, "Q.850;cause=1;location=RLN")),
    # A 4xx that tells of congestion is no better than a 503: the last one is told.
    ([failed(404, cause=34), failed(503)], (503, None)),
    ([failed(503), failed(404, cause=34)], (404, "Q.850;cause=34")),
    # The offer was not accepted: that carrier got further than the one that knows no such number.
    ([failed(404), failed(488), failed(404)], (488, None)),
    ([failed(400), failed(500)], (400, None)),
    ([failed(500), failed(480), failed(503)], (480, None)),
    ([failed(480), failed(400)], (400, None)),
    ([failed(403), failed(404)], (404, None)),
    ([failed(403), failed(503)], (403, None)),
    ([failed(408), failed(503)], (503, None)),
    # Silence says less than anybody's word, wherever it came; a challenge less than silence.
    ([failed(503, cause=41), failed()], (503, "Q.850;cause=41")),
    ([failed(), failed(503)], (503, None)),
    ([failed(407), failed()], (408, "Q.850;cause=102")),
    ([failed(401), failed(503)], (503, None)),
    ([failed(), failed()], (408, "Q.850;cause=102")),
    ([failed(503, rule=finals.NOT_SENT), failed(500)], (500, None)),
    ([failed(rule=finals.UNRESOLVED)], (503, "Q.850;cause=38")),
    # It rang: that is of the callee, whoever said it.
    ([failed(480, rang=True), failed(404), failed(486, cause=34)], (480, None)),
    ([failed(503), failed(rang=True), failed(503)], (480, "Q.850;cause=19")),
    ([failed(408, rang=True), failed(404)], (408, None)),
    # But a server that failed after it speaks for itself alone.
    ([failed(404), failed(503, rang=True)], (404, None)),
    # We followed a redirect, and nobody was left to try there: the others tell.
    ([failed(404), failed(302, verdict=Verdict.REDIRECT, rule=finals.FOLLOWED)], (404, None)),
    # Among equals the last.
    ([failed(500), failed(502), failed(504)], (504, None)),
    ([failed(500), failed(503, cause=34)], (503, "Q.850;cause=34")),
    # What is not believed does not choose, and is told as what it was.
    ([failed(503, cause=17, trusted=False), failed(404)], (404, None)),
    ([failed(503, cause=17, heeded=False), failed(404)], (404, None)),
    ([failed(503), failed(503, cause=17, trusted=False)], (503, "Q.850;cause=17")),
    # Causes that say nothing leave it to the code.
    ([failed(404, cause=31), failed(503, cause=16)], (404, "Q.850;cause=31")),
    ([failed(404, cause=1), failed(503)], (404, "Q.850;cause=1")),
    ([failed(403, cause=21), failed(404)], (404, None)),
    ([failed(403, cause=21, location="U"), failed(404)], (403, "Q.850;cause=21;location=U")),
    ([failed(480, cause=18), failed(503)], (480, "Q.850;cause=18")),
    ([failed(480, cause=126), failed(503)], (480, "Q.850;cause=126")),
]  # fmt: skip


@pytest.mark.parametrize(("attempts", "expected"), CHOICES)
def test_the_most_meaningful_answer_is_told_with_its_own_reason(attempts, expected):
    assert told(*attempts) == expected


def test_a_3xx_is_told_as_one_only_where_the_caller_may_follow_it():
    passed = finals.final(call(failed(302, verdict=Verdict.REDIRECT)))
    assert (passed.code, passed.phrase, passed.moved) == (302, "Moved Temporarily", True)
    taken_for_a_failure = finals.final(call(failed(302, cause=23)))
    assert (taken_for_a_failure.code, taken_for_a_failure.moved) == (480, False)
    assert finals.reason(taken_for_a_failure, "relay") == "Q.850;cause=23"
    assert finals.reason(taken_for_a_failure, "rewrite") == "Q.850;cause=18"  # a 480's
    assert told(failed(302), failed(404)) == (404, None)


@pytest.mark.parametrize(
    ("code", "expected"),
    [(302, 480), (305, 480), (401, 480), (407, 480), (494, 480), (486, 486), (420, 420)],
)
def test_a_device_answers_for_itself_only_and_always_tells_why(code, expected):
    for verdict in Verdict:
        answer = finals.final(call(failed(code, verdict=verdict), kinds=(LegKind.DEVICE,)))
        assert answer.code == expected
        assert finals.reason(answer, "relay")
        assert not answer.moved


@pytest.mark.parametrize(
    ("number", "phrase", "sent"),
    [(399, "Redirection", 399), (499, "Request Failure", 499), (599, "Server Failure", 599),
     (699, "Global Failure", 699), (799, "Server Internal Error", 500)],
)  # fmt: skip
def test_a_code_that_nobody_knows_has_its_classes_phrase(number, phrase, sent):
    answer = finals.final(call(failed(number, verdict=Verdict.STOP)))
    assert (answer.code, answer.phrase) == (sent, phrase)
    assert finals.code(number).phrase == phrase  # whoever else asks (kemi/answer.py)


POLICIES = [
    # (cause of the peer, its location) -> relay, rewrite, add, none; all of a 503
    ((34, "LN"), "Q.850;cause=34;location=LN", "Q.850;cause=41", "Q.850;cause=34;location=LN"),
    ((None, None), None, "Q.850;cause=41", "Q.850;cause=41"),
]


@pytest.mark.parametrize(("said", "relay", "rewrite", "add"), POLICIES)
def test_the_reason_is_by_policy(said, relay, rewrite, add):
    answer = finals.final(call(failed(503, cause=said[0], location=said[1])))
    found = [finals.reason(answer, policy) for policy in ("relay", "rewrite", "add", "none")]
    assert found == [relay, rewrite, add, None]


def test_a_cause_of_our_own_is_not_rewritten_and_none_is_none():
    answer = finals.final(call(failed(rang=True, verdict=Verdict.STOP)))
    assert finals.reason(answer, "rewrite") == "Q.850;cause=19"
    assert finals.reason(answer, "none") is None


def test_a_caller_who_gave_up_hears_no_cause():
    assert {finals.reason(finals.CANCELLED, policy) for policy in reason.POLICIES} == {None}


def test_a_487_of_a_carriers_own_is_an_answer_like_any_other():
    said = failed(487, cause=31, verdict=Verdict.STOP)
    assert told(said) == (487, "Q.850;cause=31")
    assert told(said, policy="rewrite")[1]


def test_a_device_that_gave_up_by_itself_is_no_timer_of_a_network():
    assert told(failed(408), kinds=(LegKind.DEVICE,)) == (408, "Q.850;cause=18")


def test_nobody_to_try_is_told():
    assert told() == (503, "Q.850;cause=38")


def test_each_code_has_a_cause_that_q850_assigns_and_one_line_of_words():
    for code in finals.CODES.values():
        assert code.cause in CAUSES
        assert code.phrase.isascii()
        assert code.phrase.isprintable()


FAILURES = st.builds(
    Failure,
    st.none() | st.sampled_from([*finals.CODES, 399, 477, 599, 699, 42, 700, 999]),
    cause=st.none() | st.integers(1, 127),
    location=st.none() | st.sampled_from([*reason.LOCATIONS]),
    rang=st.booleans(),
    replied=st.booleans(),
    trusted=st.booleans(),
)
PROFILES = st.builds(
    Profile,
    name=st.just("p"),
    on_480=st.sampled_from(["by-ringing", "advance", "stop"]),
    redirect=st.sampled_from(["relay", "fail"]),
    trust_6xx=st.booleans(),
)


@given(st.lists(FAILURES, max_size=6), PROFILES, st.sampled_from(reason.POLICIES))
def test_whatever_happened_the_answer_is_one_attempts_own(failures, profile, policy):
    attempts = decided(*failures, profile=profile)
    answer = finals.final(call(*attempts))
    said = finals.reason(answer, policy)
    assert answer.code in finals.FINAL_CODES
    assert answer.attempt in range(len(attempts) + 1)
    if policy == "none":
        assert said is None
    if answer.attempt and not answer.ours and said and policy == "relay":
        failure = attempts[answer.attempt - 1].failure
        assert said == reason.ReasonValue("Q.850", failure.cause, None, failure.location).header()
    if attempts and attempts[-1].verdict != "advance":
        assert answer.attempt == len(attempts)
    else:
        alone = [finals.final(call(one)) for one in attempts]
        assert all(answer.about <= one.about for one in alone)


@pytest.mark.parametrize(
    ("cause", "location", "about"),
    [
        (1, "U", finals.About.NUMBER),
        (1, "RLN", finals.About.NUMBER),
        (1, "TN", finals.code(480).about),
        (1, None, finals.code(480).about),
        (41, "U", finals.About.CARRIER),
        (28, None, finals.About.NUMBER),
        (21, "U", finals.About.CALLEE),
        (21, None, finals.code(480).about),
    ],
)
def test_an_unassigned_number_is_one_where_the_callees_own_network_says_so(cause, location, about):
    failure = Failure(480, cause=cause, location=location, trusted=True)
    assert finals._about(failure, 480) is about  # noqa: SLF001
    unbelieved = Failure(480, cause=cause, location=location, trusted=False)
    assert finals._about(unbelieved, 480) is finals.code(480).about  # noqa: SLF001


# 1 and 21 mean it by their location, 26 and 88 by their code; 18 and 102 are silence.
_BESIDE = {1, 18, 21, 26, 88, 102}


@pytest.mark.parametrize("cause", sorted({*range(1, 128)} - _BESIDE))
def test_what_a_cause_speaks_of_is_what_the_search_makes_of_it(cause):
    """One that no other carrier could better is the callee's or the number's, and one that another
    may is that carrier's own.
    """
    failure = Failure(403, cause=cause)
    about = finals._about(failure, 403)  # noqa: SLF001
    decision = decide(failure, Profile(name="p"))
    assert {
        "cause-stop": about in {finals.About.CALLEE, finals.About.NUMBER},
        "cause-advance": about is finals.About.CARRIER,
    }.get(decision.rule, about is finals.code(403).about)


@pytest.mark.parametrize(
    ("kind", "hears"),
    [(LegKind.DEVICE, (408, "Q.850;cause=18")), (LegKind.PBX, (503, "Q.850;cause=41"))],
)
def test_who_cannot_even_be_sent_to_is_as_who_says_nothing(kind, hears):
    """A PBX that hears 503 for one dead device would leave our trunk alone."""
    assert told(failed(rule=finals.NOT_SENT), kinds=(kind,)) == hears
