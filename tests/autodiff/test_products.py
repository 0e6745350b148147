"""`Rop`, `Lop`, `jacobian`, `hessian` and products with Hessians."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neano.tensor as T
from neano.autodiff import (
    DisconnectedInputError,
    Lop,
    NullTypeGradError,
    Rop,
    grad,
    hessian,
    hessian_times_vector,
    hessian_vector_product,
    jacobian,
)
from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.table import exp, sqr, tanh
from neano.tensor.convert import constant
from neano.tensor.type import TensorType
from tensor.op_checks import evaluate

RNG = np.random.default_rng(4)


def tensor(*shape: int | None, dtype: str = "float64") -> Any:
    return TensorType(dtype, shape)()


class Cubic(Op):
    """x**3 with a gradient and no R_op."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        return Apply(self, list(inputs), [inputs[0].type()])

    def perform(self, node: Apply, inputs: Any, output_storage: Any, *params: Any) -> None:
        output_storage[0][0] = inputs[0] ** 3

    def grad(self, inputs: Any, output_grads: Any) -> Any:
        return [output_grads[0] * 3 * sqr(inputs[0])]


class Opaque(Op):
    """An Op with neither a gradient nor an R_op."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        return Apply(self, list(inputs), [inputs[0].type()])


class Diagonal(Op):
    """x with its first column doubled; its gradient reads the cotangent through an Op that has no R_op either."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        return Apply(self, list(inputs), [inputs[0].type()])

    def perform(self, node: Apply, inputs: Any, output_storage: Any, *params: Any) -> None:
        output_storage[0][0] = inputs[0] * np.array([2.0, 1.0])

    def grad(self, inputs: Any, output_grads: Any) -> Any:
        return [self(output_grads[0])]


def test_products_with_the_jacobian_of_a_matrix_product() -> None:
    x, w = tensor(None), tensor(None, None)
    y = T.dot(x, w)
    given = {x: np.array([0.0, 1.0]), w: np.ones((2, 2))}
    (right,) = evaluate([Rop(y, w, constant(np.full((2, 2), 2.0)))], given)
    assert right.tolist() == [2.0, 2.0]
    (left,) = evaluate([Lop(y, w, constant(np.full(2, 2.0)))], given)
    assert left.tolist() == [[0.0, 0.0], [2.0, 2.0]]


def test_rop_and_lop_are_transposes() -> None:
    x, y = tensor(None), tensor(None)
    f = [tanh(x * y), exp(x).sum() * y]
    u, v = [tensor(None), tensor(None)], [tensor(None), tensor(None)]
    given = {variable: RNG.normal(size=3) for variable in (x, y, *u, *v)}
    right, left = evaluate(Rop(f, [x, y], v), given), evaluate(Lop(f, [x, y], u), given)
    forward = sum(np.dot(given[a], b) for a, b in zip(u, right, strict=True))
    backward = sum(np.dot(a, given[b]) for a, b in zip(left, v, strict=True))
    np.testing.assert_allclose(forward, backward)


def test_forms_and_ranks() -> None:
    x, v = tensor(None), tensor(None)
    assert isinstance(Rop([sqr(x)], x, v), list)
    assert isinstance(Rop((sqr(x),), [x], (v,)), tuple)
    assert Rop(x, x, v) is v
    assert isinstance(Lop(sqr(x), (x,), v), tuple)
    with pytest.raises(ValueError, match="mismatched dimensionality: 1 versus 2"):
        Rop(sqr(x), x, tensor(None, None))
    with pytest.raises(AssertionError):
        Rop(sqr(x), [x, x], [v])
    assert Rop(sqr(tensor(None, dtype="float32")), x, v, disconnected_outputs="ignore").dtype == "float32"


def test_disconnected_outputs() -> None:
    x, y, v = tensor(None), tensor(None), tensor(None)
    with pytest.raises(DisconnectedInputError):
        Rop(sqr(y), x, v)
    with pytest.warns(UserWarning, match="does not depend"):
        zero = Rop(sqr(y), x, v, disconnected_outputs="warn")
    assert evaluate([zero], {y: np.ones(2)})[0].tolist() == [0.0, 0.0]
    assert Rop(sqr(y), x, v, disconnected_outputs="ignore", return_disconnected="None") is None


