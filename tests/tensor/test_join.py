"""Joining, splitting, stacking and rolling against NumPy, with shapes and derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neano.tensor.convert import as_tensor_variable
from neano.tensor.join import (
    Join,
    Split,
    concatenate,
    horizontal_stack,
    join,
    roll,
    split,
    stack,
    vertical_stack,
)
from neano.tensor.type import TensorType
from tensor.op_checks import check_node, check_shapes, evaluate, variable_of

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
@pytest.mark.parametrize("lengths", [(2, 3), (1, 0, 2), (0, 0), (1, 1, 1)], ids=str)
@pytest.mark.parametrize("symbolic", [False, True], ids=["known axis", "symbolic axis"])
def test_join(axis: int, lengths: tuple[int, ...], symbolic: bool) -> None:
    arrays = []
    for n in lengths:
        shape = [2, 3, 4]
        shape[axis] = n
        arrays.append(RNG.normal(size=shape))
    variables = [variable_of(a) for a in arrays]
    place = TensorType("int64", ())()
    values = {place: np.asarray(axis), **dict(zip(variables, arrays, strict=True))}
    result = join(place if symbolic else axis, *variables)
    np.testing.assert_array_equal(evaluate([result], values)[0], np.concatenate(arrays, axis=axis))
    check_node(result, values, RNG)


def test_join_types() -> None:
    row, matrix = TensorType("float32", (1, None))(), TensorType("int64", (None, None))()
    assert join(0, row, matrix).type == TensorType("float64", (None, None))
    assert join(1, row, matrix).type == TensorType("float64", (1, None))
    assert join(-1, row, matrix).owner.inputs[0].data == 1
    assert join(TensorType("int64", ())(), row, row).broadcastable == (False, False)
    assert join(0, matrix) is matrix
    assert concatenate([matrix]) is matrix
    three, four = TensorType("int8", (3, 2))(), TensorType("int8", (4, None))()
    assert join(0, three, four).type == TensorType("int8", (7, 2))
    assert join(0, TensorType("int8", (1,))(), TensorType("int8", (0,))()).broadcastable == (False,)
    assert str(join(0, row, matrix).owner.op) == "Join"
    assert Join() == join(0, row, row).owner.op


def test_join_refuses() -> None:
    vector, matrix, number = (TensorType("float64", [None] * n)() for n in (1, 2, 0))
    with pytest.raises(TypeError, match="same number of dimensions"):
        join(0, vector, matrix)
    with pytest.raises(TypeError, match="Join cannot handle arguments of dimension 0"):
        join(0, number, number)
    with pytest.raises(ValueError):
        join(2, matrix, matrix)
    with pytest.raises(IndexError):
        join(-3, matrix, matrix)
    with pytest.raises(TypeError):
        join(0.5, matrix, matrix)
    with pytest.raises(TypeError, match="make sure you did not forget"):
        concatenate(matrix)
    with pytest.raises(ValueError):
        join(0)
    with pytest.raises(ValueError):
        join(0, np.zeros((2, 3)), np.zeros((2, 4)))
    with pytest.raises(ValueError):
        evaluate([join(0, vector[:, None], matrix)], {vector: np.zeros(2), matrix: np.zeros((2, 2))})
    place = TensorType("int64", ())()
    with pytest.raises(IndexError):
        evaluate([join(place, matrix, matrix)], {place: np.asarray(2), matrix: np.zeros((2, 2))})


@given(
    lengths=st.lists(st.integers(0, 3), min_size=1, max_size=4),
    axis=st.integers(-2, 1),
    symbolic=st.booleans(),
    known=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_split(lengths: list[int], axis: int, symbolic: bool, known: bool) -> None:
    shape = [2, 3]
    shape[axis] = sum(lengths)
    array = np.random.default_rng(1).normal(size=shape)
    x, place, sizes = variable_of(array), TensorType("int64", ())(), TensorType("int64", (None,))()
    values = {x: array, place: np.asarray(axis), sizes: np.asarray(lengths)}
    parts = Split(len(lengths))(
        x, place if symbolic else axis, np.asarray(lengths) if known else sizes, return_list=True
    )
    expected = np.split(array, np.cumsum(lengths)[:-1], axis=axis)
    for part, wanted in zip(evaluate(parts, values), expected, strict=True):
        np.testing.assert_array_equal(part, wanted)
    check_node(parts[0], values, np.random.default_rng(2))


def test_cotangents_have_the_dtypes_of_what_was_joined() -> None:
    tensors = [TensorType(d, (None,))() for d in ("complex128", "float32", "float64")]
    node = join(0, *tensors).owner
    cotangents = node.op.L_op(node.inputs, node.outputs, [TensorType("complex128", (None,))()])
    assert [c.dtype for c in cotangents[1:]] == ["complex128", "float32", "float64"]


def test_split_refuses() -> None:
    x = variable_of(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="2 lengths were given for 3 parts"):
        split(x, [1, 2], 3)
    for sizes, match in (([1, 2], "The splits sum to 3, expected 2"), ([3, -1], "negative number")):
        with pytest.raises(ValueError, match=match):
            evaluate(split(x, sizes, 2), {x: np.zeros((2, 3))})
    with pytest.raises(TypeError):
        split(x, [0.5, 1.5], 2)
    with pytest.raises(TypeError):
        split(TensorType("float64", ())(), [1], 1)
    with pytest.raises(ValueError):
        split(x, [1, 2], 2, axis=2)
    assert split(x, [1, 1], 2)[0].broadcastable == (False, False)
    assert str(split(x, [1, 1], 2)[0].owner.op) == "Split{2}"


def test_gradient_of_some_parts_only() -> None:
    from neano.graph.null_type import DisconnectedType

    array = RNG.normal(size=5)
    x = variable_of(array)
    node = split(x, [2, 3], 2)[0].owner
    back, *rest = node.op.L_op(node.inputs, node.outputs, [as_tensor_variable(np.ones(2)), DisconnectedType()()])
    np.testing.assert_array_equal(evaluate([back], {x: array})[0], [1, 1, 0, 0, 0])
    assert all(isinstance(g.type, DisconnectedType) for g in rest)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
def test_stack(axis: int) -> None:
    arrays = [RNG.normal(size=(2, 3)) for _ in range(3)]
    variables = [variable_of(a) for a in arrays]
    values = dict(zip(variables, arrays, strict=True))
    for result in (stack(variables, axis=axis), stack(variables, axis), stack(tensors=variables, axis=axis)):
        np.testing.assert_array_equal(evaluate([result], values)[0], np.stack(arrays, axis=axis))
        assert result.broadcastable == (False, False, False)


def test_stack_of_scalars_and_lists() -> None:
    i, j = TensorType("int64", ())("i"), TensorType("int32", ())("j")
    values = {i: np.asarray(3), j: np.asarray(4, dtype="int32")}
    vector = stack([i, j])
    assert str(vector.owner.op) == "MakeVector{dtype='int64'}"
    assert vector.dtype == "int64"
    assert evaluate([vector], values)[0].tolist() == [3, 4]
    assert stack([1, 2]).dtype == "int8"
    assert evaluate([as_tensor_variable([[i, 1], [2, j]])], values)[0].tolist() == [[3, 1], [2, 4]]
    mixed = as_tensor_variable([vector, [1.5, 2]])
    assert evaluate([mixed], values)[0].tolist() == [[3, 4], [1.5, 2]]
    with pytest.warns(DeprecationWarning, match="stack"):
        old = stack(i, j)
    assert evaluate([old], values)[0].tolist() == [3, 4]


def test_stack_refuses() -> None:
    vector, matrix = (TensorType("float64", [None] * n)() for n in (1, 2))
    with pytest.raises(TypeError):
        stack([vector, matrix])
    with pytest.raises(Exception, match="tensors is empty"):
        stack([])
    with pytest.raises(IndexError):
        stack([matrix, matrix], axis=-4)
    with pytest.raises(TypeError):
        stack([matrix], axs=1)
    with pytest.raises(TypeError):
        stack()


def test_matrix_stacks() -> None:
    a, b = RNG.normal(size=(2, 3)), RNG.normal(size=(2, 3))
    x, y = variable_of(a), variable_of(b)
    np.testing.assert_array_equal(evaluate([horizontal_stack(x, y)], {x: a, y: b})[0], np.hstack([a, b]))
    np.testing.assert_array_equal(evaluate([vertical_stack(x, y)], {x: a, y: b})[0], np.vstack([a, b]))
    with pytest.raises(ValueError, match="Too few"):
        horizontal_stack(x)
    with pytest.raises(AssertionError):
        vertical_stack(x, x[0])


@given(shift=st.integers(-7, 7), axis=st.sampled_from([None, 0, 1, -1]), symbolic=st.booleans(), empty=st.booleans())
@settings(max_examples=60, deadline=None)
def test_roll(shift: int, axis: int | None, symbolic: bool, empty: bool) -> None:
    array: Any = np.arange(0 if empty else 6).reshape(-1, 3)
    x, places = variable_of(array), TensorType("int64", ())()
    values = {x: array, places: np.asarray(shift)}
    result = roll(x, places if symbolic else shift, axis=axis)
    np.testing.assert_array_equal(evaluate([result], values)[0], np.roll(array, shift, axis=axis))
    check_shapes(result.owner, values)


def test_join_of_a_view() -> None:
    full, empty = np.ones(3), np.ones(0)
    x, y = variable_of(full), variable_of(empty)
    (result,) = evaluate([Join(view=0)(0, x, y)], {x: full, y: empty})
    assert result is full
    assert Join(view=0).view_map == {0: [1]}
