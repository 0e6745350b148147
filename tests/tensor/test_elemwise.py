"""`Elemwise` and `DimShuffle`: types, values, shapes, memory, derivatives, texts."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from neano.autodiff import Rop, grad
from neano.graph.errors import DisconnectedInputError
from neano.scalar import ROWS, UnaryScalarOp, float_types, upgrade_to_float
from neano.scalar.op import ScalarOp
from neano.scalar.preferences import transfer_type
from neano.scalar.table import add, exp, mul, second, sqr, tanh
from neano.tensor.convert import constant
from neano.tensor.dimshuffle import DimShuffle
from neano.tensor.elemwise import Elemwise
from neano.tensor.type import TensorType
from tensor.op_checks import check_derivatives, check_shapes, evaluate, variable_of

RNG = np.random.default_rng(8)


def tensor(dtype: str, *pattern: bool) -> Any:
    return TensorType(dtype, pattern)()


def test_operands_are_padded_on_the_left_and_only_declared_dimensions_stretch() -> None:
    row, matrix = tensor("float64", True, False), tensor("float32", False, False)
    assert (row + matrix).type == TensorType("float64", (None, None))
    assert (row + tensor("float64", True, True)).broadcastable == (True, False)
    assert (tensor("float64", False) + matrix).owner.inputs[0].broadcastable == (True, False)
    assert (tensor("float64", True, False) + tensor("float64", False, True)).broadcastable == (False, False)


def test_static_lengths_are_kept_and_checked() -> None:
    x = TensorType("float64", (None, 3))()
    assert (x + TensorType("float64", (2, None))()).type.shape == (2, 3)
    with pytest.raises(ValueError, match="mismatch"):
        x + TensorType("float64", (None, 4))()


def test_row_and_matrix() -> None:
    row, matrix = tensor("int64", True, False), tensor("int64", False, False)
    values = {row: np.array([[0, 1, 2]]), matrix: np.arange(9).reshape(3, 3)}
    (result,) = evaluate([row + matrix], values)
    assert result.tolist() == [[0, 2, 4], [3, 5, 7], [6, 8, 10]]
    check_shapes((row + matrix).owner, values)


@pytest.mark.parametrize(("a", "b"), [((3, 4), (1, 4)), ((3, 4), (3, 5)), ((0, 4), (1, 4))])
def test_lengths_that_differ_at_run_time_are_an_error(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    x, y = tensor("float64", False, False), tensor("float64", False, False)
    with pytest.raises(ValueError, match="Input dimension mis-match"):
        evaluate([x + y], {x: np.zeros(a), y: np.zeros(b)})


def test_wrong_numbers_and_dtypes_of_operands() -> None:
    x = tensor("float64", False)
    with pytest.raises(TypeError, match="Wrong number of inputs"):
        Elemwise(exp)(x, x)
    with pytest.raises(TypeError, match="not defined on bool"):
        -tensor("bool", False)


def test_inplace_takes_the_memory_of_an_operand() -> None:
    x, y = tensor("float64", False), tensor("float64", True)
    node = Elemwise(add, {0: 0}).make_node(x, y)
    assert node.op.destroy_map == {0: [0]}
    value = np.arange(3.0)
    storage: list[Any] = [None]
    node.op.perform(node, [value, np.ones(1)], [storage])
    assert storage[0] is value
    assert value.tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(ValueError, match="would stretch"):
        Elemwise(add, {0: 1}).make_node(x, y)
    with pytest.raises(TypeError, match="cannot take the memory"):
        Elemwise(add, {0: 0}).make_node(tensor("float32", False), x)


def test_results_never_share_memory_with_operands() -> None:
    x, y = tensor("float64", False), tensor("float64", False)
    value = np.arange(3.0)
    for expression in (Elemwise(ROWS["identity"])(x), Elemwise(ROWS["real"])(x), second(x, y)):
        (result,) = evaluate([expression], {x: value, y: value})
        assert not np.shares_memory(result, value)
        assert result.flags.writeable


def test_texts_tell_who_built_an_operation() -> None:
    x = tensor("float64")
    y = exp(x)
    assert str(y.owner.op) == "Elemwise{exp,no_inplace}"
    g = grad(y, x)
    assert str(g.owner.op) == "Elemwise{mul}"
    assert str(g.owner.inputs[0].owner.op) == "Elemwise{second,no_inplace}"
    assert str(Elemwise(add, {0: 1})) == "Elemwise{add}[(0, 1)]"
    assert str(Elemwise(exp, name="mine")) == "mine"
    assert y.owner.op == Elemwise(exp)
    assert hash(y.owner.op) == hash(Elemwise(exp))
    assert Elemwise(exp) != Elemwise(exp, {0: 0})
    assert pickle.loads(pickle.dumps(y.owner.op)) == y.owner.op


@pytest.mark.parametrize("op", [add, mul, ROWS["maximum"], ROWS["true_div"], ROWS["switch"]])
def test_derivatives_sum_over_what_was_stretched(op: ScalarOp) -> None:
    shapes = [(2, 3), (1, 3), (2, 1)][: max(op.nin, 2)]
    arrays = [RNG.normal(size=shape) + 3 for shape in shapes]
    variables = [variable_of(a, [1 if n == 1 else None for n in a.shape]) for a in arrays]
    node = op(*variables).owner
    check_derivatives(node, dict(zip(variables, arrays, strict=True)), RNG)
    for g, x in zip(grad(op(*variables).sum(), variables, disconnected_inputs="ignore"), variables, strict=True):
        assert g.type.broadcastable == x.type.broadcastable


def test_the_shape_operand_of_second_is_disconnected() -> None:
    x, y = tensor("float64", False), tensor("float64", False)
    assert second(x, y).owner.op.connection_pattern(second(x, y).owner) == [[False], [True]]
    with pytest.raises(DisconnectedInputError):
        grad(second(x, y).sum(), x)


def test_a_tangent_fills_the_shape_of_the_result() -> None:
    x, m = tensor("float64", False), tensor("float64", False, False)
    tangent = Rop(x + m, x, x)
    assert tangent.broadcastable == (False, False)
    (value,) = evaluate([tangent], {x: np.arange(3.0), m: np.zeros((2, 3))})
    assert value.tolist() == [[0.0, 1.0, 2.0]] * 2


class TypedSquare(UnaryScalarOp):
    """A user's op that asks for the type of its operand, as old ones do."""

    def impl(self, x: Any) -> Any:
        return x * x

    def grad(self, inputs: Any, gradients: Any) -> Any:
        (x,), (g,) = inputs, gradients
        assert x.type in float_types
        return [g * 2 * x]


