"""NumPy's random generator as a value of a graph: its type, and shared variables that hold one."""

from __future__ import annotations

import copy
import sys
from typing import Any

import numpy as np

from neano.graph.shared import SharedVariable, shared_constructor
from neano.graph.type import Type
from neano.graph.variable import Constant, Variable

State = tuple[Any, ...]


def state_of(generator: np.random.RandomState) -> State:
    """Return the state of a generator: name, 624 words, position, and the spare normal number."""
    return generator.get_state(legacy=True)  # type: ignore[return-value]


class RandomStateType(Type):
    """The type of a `numpy.random.RandomState` (Mersenne Twister MT19937)."""

    variable_class = Variable
    constant_class = Constant

    def filter(self, value: Any, strict: bool = False, allow_downcast: bool | None = None) -> np.random.RandomState:
        if isinstance(value, np.random.RandomState) and state_of(value)[0] == "MT19937":
            return value
        raise TypeError(f"expected a numpy.random.RandomState, got {value!r} of {type(value).__name__}")

    def values_eq(self, a: Any, b: Any) -> bool:
        return all(np.array_equal(mine, other) for mine, other in zip(state_of(a), state_of(b), strict=True))

    def may_share_memory(self, a: Any, b: Any) -> bool:
        return a is b

    def get_size(self, shape_info: Any = None) -> int:
        """Return the number of bytes of a generator's words."""
        return 624 * 4

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(RandomStateType)

    def __str__(self) -> str:
        return "RandomStateType"

    def __repr__(self) -> str:
        return "RandomStateType"


random_state_type = RandomStateType()
"""The one instance that is needed."""


class RandomStateSharedVariable(SharedVariable):
    """A generator that lasts between calls."""

    type: RandomStateType


@shared_constructor
def random_state_constructor(
    value: Any,
    name: str | None = None,
    strict: bool = False,
    allow_downcast: bool | None = None,
    borrow: bool = False,
) -> RandomStateSharedVariable:
    """Return a shared variable for a `numpy.random.RandomState`.

    Args:
        borrow: keep the generator itself instead of a copy.

    Raises:
        TypeError: the value is not such a generator.
    """
    loaded = sys.modules.get("numpy.random")  # who has not imported it has no generator
    if loaded is None or not isinstance(value, loaded.RandomState):
        raise TypeError(f"not a RandomState but of {type(value).__name__}")  # an array is not written out to say so
    generator = value if borrow else copy.deepcopy(value)
    return RandomStateSharedVariable(name, random_state_type, generator, strict, allow_downcast)
