"""The page engine against a fake AMI: a page as it goes."""

import asyncio
from dataclasses import replace

import pytest

from ami import legs
from ami.engine import Engine
from ami.events import noted
from bellhop.pages import Page
from tests.unit.fake_asterisk import (
    LEADER,
    SITE,
    ZONE,
    Asterisk,
    Edge,
    begin,
    opened,
    outcomes,
    recorded,
    request,
    run,
    until,
    whole_page,
)


def test_who_asks_while_a_page_goes_on_is_told_who_is_in_the_room():
    asterisk = Asterisk(d1010="busy")

    async def story(engine, kept, zone):
        await begin(engine, zone)
        await until(lambda: asterisk.noted)
        asterisk.leader_leaves()
        await until(lambda: len(kept) == 2)

    run(asterisk, story)
    [now] = asterisk.noted
    assert now.sentence() == "goes on: 2 in the room; 1010 did not: busy"


def test_a_recorded_page_is_reported_as_it_was():
    """Two answered, one busy, one answered 302, one never answered; Asterisk's own words."""

    class Recording(Asterisk):
        async def originate(self, fields):
            device = fields["Channel"].removeprefix("PJSIP/").partition("@")[0]
            if fields["Channel"].startswith("Local/"):
                return [{"Response": "Success"}]
            self.legs[device] = fields["ChannelId"]
            answer = asyncio.get_running_loop().create_future()
            self.cancelled[device] = answer
            return [await answer]

        async def redirect(self, _fields):
            return [{"Response": "Success"}]

    asterisk = Recording()
    zone = replace(ZONE, chime="none", head_start=0)
    devices = [replace(SITE.devices["1008"], number=str(n)) for n in range(1008, 1013)]

    async def story(engine, kept, zone):
        made = await asyncio.to_thread(engine.reserve, request(zone, devices=devices))
        await asyncio.to_thread(engine.commit, made)
        await until(lambda: len(asterisk.cancelled) == 5)
        for event in recorded(made.page):
            if event["Event"] == "OriginateResponse":
                device = event["Uniqueid"].rpartition("-")[2]
                if device in asterisk.cancelled:
                    asterisk.cancelled[device].set_result(event)
            else:
                asterisk.on_event(event)
            await asyncio.sleep(0)
        await until(lambda: len(kept) == 2)

    begun, ended = run(asterisk, story, zone)
    assert begun.ended is None
    assert outcomes(ended) == {
        "1008": ("played", None, None),
        "1009": ("played", None, None),
        "1010": ("failed", 19, None),
        "1011": ("failed", 17, 486),
        "1012": ("failed", 23, 302),
    }


def test_the_leader_is_let_in_when_all_are_there_and_everybody_is_rung_once():
    asterisk = Asterisk()
    ended = run(asterisk, whole_page(asterisk))[-1]
    assert outcomes(ended) == dict.fromkeys(("1008", "1009", "1010"), ("played", None, None))
    rung = [f for f in asterisk.actions("Originate") if f["Channel"].startswith("PJSIP/")]
    assert sorted(f["Channel"] for f in rung) == [
        f"PJSIP/{n}@bellhop-member" for n in ("1008", "1009", "1010")
    ]


def test_members_are_sent_for_before_the_page_is_written_down_or_shown():
    """Nobody hears sooner for what is told of it."""
    asterisk, sent = Asterisk(), []

    async def main():
        engine = Engine(
            asterisk,
            lambda _report: sent.append([f.get("Channel") for _, f in asterisk.sent]),
            Edge(),
            5,
            zones={ZONE.number: ZONE},
        )
        await begin(engine)
        await until(lambda: opened(asterisk))
        asterisk.leader_leaves()
        await until(lambda: len(sent) == 2)
        await engine.close()

    asyncio.run(main())
    # Before anybody is rung, the leader's dialplan is told that they are: it would ring them itself.
    assert sent[0] == [LEADER, *(f"PJSIP/{n}@bellhop-member" for n in ZONE.members)]
    begun, *hints = asterisk.actions("Setvar")
    assert begun == {"Channel": LEADER, "Variable": "BELLHOP_BEGUN", "Value": sent_page(asterisk)}
    assert hints


def sent_page(asterisk):
    first = asterisk.actions("Originate")[0]["Variable"][0]
    return first.removeprefix("BELLHOP_ROOM=page-")


def test_each_member_gets_its_dialects_headers_and_the_rooms_variables():
    asterisk = Asterisk()
    run(asterisk, whole_page(asterisk))
    by_channel = {f["Channel"]: f for f in asterisk.actions("Originate")}
    rfc5373 = by_channel["PJSIP/1010@bellhop-member"]["Variable"]
    axis = by_channel["PJSIP/1008@bellhop-member"]["Variable"]
    assert [v for v in rfc5373 if v.startswith("PJSIP_HEADER")] == [
        "PJSIP_HEADER(add,Answer-Mode)=Auto"
    ]
    assert [v for v in axis if v.startswith("PJSIP_HEADER")] == [
        "PJSIP_HEADER(add,Call-Info)=<sip:page.bellhop.invalid>;answer-after=0"
    ]
    assert f"BELLHOP_LEADER={LEADER}" in axis
    assert "TIMEOUT(absolute)=55" in axis


