"""Errors of complex functions: the distance from the exact number, relative to its size, in units of epsilon."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
from mpmath import mp, mpc

from benchmarks.accuracy.running import Way, apply
from neano.scalar.rows import ROWS

COUNT = 2000

EXACT: dict[str, tuple[Callable[..., Any], int]] = {
    "add": (lambda x, y: x + y, 2),
    "mul": (lambda x, y: x * y, 2),
    "true_div": (lambda x, y: x / y, 2),
    "sqr": (lambda x: x * x, 1),
    "abs_": (abs, 1),
    **{name: (getattr(mpmath, name), 1) for name in ("sqrt", "exp", "log", "sin", "cos", "sinh", "cosh", "tanh")},
}
"""Functions of complex numbers by the names of their rows: the exact value, and how many operands they have."""

BOUND = 8.0
"""The error allowed, in units of epsilon."""


@dataclass(frozen=True)
class ComplexResult:
    """The largest error of a complex function, one way."""

    name: str
    dtype: str
    way: str
    error: float

    @property
    def holds(self) -> bool:
        return self.error <= BOUND


def operands(count: int, dtype: str) -> list[np.ndarray]:
    """Return complex numbers of sizes from 1e-3 to 1e3 times those of a normal distribution, parts of different sizes."""
    rng = np.random.default_rng(2)

    def parts() -> np.ndarray:
        return rng.normal(size=COUNT) * 10.0 ** rng.uniform(-3, 1, COUNT)

    return [(parts() + 1j * parts()).astype(dtype) for _ in range(count)]


def measure(name: str, dtype: str, ways: Sequence[Way]) -> list[ComplexResult]:
    """Measure a complex function, each way."""
    exact, count = EXACT[name]
    values = operands(count, dtype)
    (result,) = ROWS[name].output_dtypes(*[dtype] * count)
    with mp.workprec(140):
        wanted = [exact(*[mpc(complex(value[k])) for value in values]) for k in range(COUNT)]
        found = [(way, apply(name, values, result, way)) for way in ways]
        eps = float(np.finfo(dtype).eps)
        return [
            ComplexResult(
                name,
                dtype,
                way.name,
                max(map(lambda z, w: float(abs(mpc(complex(z)) - w) / abs(w)), got, wanted)) / eps,
            )
            for way, got in found
        ]
