"""The verb `page`: who may, who is there, and that nobody is rung for a caller that has gone."""

import io
import time
from pathlib import Path

import pytest

from agi.channel import Channel, Gone
from agi.page import Pages
from bellhop.pages import EdgeCall, Refusal, Unavailable
from bellhop.present import Present
from bellhop.settings import load

SITE = load(Path(__file__).parents[2] / "config" / "site.toml")
DEVICE = "<sip:{}@device.bellhop.invalid>"
TRUNK = "<sip:{}reception.trunk.bellhop.invalid>"


class Reservation:
    page = "1-a"
    room = "page-1-a"
    wait = 12
    limit = 120


class Desk:
    """Keeps what it was asked, and can be told what to answer."""

    def __init__(self, answer=Reservation, late=False):
        self.did = []
        self.late = late
        self.answer = answer

    def reserve(self, request, patience):
        self.patience = [patience]
        self.did.append("reserve")
        self.dialects = {m.number: getattr(m, "dialect", None) for m in request.members}
        self.asked = (
            request.zone.number,
            request.channel,
            [m.number for m in request.members],
            list(request.absent),
        )
        self.request = request
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer() if isinstance(self.answer, type) else self.answer

    def refused(self, request, refusal):
        self.why = refusal.why
        self.did.append(f"refused {request.zone.number} {request.leader} {refusal.cause}")
        if self.late:
            raise Unavailable("the page engine is too slow")

    def commit(self, reservation, patience):
        self.patience.append(patience)
        self.did.append(f"commit {reservation.page}")
        if self.late:
            raise Unavailable("AMI is down")

    def drop(self, reservation):
        self.did.append(f"drop {reservation.page}")


class Asterisk:
    """Answers AGI commands from variables, and keeps what was set, in order."""

    def __init__(self, zone="8000", caller=None, gone_at=None):
        self.variables = {"BELLHOP_ZONE": zone, "BELLHOP_CALLER": caller or DEVICE.format(1020)}
        self.put = []
        self.gone_at = gone_at
        self.answers = io.BytesIO()
        self.ended = False

    def write(self, data):
        assert not self.ended, "a command after the last one"
        verb, _, name, *value = data.decode().replace('"', "").split(maxsplit=3)
        pairs = [tuple(pair.split("=")) for pair in name.split(",")] if verb == "EXEC" else []
        if self.gone_at in {name, *dict(pairs)}:
            answer = "HANGUP\n200 result=1\n"
        elif verb == "EXEC":
            self.put += pairs
            answer = "200 result=0\n"
        elif verb == "GET":
            known = self.variables.get(name)
            answer = f"200 result=1 ({known})\n" if known is not None else "200 result=0\n"
        else:
            self.put.append((name, value[0].strip() if value else ""))
            answer = "200 result=1\n"
        at = self.answers.tell()
        self.answers.write(answer.encode())
        self.answers.seek(at)

    def flush(self):
        pass

    def end(self):
        self.ended = True


def everybody(numbers, _patience):
    return dict.fromkeys(numbers, Present())


def ask(asterisk, desk=None, registered=everybody, in_call=lambda _numbers, _patience: {}):
    desk = desk or Desk()
    channel = Channel({"channel": "PJSIP/bellhop-edge-1"}, asterisk.answers, asterisk)
    Pages(SITE, desk, registered, in_call)(channel)
    return desk


def cause(asterisk):
    assert asterisk.put[-1] == ("BELLHOP_RESULT", "refused")
    return dict(asterisk.put)["BELLHOP_CAUSE"]


def test_a_page_is_reserved_then_told_to_the_channel_then_committed():
    asterisk = Asterisk()
    desk = ask(asterisk)
    assert desk.did == ["reserve", "commit 1-a"]
    assert desk.asked == ("8000", "PJSIP/bellhop-edge-1", ["1008", "1009", "1010"], [])
    assert asterisk.put == [
        ("BELLHOP_PAGE", "1-a"),
        ("BELLHOP_ROOM", "page-1-a"),
        ("BELLHOP_WAIT", "12"),
        ("BELLHOP_MAX", "120"),
        ("BELLHOP_LONGEST", "360"),
        ("BELLHOP_EMERGENCY", "8019"),
        ("BELLHOP_RESULT", "room"),
    ]


@pytest.mark.parametrize("at", ["BELLHOP_PAGE", "BELLHOP_WAIT", "BELLHOP_RESULT"])
def test_a_page_is_dropped_when_the_caller_or_the_guard_came_first(at):
    desk = Desk()
    with pytest.raises(Gone):
        ask(Asterisk(gone_at=at), desk)
    assert desk.did == ["reserve", "drop 1-a"]


