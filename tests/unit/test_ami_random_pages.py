"""Overlapping pages at random, against an Asterisk in small."""

import asyncio
import random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bellhop.pages import Refusal
from tests.unit.fake_asterisk import until
from tests.unit.fake_house import House
from tests.unit.stories import play

quiet = settings(deadline=None, max_examples=10, phases=[Phase.explicit, Phase.generate])
DEVICES = [str(n) for n in range(1, 7)]


BEHAVES = st.fixed_dictionaries(
    {}, optional={d: st.sampled_from(["busy", "rings", "slow"]) for d in DEVICES[:4]}
)


PAGES = st.lists(
    st.tuples(
        st.lists(st.sampled_from(DEVICES), min_size=1, max_size=4, unique=True),
        st.integers(1, 9),
        st.sampled_from([{}, {"emergency": True}, {"when_busy": "queue", "queue_wait": 1000},
                         {"in_use": "skip"}, {"in_use": "wait", "in_use_wait": 500}]),
        st.integers(0, 3),  # how many leaders hang up before the next page
        st.integers(0, 40),  # turns of the loop before the next page
    ),
    min_size=40, max_size=50,
)  # fmt: skip


@quiet
@given(PAGES, BEHAVES, st.integers(0, 2**32))
def test_fifty_pages_at_random_keep_every_member_in_one_room_and_all_end_and_are_reported(
    pages, behaves, seed
):
    async def story(site, house):
        asked, chance = {}, random.Random(seed)
        for number, (members, priority, rules, leavers, turns) in enumerate(pages):
            zone = f"8{number:03}"
            asked[zone] = await site.page(zone, members, priority, head_start=1, **rules)
            for _ in range(turns):
                await asyncio.sleep(0)
                check(site, house)
            for channel in chance.sample(sorted(house.leaders), min(leavers, len(house.leaders))):
                house.leader_goes(channel)
                check(site, house)
        while house.leaders:
            house.leader_goes(min(house.leaders))
            await asyncio.sleep(0)
        made = [zone for zone, got in asked.items() if not isinstance(got, Refusal)]
        await until(lambda: all(site.of(zone).ended for zone in made))
        for zone in made:
            assert {m.outcome for m in site.of(zone).members} <= {"played", "failed", "pre-empted"}
        assert site.engine._board.claims.stacks == {}  # noqa: SLF001
        assert site.engine._board.claims.queue == ()  # noqa: SLF001
        assert site.engine._board.pages == {}  # noqa: SLF001

    play(story, House(behaves))


def check(site, house):
    """A member that is in a room is in that of the page that has it, once all is told. Its own room may
    be among those where it was: it was on its way to another page when that one ended.
    """
    ranks = {p.room: p.wish.rank for p in site.engine._board.pages.values()}  # noqa: SLF001
    for device, leg in house.legs.items():
        for home in leg["homes"]:
            if home != leg["room"] and leg["room"] in ranks and home in ranks:
                assert ranks[home] < ranks[leg["room"]], f"{device}: a lower page took it"