def test_an_op_without_r_op_takes_part_by_its_gradient() -> None:
    x, v = tensor(None), tensor(None)
    (result,) = evaluate([Rop(Cubic()(x) * 2, x, v)], {x: np.arange(3.0), v: np.array([1.0, 2.0, 3.0])})
    assert result.tolist() == [0.0, 12.0, 72.0]


def test_the_gradients_dummy_does_not_stay_in_the_result() -> None:
    x, v = tensor(None), tensor(None)
    (result,) = evaluate([Rop(Diagonal()(x), x, v)], {x: np.ones(2), v: np.array([3.0, 5.0])})
    assert result.tolist() == [6.0, 5.0]


def test_an_op_with_no_derivative_at_all() -> None:
    x, v = tensor(None), tensor(None)
    with pytest.raises(NotImplementedError, match="Opaque"):
        Rop(Opaque()(x), x, v)


def test_a_null_tangent_is_an_error() -> None:
    v, x = tensor(None), tensor(None)
    with pytest.raises(NullTypeGradError):
        Rop(T.gammainc(v, x) if hasattr(T, "gammainc") else _gammainc(v, x), v, v)


def _gammainc(k: Any, x: Any) -> Any:
    from neano.scalar.table import gammainc

    return gammainc(k, x)


def test_jacobian() -> None:
    x = tensor(2)
    given = {x: np.array([4.0, 4.0])}
    assert evaluate([jacobian(x**2, x)], given)[0].tolist() == [[8.0, 0.0], [0.0, 8.0]]
    assert isinstance(jacobian(x**2, [x]), list)
    assert isinstance(jacobian(x**2, (x,)), tuple)
    assert evaluate([jacobian((x**2).sum(), x)], given)[0].tolist() == [8.0, 8.0]
    m = tensor(2, 3)
    assert jacobian(sqr(m).sum(axis=1), m).ndim == 3


def test_jacobian_refuses() -> None:
    x = tensor(None)
    with pytest.raises(AssertionError, match="flatten"):
        jacobian(tensor(2, 2), x)
    with pytest.raises(NotImplementedError, match="length"):
        jacobian(x**2, x)
    with pytest.raises(DisconnectedInputError):
        jacobian(tensor(2) * 2, x)
    y = tensor(2)
    assert jacobian(y * 2, [x, y], disconnected_inputs="ignore")[0].ndim == 2


def test_hessian() -> None:
    x = tensor(2)
    given = {x: np.array([4.0, 4.0])}
    assert evaluate([hessian((x**2).sum(), x)], given)[0].tolist() == [[2.0, 0.0], [0.0, 2.0]]
    (coupled,) = evaluate([hessian(x[0] ** 2 * x[1], x)], {x: np.array([2.0, 3.0])})
    assert coupled.tolist() == [[6.0, 4.0], [4.0, 0.0]]
    with pytest.raises(AssertionError, match="wrt"):
        hessian(x.sum(), tensor(2, 2))
    with pytest.raises(AssertionError, match="cost"):
        hessian(x, x)
    free = tensor(None)
    with pytest.raises(NotImplementedError, match="length"):
        hessian(sqr(free).sum(), free)


@pytest.mark.parametrize("forward", [False, True])
def test_hessian_times_vector(forward: bool) -> None:
    x, v = tensor(None), tensor(None)
    cost = (x**2).sum()
    given = {x: np.array([4.0, 4.0]), v: np.array([2.0, 2.0])}
    product = hessian_times_vector(grad(cost, x), x, v, r_op=forward)
    assert evaluate([product], given)[0].tolist() == [4.0, 4.0]
    assert evaluate([Rop(grad(cost, x), x, v)], given)[0].tolist() == [4.0, 4.0]
    assert isinstance(hessian_times_vector([grad(cost, x)], [x], [v], r_op=forward), list)


def test_hessian_vector_product_of_several_parameters() -> None:
    x, y, v, w = (tensor(None) for _ in range(4))
    products = hessian_vector_product((sqr(x) * y).sum(), [x, y], [v, w])
    given = {x: np.array([2.0]), y: np.array([3.0]), v: np.array([1.0]), w: np.array([10.0])}
    assert [p.tolist() for p in evaluate(products, given)] == [[6.0 + 40.0], [4.0]]
