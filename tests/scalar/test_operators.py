"""Python's operators on scalar and tensor variables."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

from neano.config import config
from neano.graph.variable import Variable
from neano.scalar.division import IntegerDivisionError
from neano.scalar.rows import row
from neano.scalar.type import get_scalar_type
from neano.tensor.type import TensorType

FLOAT, INTEGER = TensorType("float64", ()), TensorType("int64", ())


def name_of(result: Any) -> str:
    return str(result.owner.op.scalar_op)


@pytest.mark.parametrize(
    ("apply", "name"),
    [
        (operator.add, "add"),
        (operator.sub, "sub"),
        (operator.mul, "mul"),
        (operator.truediv, "true_div"),
        (operator.floordiv, "int_div"),
        (operator.mod, "mod"),
        (operator.pow, "pow"),
        (operator.and_, "and_"),
        (operator.or_, "or_"),
        (operator.xor, "xor"),
    ],
)
def test_binary_operators_on_both_sides(apply: Any, name: str) -> None:
    x, y = INTEGER("x"), INTEGER("y")
    assert apply(x, y).owner.inputs == [x, y]
    for number in (3, np.int64(3), np.asarray(3)):
        forward, reflected = apply(x, number), apply(number, x)
        assert name_of(forward) == name_of(reflected) == name
        assert forward.owner.inputs[0] is x
        assert reflected.owner.inputs[1] is x


@pytest.mark.parametrize(
    ("apply", "name"),
    [
        (operator.neg, "neg"),
        (abs, "abs_"),
        (operator.invert, "invert"),
    ],
)
def test_unary_operators(apply: Any, name: str) -> None:
    assert name_of(apply(INTEGER("x"))) == name


def test_divmod_is_quotient_and_remainder() -> None:
    x, y = INTEGER("x"), INTEGER("y")
    assert [name_of(v) for v in divmod(x, y)] == ["int_div", "mod"]
    assert [name_of(v) for v in divmod(7, y)] == ["int_div", "mod"]


@pytest.mark.parametrize(
    ("apply", "name", "mirrored"),
    [(operator.lt, "lt", "gt"), (operator.le, "le", "ge"), (operator.gt, "gt", "lt"), (operator.ge, "ge", "le")],
)
def test_comparisons_have_no_truth_value(apply: Any, name: str, mirrored: str) -> None:
    x, y = FLOAT("x"), FLOAT("y")
    result = apply(x, y)
    assert name_of(result) == name
    assert result.dtype == "bool"
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(result)
    assert name_of(apply(1.0, x)) == mirrored


def test_chained_comparison_is_an_error() -> None:
    x, y, z = (FLOAT(n) for n in "xyz")
    with pytest.raises(TypeError):
        x < y < z  # noqa: B015


def test_equality_is_identity_and_variables_are_true() -> None:
    x, y = FLOAT("x"), FLOAT("y")
    assert x == x
    assert x != y
    assert bool(x + y)
    assert len({x, y, x}) == 2


def test_variables_of_other_kinds_decide_for_themselves() -> None:
    class Other(Variable):
        def __radd__(self, left: Any) -> str:
            return "mine"

    assert FLOAT("x") + Other(FLOAT) == "mine"


def test_mixed_bits_and_floats_are_refused() -> None:
    with pytest.raises(TypeError):
        FLOAT("x") & INTEGER("i")
    with pytest.raises(TypeError):
        TensorType("bool", ())("b") | INTEGER("i")


def test_division_of_tensors_is_true_division() -> None:
    assert (INTEGER("x") / INTEGER("y")).dtype == "float64"


def test_division_of_scalars_follows_the_flag() -> None:
    x, y, f = get_scalar_type("int32")("x"), get_scalar_type("int64")("y"), get_scalar_type("float32")("f")
    with pytest.warns(DeprecationWarning, match="floor division"):
        assert (x / y).owner.op is row("int_div")
    assert (x / f).owner.op is row("true_div")
    assert (f / 2).owner.op is row("true_div")
    with config.change_flags(int_division="floatX"):
        assert (x / y).dtype == "float64"
    with config.change_flags(int_division="raise"), pytest.raises(IntegerDivisionError):
        x / y


def test_scalar_variables_build_scalar_expressions() -> None:
    x = get_scalar_type("float32")("x")
    expression = 2 * x + row("exp")(x)
    assert expression.dtype == "float32"
    assert expression.owner.op is row("add")
    assert x.zeros_like(dtype="floatX").data == 0.0
    assert x.astype("int8").dtype == "int8"
    assert x.astype("float32") is x
