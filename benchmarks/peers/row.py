"""A row of the table: a piece of work, written once over the functions that every system has."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Arrays = tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Row:
    """A piece of work.

    Attributes:
        name: unique in the table.
        compute: `(system, *inputs) -> outputs`; with a state, `(system, state, *inputs) -> (outputs, new state)`.
        inputs: makes the inputs from a generator of random numbers.
        state: makes the arrays that a call changes, where there are such.
        goal: how many times faster than the best peer Neano is meant to be.
        compilers_only: whether the goal is set against the compilers alone; NumPy's calls have bounds of their own.
        tolerance: how far results of two systems may be apart, relative to the sum of their absolute values.
        forms: for a family of systems ("numpy", "jax", "torch", "numexpr"), its best way to do the work where it is another:
            a function of the same parameters as `compute`.
    """

    name: str
    compute: Callable[..., Any]
    inputs: Callable[[np.random.RandomState], Arrays]
    state: Callable[[np.random.RandomState], Arrays] | None = None
    goal: float = 1.3
    compilers_only: bool = False
    tolerance: float = 1e-7
    forms: Mapping[str, Callable[..., Any]] = field(default_factory=dict)

    def random(self) -> np.random.RandomState:
        """Return the row's own generator, the same in every process."""
        return np.random.RandomState(zlib.crc32(self.name.encode()))

    def first_inputs(self) -> Arrays:
        return self.inputs(self.random())

    def second_inputs(self) -> Arrays:
        """Return other inputs of the same shapes, so that nothing is won by remembering results."""
        return tuple(
            np.asarray(a * 0.75) if a.ndim == 0 else np.ascontiguousarray(a[::-1]) for a in self.first_inputs()
        )

    def first_state(self) -> Arrays:
        return () if self.state is None else self.state(self.random())


SINGLE = 2e-4
"""The tolerance of rows in float32."""


def floats(*shape: int, dtype: str = "float64", scale: float = 1.0) -> Callable[[np.random.RandomState], np.ndarray]:
    """Return a maker of numbers between 0 and `scale`."""
    return lambda random: np.asarray(random.random_sample(shape) * scale, dtype)


def normals(*shape: int, dtype: str = "float64", scale: float = 1.0) -> Callable[[np.random.RandomState], np.ndarray]:
    """Return a maker of normally distributed numbers."""
    return lambda random: np.asarray(random.standard_normal(shape) * scale, dtype)


def integers(high: int, *shape: int, dtype: str = "int64") -> Callable[[np.random.RandomState], np.ndarray]:
    """Return a maker of integers from 0 to `high`, exclusive."""
    return lambda random: random.randint(0, high, shape).astype(dtype)


def number(value: float) -> Callable[[np.random.RandomState], np.ndarray]:
    """Return a maker of a 0-d array."""
    return lambda random: np.array(value)


def zeros(*shape: int, dtype: str = "float64") -> Callable[[np.random.RandomState], np.ndarray]:
    """Return a maker of zeros."""
    return lambda random: np.zeros(shape, dtype)


def together(*makers: Callable[[np.random.RandomState], np.ndarray]) -> Callable[[np.random.RandomState], Arrays]:
    """Return a maker of several arrays."""
    return lambda random: tuple(maker(random) for maker in makers)
