"""Operations of the tensor language against NumPy: results, inferred and static shapes, and derivatives of every node.

One table: what a user writes, what NumPy says, and the shapes to try. Indexing and joining have tables of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest

import neano.tensor as T
from neano.graph.errors import ShapeError
from neano.graph.op import Op, has_method
from neano.graph.traverse import toposort
from neano.scalar.dtypes import is_discrete
from tensor.op_checks import check_derivatives, check_shapes, evaluate, variable_of

Shape = tuple[int, ...]

DTYPES = ("float64", "float32", "int8", "uint16", "int64", "complex128", "bool")
REALS = ("float64", "float32", "int16", "uint8")
FLOATS = ("float64", "float32")


class Case(NamedTuple):
    """What to write, what NumPy says of it, for operands of which shapes and dtypes."""

    label: str
    write: Callable[..., Any]
    expect: Callable[..., Any]
    shapes: Sequence[Sequence[Shape]]
    dtypes: Sequence[str] = DTYPES
    derivative: bool = True
    pattern: Sequence[Any] | None = None
    """The first operand's static shape; nothing is known of it by default."""


ONE = [[(4,)], [(0,)], [(1,)]]
TWO = [[(3, 4)], [(0, 3)], [(3, 0)], [(1, 5)]]
ANY = [[()], *ONE, *TWO, [(2, 3, 4)]]
FILLED = [[()], [(4,)], [(3, 4)], [(2, 3, 4)]]


def wide_sum(x: Any, axis: Any = None) -> Any:
    """NumPy's sum in the dtype that the language accumulates in and returns."""
    wider = {
        "float32": "float64",
        "int8": "int64",
        "int16": "int64",
        "bool": "int64",
        "uint8": "uint64",
        "uint16": "uint64",
    }
    kept = {"float32": "float32"}
    name = x.dtype.name
    total = np.sum(x, axis=axis, dtype=wider.get(name, name))
    return np.asarray(total).astype(kept.get(name, total.dtype))


def wide_prod(x: Any, axis: Any = None) -> Any:
    """NumPy's product, likewise."""
    wider = {
        "float32": "float64",
        "int8": "int64",
        "int16": "int64",
        "bool": "int64",
        "uint8": "uint64",
        "uint16": "uint64",
    }
    name = x.dtype.name
    total = np.prod(x, axis=axis, dtype=wider.get(name, name))
    return np.asarray(total).astype("float32" if name == "float32" else total.dtype)


def batched(x: Any, y: Any) -> Any:
    """NumPy's product of each pair of entries."""
    return (
        np.stack([np.dot(a, b) for a, b in zip(x, y, strict=True)])
        if len(x)
        else np.zeros((0, *x.shape[1:-1], *y.shape[2:]))
    )


def floats_of(x: Any) -> Any:
    """What statistics compute with: integers as float64."""
    return x.astype("float64") if x.dtype.kind in "biu" else x


