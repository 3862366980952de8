"""The board: what becomes of a device that is rung, waited for, or left by the page that has it."""

import asyncio

import pytest

from ami.legs import Leg
from ami.manager import NotConnected
from ami.waiting import when_free
from bellhop.claims import Way
from bellhop.devices import Device
from tests.unit.test_ami_board import HUNG_UP, Asterisk, Player, with_a_leg

SPEAKER = Device(number="1009", kind="speaker")


class Failing:
    """A manager whose Originates all come to the same."""

    up = True

    def __init__(self, answer):
        self.answer, self.sent = answer, []

    async def send(self, action, fields, patience=5):
        self.sent.append((action, fields["Channel"], patience))
        if isinstance(self.answer, Exception) and action == "Originate":
            raise self.answer
        return [self.answer]


def rung(manager, change):
    """Return what a page is told of a device that it has claimed and rings."""

    async def rings():
        board, _, new, _ = with_a_leg(manager)
        board.claim(new.wish, ["1009"])
        change(board, new)
        await asyncio.wait_for(board.ring(SPEAKER, new), 5)
        return new.told

    return asyncio.run(rings())


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"Response": "Failure", "Reason": "3"}, (19, None, "no answer")),
        ({"Response": "Failure", "Reason": "0"}, (None, None, "Asterisk could not ring it")),
        ({"Response": "Error", "Message": "No such context"}, (None, None, "No such context")),
        (NotConnected("no answer in 9 s"), (None, None, "not rung: no answer in 9 s")),
    ],
)
def test_a_device_that_could_not_be_rung_is_told_with_why_and_is_free(answer, told, monkeypatch):
    monkeypatch.setattr("ami.board._HANGUP_PATIENCE", 0.01)
    found = []
    manager = Failing(answer)
    assert rung(manager, lambda board, _: found.append(board)) == [("failed", "1009", *told)]
    assert found[0].claims.holder("1009") is None
    assert "1009" not in found[0].legs
    # What the zone gives it to answer, and what Asterisk needs to say so.
    assert manager.sent[0] == ("Originate", "PJSIP/1009@bellhop-member", 6.0 + 5)


class Refused(Failing):
    """Asterisk tells of the channel's end, and then of the ring that failed; the device is rung
    for another page in between.
    """

    newer = Leg("1009", "page-newer-1009")

    async def send(self, action, fields, patience=5):
        ended = {"Uniqueid": fields["ChannelId"], "Cause": "17", "TechCause": "SIP 486"}
        self.board.hear({"Event": "Hangup", **ended})
        self.board.legs["1009"] = self.newer
        return await super().send(action, fields, patience)


def test_a_ring_whose_end_is_known_fails_once_and_leaves_the_devices_next_leg_alone():
    manager = Refused({"Response": "Failure", "Reason": "0"})
    told = rung(manager, lambda board, _: setattr(manager, "board", board))
    assert told == [("hung_up", "1009", 17, 486)]
    assert manager.board.legs["1009"] is manager.newer


def test_what_became_of_a_ring_that_ami_was_lost_over_is_asked_when_it_is_back():
    manager = Failing(NotConnected("AMI went down"))
    manager.up = False
    found = []
    assert rung(manager, lambda board, _: found.append(board)) == []
    assert "1009" in found[0].legs


def over(_board, page):
    page.over = True


def taken(board, _page):
    high = Player("high", 9)
    board.claims = board.claims.released("new").claimed(high.wish, ["1009"])


def gone(board, _page):
    board.claims = board.claims.released("new")


@pytest.mark.parametrize(
    ("change", "told"),
    [(over, []), (taken, [("taken", "1009", "80-high")]), (gone, [("taken", "1009", "")])],
)
def test_a_page_that_is_over_or_has_lost_the_device_rings_nobody(change, told):
    manager = Failing({"Response": "Success"})
    assert rung(manager, change) == told
    assert manager.sent == []


class Calls:
    """An edge that knows of no calls."""

    async def of(self, _numbers):
        return {}


@pytest.mark.parametrize(
    ("frees", "over", "patience", "way"),
    [
        (True, False, 60, Way.RING),
        (True, True, 60, Way.BUSY),
        (False, False, 0.05, Way.BUSY),
    ],
)
def test_a_device_is_waited_for_until_it_is_free_or_the_time_or_the_page_is_over(
    frees, over, patience, way
):
    async def waits():
        board, _, _, _ = with_a_leg()
        board.calls = Calls()
        looks, freed = [], board.freed
        board.freed = lambda until: looks.append(until) or freed(until)
        one = Player("one", 5)
        waiting = asyncio.ensure_future(when_free(board, one, "1008", patience))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not waiting.done()
        one.over = over
        if frees:
            board.hear(HUNG_UP)
        assert (await asyncio.wait_for(waiting, 5)).way is way
        assert (board.claims.holder("1008") == one.wish) is (way is Way.RING)
        # The edge has to be asked from time to time: it tells nobody that a call is over.
        assert looks
        assert all(0 < look <= min(patience, 0.5) for look in looks)

    asyncio.run(waits())


