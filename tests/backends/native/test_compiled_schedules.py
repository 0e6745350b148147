"""The schedules of whole functions, rewritten as a user's are: a few nests, and in each of them what is costly once.

After a deliberate change, `NEANO_UPDATE_GOLDEN=1 pytest tests/backends/native/test_compiled_schedules.py` writes the texts anew.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import neano
import neano.tensor as T
from backends.native.programs import program
from neano.backends.native.ir import Cast, Const, Dim, Expr, Let, Load, Loop, Ref, Scalar, Select
from neano.backends.native.schedule.expressions import cost_of
from neano.backends.native.schedule.printing import schedule_text
from neano.backends.native.traverse import all_expressions, expressions, postorder, statements
from neano.tensor.ranges import arange

GOLDEN = Path(__file__).parent / "golden"
Graph = tuple[list[Any], list[Any]]


def cross_entropy() -> Graph:
    """The mean cross-entropy of rows' softmax, and its gradient."""
    x, labels = T.dmatrix("x"), T.lvector("labels")
    loss = -T.mean(T.log(T.nnet.softmax(x))[arange(x.shape[0]), labels])
    return [x, labels], [loss, neano.grad(loss, x)]


def layer_norm() -> Graph:
    """A loss of normalised, scaled and shifted rows, and its gradients by all three."""
    x, scale, shift, weights = T.dmatrix("x"), T.dvector("scale"), T.dvector("shift"), T.dmatrix("weights")
    centred = x - x.mean(axis=1, keepdims=True)
    normal = centred / T.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    loss = ((normal * scale + shift) * weights).sum()
    return [x, scale, shift, weights], [loss, *neano.grad(loss, [x, scale, shift])]


def regression() -> Graph:
    """The log-density of a hierarchical regression, and its gradients."""
    a, mean, log_spread, log_noise = T.dvector("a"), T.dscalar("mean"), T.dscalar("log_spread"), T.dscalar("log_noise")
    group, floor, level = T.lvector("group"), T.dvector("floor"), T.dvector("level")

    def normal(value: Any, middle: Any, deviation: Any) -> Any:
        return -0.5 * ((value - middle) / deviation) ** 2 - T.log(deviation)

    houses = normal(level, a[group] + 0.5 * floor, T.exp(log_noise)).sum()
    density = normal(a, mean, T.exp(log_spread)).sum() + houses
    wanted = [a, mean, log_spread, log_noise]
    return [*wanted, group, floor, level], [density, *neano.grad(density, wanted)]


def both_axes() -> Graph:
    """Sums of columns and sums of squares of rows, of one pass."""
    x = T.dmatrix("x")
    return [x], [x.sum(axis=0), (x**2).sum(axis=1)]


CASES: dict[str, tuple[Callable[[], Graph], dict[str, int], int]] = {
    "cross_entropy": (cross_entropy, {"exp": 1, "log": 1}, 2),
    "layer_norm": (layer_norm, {"sqrt": 1}, 1),
    "regression": (regression, {"exp": 2, "log": 0}, 4),
    "both_axes": (both_axes, {}, 1),
}
"""Graphs, how often functions stand in the whole program, and how many nests do work (others only fill memory)."""


def compiled(name: str) -> Any:
    inputs, outputs = CASES[name][0]()
    return neano.function(inputs, outputs).stages


def nests_of(name: str) -> list[Loop]:
    """Return the nests that compute something."""
    loops = [s for s in compiled(name).program.body if isinstance(s, Loop)]
    return [loop for loop in loops if not loop.index.startswith("z")]


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str) -> None:
    text = schedule_text(compiled(name).schedule) + "\n"
    path = GOLDEN / f"compiled_{name}.txt"
    if os.environ.get("NEANO_UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


def costly(nest: Loop) -> Counter[Any]:
    """Return what a nest computes of costly functions, names resolved and loops told apart by their depth alone."""
    inside = list(statements((nest,)))
    lets = {s.name: s.value for s in inside if isinstance(s, Let)}

    def key(expr: Expr) -> Any:
        match expr:
            case Ref():
                return key(lets[expr.name]) if expr.name in lets else re.sub(r"^(i\d+)_\d+$", r"\1", expr.name)
            case Const() | Dim():
                return expr
            case Load():
                return expr.buffer, *map(key, expr.index)
            case Cast():
                return expr.dtype, key(expr.value)
            case Select():
                return key(expr.condition), key(expr.then), key(expr.otherwise)
            case _:
                return expr.function, *map(key, expr.args)

    parts = [e for s in inside for e in postorder(expressions(s)) if isinstance(e, Scalar)]
    return Counter(key(e) for e in parts if cost_of(e.function) > 1)


@pytest.mark.parametrize("name", CASES)
def test_what_is_costly_is_computed_once(name: str) -> None:
    """No nest computes the same costly function of the same operands in two places."""
    for nest in nests_of(name):
        assert set(costly(nest).values()) <= {1}


def test_repetition_is_found() -> None:
    made = program(
        """
inputs x
results z
input x: float64[?]
output z: float64[?]
body
  alloc z[dim(x, 0)]
  parallel for i0 < dim(x, 0):
    let t = x[i0]
    z[i0] = add<float64>(exp<float64>(t), exp<float64>(x[i0]))
"""
    )
    (loop,) = (s for s in made.body if isinstance(s, Loop))
    assert set(costly(loop).values()) == {2}


@pytest.mark.parametrize("name", CASES)
def test_functions_and_nests(name: str) -> None:
    _, functions, nests = CASES[name]
    made = compiled(name).program
    found = Counter(e.function for e in all_expressions(made.body) if isinstance(e, Scalar))
    assert {function: found[function] for function in functions} == functions
    assert len(nests_of(name)) == nests
