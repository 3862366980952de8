"""An order drawn by weights: who has twice the weight comes first twice as often."""

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


def drawn(items: Sequence[T], weight: Callable[[T], int], random: Random) -> list[T]:
    """Return the items in an order drawn one after the other, each with the chance of its weight
    among those that are left. An item of weight 0 comes after the others, in the order given
    (RFC 2782 gives it "a very small chance"; none is easier to reason about).
    """
    left = [item for item in items if weight(item) > 0]
    order: list[T] = []
    while left:
        point = random.random() * sum(map(weight, left))
        place = 0
        while place < len(left) - 1 and point >= weight(left[place]):
            point -= weight(left[place])
            place += 1
        order.append(left.pop(place))
    return order + [item for item in items if weight(item) <= 0]
