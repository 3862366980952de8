"""What is done in a room so that nobody hears a leader who holds."""

import asyncio
import logging

import pytest

from ami.engine import Engine
from ami.hold import MUTE, UNMUTE, Hold
from tests.unit.fake_asterisk import LEADER, Asterisk, Edge, begin, run, until
from tests.unit.fake_house import House
from tests.unit.stories import play

WORDS = {
    "in": {"Event": "ConfbridgeJoin", "Conference": "page-1"},
    "out": {"Event": "ConfbridgeLeave", "Conference": "page-1"},
    "muted": {"Event": "ConfbridgeMute", "Conference": "page-1"},
    "heard": {"Event": "ConfbridgeUnmute", "Conference": "page-1"},
    "elsewhere": {"Event": "ConfbridgeJoin", "Conference": "page-2"},
    "elsewhere heard": {"Event": "ConfbridgeUnmute", "Conference": "page-2"},
    "holds": {"Event": "Hold"},
    "goes on": {"Event": "Unhold"},
    "only sends": {"Event": "UserEvent", "UserEvent": "BellhopOnlySends"},
    "spoke": {"Event": "UserEvent", "UserEvent": "BellhopSpoke"},
    "key": {"Event": "DTMFEnd"},
}


@pytest.mark.parametrize(
    ("story", "done"),
    [
        (["in", "holds", "muted", "goes on", "heard"], [MUTE, UNMUTE]),
        (["in", "key", "goes on"], []),
        (["in", "holds", "muted", "holds", "goes on", "heard", "goes on"], [MUTE, UNMUTE]),
        (["in", "muted", "holds", "goes on"], []),  # he had pressed *1
        (["in", "muted", "heard", "holds"], [MUTE]),
        (["holds", "in"], [MUTE]),  # while he waited
        (["holds", "goes on", "in"], []),
        (["holds", "only sends", "in"], []),  # Asterisk says so of his first offer
        (["only sends", "in", "holds"], []),  # told late
        (["holds", "only sends", "in", "goes on", "holds"], [MUTE]),  # he has renewed the call
        (["holds", "spoke", "in"], [MUTE]),
        (["in", "holds", "goes on", "muted", "heard"], [MUTE, UNMUTE]),  # told late
        (["in", "holds", "muted", "heard"], [MUTE, MUTE]),  # somebody else let him be heard
        (["in", "holds", "goes on", "holds", "muted", "heard"], [MUTE, UNMUTE, MUTE]),
        (["elsewhere", "holds"], []),
        (["in", "holds", "elsewhere heard"], [MUTE]),
        (["in", "holds", "muted", "goes on", "key", "goes on"], [MUTE, UNMUTE, UNMUTE]),  # not done
        (["in", "holds", "out", "goes on"], [MUTE]),
        (["in", "holds", "out", "in", "goes on"], [MUTE, MUTE, UNMUTE]),
    ],
)
def test_a_leader_is_muted_while_he_holds_and_is_in_the_room(story, done):
    hold = Hold("page-1")
    assert [what for word in story if (what := hold.hear(WORDS[word]))] == done


class Mutes(Asterisk):
    """It says what becomes of a mute."""

    response = "Success"

    async def confbridgemute(self, _fields):
        return [{"Response": self.response, "Message": "No Conference by that name found."}]

    confbridgeunmute = confbridgemute


@pytest.mark.parametrize("response", ["Success", "Error"])
def test_a_page_mutes_its_leader_who_holds_and_an_error_of_it_is_said(response, caplog):
    asterisk = Mutes()
    asterisk.response = response

    async def story(engine, kept, zone):
        page = await begin(engine, zone)
        await until(lambda: asterisk.leader_is_in)
        for kind in ("Hold", "Unhold"):
            asterisk.say(kind, Channel="PJSIP/somebody")
            asterisk.say(kind, Channel=LEADER)
        await until(lambda: asterisk.actions(UNMUTE))
        await asyncio.sleep(0)
        asterisk.leader_leaves()
        await until(lambda: len(kept) == 2)
        his = {"Conference": page.room, "Channel": LEADER}
        assert (asterisk.actions(MUTE), asterisk.actions(UNMUTE)) == ([his], [his])

    with caplog.at_level(logging.WARNING, "bellhop.ami"):
        run(asterisk, story)
    said = "ConfbridgeMute why=No Conference" in caplog.text
    assert said is (response == "Error")


class Mutable(House):
    """A house whose rooms have a mute for each."""

    muted = False

    async def do_confbridgemute(self, fields):
        self.muted = True
        self.say("ConfbridgeMute", **fields)
        return [{"Response": "Success"}]

    async def do_confbridgeunmute(self, fields):
        self.muted = False
        self.say("ConfbridgeUnmute", **fields)
        return [{"Response": "Success"}]


@pytest.mark.parametrize("ends", ["AMI was away", "AMI was away as he went on", "the pager ends"])
def test_a_leader_who_may_hold_no_more_is_let_be_heard(ends):
    """Nobody else would do so: in an emergency he would speak to nobody, and not know it."""

    async def story(site, house):
        leader = await site.begun("81", ["1"])
        house.say("Hold", Channel=leader)
        await until(lambda: house.muted)
        if ends == "the pager ends":
            await site.engine.close()
        else:
            house.goes_down()
            if ends == "AMI was away as he went on":
                house.on_event({"Event": "Unhold", "Channel": leader})  # told, and then cut off
                await asyncio.sleep(0.01)
            house.comes_back()
        await until(lambda: not house.muted)
        house.leader_goes(leader)

    play(story, Mutable())


def another(house):
    """Return the engine of a pager that is started since; of the one before nothing is left."""
    engine = Engine(house, lambda _report: None, Edge(), 5)
    house.on_up()
    return engine


@pytest.mark.parametrize("who", ["the pager", "he himself", "the pager, in a page before"])
def test_a_leader_whom_a_pager_muted_that_was_killed_is_let_be_heard_by_the_next(who):
    async def story(site, house):
        leader = await site.begun("81", ["1"])
        if who == "the pager":
            house.say("Hold", Channel=leader)
            await until(lambda: house.said[leader].get("BELLHOP_HELD"))
        else:
            house.muted = True  # by *1: that he is not heard is his own wish
            house.said[leader]["BELLHOP_HELD"] = "" if who == "he himself" else "page-0-1"
        engine = another(house)
        if who == "the pager":
            await until(lambda: not house.muted)
            await until(lambda: not house.said[leader]["BELLHOP_HELD"])
        else:
            asked = {"Channel": leader, "Variable": "BELLHOP_HELD"}
            await until(lambda: ("Getvar", asked) in house.sent)
            await asyncio.sleep(0.01)
            assert house.muted
        house.on_event = site.engine._event  # noqa: SLF001 - the one that was killed, to end
        house.leader_goes(leader)
        await engine.close()

    play(story, Mutable())