REDUCTIONS = [
    Case("sum", lambda x: T.sum(x), wide_sum, ANY),
    Case("sum last", lambda x: x.sum(-1), lambda x: wide_sum(x, -1), [*ONE, *TWO]),
    Case("sum first", lambda x: x.sum(axis=0), lambda x: wide_sum(x, 0), [*TWO, [(2, 3, 4)]]),
    Case("sum none", lambda x: x.sum(axis=[]), lambda x: wide_sum(x, ()), ANY),
    Case("sum two", lambda x: x.sum((2, 0)), lambda x: wide_sum(x, (0, 2)), [[(2, 3, 4)], [(2, 0, 4)]]),
    Case("sum kept", lambda x: x.sum(1, keepdims=True), lambda x: np.expand_dims(wide_sum(x, 1), 1), TWO),
    Case("prod", lambda x: T.prod(x), wide_prod, ANY),
    Case("prod axis", lambda x: x.prod(axis=1), lambda x: wide_prod(x, 1), TWO),
    Case("max", lambda x: x.max(), np.max, FILLED),
    Case("max axis", lambda x: x.max(axis=1), lambda x: np.max(x, 1), [[(3, 4)], [(0, 3)], [(2, 3, 4)]]),
    Case("min", lambda x: x.min(axis=-1), lambda x: np.min(x, -1), [[(3, 4)], [(4,)], [(0, 3)]], REALS),
    Case("argmax", lambda x: T.argmax(x, 0), lambda x: np.argmax(x, 0), [[(4,)], [(3, 4)], [(3, 0)]]),
    Case("argmax all", lambda x: T.argmax(x), np.argmax, FILLED),
    Case("argmin", lambda x: x.argmin(1), lambda x: np.argmin(x, 1), [[(3, 4)], [(0, 3)]], (*REALS, "bool")),
    Case("any", lambda x: x.any(0), lambda x: np.any(x, 0), [*ONE, *TWO]),
    Case("all", lambda x: x.all(), np.all, ANY),
    Case("ptp", lambda x: x.ptp(0), lambda x: np.ptp(x, 0), [[(3, 4)], [(4,)]], FLOATS),
    Case(
        "mean",
        lambda x: x.mean(0),
        lambda x: np.mean(floats_of(x), 0),
        [[(3, 4)], [(4,)], [(3, 0)]],
        ("float64", "int8", "bool"),
    ),
    Case("mean all", lambda x: x.mean(), lambda x: np.mean(x, dtype="float64").astype("float32"), FILLED, ("float32",)),
    Case("var", lambda x: x.var(1), lambda x: np.var(floats_of(x), 1), [[(3, 4)]], ("float64", "int8")),
    Case("var ddof", lambda x: x.var(ddof=1), lambda x: np.var(x, ddof=1), [[(3, 4)], [(5,)]], ("float64",)),
    Case("var corrected", lambda x: x.var(0, corrected=True), lambda x: np.var(x, 0), [[(3, 4)]], ("float64",)),
    Case("std", lambda x: x.std(0, keepdims=True), lambda x: np.std(x, 0, keepdims=True), [[(3, 4)]], ("float64",)),
    Case("norm", lambda x: x.norm(2, axis=1), lambda x: np.linalg.norm(x, axis=1), [[(3, 4)]], ("float64",)),
    Case("norm 3", lambda x: x.norm(3), lambda x: np.sum(np.abs(x) ** 3) ** (1 / 3), [[(3, 4)], [(5,)]], ("float64",)),
]