@pytest.mark.parametrize(
    ("zone", "caller", "may"),
    [
        ("8000", DEVICE.format(1020), True),
        ("8000", DEVICE.format(1021), False),
        ("8000", DEVICE.format(1008), False),
        ("8000", DEVICE.format(9999), False),
        ("8000", TRUNK.format(""), True),
        ("8000", TRUNK.format("4711@"), True),
        ("8001", TRUNK.format("2001@"), True),
        ("8001", TRUNK.format("2002@"), False),
        ("8001", TRUNK.format(""), False),
        ("8000", "<sip:2001@other.trunk.bellhop.invalid>", False),
        ("8000", "", False),
        ("8000", "sip:1020@device.bellhop.invalid", False),
        ("8000", '"1020" <sip:1020@device.bellhop.invalid>', False),
        ("8000", "<sip:1020@device.bellhop.invalid>, <sip:1@x>", False),
        ("8000", "<sip:1020@device.bellhop.invalid.example>", False),
        ("8000", "<sip:%31020@device.bellhop.invalid>", False),
        ("8000", "<sip:\u0661\u0660\u0662\u0660@device.bellhop.invalid>", False),
    ],
)  # fmt: skip
def test_only_an_identity_on_the_zones_list_pages(zone, caller, may):
    asterisk = Asterisk(zone, caller or " ")
    desk = ask(asterisk)
    if may:
        assert desk.did == ["reserve", "commit 1-a"]
    else:
        [did] = desk.did
        assert did.startswith(f"refused {zone} ")
        assert cause(asterisk) == "21"


@pytest.mark.parametrize("zone", ["9999", "8000&PJSIP/x", "8000,1", "8000 ", ""])
def test_an_unknown_zone_is_refused_as_unknown(zone):
    asterisk = Asterisk(zone)
    if zone == "8000 ":
        asterisk.variables["BELLHOP_ZONE"] = "8000\u00a0"
    assert ask(asterisk).did == []
    assert cause(asterisk) == "1"


def test_who_is_not_registered_is_told_to_the_desk_and_not_rung():
    desk = ask(Asterisk(), registered=lambda _numbers, _patience: {"1009": Present()})
    assert desk.asked[2:] == (["1009"], ["1008", "1010"])


def test_a_page_for_nobody_is_refused_before_it_is_answered():
    asterisk = Asterisk()
    assert ask(asterisk, registered=lambda _numbers, _patience: {}).did == ["refused 8000 1020 20"]
    assert cause(asterisk) == "20"


def test_who_is_in_a_call_is_told_to_the_desk():
    asked = []

    def in_call(numbers, _patience):
        asked.append(numbers)
        return {"1009": (EdgeCall(7, 9),)}

    there = {"1008": Present(engaged=False), "1009": Present(), "1010": Present()}
    desk = ask(Asterisk(), registered=lambda _numbers, _patience: there, in_call=in_call)
    assert asked == [["1009", "1010"]]
    assert desk.request.in_call == {"1009": (EdgeCall(7, 9),)}


def test_the_calls_are_not_asked_for_where_the_edge_knows_of_none():
    asked = []
    ask(
        Asterisk(),
        registered=lambda numbers, _patience: dict.fromkeys(numbers, Present(engaged=False)),
        in_call=lambda numbers, _patience: asked.append(numbers),
    )
    assert asked == []


def test_a_refusal_reaches_the_caller_though_it_cannot_be_reported():
    asterisk = Asterisk()
    ask(asterisk, Desk(late=True), registered=lambda _numbers, _patience: {})
    assert cause(asterisk) == "20"


def test_an_edge_that_does_not_tell_holds_no_announcement_back():
    desk = ask(Asterisk(), registered=lambda _numbers, _patience: None)
    assert desk.asked[2:] == (["1008", "1009", "1010"], [])


def test_a_zone_whose_members_are_all_in_other_pages_is_busy():
    asterisk = Asterisk()
    desk = ask(asterisk, Desk(answer=Refusal(17, "every member of 8000 is in another page")))
    assert desk.did == ["reserve", "refused 8000 1020 17"]
    assert cause(asterisk) == "17"


def test_all_that_is_asked_has_one_budget():
    """What one takes of it, the next has not: the dialplan waits for the sum."""
    given = []

    def registered(numbers, patience):
        given.append((patience, time.monotonic()))
        time.sleep(0.2)
        return dict.fromkeys(numbers, Present())

    def in_call(_numbers, patience):
        given.append((patience, time.monotonic()))
        return {}

    asterisk, desk = Asterisk(), Desk()
    env = {"channel": "PJSIP/bellhop-edge-1"}
    channel = Channel(env, asterisk.answers, asterisk, time.monotonic() + 1.0)
    Pages(SITE, desk, registered, in_call)(channel)
    (first, then), (second, now) = given
    assert first <= 0.5
    assert first - (now - then) - 0.4 < second <= first - 0.2
    assert 0 < desk.patience[1] <= desk.patience[0] <= 0.8


def test_without_ami_the_dialplan_is_left_to_page_by_itself():
    asterisk = Asterisk()
    assert ask(asterisk, Desk(Unavailable("AMI is down"))).did == ["reserve"]
    assert "BELLHOP_RESULT" not in dict(asterisk.put)


def test_what_cannot_be_committed_is_left_to_the_dialplan_too():
    asterisk = Asterisk()
    ask(asterisk, Desk(late=True))
    assert dict(asterisk.put)["BELLHOP_RESULT"] == ""