def test_users_scalar_ops_are_differentiated_on_scalars() -> None:
    square = Elemwise(TypedSquare(upgrade_to_float, name="square"))
    assert str(square) == "Elemwise{square}"
    x, m = np.array([[1.0, 2.0, 3.0]]), tensor("float64", True, False)
    g, t = grad(square(m).sum(), m), Rop(square(m), m, constant(np.ones((1, 3))))
    assert [v.tolist() for v in evaluate([square(m), g, t], {m: x})] == [[[1, 4, 9]], [[2, 4, 6]], [[2, 4, 6]]]


class SumAndConstant(ScalarOp):
    nin, nout = 2, 2

    def impl(self, x: Any, y: Any) -> Any:
        return x + y, 3 * x

    def grad(self, inputs: Any, gradients: Any) -> Any:
        first, second_ = gradients
        return [first + 3 * second_, inputs[1].zeros_like() + first]


def test_scalar_ops_of_several_results() -> None:
    op = Elemwise(SumAndConstant(transfer_type(0, 0), name="pair"))
    x, y = tensor("float64", False), tensor("float64", True)
    s, t = op(x, y)
    given = {x: np.arange(3.0), y: np.ones(1)}
    assert [v.tolist() for v in evaluate([s, t], given)] == [[1, 2, 3], [0, 3, 6]]
    gradients = grad((t * t).sum(), [x, y])
    assert [v.tolist() for v in evaluate(gradients, given)] == [[0, 18, 36], [0]]
    both = grad(s.sum() + t.sum(), [x, y])
    assert [v.tolist() for v in evaluate(both, given)] == [[4, 4, 4], [3]]
    assert [v.tolist() for v in evaluate(Rop([s, t], [x, y], [x, y]), given)] == [[1, 2, 3], [0, 3, 6]]


@pytest.mark.parametrize(
    ("shape", "order"),
    [((2, 3), (1, 0)), ((2, 3), ("x", 0, "x", 1)), ((2, 1, 3), (2, 0)), ((1,), ()), ((), ("x",)), ((2, 3), (-1, 0))],
)
def test_dimshuffle(shape: tuple[int, ...], order: tuple[Any, ...]) -> None:
    x = variable_of(RNG.normal(size=shape), [1 if n == 1 else None for n in shape])
    given = {x: RNG.normal(size=shape)}
    op = DimShuffle(x.broadcastable, order)
    node = op.make_node(x)
    check_shapes(node, given)
    check_derivatives(node, given, RNG)
    (value,) = evaluate(node.outputs, given)
    assert np.shares_memory(value, given[x])
    assert sorted(value.ravel()) == sorted(given[x].ravel())
    copied = DimShuffle(x.broadcastable, order, inplace=False)
    assert copied.view_map == {}
    assert not np.shares_memory(evaluate([copied(x)], given)[0], given[x])


@pytest.mark.parametrize(
    ("pattern", "order", "error"),
    [
        ((False, False), (0,), ValueError),
        ((False,), (0, 0), ValueError),
        ((False,), (1,), ValueError),
        ((False,), (0.5,), TypeError),
        ((False,), ("y",), TypeError),
    ],
)
def test_dimshuffle_refuses(pattern: tuple[bool, ...], order: tuple[Any, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        DimShuffle(pattern, order)


def test_dimshuffle_texts() -> None:
    assert str(DimShuffle((False,), ("x", 0))) == "InplaceDimShuffle{x,0}"
    assert str(DimShuffle((False,), ("x", 0), inplace=False)) == "DimShuffle{x,0}"


def test_deep_chains_need_no_recursion() -> None:
    x = tensor("float64")
    y = x
    for _ in range(10_000):
        y = sqr(tanh(y))
    (g,) = evaluate([grad(y, x)], {x: np.array(0.5)})
    assert g == 0.0
