"""Routes: which carriers are tried for a number, and in which order."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from random import Random

from bellhop import meant, values
from bellhop.carriers import Carrier
from bellhop.tables import Mistake, key, read_table
from bellhop.weights import drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One carrier of a route. cost: the cheaper is tried first; weight: its share of the calls
    among those of one cost.
    """

    name: str = key(values.name)
    cost: int = key(values.integer(0, 1_000_000), 0)
    weight: int = key(values.integer(0, 1_000_000), 1)


def choices(value: object) -> tuple[Choice, ...]:
    """Read the carriers of a route: names, which are tried in the order listed, or tables with cost
    and weight. Of both kinds in one list nobody could say what comes first.
    """
    if not isinstance(value, list) or not value:
        hint = meant.brackets(value)
        raise ValueError(f"expected a list of at least one, got {values.shown(value)}{hint}")
    if any(isinstance(item, dict) for item in value):
        found = _tables(value)
    else:
        names = values.list_of(values.name, least=1)(value)
        found = [Choice(name=name, cost=place) for place, name in enumerate(names)]
    twice = {one.name for one in found if sum(one.name == other.name for other in found) > 1}
    if twice:
        raise ValueError(f'"{min(twice)}" stands in the list twice')
    return tuple(found)


def _tables(value: list[object]) -> list[Choice]:
    mistakes: list[Mistake] = []
    found: list[Choice] = []
    for place, item in enumerate(value, 1):
        if isinstance(item, str):
            what = f"expected a table like those beside it, got {values.shown(item)}"
            mistakes.append(Mistake(f"item {place}", what))
        elif (one := read_table(Choice, item, f"item {place}", mistakes)) is not None:
            found.append(one)
    if mistakes:
        raise ValueError("; ".join(f"{m.path}: {m.what}" for m in mistakes))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Numbers that begin with `prefix` go to its carriers.

    profile: for those of them that have none of their own; `carrier` when empty.
    """

    prefix: str = key(values.prefix)
    choices: tuple[Choice, ...] = key(choices, name="carriers")
    profile: str = key(values.name, "")

    @property
    def carriers(self) -> tuple[str, ...]:
        """Return the carriers' names, as the site file lists them."""
        return tuple(one.name for one in self.choices)

    def order(self, random: Random | None) -> tuple[str, ...]:
        """Return the carriers' names in the order to try them: by cost, and drawn by weight within
        one cost; the heaviest first where nothing is drawn.
        """
        if len(self.choices) == 1:
            return self.carriers
        names: list[str] = []
        by_cost = sorted(self.choices, key=lambda one: one.cost)
        for _, group in groupby(by_cost, key=lambda one: one.cost):
            equals = list(group)
            if random is None:
                equals.sort(key=lambda one: -one.weight)
            elif len(equals) > 1:
                equals = drawn(equals, lambda one: one.weight, random)
            names += [one.name for one in equals]
        return tuple(names)


def digits_of(prefix: str) -> str:
    """Return a prefix as it is matched: a leading `+` is no digit, `+44` and `44` are the same."""
    return prefix.removeprefix("+")


def route_for(number: str, routes: Mapping[str, Route]) -> Route | None:
    """Return the route with the longest prefix that the number begins with; None if none has one.
    routes: by the digits of their prefixes. It costs a look-up a digit, however many routes.
    """
    digits = digits_of(number)
    for length in range(len(digits), -1, -1):
        if (route := routes.get(digits[:length])) is not None:
            return route
    return None


def carriers_for(
    route: Route | None, carriers: Mapping[str, Carrier], random: Random | None = None
) -> tuple[Carrier, ...]:
    """Return the carriers of a number's route in the order to try them; none without a route."""
    return tuple(carriers[name] for name in route.order(random)) if route else ()