SHAPES = [
    Case("transpose", lambda x: x.T, lambda x: x.T, ANY),
    Case("transpose order", lambda x: x.transpose(1, 2, 0), lambda x: x.transpose(1, 2, 0), [[(2, 3, 4)]]),
    Case("swapaxes", lambda x: x.swapaxes(0, -1), lambda x: x.swapaxes(0, -1), [*TWO, [(2, 3, 4)]]),
    Case("moveaxis", lambda x: T.moveaxis(x, 0, -1), lambda x: np.moveaxis(x, 0, -1), [*TWO, [(2, 3, 4)]]),
    Case(
        "moveaxis two", lambda x: T.moveaxis(x, (0, 1), (2, 0)), lambda x: np.moveaxis(x, (0, 1), (2, 0)), [[(2, 3, 4)]]
    ),
    Case("rollaxis", lambda x: T.rollaxis(x, 2, 1), lambda x: np.rollaxis(x, 2, 1), [[(2, 3, 4)]]),
    Case("rollaxis right", lambda x: T.rollaxis(x, 0, 3), lambda x: np.rollaxis(x, 0, 3), [[(2, 3, 4)]]),
    Case("padleft", lambda x: T.shape_padleft(x, 2), lambda x: x[None, None], ANY),
    Case("padright", lambda x: T.shape_padright(x), lambda x: x[..., None], ANY),
    Case("padaxis", lambda x: T.shape_padaxis(x, -2), lambda x: np.expand_dims(x, -2), [*ONE, *TWO]),
    Case("expand_dims", lambda x: T.expand_dims(x, (0, 2)), lambda x: np.expand_dims(x, (0, 2)), [*ONE, *TWO]),
    Case("squeeze", lambda x: x.squeeze(), lambda x: x.reshape(5), [[(1, 5)]], pattern=(1, None)),
    Case("atleast_2d", lambda x: T.atleast_2d(x), np.atleast_2d, [[()], [(4,)], [(2, 3)]]),
    Case("atleast_3d", lambda x: T.atleast_3d(x, left=False), lambda x: x[:, :, None], [[(2, 3)]]),
    Case("reshape", lambda x: x.reshape((2, 6)), lambda x: x.reshape(2, 6), [[(3, 4)], [(12,)]]),
    Case(
        "reshape -1", lambda x: x.reshape((x.shape[1], -1)), lambda x: x.reshape(x.shape[1], -1), [[(3, 4)], [(0, 3)]]
    ),
    Case("reshape scalar", lambda x: x.reshape((1, 1)), lambda x: x.reshape(1, 1), [[()], [(1,)]]),
    Case("reshape none", lambda x: x.reshape([], ndim=0), lambda x: x.reshape(()), [[(1,)], [(1, 1)]]),
    Case("reshape same", lambda x: x.reshape(x.shape), lambda x: x, ANY),
    Case("flatten", lambda x: x.flatten(), lambda x: x.reshape(-1), ANY),
    Case("flatten 2", lambda x: x.flatten(2), lambda x: x.reshape(x.shape[0], -1), [[(2, 3, 4)], [(3, 4)]]),
    Case("shape", lambda x: x.shape, lambda x: np.asarray(x.shape, "int64"), ANY, derivative=False),
    Case("shape_i", lambda x: T.Shape_i(1)(x), lambda x: np.int64(x.shape[1]), TWO, derivative=False),
    Case("size", lambda x: x.size, lambda x: np.int64(x.size), ANY, derivative=False),
    Case("addbroadcast", lambda x: T.addbroadcast(x, 0), lambda x: x, [[(1, 5)], [(1,)]]),
    Case("unbroadcast", lambda x: T.unbroadcast(x, 0), lambda x: x, [[(1, 5)]], pattern=(1, None)),
    Case("specify_shape", lambda x: T.specify_shape(x, (3, 4)), lambda x: x, [[(3, 4)]]),
    Case("specify half", lambda x: T.specify_shape(x, (x.shape[0], 4)), lambda x: x, [[(3, 4)]]),
    Case(
        "broadcast_to",
        lambda x: T.broadcast_to(x, (2, 3, 5)),
        lambda x: np.broadcast_to(x, (2, 3, 5)),
        [[(1, 5)]],
        pattern=(1, 5),
    ),
    Case("tile", lambda x: T.tile(x, (2, 3)), lambda x: np.tile(x, (2, 3)), [*ONE, *TWO]),
    Case("tile one", lambda x: T.tile(x, 2), lambda x: np.tile(x, 2), [*ONE, *TWO]),
    Case("tile ndim", lambda x: T.tile(x, (2,), ndim=3), lambda x: np.tile(x, (1, 1, 2)), TWO),
    Case("repeat", lambda x: x.repeat(3, axis=1), lambda x: x.repeat(3, axis=1), TWO),
    Case("repeat flat", lambda x: x.repeat(2), lambda x: x.repeat(2), ANY),
    Case(
        "repeat each",
        lambda x: x.repeat(T.constant([2, 0, 1]), 0),
        lambda x: x.repeat([2, 0, 1], 0),
        [[(3, 4)], [(3,)]],
    ),
    Case(
        "repeat flat each",
        lambda x: T.repeat(x, T.constant([2, 0, 1, 3])),
        lambda x: x.repeat([2, 0, 1, 3]),
        [[(2, 2)]],
    ),
    Case("diagonal", lambda x: x.diagonal(), lambda x: x.diagonal(), [*TWO, [(2, 3, 4)]]),
    Case("diagonal below", lambda x: x.diagonal(-1, 2, 0), lambda x: x.diagonal(-1, 2, 0), [[(2, 3, 4)], [(4, 2, 3)]]),
    Case("trace", lambda x: x.trace(), lambda x: wide_sum(x.diagonal()), TWO),
    Case("diag", lambda x: T.diag(x, 1), lambda x: np.diag(x, 1), ONE),
    Case("diag of matrix", lambda x: T.diag(x, -1), lambda x: np.diag(x, -1), TWO),
    Case("AllocDiag", lambda x: T.AllocDiag(-1, 0, 2)(x), lambda x: _diagonals(x), [[(2, 3)]]),
    Case("tril", lambda x: T.tril(x, 1), lambda x: np.tril(x, 1), TWO),
    Case("triu", lambda x: T.triu(x), np.triu, [*TWO, [(2, 3, 4)]]),
    Case("zeros_like", lambda x: x.zeros_like(), np.zeros_like, ANY),
    Case("ones_like", lambda x: T.ones_like(x, dtype="int8"), lambda x: np.ones_like(x, "int8"), ANY, derivative=False),
    Case("full_like", lambda x: T.full_like(x, 1), lambda x: np.full_like(x, 1), ANY),
    Case(
        "identity_like", lambda x: T.identity_like(x), lambda x: np.eye(*x.shape, dtype=x.dtype), TWO, derivative=False
    ),
    Case("alloc", lambda x: T.alloc(x, 3, x.shape[0]), lambda x: np.broadcast_to(x, (3, len(x))), ONE),
    Case("alloc scalar", lambda x: T.alloc(x, 2, 3), lambda x: np.broadcast_to(x, (2, 3)), [[()]]),
    Case(
        "alloc row",
        lambda x: T.alloc(x, 2, 3, 5),
        lambda x: np.broadcast_to(x, (2, 3, 5)),
        [[(1, 5)]],
        pattern=(1, None),
    ),
    Case("assert", lambda x: T.Assert("negative")(x, T.ge(x.shape[0], 0)), lambda x: x, ONE),
]


