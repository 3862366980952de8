"""What the caller hears: while it rings, and when nobody took the call."""

import pytest

from tests.chain.calling import (
    TO_NORTH,
    TO_SOUTH,
    TO_WEST,
    assert_all_settled,
    cause,
    dial,
    final,
    to,
    tried,
)
from tests.chain.harness.another_edge import edge_beside, scene_at

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]


def changed(text):
    """North may not announce, a caller behind reception always hears a cause, and what the carriers
    of 49 say of other places is followed.
    """
    for table, more in (
        ("[carriers.north]", 'early_media = "suppress"'),
        ("[trunks.reception]", 'reason_to_caller = "add"'),
        ('prefix = "49"', 'profile = "follower"'),
    ):
        assert text.count(table) == 1
        text = text.replace(table, f"{table}\n{more}\n#")
    return text + '\n[profiles.follower]\nredirect = "follow"\n'


@pytest.fixture(scope="module")
def edge(stack, place, cast):
    with edge_beside(stack, place, cast, "answers", last="117", change=changed) as started:
        yield started


@pytest.fixture
def scene(request, stack, place, cast, edge):
    with scene_at(stack, place, cast, edge[0], f"answers-{request.node.name}") as made:
        yield made


def heard(messages, caller):
    """Return the 18x that the caller got: code, whether with a body, To tag."""
    found = messages.where(answers="INVITE", target=caller.who.socket).once()
    return [(m.code, bool(m.body), m.header("to")) for m in found if 101 <= m.code < 200]


def test_a_carriers_announcement_passes_or_is_made_a_ringing(scene):
    north = scene.play(
        scene.cast.carrier("north"), "carrier/early-media-then-rejects-503", pause=200
    )
    south = scene.play(scene.cast.carrier("south"), "carrier/early-media-then-answers", pause=200)
    caller = dial(scene, TO_NORTH, extra="Supported: 100rel, timer")
    scene.finish(caller, north, south)

    messages = scene.messages()
    assert tried(messages, scene) == ["north", "south"]
    of_north, of_south = heard(messages, caller)
    assert of_north[:2] == (180, False)
    assert of_south[:2] == (183, True)
    assert of_north[2] != of_south[2]  # two early dialogs, each with its own tag
    suppressed = messages.where(code=180, target=caller.who.socket)[0]
    assert not suppressed.all("content-type")
    assert suppressed.header("content-length") == "0"
    # What is not offered can't be asked of the caller; the next carrier is offered it again.
    assert "100rel" not in to(messages, scene, "north")[0].header("supported")
    assert to(messages, scene, "south")[0].header("supported") == "100rel, timer"
    assert final(messages, caller).header("to") == of_south[2]
    assert_all_settled(messages)


def test_a_reliable_announcement_is_the_callers_only_answer_and_passes(scene):
    """RFC 3262 §5: the 200 that follows need not have a body. The caller requires it, we don't."""
    north = scene.play(
        scene.cast.carrier("north"), "carrier/early-media-then-answers", reason="RSeq: 7", pause=100
    )
    caller = dial(scene, TO_NORTH, extra="Require: 100rel")
    scene.finish(caller, north)

    messages = scene.messages()
    assert to(messages, scene, "north")[0].header("require") == "100rel"
    assert [said[:2] for said in heard(messages, caller)] == [(183, True)]


def test_the_answer_that_says_most_is_told_with_its_own_reason_and_nobodys_name(scene):
    """Each carrier says who it is (Server), and the last two give a cause; the first gave none."""
    north = scene.play(scene.cast.carrier("north"), "carrier/rejects-404", reason="Server: MegaTel")
    south = scene.play(scene.cast.carrier("south"), "carrier/rejects-503", reason=cause(34))
    west = scene.play(scene.cast.carrier("west"), "carrier/rejects-500", reason=cause(38))
    caller = dial(scene, TO_NORTH, "caller/calls-and-is-refused")
    scene.finish(caller, north, south, west)

    messages = scene.messages()
    assert tried(messages, scene) == ["north", "south", "west"]
    answer = final(messages, caller)
    assert (answer.code, answer.phrase) == (404, "Not Found")
    assert {name for name, _ in answer.headers} == {
        "via", "from", "to", "call-id", "cseq", "content-length"
    }  # fmt: skip
    for carrier in (north, south, west):
        assert carrier.who.address[0] not in answer.raw
    assert_all_settled(messages)


