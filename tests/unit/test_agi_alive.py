"""The verb `alive`: a yes while the pager can open rooms, and silence otherwise."""

import asyncio
import math
import time

import pytest

from agi.alive import Alive
from agi.channel import Channel
from ami.threads import Threads
from tests.unit.test_agi_page import Asterisk


class Manager:
    def __init__(self, up):
        self.up = up


def asked(reaches):
    asterisk = Asterisk()
    Alive(reaches)(Channel({}, asterisk.answers, asterisk))
    return asterisk.put


@pytest.mark.parametrize("up", [True, False])
def test_a_pager_says_that_it_lives_while_it_has_ami(up):
    async def main():
        threads = Threads(asyncio.get_running_loop(), Manager(up))
        return await asyncio.to_thread(asked, threads.reaches)

    assert asyncio.run(main()) == ([("BELLHOP_ALIVE", "yes")] if up else [])


def test_a_pager_whose_loop_stands_still_says_nothing():
    async def main():
        threads = Threads(asyncio.get_running_loop(), Manager(up=True))
        asking = asyncio.create_task(asyncio.to_thread(asked, threads.reaches))
        await asyncio.sleep(0)
        time.sleep(0.8)  # noqa: ASYNC251 - that is what is tried
        return await asking

    assert asyncio.run(main()) == []


@pytest.mark.parametrize(("left", "asks"), [(math.inf, 0.5), (5.0, 0.5), (0.1, 0.1), (-1.0, -1.0)])
def test_it_looks_for_no_longer_than_the_dialplan_waits(left, asks):
    looked = []
    asterisk = Asterisk()
    channel = Channel({}, asterisk.answers, asterisk, time.monotonic() + left)
    Alive(lambda seconds: bool(looked.append(seconds)))(channel)
    assert looked == [pytest.approx(asks, abs=0.05)]
    assert asterisk.put == []
