"""`Scalar`: which values it takes, and its variables; `Composite` and users' own scalar Ops."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from neano.config import config
from neano.scalar import (
    BinaryScalarOp,
    Composite,
    UnaryScalarOp,
    get_scalar_type,
    same_out,
    transfer_type,
    upgrade_to_float,
)
from neano.scalar.op import ScalarOp
from neano.scalar.preferences import specific_out, unary_out_lookup
from neano.scalar.rows import ROWS, row
from neano.scalar.type import Scalar, as_scalar, constant


@pytest.mark.parametrize(
    ("dtype", "value"),
    [("float32", 1.5), ("float64", 1), ("int8", 1.0), ("bool", True), ("complex64", 1 + 2j), ("float32", np.nan)],
)
def test_takes_what_it_holds_exactly(dtype: str, value: Any) -> None:
    result = Scalar(dtype).filter(value)
    assert result.dtype == dtype
    np.testing.assert_equal(complex(result), complex(value))


@pytest.mark.parametrize(
    ("dtype", "value"),
    [("float32", 1.1), ("int8", 1.5), ("int8", 300), ("bool", 2), ("float64", 1 + 2j), ("float32", "a"), ("int8", [1])],
)
def test_refuses_what_would_change(dtype: str, value: Any) -> None:
    with pytest.raises(TypeError):
        Scalar(dtype).filter(value)


def test_downcast_where_allowed_and_python_floats_as_floatx() -> None:
    assert Scalar("int8").filter(1.5, allow_downcast=True) == 1
    with config.change_flags(floatX="float32"):
        assert Scalar("float32").filter(1.1) == np.float32(1.1)
    with pytest.raises(TypeError):
        Scalar("float32").filter(1.0, strict=True)


def test_constants_take_the_smallest_dtype() -> None:
    assert constant(5).dtype == "int8"
    assert constant(1.1).dtype == "float64"
    assert as_scalar(np.float32(2)).dtype == "float32"
    assert constant(2, dtype="float64").equals(constant(2.0, dtype="float64"))
    assert not constant(2).equals(constant(2, dtype="int16"))


def test_rows_survive_pickling_as_themselves() -> None:
    for name, op in ROWS.items():
        assert pickle.loads(pickle.dumps(op)) is op is row(name)


def test_composites_are_equal_when_their_graphs_are() -> None:
    def make(number: Any) -> Composite:
        x, y = get_scalar_type("float64")("x"), get_scalar_type("float64")("y")
        return Composite([x, y], [row("exp")(x) + number * y, x * y])

    first, second = make(np.float64(2)), make(np.float64(2))
    assert first == second
    assert hash(first) == hash(second)
    assert first != make(np.float64(3))
    assert str(first) == "Composite{add(exp(i0), mul(Constant{2.0}, i1)), mul(i0, i1)}"
    results = first.reference([np.arange(3.0), np.ones(3)], ["float64", "float64"])
    np.testing.assert_allclose(results[0], np.exp(np.arange(3.0)) + 2)
    np.testing.assert_allclose(results[1], np.arange(3.0))
    with pytest.raises(TypeError, match="operands of dtypes"):
        first.make_node(constant(1), constant(2))


class Cube(UnaryScalarOp):
    def impl(self, x: Any) -> Any:
        return x * x * x

    def grad(self, inputs: Any, gradients: Any) -> Any:
        return [gradients[0] * 3 * inputs[0] * inputs[0]]


def test_users_own_scalar_ops() -> None:
    cube = Cube(upgrade_to_float, name="cube")
    assert cube(get_scalar_type("int8")("i")).dtype == "float32"
    np.testing.assert_array_equal(cube.reference([np.arange(3.0)], ["float64"])[0], [0.0, 1.0, 8.0])
    assert cube == Cube(upgrade_to_float, name="cube")
    assert cube != Cube(same_out, name="cube")
    assert Cube(same_out, name="cube")(get_scalar_type("int8")("i")).dtype == "int8"
    with pytest.raises(TypeError, match="takes 1 operands"):
        cube(1.0, 2.0)


def test_dtype_preferences_of_users_ops() -> None:
    f, i = get_scalar_type("float32"), get_scalar_type("int64")
    assert transfer_type(1, None)(f, i) == (i, get_scalar_type("float64"))
    assert specific_out(i)(f) == (i,)
    assert unary_out_lookup({f: i})(f) == (i,)
    with pytest.raises(TypeError, match="not defined"):
        unary_out_lookup({f: i})(i)

    class Pair(ScalarOp):
        nin, nout = 2, 2

        def impl(self, x: Any, y: Any) -> Any:
            return x + y, x - y

    node = Pair(transfer_type(0, 1), name="pair").make_node(f("a"), i("b"))
    assert [v.dtype for v in node.outputs] == ["float32", "int64"]
    sums, differences = node.op.reference([np.array([3.0, 5.0]), np.array([1, 2])], ["float32", "int64"])
    assert (sums.tolist(), differences.tolist()) == ([4.0, 7.0], [2, 3])
    assert BinaryScalarOp.nin == 2
