"""`grad`: forms of arguments, connectivity, null gradients, dtypes, names, depth and speed."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from neano.autodiff import (
    DisconnectedInputError,
    DisconnectedType,
    NullType,
    NullTypeGradError,
    grad,
    grad_not_implemented,
    grad_undefined,
    subgraph_grad,
)
from neano.autodiff.gradient import format_as
from neano.config import config
from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.rows import row
from neano.scalar.table import cast, exp, second, sigmoid, sqr, switch, tanh
from neano.tensor.convert import constant
from neano.tensor.type import TensorType
from tensor.op_checks import evaluate


def tensor(dtype: str = "float64", ndim: int = 0, name: str | None = None) -> Any:
    return TensorType(dtype, [None] * ndim)(name)


class Probe(Op):
    """An Op of one input and output whose gradient is whatever a test wants."""

    __props__ = ("gradient", "pattern")

    def __init__(self, gradient: Callable[..., Any] | None, pattern: Any = None) -> None:
        self.gradient = gradient
        self.pattern = pattern

    def make_node(self, *inputs: Any) -> Apply:
        return Apply(self, list(inputs), [inputs[0].type()])

    def perform(self, node: Apply, inputs: Any, output_storage: Any, *params: Any) -> None:
        output_storage[0][0] = inputs[0]

    def grad(self, inputs: Any, output_grads: Any) -> Any:
        return super().grad(inputs, output_grads) if self.gradient is None else self.gradient(inputs, output_grads)

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return super().connection_pattern(node) if self.pattern is None else self.pattern


# Values


def test_square() -> None:
    x = tensor()
    assert evaluate([grad(x**2, x)], {x: np.array(4.0)}) == [8.0]


def test_sum_of_sigmoids() -> None:
    x = tensor(ndim=2)
    (g,) = evaluate([grad(sigmoid(x).sum(), x)], {x: np.array([[0.0, 1.0], [-1.0, -2.0]])})
    np.testing.assert_allclose(g, [[0.25, 0.19661193], [0.19661193, 0.10499359]], rtol=1e-6)


def test_a_variable_used_often_sums_what_comes_back() -> None:
    x = tensor()
    cost = x * x + exp(x) * x
    (g,) = evaluate([grad(cost, x)], {x: np.array(0.5)})
    np.testing.assert_allclose(g, 1.0 + np.exp(0.5) * 1.5)


def test_gradients_of_intermediates_and_of_the_cost_itself() -> None:
    x = tensor()
    y = sqr(x)
    z = 3 * y
    assert evaluate(grad(z, [x, y, z]), {x: np.array(2.0)}) == [12.0, 3.0, 1.0]


# Forms


def test_the_result_has_the_form_of_wrt() -> None:
    x, y = tensor(), tensor()
    cost = x * y
    assert not isinstance(grad(cost, x), (list, tuple))
    assert isinstance(grad(cost, [x]), list)
    assert isinstance(grad(cost, (x, y)), tuple)
    assert grad(cost, []) == []


@pytest.mark.parametrize(
    ("arguments", "error", "word"),
    [
        (lambda x, v: (x, {x}), TypeError, "set"),
        (lambda x, v: (v, v), TypeError, "cost must be a scalar"),
        (lambda x, v: (None, x), AssertionError, "can't both be None"),
        (lambda x, v: (x * 2, 3), TypeError, "Expected Variable"),
        (lambda x, v: (3.0, x), TypeError, "cost must be a variable"),
        (lambda x, v: (x * 2, v), DisconnectedInputError, "not part of the computational graph"),
    ],
)
def test_bad_arguments(arguments: Any, error: type[Exception], word: str) -> None:
    with pytest.raises(error, match=word):
        grad(*arguments(tensor(), tensor(ndim=1)))


def test_bad_keywords() -> None:
    x, y = tensor(), tensor()
    with pytest.raises(ValueError, match="disconnected_inputs"):
        grad(x * 2, x, disconnected_inputs="loudly")
    with pytest.raises(AssertionError):
        grad(x * 2, y, disconnected_inputs="ignore", return_disconnected="nothing")
    with pytest.raises(AssertionError):
        grad(x * 2, x, null_gradients="shout")
    with pytest.raises(TypeError):
        grad(x * 2, x, consider_constant=[3])
    with pytest.raises(TypeError):
        grad(x * 2, x, consider_constant=x)


def test_format_as() -> None:
    x = tensor()
    assert format_as(True, False, x) == [x]
    assert format_as(False, True, [x]) == (x,)
    assert format_as(False, False, (x,)) is x
    with pytest.raises(AssertionError):
        format_as(True, True, x)
    with pytest.raises(AssertionError):
        format_as(False, False, [x, x])


# Disconnected inputs


def test_disconnected_inputs() -> None:
    x, y = tensor(), tensor(ndim=1)
    cost = x * 2
    with pytest.raises(DisconnectedInputError):
        grad(cost, y)
    assert issubclass(DisconnectedInputError, ValueError)
    with pytest.warns(UserWarning, match="not part of the computational graph"):
        zero = grad(cost, y, disconnected_inputs="warn")
    assert evaluate([zero], {y: np.ones(2)})[0].tolist() == [0.0, 0.0]
    assert grad(cost, y, disconnected_inputs="ignore", return_disconnected="None") is None
    placeholder = grad(cost, y, disconnected_inputs="ignore", return_disconnected="Disconnected")
    assert isinstance(placeholder.type, DisconnectedType)
    integer = tensor("int32", 1)
    assert grad(cost, integer, disconnected_inputs="ignore").dtype == config.floatX


def test_a_connection_pattern_disconnects() -> None:
    x, y = tensor(), tensor()
    passing = Probe(lambda inputs, gs: [gs[0], DisconnectedType()()], [[True], [False]])
    cost = passing(x, y) * 2
    assert evaluate([grad(cost, x)], {x: np.array(1.0), y: np.array(1.0)}) == [2.0]
    with pytest.raises(DisconnectedInputError):
        grad(cost, y)
    with pytest.raises(ValueError, match="connection_pattern"):
        grad(Probe(None, [[True]])(x, y), x)


def test_an_op_behind_a_disconnected_path_is_never_asked() -> None:
    def refuse(inputs: Any, gs: Any) -> Any:
        raise AssertionError("asked for a gradient that nobody needs")

    x, y = tensor(), tensor()
    cost = x * 2 + second(Probe(refuse)(y), x)
    assert evaluate([grad(cost, x)], {x: np.array(1.0), y: np.array(1.0)}) == [3.0]


# Null gradients


def test_null_gradients() -> None:
    x = tensor(name="x")
    for make, word in ((grad_undefined, "not defined"), (grad_not_implemented, "not implemented")):
        op = Probe(lambda inputs, gs, make=make: [make(None, 0, inputs[0], "because")])
        with pytest.raises(NullTypeGradError, match=f"{word}.*because"):
            grad(op(x) * 2 + x, x)
        assert isinstance(grad(op(x), x, null_gradients="return").type, NullType)
    assert issubclass(NullTypeGradError, TypeError)


def test_an_op_without_a_gradient_is_null() -> None:
    x = tensor()
    with pytest.raises(NullTypeGradError, match="does not define grad"):
        grad(Probe(None)(x), x)


def test_a_null_gradient_passes_through_what_stands_before_it() -> None:
    x = tensor()
    op = Probe(lambda inputs, gs: [grad_undefined(None, 0, inputs[0])])
    with pytest.raises(NullTypeGradError):
        grad(op(sqr(x)), x)


def test_a_null_cost() -> None:
    with pytest.raises(NullTypeGradError):
        grad(NullType("no reason")(), tensor())


# What Ops give back


@pytest.mark.parametrize(
    ("gradient", "error", "word"),
    [
        (lambda inputs, gs: [None], TypeError, "returned None"),
        (lambda inputs, gs: [], ValueError, "wrong number of gradient terms"),
        (lambda inputs, gs: gs[0], TypeError, "must return a list"),
        (lambda inputs, gs: [constant(1)], TypeError, "integer-valued"),
        (lambda inputs, gs: [tensor(ndim=1)], ValueError, "1 dimensions, but 0 are required"),
        (lambda inputs, gs: [DisconnectedType()()], DisconnectedInputError, "not part"),
    ],
)
def test_bad_gradients_of_ops_are_found(gradient: Any, error: type[Exception], word: str) -> None:
    x = tensor()
    with pytest.raises(error, match=word):
        grad(Probe(gradient)(x), x)


def test_a_gradient_gets_the_broadcast_pattern_of_its_variable() -> None:
    x = TensorType("float64", (1, None))()
    loose = Probe(lambda inputs, gs: [tensor(ndim=2)])
    assert grad(loose(x).sum(), x).broadcastable == (True, False)


def test_cotangents_reach_an_op_in_the_dtype_of_its_output() -> None:
    seen: list[str] = []

    def gradient(inputs: Any, gs: Any) -> Any:
        seen.append(gs[0].dtype)
        return [gs[0]]

    x = tensor("float32")
    g = grad(Probe(gradient)(x) * tensor("float64"), x)
    assert seen == ["float32"]
    assert g.dtype == "float32"


# Dtypes


def test_dtypes_of_gradients() -> None:
    f, d, i = tensor("float32"), tensor("float64"), tensor("int64")
    assert grad(tanh(f * 2 + 1), f).dtype == "float32"
    assert grad(f * d, f).dtype == "float64"
    assert grad(cast(f, "float64") * d, f).dtype == "float32"
    assert grad(d + i, i).dtype == "float64"
    assert evaluate([grad(d + i, i)], {d: np.array(1.0), i: np.array(2)}) == [1.0]


def test_integer_costs_and_paths() -> None:
    i, x = tensor("int64"), tensor()
    g = grad(i * 2, i)
    assert (g.dtype, evaluate([g], {i: np.array(3)})) == (config.floatX, [0.0])
    through = grad(cast(x, "int32") * 2.5, x)
    assert evaluate([through], {x: np.array(3.0)}) == [0.0]
    assert evaluate([grad(switch(x > 0, x, -x), x)], {x: np.array(-3.0)}) == [-1.0]
    with config.change_flags(floatX="float32"):
        assert grad(tensor("int8") * 2, tensor("int8"), disconnected_inputs="ignore").dtype == "float32"


# consider_constant and known_grads


def test_consider_constant_ends_a_derivative() -> None:
    x, y = tensor(), tensor()
    z = x * y
    given = {x: np.array(2.0), y: np.array(5.0)}
    assert evaluate([grad(z * x, x, consider_constant=[z])], given) == [10.0]
    assert evaluate([grad(z * x, x)], given) == [20.0]
    assert evaluate([grad(z, y, consider_constant=[y])], given) == [2.0]
    with pytest.raises(DisconnectedInputError):
        grad(z, x, consider_constant=[z])


def test_known_grads_start_a_derivative() -> None:
    x = tensor(ndim=1)
    y, g = sqr(x), tensor(ndim=1)
    (value,) = evaluate([grad(None, x, known_grads=OrderedDict([(y, g)]))], {x: np.arange(3.0), g: np.ones(3)})
    assert value.tolist() == [0.0, 2.0, 4.0]


def test_known_grads_replace_what_would_be_worked_out() -> None:
    x = tensor()
    y = sqr(x)
    given = {x: np.array(3.0)}
    assert evaluate([grad(exp(y), x, known_grads={y: constant(1.0)})], given) == [6.0]
    assert evaluate([grad(exp(y), x, known_grads={x: constant(2.0)})], given) == [2.0]


def test_known_grads_must_be_floating_point_variables() -> None:
    x = tensor()
    with pytest.raises(TypeError, match="floating-point"):
        grad(None, x, known_grads={sqr(x): constant(1)})
    with pytest.raises(TypeError, match="must give variables"):
        grad(None, x, known_grads={sqr(x): 1.0})
    assert grad(None, x, known_grads={sqr(x): DisconnectedType()()}, disconnected_inputs="ignore") is not None


# Names and texts


def test_gradients_of_named_variables_are_named() -> None:
    x, y = tensor(name="x"), tensor()
    cost = x * y
    assert grad(cost, x).name is None
    cost.name = "cost"
    assert [g.name for g in grad(cost, [x, y])] == ["(dcost/dx)", None]
    assert grad(cost, x, add_names=False).name is None


def test_structure_of_the_gradient_of_a_power() -> None:
    x = tensor(name="x")
    product = grad(x**2, x).owner
    assert product.op.scalar_op is row("mul")
    seeded, power = (v.owner for v in product.inputs)
    assert str(seeded.inputs[0].owner.op) == "Elemwise{second,no_inplace}"
    assert power.op.scalar_op is row("pow")
    assert power.inputs[1].owner.op.scalar_op is row("sub")


# Size


def chain_time(n: int) -> float:
    x = y = tensor()
    for _ in range(n):
        y = tanh(y) + x
    start = time.perf_counter()
    grad(y, x)
    return time.perf_counter() - start


def test_cost_is_near_linear_and_depth_does_not_matter() -> None:
    chain_time(500)
    short, long = chain_time(1000), chain_time(10_000)
    assert long < 40 * short


def test_wide_sharing_is_visited_once() -> None:
    x = y = tensor()
    for _ in range(60):
        y = y * y
    assert grad(y, x) is not None


# subgraph_grad


def test_subgraph_grad_goes_in_steps() -> None:
    x, w1, w2 = tensor(ndim=1), tensor(ndim=1), tensor(ndim=1)
    h = tanh(x * w1)
    cost = sqr(h * w2).sum()
    regulariser = sqr(w2).sum() * 0.5
    (dw2,), (dh,) = subgraph_grad([w2], [h], cost=cost + regulariser)
    (dw1,), (dx,) = subgraph_grad([w1], [x], start={h: dh})
    given = {x: np.array([1.0, -2.0]), w1: np.array([0.5, 0.3]), w2: np.array([2.0, 3.0])}
    stepwise = evaluate([dw1, dw2, dx], given)
    whole = evaluate(grad(cost + regulariser, [w1, w2, x]), given)
    np.testing.assert_allclose(stepwise, whole, rtol=1e-13)

    total, ends, from_start, from_cost = subgraph_grad([w1], [x], start={h: dh}, cost=sqr(w1).sum(), details=True)
    a, b, c = evaluate([total[0], from_start[0], from_cost[0]], given)
    np.testing.assert_allclose(a, b + c)
    assert len(ends) == 1
    with pytest.raises(AssertionError):
        subgraph_grad([w1], [x])
