"""`TensorType`: which values it takes, its texts and equality, and variables made into another type."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import neano.tensor as T
from neano.config import config
from neano.tensor.type import TensorType
from tensor.op_checks import evaluate

FSCALAR, DSCALAR, LSCALAR, BSCALAR = (TensorType(d, ()) for d in ("float32", "float64", "int64", "int8"))
FVECTOR, DVECTOR, IVECTOR = (TensorType(d, (None,)) for d in ("float32", "float64", "int32"))
ROW = TensorType("float64", (1, None))

TAKEN = [
    (DSCALAR, 1, None),
    (DSCALAR, 0.1, False),
    (DSCALAR, float("nan"), None),
    (FSCALAR, 1.0, False),
    (FSCALAR, 0.1, True),
    (FSCALAR, np.float32(0.1), False),
    (FSCALAR, np.float64(1.0), None),
    (LSCALAR, 3.0, None),
    (LSCALAR, 1.5, True),
    (BSCALAR, 300, True),
    (DVECTOR, [1, 2], None),
    (DVECTOR, np.ones(2, "float32"), None),
    (FVECTOR, [1, 2], None),
    (FVECTOR, np.ones(2, "int16"), None),
    (FVECTOR, np.ones(2), True),
    (DVECTOR, np.ones(2, ">f8"), None),
    (DVECTOR, [], None),
    (ROW, np.ones((1, 3)), None),
    (ROW, [[1.0, 2.0]], None),
    (TensorType("bool", ()), True, None),
    (TensorType("complex64", ()), 1.0, None),
]
REFUSED = [
    (FSCALAR, np.float64(0.1), None, "cannot store accurately"),
    (FVECTOR, [0.1], None, "cannot store accurately"),
    (FVECTOR, np.ones(1), None, "cannot store a value of dtype float64 without risking loss of precision"),
    (FVECTOR, np.ones(1, "int32"), None, "without risking loss"),
    (LSCALAR, 1.5, None, "it would be represented as 1"),
    (BSCALAR, 300, None, "cannot store accurately"),
    (LSCALAR, float("inf"), None, "cannot store accurately"),
    (DSCALAR, [1.0], None, r"Wrong number of dimensions: expected 0, got 1 with shape \(1,\)\."),
    (ROW, np.ones((2, 3)), None, "Non-unit value on shape on a broadcastable dimension"),
    (TensorType("float64", (None, 3)), np.ones((2, 4)), None, "A length other than 3"),
    (DSCALAR, None, None, "cannot be made into an array"),
    (DSCALAR, "a", None, "cannot be made into an array"),
    (DSCALAR, 1j, True, "cannot be made into an array"),
    (DVECTOR, np.array([None]), True, "cannot be made into an array"),
]


@pytest.mark.parametrize(("type_", "value", "downcast"), TAKEN)
def test_takes(type_: TensorType, value: Any, downcast: bool | None) -> None:
    taken = type_.filter(value, allow_downcast=downcast)
    assert type(taken) is np.ndarray
    assert taken.dtype == type_.dtype
    assert taken.dtype.isnative
    assert taken.ndim == type_.ndim


@pytest.mark.parametrize(("type_", "value", "downcast", "text"), REFUSED)
def test_refuses(type_: TensorType, value: Any, downcast: bool | None, text: str) -> None:
    with pytest.raises(TypeError, match=text):
        type_.filter(value, allow_downcast=downcast)
    assert not type_.is_valid_value(value)


def test_a_python_float_is_taken_for_floatX_though_inexact() -> None:
    with config.change_flags(floatX="float32"):
        assert FSCALAR.filter(0.1) == np.float32(0.1)
        with pytest.raises(TypeError):
            FSCALAR.filter(0.1, allow_downcast=False)


def test_an_array_of_the_type_passes_as_it_is() -> None:
    array = np.ones((2, 3))
    assert TensorType("float64", (None, None)).filter(array) is array


@pytest.mark.parametrize("value", [1.0, [1.0], np.ones(1, "float32"), np.float64(1)])
def test_strict_takes_only_the_exact_form(value: Any) -> None:
    with pytest.raises(TypeError, match="expected a ndarray object"):
        DVECTOR.filter(value, strict=True)


def test_refuses_variables_and_misaligned_memory() -> None:
    with pytest.raises(TypeError, match="Expected an array-like object, but found a Variable"):
        DVECTOR.filter(T.dvector())
    misaligned = np.zeros(17, "int8")[1:].view("float64")
    with pytest.raises(TypeError, match="not aligned"):
        DVECTOR.filter(misaligned)


@pytest.mark.parametrize("dtype", ["object", "float128", "str", "U3", int.__class__])
def test_unknown_dtypes(dtype: Any) -> None:
    with pytest.raises(TypeError):
        TensorType(dtype, ())


@pytest.mark.parametrize("shape", [(-1,), ("x",), (1.5,)])
def test_wrong_lengths(shape: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        TensorType("float64", shape)


def test_texts() -> None:
    texts = {
        (): "scalar",
        (None,): "vector",
        (1, None): "row",
        (None, 1): "col",
        (3, 4): "matrix",
        (None,) * 3: "3D",
        (1,): "(True,)",
        (None, 1, None): "(False, True, False)",
    }
    for shape, text in texts.items():
        assert str(TensorType("int8", shape)) == f"TensorType(int8, {text})"
    assert str(TensorType("int8", (), name="mine")) == "mine"


def test_equality_and_pickling() -> None:
    assert (
        TensorType("floatX", (True, False))
        == TensorType(np.float64, (1, None))
        == TensorType("float64", broadcastable=(1, 0))
    )
    assert TensorType("float64", (3,)) != TensorType("float64", (None,))
    assert pickle.loads(pickle.dumps(ROW)) == ROW
    assert ROW.clone(dtype="int8") == TensorType("int8", (1, None))
    assert ROW.clone(broadcastable=(False, False)).broadcastable == (False, False)
    assert str(ROW.to_scalar_type()) == "float64"
    assert ROW.value_zeros((1, 2)).shape == (1, 2)


def test_values_compared() -> None:
    a = np.array([1.0, np.nan, np.inf])
    assert DVECTOR.values_eq(a, a.copy())
    assert not DVECTOR.values_eq(a, a + 1)
    assert DVECTOR.values_eq_approx(a, a + 1e-12)
    assert not DVECTOR.values_eq_approx(a, a + 1e-3)
    assert not DVECTOR.values_eq_approx(a, a.astype("float32"))
    assert DVECTOR.values_eq_approx(a, np.array([1.0, 5.0, np.inf]), allow_remove_nan=True)
    assert IVECTOR.values_eq_approx(np.arange(3, dtype="int32"), np.arange(3, dtype="int32"))


def test_a_variable_is_made_into_a_type_that_says_less() -> None:
    wide = TensorType("float64", (None, None))
    x = T.drow()
    converted = wide.filter_variable(x)
    assert converted.type == wide
    value = np.ones((1, 3))
    assert evaluate([converted], {x: value})[0] is value


def test_a_length_that_only_the_type_knows_is_checked_at_run_time() -> None:
    x = T.dmatrix()
    converted = TensorType("float64", (3, None)).filter_variable(x)
    assert converted.type.shape == (3, None)
    with pytest.raises(AssertionError):
        evaluate([converted], {x: np.ones((2, 2))})


@pytest.mark.parametrize("other", [T.dvector, T.fmatrix, lambda: TensorType("float64", (3, 4))()])
def test_what_cannot_be_made_into_a_row(other: Any) -> None:
    with pytest.raises(TypeError, match="cannot use"):
        ROW.filter_variable(other())
