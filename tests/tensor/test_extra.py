"""Counting, choosing, permuting, positions and coordinates, windows, covariance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neano.tensor as T
from neano.graph.traverse import toposort
from tensor.op_checks import check_derivatives, check_shapes, evaluate

RNG = np.random.default_rng(0)


def value_of(result: Any, *pairs: Any) -> Any:
    for node in toposort([result]):
        if not isinstance(node.op, (T.Unique, T.Nonzero)):
            check_shapes(node, dict(pairs))
    return evaluate([result], dict(pairs))[0]


def test_bincount() -> None:
    x, w = T.lvector(), T.dvector()
    value, weights = np.array([1, 3, 1, 0]), np.array([0.5, 1.0, 2.0, 4.0])
    assert value_of(T.bincount(x), (x, value)).tolist() == [1, 2, 0, 1]
    assert value_of(T.bincount(x, w), (x, value), (w, weights)).tolist() == [4, 2.5, 0, 1]
    assert value_of(T.bincount(x, minlength=6), (x, value)).tolist() == [1, 2, 0, 1, 0, 0]
    assert T.bincount(T.bvector()).dtype == "int8"
    assert T.bincount(x, w).dtype == "float64"
    with pytest.raises(AssertionError, match="negative values"):
        evaluate([T.bincount(x, assert_nonneg=True)], {x: np.array([-1, 2])})
    for wrong in (T.lmatrix(), T.dvector()):
        with pytest.raises(TypeError):
            T.bincount(wrong)


def test_to_one_hot() -> None:
    y = T.ivector()
    got = value_of(T.to_one_hot(y, 3, dtype="float32"), (y, np.array([2, 0], "int32")))
    assert (got.dtype, got.tolist()) == ("float32", [[0, 0, 1], [1, 0, 0]])


def test_unique() -> None:
    x = T.dmatrix()
    value = np.array([[3.0, 1.0, 3.0], [1.0, 1.0, 2.0]])
    got = evaluate(T.Unique(True, True, True)(x), {x: value})
    for mine, theirs in zip(got, np.unique(value, True, True, True), strict=True):
        assert mine.tolist() == np.asarray(theirs).reshape(-1).tolist()
    rows = np.array([[1.0, 2.0], [1.0, 2.0], [0.0, 5.0]])
    assert value_of(T.Unique(axis=0)(x), (x, rows)).tolist() == [[0, 5], [1, 2]]


@pytest.mark.parametrize("mode", ["raise", "wrap", "clip"])
def test_choose(mode: str) -> None:
    a, c = T.lmatrix(), T.dtensor3()
    index = np.array([[0, 1, 1], [2, 0, 1]]) if mode == "raise" else np.array([[0, 4, -1], [2, -3, 7]])
    choices = RNG.normal(size=(3, 2, 3))
    got = value_of(T.choose(a, c, mode=mode), (a, index), (c, choices))
    np.testing.assert_array_equal(got, np.choose(index, choices, mode=mode))  # type: ignore[call-overload]


def test_choose_among_a_list_and_its_refusals() -> None:
    a, x = T.lvector(), T.dvector()
    got = value_of(T.choose(a, [x, x * 2]), (a, np.array([1, 0])), (x, np.array([3.0, 5.0])))
    assert got.tolist() == [6, 5]
    assert a.choose([x, x]).dtype == "float64"
    with pytest.raises(ValueError, match="invalid entry in choice array"):
        evaluate([T.choose(a, [x, x])], {a: np.array([0, 2]), x: np.ones(2)})
    with pytest.raises(TypeError):
        T.choose(T.dvector(), [x, x])
    with pytest.raises(ValueError):
        T.choose(a, [x, x], out=x)
    with pytest.raises(ValueError):
        T.choose(a, [x, x], mode="nearest")


def test_compress() -> None:
    x, c = T.dmatrix(), T.lvector()
    value = np.arange(6.0).reshape(3, 2)
    condition = np.array([1, 0, 1])
    assert evaluate([T.compress(c, x, 0)], {x: value, c: condition})[0].tolist() == [[0, 1], [4, 5]]
    assert evaluate([c.compress(x, axis=0)], {x: value, c: condition})[0].tolist() == [[0, 1], [4, 5]]


@pytest.mark.parametrize("side", ["left", "right"])
def test_searchsorted(side: str) -> None:
    x, v, order = T.dvector(), T.dmatrix(), T.lvector()
    ordered, wanted = np.array([1.0, 2.0, 2.0, 5.0]), np.array([[2.0, 0.0], [9.0, 5.0]])
    expected = np.searchsorted(ordered, wanted, side)  # type: ignore[call-overload]
    assert value_of(T.searchsorted(x, v, side), (x, ordered), (v, wanted)).tolist() == expected.tolist()
    shuffled, sorter = ordered[::-1].copy(), np.array([3, 2, 1, 0])
    got = value_of(x.searchsorted(v, side, order), (x, shuffled), (v, wanted), (order, sorter))
    assert got.tolist() == expected.tolist()
    with pytest.raises(ValueError):
        T.searchsorted(x, v, "middle")
    with pytest.raises(TypeError):
        T.searchsorted(x, v, sorter=T.dvector())


@pytest.mark.parametrize("order", ["C", "F"])
def test_positions_and_coordinates(order: str) -> None:
    flat = T.lmatrix()
    value = np.array([[0, 5], [11, 7]])
    got = evaluate(T.unravel_index(flat, (3, 4), order), {flat: value})
    expected = np.unravel_index(value, (3, 4), order)  # type: ignore[call-overload]
    assert [g.tolist() for g in got] == [e.tolist() for e in expected]
    rows, columns = T.lmatrix(), T.lmatrix()
    back = value_of(T.ravel_multi_index((rows, columns), (3, 4), order=order), (rows, got[0]), (columns, got[1]))
    assert back.tolist() == value.tolist()


def test_positions_out_of_range() -> None:
    flat = T.lvector()
    with pytest.raises(ValueError):
        evaluate(list(T.unravel_index(flat, (2, 2))), {flat: np.array([4])})
    with pytest.raises(ValueError):
        evaluate([T.ravel_multi_index((flat, 0), (2, 2))], {flat: np.array([2])})
    assert evaluate([T.ravel_multi_index((flat, 0), (2, 2), mode="clip")], {flat: np.array([5])})[0].tolist() == [2]
    shape = T.lvector()
    with pytest.raises(ValueError):
        T.unravel_index(flat, shape)
    assert len(T.unravel_index(flat, shape, ndim=3)) == 3
    for wrong in [lambda: T.unravel_index(T.dvector(), (2, 2)), lambda: T.ravel_multi_index(flat, (2,))]:
        with pytest.raises(TypeError):
            wrong()
    for wrong in [lambda: T.unravel_index(flat, (2, 2), "K"), lambda: T.ravel_multi_index((flat,), (2,), mode="no")]:
        with pytest.raises(ValueError):
            wrong()


@pytest.mark.parametrize(("shape", "orders"), [((3,), (3,)), ((2, 3), (2, 3)), ((3,), (2, 3)), ((2, 3), (3,))])
def test_permutations(shape: tuple[int, ...], orders: tuple[int, ...]) -> None:
    value = RNG.normal(size=shape)
    order = np.argsort(RNG.normal(size=orders), -1)
    x, y = T.TensorType("float64", (None,) * len(shape))(), T.TensorType("int64", (None,) * len(orders))()
    wide = np.broadcast_shapes(shape, orders)
    wanted = np.take_along_axis(np.broadcast_to(value, wide), np.broadcast_to(order, wide), -1)
    result = T.permute_row_elements(x, y)
    np.testing.assert_array_equal(value_of(result, (x, value), (y, order)), wanted)
    check_derivatives(result.owner, {x: value, y: order}, RNG)
    inverse = T.inverse_permutation(y)
    np.testing.assert_array_equal(value_of(inverse, (y, order)), np.argsort(order, -1))
    undone = T.permute_row_elements(result, y, inverse=1)
    np.testing.assert_array_equal(value_of(undone, (x, value), (y, order)), np.broadcast_to(value, wide))


@pytest.mark.parametrize("length", [0, 1, 2, 7])
def test_bartlett(length: int) -> None:
    n = T.lscalar()
    np.testing.assert_allclose(value_of(T.bartlett(n), (n, np.array(length))), np.bartlett(length))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"bias": True},
        {"ddof": 2},
        {"rowvar": False},
        {"fweights": np.array([1, 2, 1, 3])},
        {"aweights": np.array([0.5, 1.0, 2.0, 1.0])},
        {"fweights": np.array([1, 2, 1, 3]), "aweights": np.array([0.5, 1.0, 2.0, 1.0])},
    ],
)
def test_covariance(options: dict[str, Any]) -> None:
    value = RNG.normal(size=(3, 4))
    x, y = T.dmatrix(), T.dmatrix()
    np.testing.assert_allclose(value_of(T.cov(x, **options), (x, value)), np.cov(value, **options), rtol=1e-12)
    if options.get("rowvar", True):
        other = RNG.normal(size=(2, 4))
        got = value_of(T.cov(x, y, **options), (x, value), (y, other))
        np.testing.assert_allclose(got, np.cov(value, other, **options), rtol=1e-12)


def test_topk_refuses() -> None:
    x, k = T.dvector(), T.lscalar()
    with pytest.raises(ValueError):
        T.topk(x, 0)
    with pytest.raises(ValueError, match="cannot be satisfied"):
        evaluate([T.topk(x, k)], {x: np.ones(2), k: np.array(3)})
    with pytest.raises(TypeError):
        T.argtopk(x, 1, idx_dtype="float32")
    with pytest.raises(ValueError):
        T.TopKOp(return_values=False, return_indices=False)
    values, indices = T.topk_and_argtopk(T.dmatrix(), 2, axis=None, idx_dtype="int32")
    assert (values.ndim, indices.dtype) == (1, "int32")


def test_what_sorting_and_running_sums_refuse() -> None:
    x = T.dmatrix()
    with pytest.raises(ValueError):
        T.sort(x, kind="bogosort")
    with pytest.raises(ValueError):
        T.sort(x, 2)
    with pytest.raises(ValueError, match="out of bounds"):
        T.cumsum(x, 5)
    with pytest.raises(ValueError):
        T.CumOp(mode="sub")
    with pytest.raises(ValueError):
        T.diff(x, -1)
    assert str(T.cumsum(x, 0).owner.op) == "CumOp{0, add}"
    assert str(T.sort(x, 1).owner.op) == "SortOp{quicksort, None}"
    assert T.CumsumOp(1) == T.CumOp(1, "add")


def test_cpu_contiguous() -> None:
    x = T.dmatrix()
    value = np.arange(6.0).reshape(2, 3).T
    got = value_of(T.cpu_contiguous(x), (x, value))
    assert got.flags.c_contiguous
    assert got.tolist() == value.tolist()
    check_derivatives(T.cpu_contiguous(x).owner, {x: value}, RNG)
