"""Arrays from shapes: `alloc`, zeros, ranges, grids, matrices of a pattern, vectors of scalars."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neano.tensor as T
from neano.config import config
from neano.graph.null_type import DisconnectedType
from neano.graph.traverse import toposort
from neano.tensor.ranges import range_length
from tensor.op_checks import check_derivatives, check_shapes, evaluate


def value_of(result: Any, *pairs: Any) -> Any:
    for node in toposort([result]):
        check_shapes(node, dict(pairs))
    return evaluate([result], dict(pairs))[0]


def test_zeros_ones_full_empty() -> None:
    n = T.lscalar()
    assert value_of(T.zeros((n, 2)), (n, np.array(3))).tolist() == [[0, 0]] * 3
    assert value_of(T.ones(3, "int8")).dtype == "int8"
    assert value_of(T.full((2, n), 7.5), (n, np.array(1))).tolist() == [[7.5], [7.5]]
    assert value_of(T.empty((2, n)), (n, np.array(0))).shape == (2, 0)
    with config.change_flags(floatX="float32"):
        assert T.zeros(3).dtype == T.empty(3).dtype == T.eye(2).dtype == T.tri(2).dtype == "float32"


def test_a_constant_length_of_one_broadcasts() -> None:
    n = T.lscalar()
    assert T.zeros((1, n)).broadcastable == (True, False)
    assert T.zeros((3, n)).type.shape == (3, None)
    assert T.alloc(T.drow(), n, n).broadcastable == (False, False)


def test_shapes_may_be_vectors_of_known_length() -> None:
    x = T.dmatrix()
    assert value_of(T.zeros(x.shape), (x, np.ones((2, 3)))).shape == (2, 3)
    assert value_of(T.ones(np.array([2, 3]))).shape == (2, 3)
    with pytest.raises(ValueError, match="not known"):
        T.zeros(T.lvector())


@pytest.mark.parametrize("shape", [(2.0, 3), (T.dscalar(), 3), (T.lvector(), 3), (T.constant(True) > 0,)])
def test_lengths_must_be_integer_scalars(shape: Any) -> None:
    with pytest.raises(TypeError, match="Shape arguments must be integers"):
        T.alloc(1, *shape)


def test_the_value_must_fit() -> None:
    with pytest.raises(TypeError, match="more dimensions than the specified"):
        T.alloc(T.dmatrix(), 2)
    x, n = T.dvector(), T.lscalar()
    with pytest.raises(ValueError):
        value_of(T.alloc(x, n), (x, np.ones(3)), (n, np.array(2)))


def test_the_gradient_of_alloc_sums_what_was_stretched() -> None:
    rng = np.random.default_rng(0)
    for type_, value, shape in [
        (T.dscalar, np.array(2.0), (2, 3)),
        (T.dvector, rng.normal(size=3), (2, 3)),
        (T.drow, rng.normal(size=(1, 3)), (2, 4, 3)),
        (T.drow, rng.normal(size=(1, 3)), (1, 3)),
    ]:
        x = type_()
        check_derivatives(T.alloc(x, *shape).owner, {x: value}, rng)


numbers = st.one_of(st.integers(-20, 20), st.floats(-20, 20).map(lambda v: round(v, 2)))


@settings(max_examples=150, deadline=None)
@given(numbers, numbers, numbers.filter(lambda v: abs(v) > 0.1))
def test_arange(start: Any, stop: Any, step: Any) -> None:
    wanted = np.arange(start, stop, step)
    as_dtype = "int64" if wanted.dtype.kind == "i" else "float64"
    a, b, c = (T.TensorType(np.asarray(v).dtype, ())() for v in (start, stop, step))
    result = T.arange(a, b, c)
    assert result.dtype == as_dtype
    got = value_of(result, (a, np.asarray(start)), (b, np.asarray(stop)), (c, np.asarray(step)))
    np.testing.assert_allclose(got, wanted, atol=1e-12)
    assert len(got) == range_length(start, stop, step)


def test_dtypes_and_lengths_of_ranges() -> None:
    with pytest.raises(TypeError, match="real numbers"):
        T.arange(T.zscalar())
    assert T.arange(5).dtype == "int64"
    assert T.arange(5).type.shape == (5,)
    assert T.arange(1).type.shape == (None,)
    assert T.arange(5.0).dtype == "float32"
    assert (
        T.arange(T.TensorType("uint8", ())(), T.TensorType("uint8", ())(), T.TensorType("uint8", ())()).dtype
        == "uint64"
    )
    assert T.arange(T.TensorType("uint64", ())()).dtype == "float64"
    with pytest.raises(TypeError):
        T.arange(T.lvector())
    step = T.lscalar()
    with pytest.raises(ZeroDivisionError, match="must not be zero"):
        evaluate([T.arange(0, 3, step)], {step: np.array(0)})


def test_gradients_of_a_range() -> None:
    start, step = T.dscalar(), T.dscalar()
    result = T.arange(start, 2.5, step)
    check_derivatives(result.owner, {start: np.array(0.25), step: np.array(0.5)}, np.random.default_rng(0))
    assert isinstance(
        result.owner.op.L_op(result.owner.inputs, [result], [T.ones_like(result)])[1].type, DisconnectedType
    )


def test_grids() -> None:
    for got, wanted in zip(T.mgrid[0:2, 1:7:3], np.mgrid[0:2, 1:7:3], strict=True):
        assert value_of(got).tolist() == wanted.tolist()
    for got, wanted in zip(T.ogrid[0:2, 1:4], np.ogrid[0:2, 1:4], strict=True):
        assert value_of(got).tolist() == wanted.tolist()
    assert [g.broadcastable for g in T.ogrid[0:2, 1:4]] == [(False, True), (True, False)]
    with pytest.raises(NotImplementedError):
        T.mgrid[0:1:5j, 0:2]


@pytest.mark.parametrize("arguments", [(3,), (3, 4), (3, 4, 1), (4, 3, -2), (0, 3), (2, 2, 5)])
def test_eye_and_tri(arguments: Any) -> None:
    assert value_of(T.eye(*arguments)).tolist() == np.eye(*arguments).tolist()
    assert value_of(T.tri(*arguments)).tolist() == np.tri(*arguments).tolist()
    n, k = T.lscalar(), T.bscalar()
    assert value_of(T.eye(n, 4, k), (n, np.array(3)), (k, np.array(1, "int8"))).tolist() == np.eye(3, 4, 1).tolist()


def test_make_vector() -> None:
    a, b = T.dscalar(), T.iscalar()
    made = T.MakeVector("float64")(a, b, 3)
    assert made.type.shape == (3,)
    assert value_of(made, (a, np.array(1.5)), (b, np.array(2, "int32"))).tolist() == [1.5, 2, 3]
    assert value_of(T.make_vector()).shape == (0,)
    with pytest.raises(TypeError):
        T.MakeVector("int64")(a)
    with pytest.raises(TypeError):
        T.MakeVector("int64")(T.lvector())
    rng = np.random.default_rng(0)
    c = T.dscalar()
    check_derivatives(T.MakeVector("float64")(a, c).owner, {a: np.array(1.5), c: np.array(2.0)}, rng)


def test_diagonals_refuse() -> None:
    with pytest.raises(ValueError):
        T.diag(T.dscalar())
    with pytest.raises(ValueError):
        T.diagonal(T.dvector())
    with pytest.raises(ValueError):
        T.diagonal(T.dmatrix(), 0, 1, 1)
    with pytest.raises(TypeError):
        T.fill_diagonal(T.lmatrix(), 1.5)


def test_load(tmp_path: Any) -> None:
    path = tmp_path / "array.npy"
    np.save(path, np.arange(6.0).reshape(2, 3))
    loaded = T.load(str(path), "float64", (False, False))
    assert evaluate([loaded], {})[0].tolist() == [[0, 1, 2], [3, 4, 5]]
    with pytest.raises(TypeError):
        evaluate([T.load(str(path), "float32", (False, False))], {})
    with pytest.raises(ValueError):
        T.load(str(path), "float64", (False, False), "r+")