def _diagonals(x: Any) -> Any:
    result = np.zeros((x.shape[1] + 1, x.shape[0], x.shape[1] + 1), x.dtype)
    for i in range(len(x)):
        result[:, i, :] = np.diag(x[i], -1)
    return result


VECTORS = [[(4,), (4,)], [(0,), (0,)], [(1,), (1,)]]
PRODUCTS = [
    Case("dot vectors", lambda x, y: T.dot(x, y), np.dot, VECTORS, FLOATS),
    Case("dot matrices", lambda x, y: x.dot(y), np.dot, [[(3, 4), (4, 2)], [(3, 0), (0, 2)], [(0, 3), (3, 2)]]),
    Case("dot matrix vector", lambda x, y: x.dot(y), np.dot, [[(3, 4), (4,)]], (*FLOATS, "complex128")),
    Case("dot vector matrix", lambda x, y: T.dot(x, y), np.dot, [[(3,), (3, 4)]], (*FLOATS, "int64")),
    Case("dot scalar", lambda x, y: T.dot(x, y), np.dot, [[(), (4,)], [(3, 4), ()]], (*FLOATS, "int64")),
    Case(
        "dot higher",
        lambda x, y: T.dot(x, y),
        np.dot,
        [[(2, 3, 4), (4, 5)], [(3, 4), (2, 4, 5)], [(2, 3, 4), (4,)]],
        FLOATS,
    ),
    Case("matmul", lambda x, y: x @ y, np.matmul, [[(3, 4), (4, 2)]], FLOATS),
    Case("outer", lambda x, y: T.outer(x, y), np.outer, [[(3,), (4,)], [(2, 2), (3,)], [(), (3,)]], (*FLOATS, "int64")),
    Case("inner", lambda x, y: T.inner(x, y), np.inner, [[(3, 4), (2, 4)], [(4,), (4,)]], FLOATS),
    Case(
        "tensordot 2", lambda x, y: T.tensordot(x, y), np.tensordot, [[(2, 3, 4), (3, 4, 5)], [(3, 4), (3, 4)]], FLOATS
    ),
    Case(
        "tensordot 0", lambda x, y: T.tensordot(x, y, 0), lambda x, y: np.tensordot(x, y, 0), [[(3,), (2, 2)]], FLOATS
    ),
    Case(
        "tensordot axes",
        lambda x, y: T.tensordot(x, y, [[1, 0], [-1, 1]]),
        lambda x, y: np.tensordot(x, y, [[1, 0], [-1, 1]]),
        [[(2, 3, 4), (5, 2, 3)], [(2, 0, 4), (5, 2, 0)]],
        FLOATS,
    ),
    Case("batched_dot", lambda x, y: T.batched_dot(x, y), batched, [[(2, 3, 4), (2, 4, 5)], [(2, 4), (2, 4)]], FLOATS),
    Case(
        "batched_dot mixed",
        lambda x, y: T.batched_dot(x, y),
        batched,
        [[(2, 3, 4), (2, 4)], [(2, 4), (2, 4, 3)]],
        FLOATS,
    ),
    Case(
        "batched_dot scalars",
        lambda x, y: T.batched_dot(x, y),
        lambda x, y: x[:, None, None] * y,
        [[(2,), (2, 3, 4)]],
        FLOATS,
    ),
    Case(
        "batched_tensordot",
        lambda x, y: T.batched_tensordot(x, y, [[1, 3], [2, 1]]),
        lambda x, y: np.stack([np.tensordot(a, b, [[0, 2], [1, 0]]) for a, b in zip(x, y, strict=True)]),
        [[(2, 3, 4, 5), (2, 5, 3)]],
        FLOATS,
    ),
]

