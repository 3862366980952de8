"""Hints: what Asterisk is told of which zones are paged."""

import asyncio

from ami.hints import Hints
from ami.manager import NotConnected


class Asterisk:
    """Keeps the states that it was told; down, it cannot be told any."""

    def __init__(self):
        self.states = {}
        self.told = []
        self.up = True

    async def send(self, action, fields, patience=5.0):
        del patience
        assert action == "Setvar"
        await asyncio.sleep(0)
        if not self.up:
            raise NotConnected("Setvar: AMI is down")
        device = fields["Variable"].removeprefix("DEVICE_STATE(Custom:bellhop-").removesuffix(")")
        self.states[device] = fields["Value"]
        self.told.append(device)
        return [{"Response": "Success"}]


async def settled():
    """Let tasks run until nothing is left to do."""
    for _ in range(50):
        await asyncio.sleep(0)


def test_a_zone_is_shown_as_paged_while_it_is_and_only_what_changes_is_told():
    async def main():
        asterisk = Asterisk()
        hints = Hints(asterisk, ["1", "2"])
        hints.anew()
        await settled()
        assert asterisk.states == {"1": "NOT_INUSE", "2": "NOT_INUSE"}
        hints.show({"2"})
        await settled()
        assert asterisk.states == {"1": "NOT_INUSE", "2": "INUSE"}
        hints.show({"1", "2"})
        hints.show({"1"})
        await settled()
        assert asterisk.states == {"1": "INUSE", "2": "NOT_INUSE"}
        assert asterisk.told == ["1", "2", "2", "1", "2"]

    asyncio.run(main())


def test_what_could_not_be_told_is_told_when_ami_is_back():
    async def main():
        asterisk = Asterisk()
        hints = Hints(asterisk, ["1", "2"])
        asterisk.up = False
        hints.show({"1"})
        await settled()
        assert asterisk.states == {}
        asterisk.up, asterisk.states = True, {"1": "NOT_INUSE", "2": "INUSE"}  # as it was once told
        hints.anew()
        await settled()
        assert asterisk.states == {"1": "INUSE", "2": "NOT_INUSE"}

    asyncio.run(main())
