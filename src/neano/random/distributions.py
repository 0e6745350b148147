"""Draws for which `numpy.random.RandomState` has no method of the form needed, `(generator, *parameters, size)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from neano.random.function import TRAILING_LENGTHS

Generator: TypeAlias = "np.random.RandomState"  # imported by NumPy when it is first used
Array = np.ndarray[Any, Any]


def random_integers(generator: Generator, low: Array, high: Array, size: tuple[int, ...]) -> Array:
    """Draw integers from `low` to `high`, both included, in C order.

    Raises:
        ValueError: the bounds do not broadcast to the size, or are empty.
    """
    low, high = (_stretched(bound, size) for bound in (low, high))
    if low.ndim == 0:
        return np.asarray(generator.randint(int(low), int(high) + 1))
    return generator.randint(low.astype("int64"), high.astype("int64") + 1)


def choice(generator: Generator, a: Array, replace: Array, p: Array, size: tuple[int, ...]) -> Array:
    """Draw from the integers below `a`, or from its entries where it is a vector.

    Args:
        replace: whether one may be drawn more than once.
        p: their probabilities; empty for equal ones.
    """
    if a.ndim > 1:
        raise ValueError(f"a.ndim ({a.ndim}) must be 0 or 1")
    if p.ndim != 1:
        raise ValueError(f"p.ndim ({p.ndim}) must be 1")
    if replace.ndim != 0:
        raise ValueError(f"replace.ndim ({replace.ndim}) must be 0")
    candidates: Any = int(a) if a.ndim == 0 else a
    return np.asarray(generator.choice(candidates, size, bool(replace), p if p.size else None))


def permutation(generator: Generator, n: Array, size: tuple[int, ...]) -> Array:
    """Draw a permutation of the integers below `n` for each index of the size."""
    if n.ndim != 0:
        n = n.reshape(-1)[0]
    length = int(n)
    result = np.empty((*size, length), dtype="int64")
    for index in np.ndindex(*size):
        result[index] = generator.permutation(length)
    return result


ROUNDING = 1e-5
SHRINK = 1 - 5e-5
"""Probabilities that sum to a little more than 1, as float32 ones do, are made a little smaller."""


def multinomial(generator: Generator, n: Array, pvals: Array, size: tuple[int, ...]) -> Array:
    """Draw the counts of `n` experiments with outcomes of probabilities `pvals`, for each index of the size.

    Raises:
        AssertionError: probabilities sum to more than 1.
        ValueError: the parameters do not broadcast to the size, or a number of experiments is negative.
    """
    counts, outcomes = _stretched(n, size), pvals.shape[-1]
    probabilities = np.broadcast_to(pvals, (*size, outcomes))
    result = np.empty((*size, outcomes), dtype="int64")
    for index in np.ndindex(*size):
        row = probabilities[index]
        total = np.sum(row)
        if 1.0 < total < 1.0 + ROUNDING or (outcomes and row[-1] < 5 * ROUNDING):
            row = row * SHRINK
            total = np.sum(row)
        if total > 1:
            raise AssertionError(f"the probabilities of a multinomial draw sum to {total}")
        result[index] = generator.multinomial(int(counts[index]), row.astype("float64"))
    return result


def _stretched(parameter: Array, size: tuple[int, ...]) -> Array:
    """Return a parameter broadcast to the size of a draw.

    Raises:
        ValueError: it does not broadcast.
    """
    try:
        return np.broadcast_to(parameter, size)
    except ValueError as error:
        raise ValueError(f"a parameter of shape {parameter.shape} does not fit a draw of size {size}") from error


def _permuted_length(parameters: Sequence[Any], shapes: Sequence[Any]) -> Sequence[Any]:
    n = parameters[0]
    return [n if n.type.ndim == 0 else n.flatten()[0]]


def _outcomes(parameters: Sequence[Any], shapes: Sequence[Any]) -> Sequence[Any]:
    return [shapes[1][-1]]


TRAILING_LENGTHS[permutation] = _permuted_length
TRAILING_LENGTHS[multinomial] = _outcomes
