"""What reshaping, broadcasting declarations and moved dimensions refuse, infer and print."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neano.tensor as T
from tensor.op_checks import check_derivatives, check_shapes, evaluate


def value_of(result: Any, *pairs: Any) -> Any:
    return evaluate([result], dict(pairs))[0]


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from([(2, 6), (12,), (3, 4), (1, 12, 1), (-1,), (3, -1), (-1, 4, 1), (2, -1, 3)]),
    st.lists(st.booleans(), min_size=3),
)
def test_reshape_with_entries_of_every_kind(wanted: tuple[int, ...], symbolic: list[bool]) -> None:
    """Each entry is a number or a symbolic scalar that may turn out to be -1."""
    x = T.dmatrix()
    value = np.arange(12.0).reshape(3, 4)
    given_values: dict[Any, Any] = {x: value}
    entries: list[Any] = []
    for n, hidden in zip(wanted, symbolic, strict=False):
        entry = T.lscalar() if hidden else n
        if hidden:
            given_values[entry] = np.array(n)
        entries.append(entry)
    result = T.reshape(x, entries)
    assert evaluate([result], given_values)[0].shape == value.reshape(wanted).shape
    check_shapes(result.owner, given_values)


def test_reshape_by_a_vector_needs_the_rank() -> None:
    x, shape = T.dmatrix(), T.lvector()
    with pytest.raises(ValueError, match="give the rank as `ndim`"):
        x.reshape(shape)
    result = x.reshape(shape, ndim=3)
    given_values = {x: np.ones((3, 4)), shape: np.array([2, -1, 3])}
    assert evaluate([result], given_values)[0].shape == (2, 2, 3)
    check_shapes(result.owner, given_values)
    check_derivatives(result.owner, given_values, np.random.default_rng(0))
    with pytest.raises(ValueError, match="has length 2, 3 was expected"):
        evaluate([result], {x: np.ones((3, 4)), shape: np.array([2, 6])})


def test_what_reshape_refuses() -> None:
    x = T.dmatrix("x")
    for wrong in [(-1, -1), (-2, 3)]:
        with pytest.raises(ValueError):
            x.reshape(wrong)
    with pytest.raises(ValueError):
        T.Reshape(3)(x, (2, 3))
    with pytest.raises(ValueError):
        T.Reshape(-1)
    for wrong_type in [T.fvector(), (2.5, 1), T.lmatrix()]:
        with pytest.raises(TypeError):
            x.reshape(wrong_type, ndim=2)
    with pytest.raises(ValueError, match=r"Cannot reshape input of shape \(3, 4\) to shape \(5, 2\)"):
        value_of(x.reshape((5, 2)), (x, np.ones((3, 4))))


def test_static_shapes_of_reshaped_arrays() -> None:
    assert T.zeros((3, 4)).reshape((2, -1)).type.shape == (2, 6)
    assert T.dmatrix().reshape((2, -1)).type.shape == (2, None)
    assert T.drow().reshape((1, -1)).broadcastable == (True, False)
    assert T.zeros((3, 4)).flatten().type.shape == (12,)
    assert T.TensorType("float64", (1, 1))().flatten().broadcastable == (True,)


def test_flatten() -> None:
    x = T.dvector()
    assert x.flatten() is x
    t = T.dtensor3()
    assert t.flatten(3) is t
    assert T.is_flat(t.flatten())
    for rank in (0, 4):
        with pytest.raises(ValueError, match="out of bound"):
            t.flatten(rank)


def test_declared_patterns() -> None:
    x = T.dmatrix()
    assert T.unbroadcast(x, 0) is x
    assert str(T.addbroadcast(x, 1).owner.op) == "Rebroadcast{?,1}"
    assert str(T.unbroadcast(T.drow(), 0).owner.op) == "Rebroadcast{0}"
    assert T.patternbroadcast(T.drow(), (False, True)).broadcastable == (False, True)
    with pytest.raises(ValueError, match="was supposed to be 1"):
        value_of(T.addbroadcast(x, 0), (x, np.ones((2, 3))))
    with pytest.raises(ValueError):
        T.addbroadcast(T.zeros((3, 4)), 0)
    with pytest.raises(ValueError):
        T.Rebroadcast((5, True))(x)


def test_specified_shapes() -> None:
    x = T.dmatrix("x")
    assert T.specify_shape(x, (3, 4)).type.shape == (3, 4)
    assert T.specify_shape(x, (1, 4)).broadcastable == (False, False)
    with pytest.raises(AssertionError, match=r"got shape \(2, 4\), expected \(3, 4\)"):
        value_of(T.specify_shape(x, (3, 4)), (x, np.ones((2, 4))))
    with pytest.raises(AssertionError):
        T.specify_shape(x, (3,))


def test_names_of_transposes() -> None:
    assert T.dmatrix("x").T.name == "x.T"
    assert T.dtensor3("t").T.name == "t.T"
    assert T.dmatrix("x").dimshuffle(1, 0).name is None
    assert T.dvector().T.name is None


def test_dimensions_that_do_not_exist() -> None:
    x = T.dmatrix()
    for wrong in [lambda: T.swapaxes(x, 0, 5), lambda: T.shape_padaxis(x, 3), lambda: T.shape_padaxis(x, -4)]:
        with pytest.raises(IndexError):
            wrong()
    for wrong in [
        lambda: x.transpose(0),
        lambda: x.dimshuffle(0, 0),
        lambda: x.dimshuffle(2),
        lambda: T.moveaxis(x, 0, 5),
        lambda: T.moveaxis(x, (0, 1), 0),
        lambda: T.moveaxis(x, (0, 0), (0, 1)),
        lambda: T.squeeze(x, 0),
        lambda: T.expand_dims(x, 5),
    ]:
        with pytest.raises(ValueError):
            wrong()


def test_shape_is_a_vector_that_never_broadcasts() -> None:
    assert T.dmatrix().shape.type.shape == (2,)
    assert T.dvector().shape.broadcastable == (False,)
    assert T.shape_i(T.zeros((3, 4)), 1).data == 4
    with pytest.raises(TypeError):
        T.Shape_i(2)(T.dmatrix())
    x = T.dmatrix()
    node = x.shape.owner
    assert node.op.connection_pattern(node) == [[False]]


def test_repetitions_that_are_refused() -> None:
    x = T.dmatrix()
    with pytest.raises(ValueError, match="The dimension of repeats should not exceed 1"):
        T.repeat(x, T.lmatrix())
    with pytest.raises(TypeError):
        T.repeat(x, T.dvector(), 0)
    with pytest.raises(ValueError):
        T.repeat(x, 2, 2)
    with pytest.raises(ValueError):
        T.tile(x, (1, 2, 3), ndim=2)
    with pytest.raises(TypeError):
        T.tile(x, (1.5, 2))


def test_broadcast_arrays() -> None:
    a, b = T.drow(), T.dcol()
    got = evaluate(T.broadcast_arrays(a, b), {a: np.ones((1, 3)), b: np.ones((2, 1))})
    assert [g.shape for g in got] == [(2, 3), (2, 3)]


def test_asserted_values() -> None:
    x = T.dvector()
    checked = T.Assert("too short")(x, x.shape[0] > 2, True)
    assert value_of(checked, (x, np.ones(3))).shape == (3,)
    with pytest.raises(AssertionError, match="too short"):
        value_of(checked, (x, np.ones(2)))
    with pytest.raises(TypeError):
        T.Assert()(x, x > 1)


def test_transfer() -> None:
    x = T.dvector()
    assert x.transfer("cpu") is x
    with pytest.raises(ValueError, match="Can't transfer"):
        x.transfer("gpu")