def test_the_chime_is_in_the_room_before_the_leader_is():
    asterisk = Asterisk()
    run(asterisk, whole_page(asterisk))
    order = [a if a != "Originate" else f["Channel"].partition("/")[0] for a, f in asterisk.sent]
    assert order.index("Local") < order.index("Redirect")


def test_after_the_head_start_the_leader_speaks_to_those_who_are_there():
    asterisk = Asterisk(d1010="rings")
    ended = run(asterisk, whole_page(asterisk))[-1]
    assert outcomes(ended)["1010"] == ("failed", 19, None)
    assert ended.sentence().startswith("2 of 3 played")


def test_a_member_that_still_rings_at_the_end_is_cancelled_at_once(monkeypatch):
    """It is not given the time that the others have to leave by themselves."""
    monkeypatch.setattr("ami.running._LEAVE_PATIENCE", 3600)
    asterisk = Asterisk(d1010="rings")
    run(asterisk, whole_page(asterisk))
    assert {"Channel": "PJSIP/bellhop-member-1010", "Cause": "16"} in asterisk.actions("Hangup")


def test_who_comes_late_is_told_to_have_missed_the_beginning():
    asterisk = Asterisk(d1010="late")

    async def story(engine, kept, zone):
        await begin(engine, zone)
        await until(lambda: opened(asterisk))
        await asyncio.sleep(0.05)
        asterisk.cancelled["1010"].set_result("answers")
        await asyncio.sleep(0.01)
        del asterisk.cancelled["1010"]
        asterisk.leader_leaves()
        await until(lambda: len(kept) == 2)

    late = run(asterisk, story)[-1].members[2]
    assert late.outcome == "played"
    assert late.why.startswith("missed the first ")


def test_who_is_not_registered_is_reported_and_not_rung():
    asterisk = Asterisk()

    async def story(engine, kept, zone):
        await begin(engine, zone, absent=("1010",))
        await until(lambda: opened(asterisk))
        asterisk.leader_leaves()
        await until(lambda: len(kept) == 2)

    ended = run(asterisk, story)[-1]
    assert outcomes(ended)["1010"] == ("failed", 20, 480)
    assert ended.members[-1].why == "not registered"
    assert all("1010" not in f["Channel"] for f in asterisk.actions("Originate"))


def test_who_is_left_out_of_a_page_is_in_its_report_with_the_reason():
    asterisk = Asterisk()

    async def story(engine, kept, zone):
        asked = request(
            zone, devices=[SITE.devices["1008"]], absent=("1010",), barred=("tel:112",),
            out={"1009": "taken out by 1020"},
        )  # fmt: skip
        await asyncio.to_thread(engine.commit, await asyncio.to_thread(engine.reserve, asked))
        await until(lambda: opened(asterisk))
        asterisk.leader_leaves()
        await until(lambda: len(kept) == 2)

    ended = run(asterisk, story)[-1]
    assert {m.device: (m.outcome, m.cause, m.why) for m in ended.members} == {
        "1008": ("played", None, ""),
        "1010": ("failed", 20, "not registered"),
        "1009": ("taken-out", None, "taken out by 1020"),
        "tel:112": ("failed", 21, "this caller may not call outside"),
    }


def test_a_chime_that_asterisk_cannot_play_is_not_waited_for(monkeypatch):
    monkeypatch.setattr("ami.leader._CHIME_PATIENCE", 3600)

    class Mute(Asterisk):
        async def originate(self, fields):
            if fields["Channel"].startswith("Local/"):
                return [{"Response": "Error", "Message": "Extension does not exist."}]
            return await super().originate(fields)

    asterisk = Mute()
    ended = run(asterisk, whole_page(asterisk))[-1]
    assert set(outcomes(ended).values()) == {("played", None, None)}


def test_a_members_limit_is_as_long_as_its_leader_may_make_the_page():
    longer = replace(ZONE, longest=60_000)
    fields = legs.member(SITE.devices["1008"], longer, room="r", leg="l", leader="c")
    assert "TIMEOUT(absolute)=95" in fields["Variable"]
    assert legs.taken("c", "page-1-a", longer)["Exten"] == "page-1-a-95-member"


def test_what_a_leaders_keys_and_a_message_did_is_noted():
    page = Page(id="1-a", zone="8000", leader="1020", started=0.0, quorum=100, head_start=0)
    for event in (
        {"UserEvent": "BellhopKey", "Key": "extend", "Left": "60"},
        {"UserEvent": "BellhopKey", "Key": "else"},
        {"UserEvent": "BellhopPlayed"},
        {"UserEvent": "BellhopPlayed"},
        {"UserEvent": "BellhopSpoke", "Received": ""},
    ):
        page = noted(page, event, 4_000)
    assert page.notes == ("60 s more, from 4000 ms on",)
    assert (page.times, page.spoken) == (2, None)


@pytest.mark.parametrize(
    ("events", "spoken"),
    [
        ([("BellhopSpoke", "0"), ("BellhopSpoke", "")], 0),  # its file could not be played
        ([("BellhopPlayed", ""), ("BellhopSpoke", "0")], None),  # it could, once
        ([("BellhopSpoke", "7"), ("BellhopSpoke", "90")], 90),
    ],
)
def test_what_came_from_a_leader_is_what_was_said_of_it_last(events, spoken):
    page = Page(id="1-a", zone="8000", leader="1020", started=0.0, quorum=100, head_start=0)
    for kind, received in events:
        page = noted(page, {"UserEvent": kind, "Received": received}, 4_000)
    assert page.spoken == spoken
