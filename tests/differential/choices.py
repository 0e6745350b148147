"""Where a generator's decisions come from: hypothesis, which can shrink them, or a seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st

Item = TypeVar("Item")


class Choices:
    """Decisions, all made of integers; smaller ones are simpler.

    Args:
        integer: returns an integer between two bounds, both included.
    """

    def __init__(self, integer: Callable[[int, int], int]) -> None:
        self.integer = integer

    def pick(self, items: Sequence[Item]) -> Item:
        """Return one of some items; the first is the simplest."""
        return items[self.integer(0, len(items) - 1)]

    def chance(self, percent: int) -> bool:
        """Return True so many times out of a hundred."""
        return self.integer(0, 99) >= 100 - percent

    def some(self, items: Sequence[Item], most: int) -> list[Item]:
        """Return between one and `most` items, in order, without repetition."""
        chosen = {self.integer(0, len(items) - 1) for _ in range(self.integer(1, most))}
        return [items[i] for i in sorted(chosen)]

    def weighted(self, table: dict[Item, int]) -> Item:
        """Return a key of a table of weights."""
        ticket = self.integer(0, sum(table.values()) - 1)
        for item, weight in table.items():
            if ticket < weight:
                return item
            ticket -= weight
        raise AssertionError("the ticket is below the sum of the weights")


def from_seed(seed: int) -> Choices:
    """Return the choices of a seed."""
    return Choices(random.Random(seed).randint)


def from_draw(draw: Callable[[Any], Any]) -> Choices:
    """Return choices that hypothesis makes."""
    return Choices(lambda low, high: draw(st.integers(low, high)))
