"""The methods of variables: all there, each the function of its name; iteration, length and truth."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import neano.tensor as T
from neano.tensor.methods import ELEMENTWISE_METHODS, TensorMethods
from neano.tensor.variable import TensorVariable
from tensor.op_checks import evaluate

X = np.array([[0.5, -0.25, 0.75], [0.125, 0.0, -0.5]])
CALLS: list[tuple[str, tuple[Any, ...], Any]] = [
    ("sum", (0,), np.sum(X, 0)),
    ("prod", (1,), np.prod(X, 1)),
    ("mean", (), X.mean()),
    ("var", (0,), X.var(0)),
    ("std", (1,), X.std(1)),
    ("max", (0,), X.max(0)),
    ("min", (0,), X.min(0)),
    ("argmax", (1,), X.argmax(1)),
    ("argmin", (1,), X.argmin(1)),
    ("any", (1,), X.any(1)),
    ("all", (1,), X.all(1)),
    ("ptp", (), np.ptp(X)),
    ("norm", (2,), np.linalg.norm(X)),
    ("cumsum", (1,), X.cumsum(1)),
    ("cumprod", (0,), X.cumprod(0)),
    ("sort", (), np.sort(X)),
    ("argsort", (), np.argsort(X)),
    ("reshape", ((3, 2),), X.reshape(3, 2)),
    ("flatten", (), X.ravel()),
    ("ravel", (), X.ravel()),
    ("transpose", (), X.T),
    ("transpose", ((1, 0),), X.T),
    ("swapaxes", (0, 1), X.T),
    ("dimshuffle", (1, "x", 0), X.T[:, None]),
    ("dimshuffle", ((0, 1, "x"),), X[:, :, None]),
    ("squeeze", (), X),
    ("diagonal", (1,), X.diagonal(1)),
    ("trace", (), X.trace()),
    ("repeat", (2, 1), X.repeat(2, 1)),
    ("take", ([1, 0], 1), X.take([1, 0], 1)),
    ("nonzero_values", (), X[X != 0]),
    ("clip", (-0.2, 0.6), X.clip(-0.2, 0.6)),
    ("round", (), X.round()),
    ("astype", ("float32",), X.astype("float32")),
    ("copy", (), X),
    ("fill", (7.0,), np.full_like(X, 7)),
    ("zeros_like", (), np.zeros_like(X)),
    ("ones_like", (), np.ones_like(X)),
    ("conj", (), X),
    ("conjugate", (), X),
    ("dot", (np.ones(3),), X.sum(1)),
    ("transfer", ("cpu",), X),
]


@pytest.mark.parametrize(("name", "arguments", "wanted"), CALLS)
def test_methods(name: str, arguments: tuple[Any, ...], wanted: Any) -> None:
    x = T.dmatrix()
    result = getattr(x, name)(*arguments)
    got = evaluate([result], {x: X})[0]
    assert got.shape == np.shape(wanted)
    np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ELEMENTWISE_METHODS)
def test_elementwise_methods(name: str) -> None:
    x = T.dmatrix()
    result = getattr(x, name)()
    assert result.owner.op == getattr(T, name)
    assert getattr(TensorVariable, name).__doc__


def test_all_methods_are_attached() -> None:
    for name, member in vars(TensorMethods).items():
        if callable(member) or isinstance(member, property):
            assert inspect.getattr_static(TensorVariable, name) is member, name


def test_properties() -> None:
    x = T.dmatrix("x")
    assert evaluate([x.T, x.size, x.shape, x.real], {x: X})[2].tolist() == [2, 3]
    assert T.dvector().size.owner.op != x.size.owner.op
    z = T.zmatrix()
    assert (z.real.dtype, z.imag.dtype) == ("float64", "float64")
    assert x.nonzero()[0].dtype == "int64"
    assert x.nonzero(return_matrix=True).ndim == 2
    assert x.copy("copy").name == "copy"


def test_iteration_needs_a_known_length() -> None:
    assert [v.ndim for v in T.zeros((3, 2))] == [1, 1, 1]
    a, b = T.constant([1, 2])
    assert evaluate([a, b], {})[1] == 2
    with pytest.raises(TypeError, match="cannot iterate over x"):
        list(T.dvector("x"))
    with pytest.raises(TypeError):
        list(T.dscalar())


def test_length_and_truth() -> None:
    x = T.dvector()
    with pytest.raises(TypeError, match="no len"):
        len(x)
    assert bool(x)
    for comparison in (x < 1, x <= 1, x > 1, x >= 1):
        with pytest.raises(TypeError):
            bool(comparison)
    assert bool(T.eq(x, 1))


def test_equality_is_identity() -> None:
    x, y = T.dvectors("xy")
    assert x == x
    assert x != y
    assert len({x, y, x}) == 2


def test_division_and_matrix_products_by_operator() -> None:
    x = T.dmatrix()
    assert (x @ x.T).owner.op == T.dot(x, x).owner.op
    assert (np.ones((2, 2)) * x).owner.op == T.mul
    assert (T.iscalar() / T.iscalar()).dtype == "float64"