ORDER = [
    Case("sort", lambda x: x.sort(), np.sort, [*ONE, *TWO], (*REALS, "bool")),
    Case("sort first", lambda x: T.sort(x, 0), lambda x: np.sort(x, 0), TWO, REALS),
    Case("sort flat", lambda x: T.sort(x, None), lambda x: np.sort(x, None), TWO, FLOATS),
    Case("argsort", lambda x: x.argsort(kind="stable"), lambda x: np.argsort(x, kind="stable"), [*ONE, *TWO], REALS),
    Case("topk", lambda x: T.topk(x, 2), lambda x: -np.sort(-x)[..., :2], [[(4,)], [(3, 4)]], FLOATS),
    Case("topk smallest", lambda x: T.topk(x, -2, 0), lambda x: np.sort(x, 0)[:2], [[(4,)], [(3, 4)]], REALS),
    Case("argtopk", lambda x: T.argtopk(x, 1), lambda x: np.argmax(x, -1, keepdims=True), [[(4,)], [(3, 4)]], FLOATS),
    Case("cumsum", lambda x: x.cumsum(0), lambda x: np.cumsum(x, 0, dtype=x.dtype), [*ONE, *TWO]),
    Case("cumsum flat", lambda x: T.cumsum(x), lambda x: np.cumsum(x, dtype=x.dtype), ANY),
    Case("cumprod", lambda x: x.cumprod(1), lambda x: np.cumprod(x, 1, dtype=x.dtype), TWO),
    Case("diff", lambda x: T.diff(x), np.diff, [*ONE, *TWO], REALS),
    Case("diff 2", lambda x: T.diff(x, 2, 0), lambda x: np.diff(x, 2, 0), [[(4, 3)], [(1, 3)], [(4,)]], FLOATS),
    Case(
        "fill_diagonal",
        lambda x: T.fill_diagonal(x, 1),
        lambda x: _filled(x),
        TWO,
        ("float64", "float32", "int8", "complex128"),
    ),
    Case(
        "fill offset", lambda x: T.fill_diagonal_offset(x, 1, -1), lambda x: _filled(x, -1), TWO, ("float64", "int64")
    ),
    Case("isclose", lambda x: T.isclose(x, x), lambda x: np.isclose(x, x), [*ONE, *TWO], REALS),
    Case("allclose", lambda x: T.allclose(x, x + 1), lambda x: np.allclose(x, x + 1), [[(4,)]], FLOATS),
]


def _filled(x: Any, offset: int = 0) -> Any:
    return np.where(np.eye(*x.shape, k=offset, dtype=bool), np.ones((), x.dtype), x)


