"""The work of nests and calls, counted from the loop IR and evaluated at lengths."""

from __future__ import annotations

import numpy as np
import pytest

import neano.tensor as T
from neano.backends.native.describe import amount_text, label
from neano.backends.native.ir import Alloc, Const, Dim, Expr, Invoke, Let, Loop, Ref, Reinterpret, Scalar
from neano.backends.native.traverse import statements
from neano.backends.native.work import plus, times, work_of
from tests.backends.native.running import program_of

ARITHMETIC = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "minimum": np.minimum, "maximum": np.maximum}


def evaluated(expr: Expr, program, shapes) -> int:
    """Return an amount at some lengths of the inputs."""
    made = {s.buffer: s.dims for s in statements(program.body) if isinstance(s, (Alloc, Reinterpret))}
    lets = {s.name: s.value for s in program.body if isinstance(s, Let)}
    match expr:
        case Const():
            return int(expr.value)
        case Ref():
            return evaluated(lets[expr.name], program, shapes)
        case Dim():
            return (
                shapes[expr.buffer][expr.axis]
                if expr.buffer in shapes
                else evaluated(made[expr.buffer][expr.axis], program, shapes)
            )
        case Scalar():
            return int(ARITHMETIC[expr.function](*(evaluated(each, program, shapes) for each in expr.args)))
    raise TypeError(expr)


def totals(inputs, outputs, shapes):
    """Return the operations, and the bytes read and written, of all nests and calls of a graph."""
    program = program_of(inputs, outputs)
    named = dict(zip(program.inputs, shapes, strict=True))
    works = [work_of(program, s) for s in program.body if isinstance(s, (Loop, Invoke))]
    assert all(work.exact for work in works)
    return tuple(
        sum(evaluated(amount, program, named) for work in works for amount in amounts(work))
        for amounts in (lambda w: [w.flops], lambda w: w.read.values(), lambda w: w.written.values())
    )


x, y, a, b = T.dvector("x"), T.dvector("y"), T.dmatrix("a"), T.dmatrix("b")
i = T.lvector("i")
z = T.zvector("z")


@pytest.mark.parametrize(
    ("inputs", "outputs", "shapes", "expected"),
    [
        ([x, y], [x * y + x], [(10,), (10,)], (20, 160, 80)),
        ([x], [T.exp(x)], [(10,)], (160, 80, 80)),
        ([x], [x + 1, x * 2], [(10,)], (20, 80, 160)),
        ([a], [a.sum()], [(3, 4)], (12, 96, None)),
        ([a], [a.sum(axis=1)], [(3, 4)], (12, 96, 24)),
        ([a, x], [a + x], [(3, 4), (4,)], (12, 96 + 32, 96)),
        ([a, x], [a + T.exp(x).dimshuffle(0, "x")], [(3, 4), (3,)], (12 + 3 * 16, 96 + 24, 96)),
        ([x, i], [x[i]], [(1000,), (10,)], (0, None, 80)),
        ([z], [z * z], [(10,)], (60, 160, 160)),
        ([i], [i + i], [(10,)], (0, 80, 80)),
        ([a, b], [T.dot(a, b)], [(3, 4), (4, 5)], (2 * 3 * 4 * 5, 8 * (12 + 20), 8 * 15)),
    ],
)
def test_amounts(inputs, outputs, shapes, expected):
    for found, wanted in zip(totals(inputs, outputs, shapes), expected, strict=True):
        assert wanted is None or found == wanted


def test_rows_that_stay_inside_a_nest_count_nothing():
    program = program_of([a], [T.exp(a) / T.exp(a).sum(axis=1, keepdims=True)])
    (work,) = [work_of(program, s) for s in program.body if isinstance(s, Loop)]
    assert list(work.read) == list(program.inputs)
    assert list(work.written) == list(program.results)
    assert work.functions[0] == "exp"
    assert work.dtype == "float64"


def test_texts():
    three, dim = Const(3, "int64"), Dim("x", 0)
    assert amount_text(times(plus(dim, three), dim)) == "(x.0 + 3) * x.0"
    assert amount_text(plus(times(three, dim), dim)) == "3 * x.0 + x.0"
    assert amount_text(times(three, three)) == "9"
    program = program_of([x], [T.exp(x) + 1])
    (loop,) = [s for s in program.body if isinstance(s, Loop)]
    assert label(loop, work_of(program, loop)) == f"{program.results[0]} = exp, add of {program.inputs[0]}"


def test_accumulators_that_a_nest_leaves_are_named():
    program = program_of([i], [i.max(), i.argmax()])
    (loop,) = [s for s in program.body if isinstance(s, Loop)]
    text = label(loop, work_of(program, loop))
    assert "maximum" in text
    assert not text.startswith(" =")
    program = program_of([a], [T.zeros_like(a)])
    (loop,) = [s for s in program.body if isinstance(s, Loop)]
    assert label(loop, work_of(program, loop)).endswith(" = numbers")
