"""Rules of reductions beyond their values: dtypes, accuracy, axes, texts, gradients at ties and zeros, names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neano.tensor as T
from neano.graph.null_type import DisconnectedType
from neano.tensor.logical import All
from neano.tensor.logical import Any as AnyOp
from tensor.op_checks import evaluate, variable_of


def value_of(result: Any, *pairs: Any) -> Any:
    return evaluate([result], dict(pairs))[0]


@pytest.mark.parametrize(
    ("dtype", "result", "accumulator"),
    [
        ("bool", "int64", "int64"),
        ("int8", "int64", "int64"),
        ("int64", "int64", "int64"),
        ("uint8", "uint64", "uint64"),
        ("uint64", "uint64", "uint64"),
        ("float16", "float16", "float32"),
        ("float32", "float32", "float64"),
        ("float64", "float64", "float64"),
        ("complex64", "complex64", "complex128"),
    ],
)
def test_dtypes_of_sums(dtype: str, result: str, accumulator: str) -> None:
    total = T.TensorType(dtype, (None,))().sum()
    assert total.dtype == result
    assert (total.owner.op.dtype, total.owner.op.acc_dtype) == (result, accumulator)


def test_sums_accumulate_in_a_wider_dtype() -> None:
    x = T.fvector()
    value = np.array([1e8, 1, -1e8], "float32")
    assert value_of(x.sum(), (x, value)) == 1
    assert value_of(x.sum(acc_dtype="float32"), (x, value)) == 0
    b = T.bvector()
    assert value_of(b.sum(), (b, np.full(3, 100, "int8"))) == 300
    assert value_of(b.sum(dtype="int8"), (b, np.full(3, 100, "int8"))) == 44


@pytest.mark.parametrize("dtype", ["float16", "int64", "int8"])
def test_an_accumulator_that_loses_precision_is_refused(dtype: str) -> None:
    with pytest.raises(TypeError, match="as precision would be lost"):
        T.fvector().sum(acc_dtype=dtype)


def test_integers_may_be_accumulated_as_floats() -> None:
    assert T.lvector().sum(acc_dtype="float32").owner.op.acc_dtype == "float32"


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda x: x.sum(), "Sum{acc_dtype=float64}"),
        (lambda x: x.sum((1, 0)), "Sum{axis=[0, 1], acc_dtype=float64}"),
        (lambda x: x.sum([]), "Sum{axis=[], acc_dtype=float64}"),
        (lambda x: x.prod(1), "Prod{axis=(1,), dtype='float64', acc_dtype='float64'}"),
        (lambda x: x.any(0), "Any{0}"),
        (lambda x: x.all(), "All"),
        (lambda x: T.CAReduce(T.maximum.scalar_op, 0)(x), "Reduce{maximum}{0}"),
        (lambda x: T.CAReduce(T.maximum.scalar_op)(x), "Reduce{maximum}"),
        (lambda x: T.max_and_argmax(x, 0)[0], "MaxAndArgmax{axis=(0,)}"),
        (lambda x: T.Argmax((0,))(x), "Argmax{axis=(0,)}"),
    ],
)
def test_texts(build: Any, text: str) -> None:
    assert str(build(T.dmatrix()).owner.op) == text


@pytest.mark.parametrize("axis", [2, -3, (0, 2)])
def test_axes_that_do_not_exist(axis: Any) -> None:
    for function in (T.sum, T.max, T.argmax, T.all, T.mean):
        with pytest.raises(ValueError, match="Not enough dimensions on x to reduce on axis"):
            function(T.dmatrix("x"), axis=axis)


def test_axes_are_constants() -> None:
    x = T.dmatrix()
    assert x.sum(T.constant(1)).owner.op.axis == (1,)
    assert x.sum([np.int64(0), T.constant(-1)]).owner.op.axis == (0, 1)
    assert x.sum(np.array(0)).owner.op.axis == (0,)
    for axis in (T.iscalar(), [T.iscalar()], 1.5):
        with pytest.raises(TypeError):
            x.sum(axis)


def test_reductions_are_equal_by_value() -> None:
    assert T.Sum(0) == T.Sum([0]) != T.Sum(1)
    assert hash(T.Sum(0, "float64")) == hash(T.Sum((0,), "float64"))
    assert T.Sum(0) != T.Prod(0)
    assert T.Max(0) != T.Min(0)
    assert T.Prod(0) != T.Prod(0, no_zeros_in_input=True)
    assert All(0) != AnyOp(0)


@pytest.mark.parametrize("function", [T.max, T.min, T.argmax, T.argmin, lambda x: T.max_and_argmax(x)[1]])
def test_the_extreme_of_nothing_is_an_error(function: Any) -> None:
    x = T.dvector()
    with pytest.raises(ValueError, match="not defined"):
        value_of(function(x), (x, np.zeros(0)))


def test_an_axis_list_without_axes_means_all_for_extremes() -> None:
    x = T.dmatrix()
    value = np.array([[1.0, 4.0], [3.0, 2.0]])
    assert value_of(x.max([]), (x, value)) == 4
    assert value_of(T.argmax(x, []), (x, value)) == 1


def test_argmax_over_several_axes_counts_in_their_flattened_order() -> None:
    rng = np.random.default_rng(0)
    value = rng.normal(size=(2, 3, 4))
    x = variable_of(value)
    found = value_of(T.argmax(x, (2, 0)), (x, value))
    assert found.tolist() == value.transpose(1, 0, 2).reshape(3, -1).argmax(1).tolist()


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int64"])
def test_minima_of_integers(dtype: str) -> None:
    bounds = (
        np.array([0, 1], "bool") if dtype == "bool" else np.array([np.iinfo(dtype).max, np.iinfo(dtype).min], dtype)
    )
    x = variable_of(bounds)
    assert value_of(x.min(), (x, bounds)) == bounds.min()
    assert value_of(x.argmin(), (x, bounds)) == bounds.argmin()


def test_nan_wins() -> None:
    x = T.dvector()
    value = np.array([1.0, np.nan, 2.0])
    for function in (T.max, T.min):
        assert np.isnan(value_of(function(x), (x, value)))
    assert value_of(T.argmax(x), (x, value)) == 1


def test_complex_numbers_have_no_minimum() -> None:
    for function in (T.min, T.argmin, T.ptp):
        with pytest.raises(NotImplementedError):
            function(T.cvector())
    assert T.max(T.cvector()).dtype == "complex64"


def test_names_of_results() -> None:
    x = T.dmatrix()
    names = [f(x).name for f in (T.max, T.argmax, T.mean, T.var, T.std)]
    assert names == ["max", "argmax", "mean", "var", "std"]


def test_a_bool_for_ddof_is_refused() -> None:
    with pytest.raises(ValueError, match="keepdims is the fourth parameter"):
        T.dmatrix().var(0, True)


@pytest.mark.parametrize("L", [0, float("inf")])
def test_norms_that_are_not_there(L: float) -> None:
    with pytest.raises(NotImplementedError):
        T.dvector().norm(L)


def cotangent(result: Any, x: Any) -> Any:
    """The cotangent of the input of a result's node, for ones as the result's."""
    (back,) = result.owner.op.L_op([x], result.owner.outputs[:1], [T.ones_like(result)])
    return back


def test_every_tied_maximum_receives_the_gradient() -> None:
    x = T.dmatrix()
    value = np.array([[1.0, 2.0, 2.0], [3.0, 3.0, 3.0]])
    assert value_of(cotangent(x.max(1), x), (x, value)).tolist() == [[0, 1, 1], [1, 1, 1]]
    assert value_of(cotangent(x.min(1), x), (x, value)).tolist() == [[1, 0, 0], [1, 1, 1]]


@pytest.mark.parametrize("zeros", [0, 1, 2])
def test_the_gradient_of_a_product_with_zeros(zeros: int) -> None:
    x = T.dvector()
    value = np.array([2.0, 3.0, 5.0, 7.0])
    value[:zeros] = 0
    others = [float(np.prod(np.delete(value, i))) for i in range(4)]
    assert value_of(cotangent(x.prod(), x), (x, value)).tolist() == pytest.approx(others)


def test_without_zeros_the_gradient_divides() -> None:
    x = T.dvector()
    value = np.array([2.0, 3.0, 5.0])
    assert value_of(cotangent(T.prod(x, no_zeros_in_input=True), x), (x, value)).tolist() == pytest.approx([15, 10, 6])


def test_product_without_zeros() -> None:
    x = T.dmatrix()
    value = np.array([[2.0, 0.0, 3.0], [0.0, 0.0, 0.0]])
    result = T.ProdWithoutZeros(1)(x)
    assert str(result.owner.op) == "ProdWithoutZeros{axis=(1,), dtype='float64', acc_dtype='float64'}"
    assert value_of(result, (x, value)).tolist() == [6, 1]
    assert value_of(cotangent(result, x), (x, value)).tolist() == [[3, 0, 2], [0, 0, 0]]


@pytest.mark.parametrize("function", [T.sum, T.prod, T.max, T.any])
def test_gradients_of_integers_are_zeros_of_floatX(function: Any) -> None:
    x = T.bvector()
    back = cotangent(function(x), x)
    assert back.dtype == "float64"
    assert value_of(back, (x, np.array([1, 2], "int8"))).tolist() == [0, 0]


def test_an_index_is_not_connected() -> None:
    x = T.dvector()
    maximum, index = T.max_and_argmax(x)
    assert maximum.owner.op.connection_pattern(maximum.owner) == [[True, False]]
    (back,) = maximum.owner.op.L_op([x], [maximum, index], [DisconnectedType()(), DisconnectedType()()])
    assert value_of(back, (x, np.ones(3))).tolist() == [0, 0, 0]


def test_any_scalar_function_may_be_folded() -> None:
    x = T.lmatrix()
    value = np.arange(1, 7).reshape(2, 3)
    for name, ufunc in {"xor": np.bitwise_xor, "minimum": np.minimum, "and_": np.bitwise_and}.items():
        result = T.CAReduce(getattr(T, name).scalar_op, 1)(x)
        assert value_of(result, (x, value)).tolist() == ufunc.reduce(value, 1).tolist()
    generic = T.CAReduce(T.arctan2.scalar_op, 0)(T.dmatrix())
    source = generic.owner.inputs[0]
    given = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    expected = np.arctan2(np.arctan2(given[0], given[1]), given[2])
    assert value_of(generic, (source, given)) == pytest.approx(expected)
    with pytest.raises(ValueError, match="of nothing is not defined"):
        value_of(generic, (source, np.zeros((0, 2))))
