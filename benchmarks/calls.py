"""What a call costs, against NumPy's own in the same run: `python -m benchmarks calls`."""

from __future__ import annotations

import statistics

import numpy as np

import theano
import theano.tensor as T
from benchmarks.measuring import Call, Figure, interleaved, median_ratio, processor, report


def add_scalars() -> Call:
    x, y = T.dscalars("x", "y")
    return Call(theano.function([x, y], x + y), (np.array(2.0), np.array(3.0)))


def accumulate() -> Call:
    state, increment = theano.shared(0.0), T.dscalar("increment")
    return Call(theano.function([increment], state, updates=[(state, state + increment)]), (np.array(2.0),))


def formula() -> Call:
    a, b = T.dvectors("a", "b")
    return Call(theano.function([a, b], a**2 + b**2 + 2 * a * b), (np.linspace(0, 1, 10), np.linspace(1, 2, 10)))


def numpy_formula(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a**2 + b**2 + 2 * a * b


def run(rounds: int = 101) -> int:
    """Print the figures; return 1 where one is missed."""
    scalars, vectors = add_scalars(), formula()
    times = interleaved(
        {
            "add": Call(np.add, scalars.arguments),
            "x + y": scalars,
            "accumulator": accumulate(),
            "formula": vectors,
            "in NumPy": Call(numpy_formula, vectors.arguments),
        },
        rounds,
    )
    bounds = {"x + y": 0.35, "accumulator": 0.45, "formula": 0.6}
    names = {
        "x + y": "x + y of 0-d arrays",
        "accumulator": "accumulator (shared and update)",
        "formula": "two-vector formula, 10 elements",
    }
    print(
        f"{processor()}; {rounds} rounds in turn; numpy.add of two 0-d arrays: {statistics.median(times['add']) * 1e9:.0f} ns"
    )
    whole = median_ratio(times["in NumPy"], times["formula"])
    written_in_numpy = statistics.median(times["in NumPy"]) * 1e9
    print(f"(the formula in NumPy takes {written_in_numpy:.0f} ns, {whole:.0f} times Neano's)")
    figures = []
    for name, bound in bounds.items():
        detail = f"{statistics.median(times[name]) * 1e9:.0f} ns"
        figures.append(
            Figure(f"{names[name]} / numpy.add", median_ratio(times[name], times["add"]), bound, detail=detail)
        )
    return report(figures)
