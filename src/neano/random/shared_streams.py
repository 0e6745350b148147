"""`RandomStreams`: each draw has a generator of its own in a shared variable, which functions advance at every call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neano.graph.shared import SharedVariable, shared
from neano.random.state import RandomStateSharedVariable
from neano.random.streams import RandomStreamsBase

SEEDS = 2**30
"""Generators of draws are seeded with integers below this."""


class RandomStreams(RandomStreamsBase):
    """Makes draws that are different at every call of a function, and the same for equal seeds.

    Args:
        seed: an integer, or whatever `numpy.random.RandomState` takes; None: the system's entropy.

    Attributes:
        state_updates: for each draw its generator (a shared variable) and the expression of its next state.
        default_instance_seed: the seed given.
        gen_seedgen: the generator from which draws take their seeds.

    >>> draw = RandomStreams(seed=234).uniform((2, 2))
    >>> draw.rng.default_update is draw.update[1]
    True
    """

    def __init__(self, seed: Any = None) -> None:
        self.state_updates: list[tuple[SharedVariable, Any]] = []
        self.default_instance_seed = seed
        self.gen_seedgen = np.random.RandomState(seed)

    def __str__(self) -> str:
        return "RandomStreams"

    def updates(self) -> list[tuple[SharedVariable, Any]]:
        """Return the pairs of each draw's generator and its next state."""
        return list(self.state_updates)

    def seed(self, seed: Any = None) -> None:
        """Give every draw made so far a new generator, in the order in which they were made.

        Args:
            seed: as for the constructor; None: the seed given there.
        """
        generator = np.random.RandomState(self.default_instance_seed if seed is None else seed)
        for variable, _ in self.state_updates:
            variable.set_value(np.random.RandomState(int(generator.randint(SEEDS))), borrow=True)

    def __getitem__(self, item: Any) -> Any:
        """Return the generator of a draw, given `draw.rng`."""
        if isinstance(item, RandomStateSharedVariable):
            return item.get_value(borrow=True)
        raise KeyError(item)

    def __setitem__(self, item: Any, value: Any) -> None:
        """Replace the generator of a draw, given `draw.rng`."""
        if not isinstance(item, RandomStateSharedVariable):
            raise KeyError(item)
        item.set_value(value, borrow=True)

    def gen(self, op: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Return the numbers of a draw from a fresh generator; they carry `rng` and `update`."""
        state = shared(np.random.RandomState(int(self.gen_seedgen.randint(SEEDS))), borrow=True)
        new_state, numbers = op(state, *args, **kwargs)
        numbers.rng = state
        numbers.update = (state, new_state)
        self.state_updates.append(numbers.update)
        state.default_update = new_state
        return numbers
