"""Random programs: mixed dtypes, casts, conditions around loads, shared values, several loops; native against interpreted."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backends.native.emitted_program import Compiled
from backends.native.programs import LAYOUTS, numbers
from neano.backends.native.emit import Target, host
from neano.backends.native.interpreter import interpret
from neano.backends.native.ir import (
    Accumulate,
    Alloc,
    Buffer,
    Cast,
    Const,
    Declare,
    Dim,
    Let,
    Load,
    Loop,
    Program,
    Ref,
    Scalar,
    Select,
    Store,
    Update,
)
from neano.backends.native.parsing import parse_program
from neano.backends.native.printing import program_text
from neano.backends.native.spec import check_program

TYPES = ("bool", "int8", "uint16", "int32", "int64", "float16", "float32", "float64", "complex64", "complex128")
ROW, COLUMN = Ref("i", "int64"), Ref("j", "int64")
ROWS, COLUMNS = Dim("x0", 0), Dim("x0", 1)
TARGETS = (host(), Target.make("x86_64", {"avx2": True}), Target.make("x86_64", {}))


def is_kind(dtype, kinds):
    return np.dtype(dtype).kind in kinds


class Writer:
    """Draws expressions over the inputs x0, x1 (matrices) and y0 (a vector as long as a row)."""

    def __init__(self, draw, inputs):
        self.draw, self.inputs = draw, inputs
        self.shared = []

    def load(self, name, dtype):
        index = (
            (COLUMN,)
            if name[0] == "y"
            else self.draw(st.sampled_from([(ROW, COLUMN), (ROW, COLUMN), (Const(0, "int64"), COLUMN)]))
        )
        return Load(name, index, dtype)

    def guarded(self, name, dtype):
        """An element some columns before this one, where there is such a one."""
        before = Scalar("sub", (COLUMN, Const(2, "int64")), "int64")
        index = (before,) if name[0] == "y" else (ROW, before)
        there = Scalar("ge", (before, Const(0, "int64")), "bool")
        return Select(there, Load(name, index, dtype), Load(name, (*index[:-1], COLUMN), dtype), dtype)

    def leaf(self):
        choices = [*self.inputs.items()]
        name, dtype = self.draw(st.sampled_from(choices))
        match self.draw(st.integers(0, 6)):
            case 0:
                return Const(self.draw(st.sampled_from([0, 1, 2, -3])), "int64")
            case 1:
                return self.draw(st.sampled_from([ROW, COLUMN]))
            case 2:
                return self.guarded(name, dtype)
            case 3 if self.shared:
                return self.draw(st.sampled_from(self.shared))
            case _:
                return self.load(name, dtype)

    def expr(self, depth):
        if depth == 0:
            return self.leaf()
        one = self.expr(depth - 1)
        match self.draw(st.integers(0, 5)):
            case 0:
                return cast(one, self.draw(st.sampled_from(TYPES)))
            case 1:
                two = cast(self.expr(depth - 1), one.dtype)
                names = ["and_", "or_", "xor"] if is_kind(one.dtype, "biu") else ["add", "mul"]
                return Scalar(self.draw(st.sampled_from(names)), (one, two), one.dtype)
            case 2:
                two = cast(self.expr(depth - 1), one.dtype)
                return Select(Scalar("neq", (one, two), "bool"), one, cast(self.leaf(), one.dtype), one.dtype)
            case 3 if is_kind(one.dtype, "fiu"):
                two = cast(self.expr(depth - 1), one.dtype)
                return Scalar(
                    self.draw(st.sampled_from(["maximum", "minimum", "sub", "int_div"])), (one, two), one.dtype
                )
            case 4:
                return Scalar("switch", (cast(one, "bool"), one, cast(self.leaf(), one.dtype)), one.dtype)
            case _:
                name = self.draw(st.sampled_from(["add", "mul"]))
                return Scalar(name, (one, cast(self.leaf(), one.dtype), one), one.dtype)


def cast(expr, dtype):
    """Return an expression in a dtype; by way of integers that fit, where a float may not."""
    if expr.dtype == dtype:
        return expr
    if is_kind(expr.dtype, "fc") and is_kind(dtype, "iu"):
        real = (
            expr
            if is_kind(expr.dtype, "f")
            else Scalar("real", (expr,), "float32" if expr.dtype == "complex64" else "float64")
        )
        within = Scalar("clip", (real, Const(0.0, real.dtype), Const(100.0, real.dtype)), real.dtype)
        return Cast(Select(Scalar("isnan", (real,), "bool"), Const(7.0, real.dtype), within, real.dtype), dtype)
    if is_kind(expr.dtype, "c") and not is_kind(dtype, "c"):
        real = Scalar("real", (expr,), "float32" if expr.dtype == "complex64" else "float64")
        return cast(real, dtype)
    return Cast(expr, dtype)


@st.composite
def programs(draw):
    names = ("x0", "x1", "y0")
    inputs = {name: draw(st.sampled_from(TYPES)) for name in names}
    writer = Writer(draw, inputs)
    buffers = {name: Buffer(name, dtype, 1 if name == "y0" else 2, "input") for name, dtype in inputs.items()}
    value = writer.expr(draw(st.integers(1, 3)))
    writer.shared.append(Ref("t", value.dtype))
    last = writer.expr(draw(st.integers(0, 2)))
    buffers["z"] = Buffer("z", last.dtype, 2, "output")
    inner = [Let("t", value), Store("z", (ROW, COLUMN), last)]
    body = [Alloc("z", (ROWS, COLUMNS))]
    form = draw(st.sampled_from(["plain", "row sums", "column sums"]))
    results = ["z"]
    total = cast(last, "int64" if is_kind(last.dtype, "biu") else "float64")
    if form == "plain":
        loop = Loop("i", ROWS, (Loop("j", COLUMNS, tuple(inner), True),), True)
    elif form == "row sums":
        buffers["s"] = Buffer("s", total.dtype, 1, "output")
        results.append("s")
        body.append(Alloc("s", (ROWS,)))
        zero = Const(0 if total.dtype == "int64" else 0.0, total.dtype)
        rows = (
            Declare("a", total.dtype, zero),
            Loop("j", COLUMNS, (*inner, Accumulate("a", "add", total))),
            Store("s", (ROW,), Ref("a", total.dtype)),
        )
        loop = Loop("i", ROWS, rows, True)
    else:
        buffers["s"] = Buffer("s", total.dtype, 1, "output")
        results.append("s")
        zero = Const(0 if total.dtype == "int64" else 0.0, total.dtype)
        body += [Alloc("s", (COLUMNS,)), Loop("k", COLUMNS, (Store("s", (Ref("k", "int64"),), zero),), True)]
        loop = Loop("i", ROWS, (Loop("j", COLUMNS, (*inner, Update("s", (COLUMN,), "add", total, True))),))
    return Program(names, tuple(results), buffers, (*body, loop))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(
    made=programs(),
    target=st.sampled_from(TARGETS),
    rows=st.integers(0, 3),
    columns=st.sampled_from([0, 1, 3, 8, 17, 40]),
    layout=st.sampled_from(sorted(LAYOUTS)),
    seed=st.integers(0, 1000),
)
def test_random_programs_agree_with_the_interpreter(made, target, rows, columns, layout, seed):
    check_program(made)
    assert program_text(parse_program(program_text(made))) == program_text(made)
    rng = np.random.default_rng(seed)
    shapes = {"x0": (rows, columns), "x1": (rows, columns), "y0": (columns,)}
    values = [LAYOUTS[layout](numbers(shapes[name], made.buffers[name].dtype, rng, small=True)) for name in made.inputs]
    for found, wanted in zip(Compiled(made, target)(*values), interpret(made, values), strict=True):
        assert found.dtype == wanted.dtype
        np.testing.assert_allclose(found, wanted, rtol=1e-2 if found.dtype == np.float16 else 1e-5, atol=1e-6)
