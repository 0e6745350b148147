"""Numbers and vectors, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.peers.row import SINGLE, Row, floats, integers, number, together


def add(m: Any, x: Any, y: Any) -> Any:
    return x + y


def accumulate(m: Any, state: Any, increment: Any) -> Any:
    return state[0], [state[0] + increment]


def formula(m: Any, a: Any, b: Any) -> Any:
    return a**2 + b**2 + 2 * a * b


def transcendental(m: Any, a: Any, b: Any) -> Any:
    return m.tanh(a) * m.exp(-(b**2)) + m.log1p(b)


def widened(m: Any, a: Any, b: Any) -> Any:
    return m.astype(a, "int32") * b + m.astype(a > 0, "int32")


def complex_product(m: Any, a: Any, b: Any) -> Any:
    return a * b + a / (b + 3)


def two_hundred(m: Any, x: Any) -> Any:
    return [m.sqrt(x + float(k)) for k in range(200)]


def numexpr_formula(m: Any, a: Any, b: Any) -> Any:
    return m.evaluate("a**2 + b**2 + 2*a*b")


def numexpr_transcendental(m: Any, a: Any, b: Any) -> Any:
    return m.evaluate("tanh(a) * exp(-(b**2)) + log1p(b)")


def complex_inputs(random: np.random.RandomState) -> tuple[np.ndarray, ...]:
    return tuple(random.standard_normal(100_000) + 1j * random.standard_normal(100_000) for _ in range(2))


FORMULA_GOALS = {10: 6.0, 1000: 1.5, 100_000: 1.3, 10_000_000: 1.5}
TRANSCENDENTAL_GOALS = {10: 6.0, 1000: 2.0, 100_000: 2.0, 10_000_000: 2.0}

ROWS = (
    Row("scalar", add, together(number(2.0), number(3.0)), goal=8.0, compilers_only=True),
    Row("accumulator", accumulate, together(number(2.0)), together(number(0.0)), goal=8.0, compilers_only=True),
    *[
        Row(
            f"formula-{n}",
            formula,
            together(floats(n), floats(n)),
            goal=goal,
            compilers_only=n == 10,
            forms={"numexpr": numexpr_formula},
        )
        for n, goal in FORMULA_GOALS.items()
    ],
    *[
        Row(
            f"transcendental-{n}",
            transcendental,
            together(floats(n), floats(n)),
            goal=goal,
            compilers_only=n == 10,
            forms={"numexpr": numexpr_transcendental},
        )
        for n, goal in TRANSCENDENTAL_GOALS.items()
    ],
    Row(
        "transcendental-float32-100000",
        transcendental,
        together(floats(100_000, dtype="float32"), floats(100_000, dtype="float32")),
        tolerance=SINGLE,
        forms={"numexpr": numexpr_transcendental},
    ),
    Row(
        "int8-to-int32-1000000",
        widened,
        together(integers(100, 1_000_000, dtype="int8"), integers(1000, 1_000_000, dtype="int32")),
    ),
    Row("complex128-100000", complex_product, complex_inputs),
    Row("200-outputs-of-100", two_hundred, together(floats(100))),
)

OF_MIDDLE_SIZE = tuple(
    Row(f"transcendental-{n}", transcendental, together(floats(n), floats(n))) for n in (2000, 5000, 20_000)
)
