"""What may happen to pages, in any order: beside others, to their leaders and members, and to AMI."""

import asyncio
import contextlib
import random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bellhop.features import NotDone
from bellhop.pages import Unavailable
from tests.unit.fake_asterisk import until
from tests.unit.fake_house import House
from tests.unit.stories import Site, play

quiet = settings(deadline=None, max_examples=8, phases=[Phase.explicit, Phase.generate])
DEVICES = [str(n) for n in range(1, 7)]
RULES = ({}, {}, {"emergency": True}, {"when_busy": "queue", "queue_wait": 1000},
         {"in_use": "skip"}, {"in_use": "wait", "in_use_wait": 500})  # fmt: skip
HAPPENS = {"page": 8, "leader": 4, "member": 2, "key": 2, "stop": 1, "ami": 1}


class Story:
    """One story. made: the zones whose page was made."""

    def __init__(self, site: Site, house: House, chance: random.Random) -> None:
        self.site, self.house, self.chance = site, house, chance
        self.made: list[str] = []

    async def page(self, zone: str) -> None:
        """Page some, by somebody new."""
        await self.asked(zone, self.chance.randint(1, 9), **self.chance.choice(RULES))

    async def key(self, zone: str) -> None:
        """Have a leader make an emergency of his page."""
        speak = [c for c, room in self.house.leaders.items() if room.startswith("page-")]
        speak = [channel for channel in speak if channel not in self.house.next]
        if speak:
            await self.asked(zone, 9, by=self.chance.choice(speak), emergency=True)

    async def asked(self, zone: str, priority: int, **rules: object) -> None:
        """Ask for a page of some."""
        members = self.chance.sample(DEVICES, self.chance.randint(1, 4))
        with contextlib.suppress(Unavailable):  # AMI is away
            got = await self.site.page(zone, members, priority, head_start=1, **rules)
            if isinstance(got, str):
                self.made.append(zone)

    async def leader(self, _zone: str) -> None:
        """Have a leader hang up."""
        if self.house.leaders:
            self.house.leader_goes(self.chance.choice(sorted(self.house.leaders)))

    async def member(self, _zone: str) -> None:
        """Have a member hang up, or its channel end before it has answered."""
        if self.house.legs:
            self.house.hang_up(self.chance.choice(sorted(self.house.legs)))

    async def stop(self, _zone: str) -> None:
        """Have somebody stop a zone's page."""
        zone = self.chance.choice(self.made or ["none"])
        with contextlib.suppress(NotDone, Unavailable):
            await asyncio.to_thread(self.site.engine.stop, zone, "1020")

    async def ami(self, _zone: str) -> None:
        """Let AMI go, or be back."""
        (self.house.goes_down if self.house.up else self.house.comes_back)()


@quiet
@given(
    st.lists(
        st.tuples(
            st.sampled_from([what for what, often in HAPPENS.items() for _ in range(often)]),
            st.sampled_from([0, 1, 2, 3, 5, 8, 20, 40]),  # turns of the loop before the next
        ),
        min_size=20, max_size=45,
    ),
    st.fixed_dictionaries(
        {}, optional={d: st.sampled_from(["busy", "rings", "slow"]) for d in DEVICES}
    ),
    st.integers(0, 2**32),
)  # fmt: skip
def test_whatever_happens_all_pages_end_and_are_reported_and_no_device_stays_anybodys(
    happens, behaves, seed
):
    async def told(site, house):
        story = Story(site, house, random.Random(seed))
        for number, (what, turns) in enumerate(happens):
            await getattr(story, what)(f"8{number:03}")
            for _ in range(turns):
                await asyncio.sleep(0)
        if not house.up:
            house.comes_back()
        while house.leaders:
            house.leader_goes(min(house.leaders))
            await asyncio.sleep(0)
        await until(lambda: all(site.of(zone).ended for zone in story.made))
        for zone in story.made:
            assert {m.outcome for m in site.of(zone).members} <= {"played", "failed", "pre-empted"}
        board = site.engine._board  # noqa: SLF001 - what is kept for ever shows nowhere else
        await until(lambda: not board.legs)
        assert board.claims.stacks == board.pages == {}
        assert board.claims.queue == ()

    play(told, House(behaves))
