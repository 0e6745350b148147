"""Finds the largest error of a function: all points against an approximation first, the worst of them against mpmath."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np
from mpmath import isfinite, ldexp, mag, mp, mpf

from benchmarks.accuracy.functions import FUNCTIONS, Measured
from benchmarks.accuracy.running import Way, apply
from benchmarks.accuracy.samples import SPECIAL, every_number, multiples, within
from neano.scalar.rows import ROWS

PRECISION = 140
"""Bits of mpmath's numbers."""

CANDIDATES = 120
"""How many of the worst points are computed exactly, for each way."""

EXACTLY = 4000
"""How many points of a function are measured that has no approximation better than what is measured."""

SCALARS = 3000
"""How many points are computed one by one."""


@cache
def named(name: str) -> Measured:
    """Return the measured function of a name."""
    return next(f for f in FUNCTIONS if f.name == name)


@dataclass(frozen=True)
class Result:
    """The largest error of a function in a dtype, one way.

    Attributes:
        error: in units in the last place; of what is not beside a zero, where an absolute bound is stated there.
        beside_zeros: the largest absolute error, in units of epsilon, of what exceeds the bound; 0 where nothing does.
        arguments: where the error is largest.
        differing: special arguments whose results are not the reference's.
    """

    name: str
    dtype: str
    way: str
    error: float
    beside_zeros: float
    arguments: tuple[float, ...]
    differing: tuple[float, ...]

    @property
    def function(self) -> Measured:
        return named(self.name)

    @property
    def holds(self) -> bool:
        good = self.error <= self.function.bound and self.beside_zeros <= self.function.beside_zeros
        return self.function.library or (good and not self.differing)


def points(function: Measured, dtype: str, count: int, seed: int = 0) -> list[np.ndarray]:
    """Return the arguments at which a function is measured."""
    rng = np.random.default_rng(seed)
    if function.pairs is not None:
        return function.pairs(count, dtype, rng)
    if dtype == "float16":
        found = every_number(dtype)
    else:
        with np.errstate(over="ignore"):
            found = within(function.intervals, function.points, count, dtype, rng)
        if function.multiples:
            found = np.concatenate([found, multiples(dtype, rng)])
    wide = found.astype("float64")
    found = found[(wide >= function.lowest) & (wide <= function.highest)]
    return [found if function.screen else rng.choice(found, EXACTLY)]


def unit(exact: Any, dtype: str) -> Any:
    """Return the distance of neighbours in a dtype at a number; below the normal numbers that of subnormal ones."""
    info = np.finfo(dtype)
    exponent = max(mag(exact) - 1, info.minexp) if exact else info.minexp
    return ldexp(mpf(1), exponent - info.nmant)


@lru_cache(20_000)
def exact_value(name: str, arguments: tuple[float, ...]) -> Any:
    """Return a function's exact value."""
    with mp.workprec(PRECISION):
        try:
            return named(name).exact(*map(mpf, arguments))
        except (ValueError, ZeroDivisionError):  # how mpmath tells a pole
            return mpf("inf")


def exact_error(exact: Any, found: float, dtype: str) -> tuple[float, float]:
    """Return the error of a result in units in the last place, and absolutely, in units of epsilon."""
    limit = mpf(float(np.finfo(dtype).max))
    if not isfinite(exact):
        return (0.0, 0.0) if not np.isfinite(found) else (np.inf, np.inf)
    if np.isnan(found):
        return np.inf, np.inf
    if np.isinf(found):
        # The distance from the largest number; an infinity of the wrong sign is far away.
        least = limit * (1 if found > 0 else -1)
        return finite(abs(least - exact) / unit(limit, dtype)) if abs(exact) < limit or exact * least < 0 else 0.0, 0.0
    difference = abs(mpf(float(found)) - exact)
    exact = max(-limit, min(limit, exact))
    return finite(difference / unit(exact, dtype)), finite(difference / mpf(float(np.finfo(dtype).eps)))


def finite(number: Any) -> float:
    """Return a number of mpmath as a float; the largest float where it is beyond."""
    return float(min(number, mpf(sys.float_info.max)))


def screened(function: Measured, values: Sequence[np.ndarray], found: np.ndarray) -> np.ndarray:
    """Return estimates of the errors in units in the last place."""
    assert function.screen is not None
    wider = [value.astype("longdouble") for value in values]
    with np.errstate(all="ignore"):
        try:
            exact = function.screen(*wider)
        except TypeError:
            exact = function.screen(*[value.astype("float64") for value in values])
        rounded = np.abs(exact).astype(found.dtype)
        size = np.spacing(np.where(np.isfinite(rounded), rounded, np.finfo(found.dtype).max))
        same = (found == exact.astype(found.dtype)) & ~np.isfinite(found)
        errors = np.abs(found.astype("longdouble") - exact) / size
    errors[same | (np.isnan(found) & np.isnan(exact))] = 0
    errors[np.isnan(errors)] = np.inf
    return errors.astype("float64")


def candidates(function: Measured, values: Sequence[np.ndarray], found: np.ndarray) -> np.ndarray:
    """Return the positions of the largest errors, and of some others; all where errors are not known."""
    if function.screen is None:
        return np.arange(len(found))
    rng, errors = np.random.default_rng(1), screened(function, values, found)
    worst = np.argsort(errors)[-CANDIDATES:]
    return np.unique(np.concatenate([worst, rng.integers(0, len(errors), CANDIDATES // 2)]))


def measure(function: Measured, dtype: str, ways: Sequence[Way], count: int) -> Iterator[Result]:
    """Measure a function in a dtype, each way."""
    values = points(function, dtype, count)
    (result,) = ROWS[function.name].output_dtypes(*[dtype] * len(values))
    for way in ways:
        chosen = values if way.vectors else [value[:: max(1, len(value) // SCALARS)] for value in values]
        found = apply(function.name, chosen, result, way)
        yield worst(function, dtype, way, chosen, found, candidates(function, chosen, found))


def worst(
    function: Measured, dtype: str, way: Way, values: Sequence[np.ndarray], found: np.ndarray, chosen: np.ndarray
) -> Result:
    """Return the largest error at the chosen points."""
    error, absolute, where = 0.0, 0.0, (float("nan"),) * len(values)
    for k in chosen:
        arguments = tuple(float(value[k]) for value in values)
        here, beside = exact_error(exact_value(function.name, arguments), float(found[k]), dtype)
        if here > function.bound and beside <= function.beside_zeros:
            absolute = max(absolute, beside)
        elif here > error:
            error, where = here, arguments
    return Result(function.name, dtype, way.name, error, absolute, where, differing(function, dtype, way))


def differing(function: Measured, dtype: str, way: Way) -> tuple[float, ...]:
    """Return the special arguments (the first of them) at which a result differs from the reference's."""
    arity = 1 if function.pairs is None else 2
    grid = np.meshgrid(*[np.array(SPECIAL, dtype)] * arity)
    values = [axis.ravel() for axis in grid]
    row = ROWS[function.name]
    (result,) = row.output_dtypes(*[dtype] * arity)
    found = apply(function.name, values, result, way)
    wanted = row.reference(values, [result])[0]
    exact = ~np.isfinite(wanted) | (wanted == 0)
    same = np.where(np.isnan(wanted), np.isnan(found), (found == wanted) & (np.signbit(found) == np.signbit(wanted)))
    return tuple(float(x) for x in values[0][exact & ~same])
