"""Who may take whom: no device is in two pages, the higher goes before, and all is given back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellhop.claims import Claims, Verdict, Way, Wish
from bellhop.zones import Zone

quiet = settings(deadline=None, max_examples=200)


def wish(page, priority=5, members=("1",), **rules):
    zone = Zone(number=f"8{page}", name="Z", members=members, priority=priority, **rules)
    return Wish(page, zone, tuple(members))


def ways(claims, one, in_call=(), call_priority=5):
    return {d: v.way for d, v in claims.plan(one, in_call, call_priority).items()}


LOW = wish("low", 3)
HELD = Claims().claimed(LOW, ["1"])


def test_a_free_device_is_rung():
    assert Claims().plan(LOW, (), 5) == {"1": Verdict(Way.RING)}


@pytest.mark.parametrize(
    ("priority", "rules", "way"),
    [
        (3, {}, Way.BUSY), (2, {}, Way.BUSY), (4, {}, Way.TAKE),
        (4, {"in_use": "skip"}, Way.BUSY), (4, {"in_use": "wait"}, Way.WAIT),
        (3, {"in_use": "wait"}, Way.BUSY), (1, {"emergency": True}, Way.TAKE),
    ],
)  # fmt: skip
def test_a_device_in_a_page_goes_to_the_higher_as_its_zone_says(priority, rules, way):
    assert ways(HELD, wish("b", priority, **rules)) == {"1": way}


@pytest.mark.parametrize(
    ("priority", "rules", "way"),
    [
        (6, {}, Way.END), (5, {}, Way.BUSY), (1, {"emergency": True}, Way.END),
        (6, {"in_use": "skip"}, Way.BUSY), (5, {"in_use": "wait"}, Way.WAIT),
    ],
)  # fmt: skip
def test_a_device_in_a_call_is_taken_by_a_page_that_goes_before_calls(priority, rules, way):
    assert ways(Claims(), wish("b", priority, **rules), in_call={"1"}) == {"1": way}


@pytest.mark.parametrize("in_use", ["skip", "wait"])
def test_who_is_left_out_or_waited_for_is_told_with_what_keeps_the_device(in_use):
    later = wish("b", 6, in_use=in_use)
    assert HELD.plan(later, {"1"}, 5)["1"].why == "in another page"
    assert Claims().plan(later, {"1"}, 5)["1"].why == "in a call"


def test_an_emergency_locks_everybody_out_and_another_emergency_too():
    held = Claims().claimed(wish("e", emergency=True), ["1"])
    for other in (wish("b", 9), wish("c", 9, emergency=True)):
        assert ways(held, other) == {"1": Way.BUSY}


def test_what_is_not_its_to_take_it_does_not_get():
    with pytest.raises(ValueError, match="not b's to take"):
        HELD.claimed(wish("b", 3), ["1"])


def test_what_was_taken_is_given_back_in_turn():
    claims = HELD.claimed(wish("mid", 5), ["1"]).claimed(wish("high", 7), ["1"])
    assert claims.holder("1").page == "high"
    assert claims.handed_back("high").holder("1").page == "mid"
    assert claims.released("mid").released("high").holder("1") == LOW
    assert claims.back("1", "low").holder("1") == LOW
    assert claims.back("1", "over") == claims
    assert Claims().back("1", "over") == Claims()
    assert claims.gone("1").stacks == {}


def test_a_page_that_ends_keeps_its_own_until_they_have_left():
    assert HELD.handed_back("low").holder("1") == LOW
    assert HELD.released("low").stacks == {}


def test_a_page_that_queues_waits_for_the_equal_and_for_who_came_before_and_takes_from_the_lower():
    queues = {"when_busy": "queue"}
    assert not HELD.must_wait(wish("b", 3))
    assert HELD.must_wait(wish("b", 3, **queues))
    assert not HELD.must_wait(wish("b", 4, **queues))
    second, third = wish("b", 3, **queues), wish("c", 3, **queues)
    claims = HELD.queued(second).queued(third).released("low")
    assert not claims.must_wait(second)
    assert claims.must_wait(third)
    assert ways(claims, third) == {"1": Way.BUSY}
    assert not claims.dequeued("b").must_wait(third)


def test_who_waits_for_other_devices_or_goes_behind_is_not_waited_for():
    queues = {"when_busy": "queue"}
    waiting = Claims().queued(wish("b", 5, ("2",), **queues)).queued(wish("c", 3, **queues))
    one = wish("d", 4, **queues)
    assert not waiting.must_wait(one)
    assert ways(waiting, one) == {"1": Way.RING}
    assert waiting.must_wait(wish("e", 3, **queues))


DEVICES = ("1", "2", "3", "4")
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("begin"),
            st.integers(1, 9),
            st.booleans(),
            st.lists(st.sampled_from(DEVICES), min_size=1, unique=True),
        ),
        st.tuples(st.just("end"), st.integers(0, 49)),
        st.tuples(st.just("gone"), st.sampled_from(DEVICES)),
    ),
    max_size=100,
)


@quiet
@given(STEPS)
def test_whatever_begins_and_ends_each_device_is_one_pages_and_the_highest_that_wants_it(steps):
    claims, running = Claims(), {}
    for number, step in enumerate(steps):
        match step:
            case ("begin", priority, emergency, devices):
                one = wish(f"p{number}", priority, tuple(devices), emergency=emergency)
                plan = ways(claims, one)
                before = {d: claims.holder(d) for d in devices}
                got = [d for d, way in plan.items() if way in {Way.RING, Way.TAKE}]
                claims = claims.claimed(one, got)
                running[one.page] = one
                for device in devices:
                    other = before[device]
                    holder = claims.holder(device)
                    expected = one if other is None or other.rank < one.rank else other
                    assert holder == expected
            case ("end", which) if running:
                page = list(running)[which % len(running)]
                claims = claims.handed_back(page).released(page)
                del running[page]
            case ("gone", device):
                claims = claims.gone(device)
        for stack in claims.stacks.values():
            ranks = [one.rank for one in stack]
            assert stack
            assert ranks == sorted(set(ranks)), "a page took from one that goes before it"
            assert {one.page for one in stack} <= running.keys(), "a page that is over has a device"
    for page in running:
        claims = claims.handed_back(page).released(page)
    assert claims == Claims()
