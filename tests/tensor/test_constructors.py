"""Constructors of variables and constants."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neano.tensor as T
from neano.config import config
from neano.scalar.type import get_scalar_type
from neano.tensor.constructors import DTYPE_LETTERS, PATTERNS, PLURALS
from neano.tensor.convert import AsTensorError


@pytest.mark.parametrize("rank", PATTERNS)
def test_every_constructor(rank: str) -> None:
    pattern = PATTERNS[rank]
    plain = getattr(T, rank)("x")
    assert (plain.name, plain.dtype, plain.broadcastable) == ("x", config.floatX, pattern)
    assert getattr(T, rank)(dtype="int8").dtype == "int8"
    with config.change_flags(floatX="float32"):
        assert getattr(T, rank)().dtype == "float32"
    for letter, dtype in DTYPE_LETTERS.items():
        type_ = getattr(T, letter + rank)
        assert type_ == T.TensorType(dtype, pattern)
        assert type_("y").name == "y"
        many = getattr(T, letter + PLURALS[rank])
        assert [v.name for v in many("a", "b")] == ["a", "b"]
        assert all(v.type == type_ for v in many(3))


def test_plurals_take_names_letters_lists_and_numbers() -> None:
    assert [v.name for v in T.matrices("abc")] == ["a", "b", "c"]
    assert [v.name for v in T.dscalars(["p", "q"])] == ["p", "q"]
    assert len(T.fvectors(2)) == 2
    assert [v.dtype for v in T.vectors("uv", dtype="int8")] == ["int8", "int8"]


def test_tensor() -> None:
    assert T.tensor("int16", (None, 1), name="x").type == T.TensorType("int16", (False, True))
    assert T.tensor(dtype="int16", broadcastable=(True,)).broadcastable == (True,)


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (5, "int8"),
        (-128, "int8"),
        (200, "int16"),
        (70000, "int32"),
        (2**40, "int64"),
        (2**63, "uint64"),
        (True, "int8"),
        (1.0, "float32"),
        (1.1, "float64"),
        (1j, "complex128"),
        (np.float64(1), "float64"),
        (np.uint8(3), "uint8"),
        ([1, 2], "int64"),
        ([1.5], "float64"),
        ([], "float64"),
    ],
)
def test_dtypes_of_constants(value: Any, dtype: str) -> None:
    assert T.constant(value).dtype == dtype


def test_constants_know_their_shape_and_do_not_follow_their_source() -> None:
    source = np.ones((1, 3))
    made = T.constant(source)
    source[:] = 2
    assert made.type.shape == (1, 3)
    assert made.broadcastable == (True, False)
    assert np.all(made.data == 1)


def test_small_constants_are_one_object() -> None:
    assert T.constant(2) is T.constant(2)
    assert T.constant(2) is not T.constant(2.0)
    assert T.constant(200) is not T.constant(200)
    assert T.constant(2, name="two") is not T.constant(2)
    assert T.constant(300).equals(T.constant(300))


def test_texts_of_constants() -> None:
    assert str(T.constant(2)) == "TensorConstant{2}"
    assert str(T.constant(np.ones(3))) == "TensorConstant{(3,) of 1.0}"
    assert str(T.constant(np.arange(20))) == "TensorConstant{[ 0  1  2 .. 17 18 19]}"
    assert str(T.constant(2, name="two")) == "two"


@pytest.mark.parametrize("value", [True, "a", None, object(), [True, None], 2**70])
def test_what_is_no_tensor(value: Any) -> None:
    with pytest.raises(AsTensorError):
        T.as_tensor_variable(value)


def test_as_tensor_variable() -> None:
    x = T.dmatrix()
    assert T.as_tensor_variable(x) is x
    assert T.as_tensor_variable(x, ndim=3).broadcastable == (True, False, False)
    assert T.as_tensor_variable(T.drow(), ndim=1).ndim == 1
    with pytest.raises(ValueError):
        T.as_tensor_variable(x, ndim=1)
    assert T.as_tensor_variable([1, T.dscalar()]).type == T.TensorType("float64", (2,))
    assert T.as_tensor_variable(get_scalar_type("int8")()).type == T.bscalar
    assert T.as_tensor_variable((x + 1).owner).owner.op == T.add
    with pytest.raises(ValueError):
        T.constant(np.ones((2, 2)), ndim=1)
    assert T.constant(np.ones(2), ndim=3).type.shape == (1, 1, 2)