CASES = [*REDUCTIONS, *SHAPES, *PRODUCTS, *ORDER]


def random_array(rng: np.random.Generator, shape: Shape, dtype: str) -> Any:
    """Return numbers without ties among floats, small enough not to overflow, and of both signs where there are."""
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    if is_discrete(dtype):
        return np.asarray(rng.integers(0 if dtype.startswith("u") else -4, 5, shape)).astype(dtype)
    values = rng.normal(size=shape)
    return np.asarray(values + 1j * rng.normal(size=shape) if dtype.startswith("complex") else values).astype(dtype)


def tolerance(dtype: str) -> float:
    return {"float32": 1e-5, "float16": 1e-2}.get(dtype, 1e-12)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_agrees_with_numpy(case: Case) -> None:
    rng = np.random.default_rng(1)
    for dtype in case.dtypes:
        for shapes in case.shapes:
            arrays = [random_array(rng, shape, dtype) for shape in shapes]
            variables = [variable_of(a, case.pattern if i == 0 else None) for i, a in enumerate(arrays)]
            given = dict(zip(variables, arrays, strict=True))
            result = case.write(*variables)
            (value,) = evaluate([result], given)
            with np.errstate(all="ignore"):
                wanted = np.asarray(case.expect(*arrays))
            assert value.shape == wanted.shape, f"{shapes} {dtype}"
            assert value.dtype == result.dtype == wanted.dtype, f"{shapes} {dtype}"
            bound = tolerance(dtype)
            np.testing.assert_allclose(value, wanted, rtol=bound, atol=bound, err_msg=f"{shapes} {dtype}")
            for node in toposort([result]):
                check_node_shapes(node, given)


def check_node_shapes(node: Any, given: Any) -> None:
    """Check a node's inferred shapes, but for those that depend on values."""
    try:
        check_shapes(node, given)
    except ShapeError:
        assert isinstance(node.op, T.Unique)


@pytest.mark.parametrize("case", [c for c in CASES if c.derivative], ids=lambda case: case.label)
def test_derivatives_of_every_node(case: Case) -> None:
    rng = np.random.default_rng(2)
    for shapes in case.shapes:
        arrays = [random_array(rng, shape, "float64") for shape in shapes]
        variables = [variable_of(a, case.pattern if i == 0 else None) for i, a in enumerate(arrays)]
        for node in toposort([case.write(*variables)]):
            if has_derivative(node) and all(n for a in arrays for n in a.shape):
                check_derivatives(node, dict(zip(variables, arrays, strict=True)), rng, 1e-5)


def has_derivative(node: Any) -> bool:
    """Say whether a node computes floats from floats by a method that there is."""
    continuous = any(getattr(v.type, "dtype", "") == "float64" for v in node.inputs)
    return continuous and has_method(node.op, "R_op")


def subclasses(cls: type) -> list[type]:
    """Return all classes derived from a class."""
    return [cls, *[s for child in cls.__subclasses__() for s in subclasses(child)]]


def test_operations_are_values() -> None:
    """Every kind of operation names what makes two of it equal, so that equal computations can be merged."""
    kinds = [
        cls
        for cls in subclasses(Op)
        if cls.__module__.startswith("neano.tensor.") and cls.make_node is not Op.make_node
    ]
    assert len(kinds) > 50
    assert [cls.__name__ for cls in kinds if not isinstance(getattr(cls, "__props__", None), tuple)] == []


def test_no_operation_is_equal_to_one_of_another_kind() -> None:
    ops = [
        T.Sum(0),
        T.Prod(0),
        T.Max(0),
        T.Min(0),
        T.Argmax(0),
        T.MaxAndArgmax(0),
        T.CumOp(0),
        T.Eye("int8"),
        T.Tri("int8"),
    ]
    ops += [T.ARange("int8"), T.AllocEmpty("int8"), T.MakeVector("int8"), T.Dot(), T.Alloc(), T.Shape(), T.Shape_i(0)]
    assert len(set(ops)) == len(ops)
    assert len({str(op) for op in ops}) == len(ops)
