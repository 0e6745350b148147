"""The loop IR as text: golden texts, and reading back what was written."""

from __future__ import annotations

import math

import pytest

from backends.native.programs import NESTS, nest
from neano.backends.native.ir import (
    AccumulateArg,
    Alloc,
    Buffer,
    Cast,
    Check,
    Const,
    Dim,
    ErrorText,
    If,
    Invoke,
    Let,
    Load,
    Loop,
    Program,
    Ref,
    Reinterpret,
    Scalar,
    Select,
    Store,
    Update,
    View,
)
from neano.backends.native.parsing import ParseError, parse_program
from neano.backends.native.printing import expr_text, program_text

ROW, COLUMN = Ref("i", "int64"), Ref("j", "int64")

EVERYTHING = Program(
    inputs=("x",),
    results=("z", "x"),
    buffers={
        "x": Buffer("x", "float32", 2, "input", (None, 3)),
        "c": Buffer("c", "int64", 1, "constant"),
        "v": Buffer("v", "float32", 1, "view"),
        "w": Buffer("w", "float32", 1, "view", (), True),
        "t": Buffer("t", "float32", 1, "scratch"),
        "z": Buffer("z", "complex64", 0, "output"),
    },
    body=(
        Let("n", Scalar("mul", (Dim("x", 0), Const(-2, "int64")), "int64")),
        Check(Scalar("ge", (Ref("n", "int64"), Const(0, "int64")), "bool"), 0, (Ref("n", "int64"), Dim("x", 1))),
        View("v", "x", (Const(0, "int64"), Ref("n", "int64")), (Dim("x", 0), Dim("x", 1)), (0, None), (ROW, COLUMN)),
        Reinterpret("w", "t", (Dim("t", 0),)),
        Alloc("t", (Dim("x", 0),)),
        Loop(
            "i",
            Dim("t", 0),
            (
                If(
                    Const(True, "bool"),
                    (Store("t", (ROW,), Cast(Const(1.5, "float64"), "float32")),),
                    (Update("t", (ROW,), "add", Load("x", (ROW, Const(0, "int64")), "float32"), True),),
                ),
                Update("t", (ROW,), "maximum", Const(math.inf, "float32")),
                AccumulateArg("m", "k", "minimum", Load("t", (ROW,), "float32"), ROW),
            ),
            True,
        ),
        Invoke("gemm", ("z",), ("x", "x"), (Const(1 + 2j, "complex64"),), (("transpose_a", True), ("kind", "a b"))),
        Store("z", (), Select(Const(False, "bool"), Const(-0.0, "complex64"), Const(1j, "complex64"), "complex64")),
    ),
    errors=(ErrorText("ValueError", "length {0}: it's less\nthan 0", 3),),
)

EVERYTHING_TEXT = """\
inputs x
results z, x
input x: float32[?, 3]
constant c: int64[?]
view v: float32[?]
view w: float32[?] contiguous
scratch t: float32[?]
output z: complex64[]
error ValueError "length {0}: it's less\\nthan 0" node 3
body
  let n = mul<int64>(dim(x, 0), -2)
  check ge<bool>(n, 0) error 0 [n, dim(x, 1)]
  view v of x start [0, n] dims [dim(x, 0), dim(x, 1)] axes [0, none] steps [i, j]
  reinterpret w of t dims [dim(t, 0)]
  alloc t[dim(x, 0)]
  parallel for i < dim(t, 0):
    if true:
      t[i] = cast<float32>(1.5:float64)
    else:
      t[i] (add, unique) = x[i, 0]
    t[i] (maximum) = inf:float32
    accumulate m, k (minimum) = [t[i], i]
  invoke gemm [z] of [x, x] scalars [(1+2j):complex64] {'transpose_a': True, 'kind': 'a b'}
  z[] = select<complex64>(false, -0.0:complex64, 1j:complex64)"""


def test_golden_text():
    assert program_text(EVERYTHING) == EVERYTHING_TEXT


def test_reading_back_gives_the_same_text():
    text = program_text(EVERYTHING).replace("steps [i, j]", "steps [1, 1]")
    assert program_text(parse_program(text)) == text


@pytest.mark.parametrize("name", sorted(NESTS))
def test_every_nest_reads_back_equal(name):
    made = nest(name, "float64")
    assert parse_program(program_text(made)) == made


def test_a_deep_expression_prints_and_reads_back():
    deep = Const(0, "int64")
    for _ in range(5000):
        deep = Scalar("add", (deep, Const(1, "int64")), "int64")
    made = Program(("x",), (), {"x": Buffer("x", "int64", 0, "input")}, (Let("n", deep),))
    text = program_text(made)
    assert text.count("add<int64>(") == 5000
    assert program_text(parse_program(text)) == text
    assert expr_text(deep).endswith(", 1)")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("z[] = add<float64>(x[], ", "expected an expression"),
        ("z[] = y[]", "no buffer 'y'"),
        ("z[] = k", "'k' is not defined"),
        ("alloc z", r"expected '\['"),
        ("  z[] = x[]", "no statement here"),
    ],
)
def test_what_is_wrong_is_said(line, message):
    head = "inputs x\nresults z\ninput x: float64[]\noutput z: float64[]\nbody\n  "
    with pytest.raises(ParseError, match=message):
        parse_program(head + line)
