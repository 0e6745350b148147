"""Matrix products in BLAS's forms: values, memory, dtypes, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neano.tensor as T
from neano.graph.errors import InconsistencyError
from neano.tensor import blas
from neano.tensor.batched import scaled_batched_dot
from tensor.op_checks import check_node, check_shapes, evaluate, variable_of

DTYPES = ["float32", "float64", "complex64", "complex128"]


def arrays(dtype: str, *shapes: Any) -> list[Any]:
    rng = np.random.default_rng(0)
    return [
        np.asarray(rng.normal(size=s) + (1j * rng.normal(size=s) if dtype.startswith("c") else 0)).astype(dtype)
        for s in shapes
    ]


def computed(op: Any, values: Any) -> Any:
    variables = [variable_of(v) for v in values]
    given = dict(zip(variables, values, strict=True))
    result = op(*variables)
    check_shapes(result.owner, given)
    return evaluate([result], given)[0]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes", [(3, 4, 2), (0, 4, 2), (3, 0, 2)])
def test_products(dtype: str, sizes: tuple[int, int, int]) -> None:
    m, k, n = sizes
    x, y, z, a, b, vector, other = arrays(dtype, (m, k), (k, n), (m, n), (), (), (k,), (m,))
    bound = {"rtol": 1e-4, "atol": 1e-4}
    np.testing.assert_allclose(computed(blas._dot22, [x, y]), x @ y, **bound)
    np.testing.assert_allclose(computed(blas._dot22scalar, [x, y, a]), a * (x @ y), **bound)
    np.testing.assert_allclose(computed(blas.gemm_no_inplace, [z, a, x, y, b]), b * z + a * (x @ y), **bound)
    np.testing.assert_allclose(computed(blas.gemv, [other, a, x, vector, b]), b * other + a * (x @ vector), **bound)
    np.testing.assert_allclose(computed(blas.ger, [x, a, other, vector]), x + a * np.outer(other, vector), **bound)


@pytest.mark.parametrize("op", [blas.gemm_inplace, blas.gemv_inplace, blas.ger_destructive])
def test_in_place_the_first_input_holds_the_result(op: Any) -> None:
    shapes = {
        blas.gemm_inplace: ((3, 2), (), (3, 4), (4, 2), ()),
        blas.gemv_inplace: ((3,), (), (3, 4), (4,), ()),
        blas.ger_destructive: ((3, 4), (), (3,), (4,)),
    }
    values = arrays("float64", *shapes[op])
    variables = [variable_of(v) for v in values]
    result = evaluate([op(*variables)], dict(zip(variables, values, strict=True)))[0]
    assert result is values[0]
    assert op.destroy_map == {0: [0]}


def test_a_factor_of_nothing_forgets_the_target() -> None:
    """As in BLAS, what is multiplied by zero is not read: NaN in it does no harm."""
    z, a, x, y, b = arrays("float64", (2, 2), (), (2, 2), (2, 2), ())
    z[:] = np.nan
    b = np.zeros(())
    assert np.isfinite(computed(blas.gemm_no_inplace, [z, a, x, y, b])).all()


def test_scaled_batches() -> None:
    x, y, a, vectors = arrays("float64", (5, 2, 3), (5, 3, 4), (), (5, 3))
    for left, right in ((x, y), (vectors, y), (x, vectors), (vectors, vectors)):
        check = variable_of(left), variable_of(right), variable_of(a)
        result = scaled_batched_dot(*check)
        values = dict(zip(check, (left, right, a), strict=True))
        np.testing.assert_allclose(evaluate([result], values)[0], evaluate([a * T.batched_dot(*check[:2])], values)[0])
        check_node(result, values, np.random.RandomState(0))
    with pytest.raises(TypeError, match="of one dtype"):
        scaled_batched_dot(T.dtensor3(), T.dtensor3(), T.fscalar())
    with pytest.raises(TypeError, match="and a number"):
        scaled_batched_dot(T.dtensor3(), T.dtensor3(), T.dvector())


def test_texts() -> None:
    ops = [
        blas._dot22,
        blas._dot22scalar,
        blas.gemm_inplace,
        blas.gemm,
        blas.gemv_inplace,
        blas.gemv,
        blas.ger_destructive,
        blas.ger,
    ]
    assert [str(op) for op in ops] == [
        "Dot22",
        "Dot22Scalar",
        "Gemm{inplace}",
        "Gemm{no_inplace}",
        "Gemv{inplace}",
        "Gemv{no_inplace}",
        "Ger{destructive}",
        "Ger{non-destructive}",
    ]


def test_what_is_refused() -> None:
    x, v, a = T.dmatrix(), T.dvector(), T.dscalar()
    for build in [
        lambda: blas._dot22(x, T.fmatrix()),
        lambda: blas._dot22(T.lmatrix(), T.lmatrix()),
        lambda: blas._dot22(x, v),
        lambda: blas.gemm(x, 1.0, x, x, a),
        lambda: blas.gemv(v, a, v, v, a),
        lambda: blas.ger(x, a, x, v),
    ]:
        with pytest.raises(TypeError):
            build()
    with pytest.raises(InconsistencyError):
        blas.gemm_inplace(x, a, x, T.dmatrix(), a)
    with pytest.raises(ValueError, match="are summed over differ"):
        computed(blas._dot22, arrays("float64", (2, 3), (4, 2)))
    with pytest.raises(ValueError, match="cannot be added"):
        computed(blas.ger, arrays("float64", (2, 3), (), (2,), (2,)))


def test_products_of_tensors_refuse() -> None:
    x, t = T.dmatrix(), T.dtensor3()
    with pytest.raises(TypeError, match=r"input 0 \(0-indexed\) must have ndim of 1 or 2, 3 given"):
        T.Dot()(t, x)
    with pytest.raises(ValueError, match="differ"):
        T.dot(T.zeros((2, 3)), T.zeros((4, 2)))
    a, b = T.dmatrix(), T.dmatrix()
    with pytest.raises(ValueError, match="not aligned"):
        evaluate([T.dot(a, b)], {a: np.ones((2, 3)), b: np.ones((2, 3))})
    for axes in [3, -1, [[0, 1], [1]], [[5], [0]], [[0, 0], [0, 1]], [[0]]]:
        with pytest.raises(ValueError):
            T.tensordot(x, t, axes)
    with pytest.raises(ValueError, match="must not contain the batch axis"):
        T.batched_tensordot(t, t, [[0], [1]])
    with pytest.raises(TypeError, match=r"must have at least one \(batch\) axis"):
        T.batched_dot(T.dscalar(), t)
    with pytest.raises(ValueError, match="the batches have different sizes"):
        evaluate([T.batched_dot(a, b)], {a: np.ones((2, 3)), b: np.ones((3, 3))})


def test_static_shapes_of_products() -> None:
    assert T.dot(T.zeros((2, 3)), T.dmatrix()).type.shape == (2, None)
    assert T.dot(T.drow(), T.dcol()).broadcastable == (True, True)
    assert T.tensordot(T.drow(), T.dtensor3(), 1).broadcastable == (True, False, False)
    assert T.batched_dot(T.zeros((5, 2, 3)), T.dtensor3()).type.shape == (5, 2, None)


def test_numpy_arrays_on_the_left() -> None:
    x = T.dvector()
    assert evaluate([T.dot(np.eye(3), x)], {x: np.arange(3.0)})[0].tolist() == [0, 1, 2]
    assert evaluate([np.eye(3) @ x], {x: np.arange(3.0)})[0].tolist() == [0, 1, 2]