@pytest.mark.parametrize(
    ("said", "told"),
    [(cause(34), ["Q.850;cause=34"]), ("Server: MegaTel", ["Q.850;cause=17"])],
    ids=["its-own", "the-codes"],
)
def test_a_trunk_that_wants_a_cause_gets_one(scene, said, told):
    south = scene.play(scene.cast.carrier("south"), "carrier/rejects-486", reason=said)
    phone = scene.play(
        scene.cast.trunk("reception"), "pbx/calls-and-is-refused", number="2001", dialled=TO_SOUTH
    )
    scene.finish(phone, south)

    answer = final(scene.messages(), phone)
    assert (answer.code, answer.phrase, answer.all("reason")) == (486, "Busy Here", told)


def test_a_redirect_that_is_followed_leads_only_where_our_own_plan_does(scene):
    """West's first choice is a host that is nobody's; its second, south, fails; its third is another
    number, which our plan sends to north, who is in no way a carrier of the number that was dialled.
    """
    stranger = scene.cast.stranger().socket
    south, north = (scene.cast.carrier(name).socket for name in ("south", "north"))
    places = f"sip:{TO_WEST}@{stranger}>, <sip:{TO_NORTH}@{north}>;q=0.2, <sip:{TO_WEST}@{south}>;q=0.7, <tel:900123"
    west = scene.play(scene.cast.carrier("west"), "speaker/moves-302", moved_to=places)
    south = scene.play(scene.cast.carrier("south"), "carrier/rejects-503")
    north = scene.play(scene.cast.carrier("north"), "carrier/answers")
    caller = dial(scene, TO_WEST)
    scene.finish(caller, west, south, north)  # north's has ended with the caller's BYE

    messages = scene.messages()
    assert tried(messages, scene) == ["west", "south", "north"]
    assert to(messages, scene, "north")[0].uri == f"sip:{TO_NORTH}@{north.who.socket}"
    assert not messages.where(target=stranger.rpartition(":")[0])
    assert not [m for m in messages if "900123" in m.uri]
    assert final(messages, caller).code == 200
    assert_all_settled(messages)


def test_a_redirect_that_leads_nowhere_is_not_passed_on_where_it_should_be_followed(scene):
    moved = f"sip:900123@{scene.cast.stranger().socket}"
    west = scene.play(scene.cast.carrier("west"), "speaker/moves-302", moved_to=moved)
    south = scene.play(scene.cast.carrier("south"), "speaker/moves-302", moved_to=moved)
    caller = dial(scene, TO_WEST, "caller/calls-and-is-refused")
    scene.finish(caller, west, south)

    messages = scene.messages()
    assert tried(messages, scene) == ["west", "south"]
    answer = final(messages, caller)
    assert (answer.code, answer.all("contact")) == (480, [])


def test_a_503_that_nobody_could_better_stays_a_503_and_asks_for_no_pause(scene):
    """Its Retry-After is about that carrier; a PBX would leave our whole trunk alone for so long.
    The last test here: west and south are left alone from now on.
    """
    west = scene.play(scene.cast.carrier("west"), "carrier/rejects-503", reason="Retry-After: 600")
    south = scene.play(
        scene.cast.carrier("south"), "carrier/rejects-503", reason="Retry-After: 600"
    )
    caller = dial(scene, TO_WEST, "caller/calls-and-is-refused")
    scene.finish(caller, west, south)

    answer = final(scene.messages(), caller)
    assert (answer.code, answer.phrase) == (503, "Service Unavailable")
    assert not answer.all("retry-after")
