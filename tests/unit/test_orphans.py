"""What a dead Asterisk leaves behind at the edge is ended; what a living one has is not."""

import asyncio

import pytest

from ami.manager import NotConnected
from ami.sight import Channel
from bellhop.pages import EdgeCall
from bellhop.rpc import RpcError
from pager.orphans import Orphans, orphans

HORN, OTHER, LEADER = EdgeCall(1, 9), EdgeCall(2, 9), EdgeCall(3, 9)
LEGS = {"1008": (HORN,), "1009": (OTHER,), "": (LEADER,)}


def member(number):
    return Channel(f"PJSIP/bellhop-member-{number}", f"page-a1-b2-{number}", "page-a1-b2")


FALLBACK = Channel("PJSIP/bellhop-member-00000007", "1795261841.7", "fallback-1795261841.1")
SPEAKING = Channel("PJSIP/bellhop-edge-00000001", "1795261841.1", "page-a1-b2")
LOCAL = Channel("Local/s@bellhop-ask-00000001;1", "1795261841.3", "")


@pytest.mark.parametrize(
    ("channels", "ended"),
    [
        ((), {"1008", "1009", ""}),
        ((LOCAL,), {"1008", "1009", ""}),
        ((member("1008"), SPEAKING), {"1009"}),
        ((member("1008"), member("1009")), {""}),
        ((FALLBACK,), {""}),  # which device it is, nobody can tell
        ((SPEAKING,), {"1008", "1009"}),
    ],
)
def test_a_call_of_no_channel_is_an_orphan(channels, ended):
    assert set(orphans(LEGS, channels)) == ended


class House:
    """Manager and calls in one. channels: what Asterisk has; None: AMI is down."""

    def __init__(self, channels=(), legs=LEGS):
        self.channels, self.listed, self.ended, self.ups = channels, legs, [], 0
        self.on_up = lambda: setattr(self, "ups", self.ups + 1)
        self.on_gone = None

    async def send(self, _action, _fields):
        if self.channels is None:
            raise NotConnected("down")
        found = [
            {"Event": "CoreShowChannel", "Channel": one.name, "Uniqueid": one.unique}
            for one in self.channels
        ]
        return [*found, {"Event": "CoreShowChannelsComplete"}]

    def legs(self):
        if self.listed is None:
            raise RpcError("no answer")
        return self.listed

    def end(self, call):
        self.ended.append(call)
        return True

    def after(self, what):
        async def main():
            watch = Orphans(self, self)
            getattr(self, what)()
            await watch._tasks.finish(20)  # noqa: SLF001 - nothing else tells their end

        asyncio.run(main())
        return set(self.ended)


def test_after_a_reconnect_what_asterisk_has_not_is_ended_and_others_hear_of_it_too():
    house = House((member("1008"), SPEAKING))
    assert house.after("on_up") == {OTHER}
    assert house.ups == 1


def test_when_asterisk_is_gone_all_of_its_calls_end_unasked():
    assert House(None).after("on_gone") == {HORN, OTHER, LEADER}


@pytest.mark.parametrize("house", [House(None), House(legs=None), House(legs={})])
def test_where_nothing_is_known_nothing_is_ended(house):
    assert house.after("on_up") == set()


def test_an_edge_that_does_not_answer_ends_nothing():
    assert House(legs=None).after("on_gone") == set()


@pytest.mark.parametrize(
    ("house", "what", "said"),
    [
        (House(None), "on_gone", ["asterisk=gone calls-ended=3"]),
        (House((FALLBACK,)), "on_up", ["asterisk=gone calls-ended=1"]),
        (House((FALLBACK, SPEAKING)), "on_up", []),
        (House(None), "on_up", ["calls-left-behind=unknown why=down"]),
        (House(legs=None), "on_up", ["calls-left-behind=unknown why=no answer"]),
    ],
)
def test_what_was_ended_and_why_nobody_could_know_is_in_the_log(house, what, said, caplog):
    house.after(what)
    assert caplog.messages == said


def test_when_the_pager_ends_it_compares_no_more():
    ended = []

    class Slow(House):
        async def send(self, _action, _fields):
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(True)

    async def main():
        house = Slow()
        watch = Orphans(house, house)
        house.on_up()
        await asyncio.sleep(0.1)
        await watch.close()
        return len(ended)

    assert asyncio.run(main()) == 1