@pytest.mark.parametrize(
    ("kind", "tech", "told"),
    [
        ("HangupRequest", "SIP 480", ("going", "1008", 18, 480)),
        ("HangupRequest", "SIP 486", ("going", "1008", 19, 486)),
        ("Hangup", "SIP 480", ("hung_up", "1008", 19, None)),
        ("Hangup", "SIP 486", ("hung_up", "1008", 19, 486)),
    ],
)
def test_a_480_that_the_device_sent_is_told_and_the_one_that_asterisk_made_up_is_not(
    kind, tech, told
):
    board, old, _, leg = with_a_leg()
    leg.room = ""
    board.hear({"Event": kind, "Uniqueid": leg.unique, "Cause": "19", "TechCause": tech})
    assert [said[:4] for said in old.told] == [told]
    assert ("1008" in board.legs) is (kind == "HangupRequest")


def test_what_happens_to_a_leg_is_nothing_to_the_one_that_its_device_has_by_now():
    board, old, _, leg = with_a_leg()
    board.legs["1008"] = newer = Leg("1008", "page-old-1008-2")
    for _ in range(2):
        board.hear(HUNG_UP)
    assert old.told == []
    assert board.legs == {"1008": newer}
    assert leg.unique not in board._unique  # noqa: SLF001 - nothing is kept of it


@pytest.mark.parametrize("known", [True, False], ids=["it ends now", "it has ended"])
def test_a_device_that_answers_when_its_page_is_over_is_hung_up(known):
    """It would stand in an empty room until that one's own limit."""
    manager = Failing({"Response": "Success"})

    async def answers():
        board, old, _, leg = with_a_leg(manager)
        leg.room, old.over = "", True
        if not known:
            del board.pages["old"]
            board.release("old")
        board.hear({"Event": "ConfbridgeJoin", "Uniqueid": leg.unique, "Conference": "page-old"})
        await asyncio.sleep(0)
        assert old.told == []

    asyncio.run(answers())
    assert [sent[:2] for sent in manager.sent] == [("Hangup", "PJSIP/x-1")]


def test_a_device_that_answers_when_the_page_that_took_it_is_over_stays_where_it_answered():
    manager = Failing({"Response": "Success"})

    async def answers():
        board, old, new, leg = with_a_leg(manager)
        board.claim(new.wish, ["1008"])
        leg.room, new.over = "", True
        leg.serve(new.room)
        board.hear({"Event": "ConfbridgeJoin", "Uniqueid": leg.unique, "Conference": "page-old"})
        await asyncio.sleep(0)
        assert (old.told, new.told) == ([("joined", "1008")], [])

    asyncio.run(answers())
    assert manager.sent == []


def test_a_leg_of_ours_that_nobody_wants_is_hung_up_when_it_is_found():
    manager = Failing({"Response": "Success"})

    async def finds():
        board, _, _, leg = with_a_leg(manager)
        del board.legs["1008"]
        leg.channel, leg.unwanted = "", True
        board.stranger("old", Leg("1008", leg.unique, channel="PJSIP/x-2", room="page-old"))
        await asyncio.sleep(0)
        assert board.legs == {}

    asyncio.run(finds())
    assert [sent[:2] for sent in manager.sent] == [("Hangup", "PJSIP/x-2")]


@pytest.mark.parametrize(
    ("room", "sent"), [("", [("Setvar", "PJSIP/leader-old")]), ("page-new", [])]
)
def test_what_rings_for_a_page_that_is_over_answers_to_the_one_before(room, sent):
    """What is in its room already, the dialplan brings back."""
    manager = Asterisk()

    async def ends():
        board, old, new, leg = with_a_leg(manager)
        old.leader, leg.room = "PJSIP/leader-old", room
        board.claim(new.wish, ["1008"])
        leg.serve(new.room)
        board.hand_back("new")
        await asyncio.sleep(0)
        assert board.claims.holder("1008").page == "old"
        assert new.told == []
        board.hand_back("old")
        await asyncio.sleep(0)
        assert old.told == ([] if room else [("rung", "1008")])

    asyncio.run(ends())
    assert manager.sent == sent


def test_a_page_that_ends_below_another_is_told_who_has_its_device():
    board, _, new, leg = with_a_leg()
    between = board.pages["between"] = Player("between", 7)
    for page in (between, new):
        board.claim(page.wish, ["1008"])
        leg.serve(page.room)
    board.hand_back("between")
    assert between.told == [("taken", "1008", "80-new")]
    assert [wish.page for wish in board.claims.stacks["1008"]] == ["old", "new"]


@pytest.mark.parametrize("what", ["leave_queue", "hand_back", "release"])
def test_who_waits_for_a_device_looks_again_when_another_page_goes(what):
    async def waits():
        board, old, _, _ = with_a_leg()
        board.queue(old.wish)
        waiting = asyncio.ensure_future(board.freed(60))
        await asyncio.sleep(0)
        getattr(board, what)("old")
        await asyncio.wait_for(waiting, 5)
        assert board.claims.queue == ()

    asyncio.run(waits())
