"""Indexing against NumPy: every form of index, read and written, with shapes and derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neano.scalar.type import Scalar
from neano.tensor.advanced_subtensor import AdvancedIncSubtensor, AdvancedSubtensor
from neano.tensor.convert import as_tensor_variable, constant
from neano.tensor.indexing import inc_subtensor, set_subtensor
from neano.tensor.nonzero import Nonzero, flatnonzero, nonzero, nonzero_values
from neano.tensor.subtensor import IncSubtensor, Subtensor
from neano.tensor.take import take
from neano.tensor.take_rows import AdvancedIncSubtensor1, AdvancedSubtensor1
from neano.tensor.type import TensorType
from tensor.op_checks import check_node, check_shapes, evaluate, variable_of

CUBE = np.random.default_rng(1).normal(size=(3, 4, 5))
MASK = np.random.default_rng(2).random((3, 4)) > 0.5
ROWS = np.array([2, 0, 0, -1])

BASIC: list[Any] = [
    0,
    -1,
    (0, 1, 2),
    (1, slice(None), 2),
    slice(1, 3),
    slice(None, None, -1),
    slice(-2, None),
    slice(None, -1, 2),
    slice(5, 1, -2),
    slice(3, 1),
    slice(10, 20),
    slice(-10, 2),
    slice(-1, -10, -3),
    (slice(None), slice(1, -1), slice(None, None, 3)),
    (Ellipsis, 0),
    (0, Ellipsis, slice(1, 2)),
    (None, 0),
    (slice(None), None, 1, None),
    (Ellipsis,),
    (Ellipsis, None),
    (None, slice(1, 2), None, Ellipsis, None),
    slice(0, 0),
    (),
    np.int32(1),
    (np.int8(-1), slice(np.int64(1), None)),
]
ADVANCED: list[Any] = [
    ROWS,
    [2, 1],
    ([0, 1], [1, 2]),
    (slice(None), ROWS),
    (Ellipsis, ROWS),
    (slice(None), slice(None), [0, 0]),
    (ROWS, slice(1, 3)),
    (ROWS, 0),
    (0, ROWS),
    (0, slice(None), ROWS),
    (ROWS, slice(None), ROWS),
    (slice(None), ROWS, ROWS),
    (slice(1, 3), [0, 1], [1, 2]),
    (slice(None), ROWS, None),
    (None, ROWS),
    (ROWS, None, ROWS),
    (np.array([[0, 1], [2, 0]]),),
    (slice(None), np.array([[0, 1], [2, 0]])),
    (np.array([[0], [2]]), np.array([[0, 1, 3]])),
    (np.array([[0], [2]]), slice(None), np.array([0, 1, 3])),
    ([], slice(None)),
    np.zeros((0, 2), dtype="int64"),
    (0, ROWS, 1),
    (np.array([1], dtype="uint8"), [0, 1]),
    MASK,
    MASK[:, 0],
    (slice(None), MASK[0]),
    (MASK[:, 0], slice(1, 2)),
    (MASK, 0),
    (MASK, slice(None, None, 2)),
    (MASK[:, 0], [0]),
    (np.array(True), 0),
    np.array(False),
    (0, np.array(True), [0, 1]),
    (slice(None), np.array(True), None),
    np.zeros((3, 4, 5), dtype=bool),
]


def index_id(index: Any) -> str:
    return str(index).replace("\n", "")


@pytest.mark.parametrize("index", BASIC + ADVANCED, ids=index_id)
@pytest.mark.parametrize("known", [False, True], ids=["unknown lengths", "static lengths"])
def test_reading_is_numpys(index: Any, known: bool) -> None:
    x = variable_of(CUBE, CUBE.shape if known else None)
    part = x[index]
    (value,) = evaluate([part], {x: CUBE})
    expected = CUBE[index]
    np.testing.assert_array_equal(value, expected)
    assert part.type.dtype == "float64"
    assert part.ndim == expected.ndim
    if known and not any(np.asarray(i).dtype == bool for i in (index if isinstance(index, tuple) else (index,))):
        assert part.type.shape == expected.shape
    if part.owner is not None:
        check_node(part, {x: CUBE}, np.random.default_rng(3))


@pytest.mark.parametrize("index", BASIC + ADVANCED, ids=index_id)
@pytest.mark.parametrize("setting", [True, False], ids=["set", "inc"])
def test_writing_is_numpys(index: Any, setting: bool) -> None:
    rng = np.random.default_rng(4)
    x = variable_of(CUBE)
    part = x[index]
    if part.owner.op.__class__.__name__ == "DimShuffle" and part.owner.inputs[0] is x:
        with pytest.raises(TypeError, match="must be the result of a subtensor"):
            set_subtensor(part, 0)
        return
    shape = CUBE[index].shape
    values = [np.float64(3.5), rng.normal(size=shape), rng.normal(size=shape[1:]), np.int64(7)]
    for value in values[: 3 if shape else 2]:
        value = np.asarray(value)
        y = variable_of(value)
        changed = (set_subtensor if setting else inc_subtensor)(part, y)
        expected = CUBE.copy()
        if setting:
            expected[index] = value
        else:
            np.add.at(expected, index, value)
        (result,) = evaluate([changed], {x: CUBE, y: value})
        if result.shape != CUBE.shape:  # a new dimension of a basic index comes back with the whole
            result = result.reshape(CUBE.shape)
        np.testing.assert_allclose(result, expected, rtol=1e-14)
        check_shapes(changed.owner, {x: CUBE, y: value})


@pytest.mark.parametrize(
    "index",
    [0, slice(1, 3), (slice(None), ROWS[:1]), ROWS, (ROWS, ROWS), MASK, (MASK[:, 0], slice(1, 2))],
    ids=index_id,
)
@pytest.mark.parametrize("setting", [True, False], ids=["set", "inc"])
def test_derivatives_of_writing(index: Any, setting: bool) -> None:
    rng = np.random.default_rng(5)
    x = variable_of(CUBE)
    part = x[index]
    if setting and index is ROWS:
        index = ROWS[1:2]  # where an element is set twice, only the last value counts
        part = x[index]
    if setting and isinstance(index, tuple) and index[0] is ROWS:
        part = x[ROWS[:2], ROWS[:2]]
        index = (ROWS[:2], ROWS[:2])
    for shape in [CUBE[index].shape, (), CUBE[index].shape[-1:]]:
        value = rng.normal(size=shape)
        y = variable_of(value)
        changed = (set_subtensor if setting else inc_subtensor)(part, y)
        node = changed.owner
        while type(node.op).__name__ == "DimShuffle":
            node = node.inputs[0].owner
        check_node(node.outputs[0], {x: CUBE, y: value}, rng)
    row = variable_of(rng.normal(size=(1, *CUBE[index].shape[1:])), (1, *[None] * (CUBE[index].ndim - 1)))
    given = {x: CUBE, row: rng.normal(size=(1, *CUBE[index].shape[1:]))}
    changed = (set_subtensor if setting else inc_subtensor)(part, row)
    node = changed.owner
    while type(node.op).__name__ == "DimShuffle":
        node = node.inputs[0].owner
    check_node(node.outputs[0], given, rng)


INTEGERS = st.integers(-4, 3)
BOUNDS = st.one_of(st.none(), st.integers(-7, 7))
SLICES = st.builds(slice, BOUNDS, BOUNDS, st.one_of(st.none(), st.integers(-3, 3).filter(bool)))


@given(length=st.integers(0, 5), bounds=SLICES)
@settings(max_examples=200, deadline=None)
def test_symbolic_slices(length: int, bounds: slice) -> None:
    array = np.arange(float(length))
    x = variable_of(array)
    parts = (bounds.start, bounds.stop, bounds.step)
    variables = [None if p is None else TensorType("int32", ())() for p in parts]
    values = {v: np.asarray(p, dtype="int32") for v, p in zip(variables, parts, strict=True) if v is not None}
    for index in (slice(*variables), bounds):
        part = x[index]
        (value,) = evaluate([part], {x: array, **values})
        np.testing.assert_array_equal(value, array[bounds])
        check_shapes(part.owner, {x: array, **values})


@given(index=hnp.basic_indices((3, 4, 0, 2), allow_newaxis=True, max_dims=7))
@settings(max_examples=150, deadline=None)
def test_any_basic_index(index: Any) -> None:
    array = np.zeros((3, 4, 0, 2))
    x = variable_of(array)
    part = x[index]
    (value,) = evaluate([part], {x: array})
    assert value.shape == np.asarray(array[index]).shape
    if part.owner is not None:
        check_shapes(part.owner, {x: array})


@st.composite
def mixed_indices(draw: Any) -> tuple[Any, ...]:
    """Return an index of a (4, 5, 6) array with at least one index array."""
    shape = draw(st.sampled_from([(3,), (1,), (2, 3), (2, 1), (0,), (1, 3)]))
    array = st.integers(1, 2).map(lambda seed: np.random.default_rng(seed).integers(-4, 4, size=shape))
    entries = [
        draw(st.one_of(array, INTEGERS, SLICES, st.just(np.array([True, False, True, True])) if axis == 0 else array))
        for axis in range(draw(st.integers(1, 3)))
    ]
    if not any(isinstance(e, np.ndarray) for e in entries):
        entries[0] = draw(array)
    for _ in range(draw(st.integers(0, 2))):
        entries.insert(draw(st.integers(0, len(entries))), None)
    return tuple(entries)


@given(index=mixed_indices())
@settings(max_examples=300, deadline=None)
def test_any_advanced_index(index: tuple[Any, ...]) -> None:
    array = np.random.default_rng(0).normal(size=(4, 5, 6))
    x = variable_of(array)
    try:
        expected = array[index]
    except IndexError:
        with pytest.raises(IndexError):
            evaluate([x[index]], {x: array})
        return
    part = x[index]
    np.testing.assert_array_equal(evaluate([part], {x: array})[0], expected)
    check_shapes(part.owner, {x: array})
    value = np.random.default_rng(1).normal(size=expected.shape)
    y = variable_of(value)
    changed = evaluate([inc_subtensor(part, y)], {x: array, y: value})[0]
    np.add.at(array, index, value)
    np.testing.assert_allclose(changed, array, rtol=1e-14)


def test_ops_and_texts() -> None:
    m, i, j = TensorType("float64", (None, None))("m"), TensorType("int64", ())("i"), TensorType("int32", ())("j")
    rows = TensorType("int64", (None,))("rows")
    assert str(m[0].owner.op) == "Subtensor{int64}"
    assert str(m[i:j, ::2].owner.op) == "Subtensor{int64:int32:, ::int64}"
    assert str(m[:, 1].owner.op) == "Subtensor{::, int64}"
    assert str(m[...].owner.op) == "Subtensor{::, ::}"
    assert str(set_subtensor(m[0], 1).owner.op) == "IncSubtensor{Set;int64}"
    assert str(inc_subtensor(m[i:2], 1, inplace=True).owner.op) == "IncSubtensor{InplaceInc;int64:int64:}"
    assert isinstance(m[rows].owner.op, AdvancedSubtensor1)
    assert str(inc_subtensor(m[rows], 1).owner.op) == "AdvancedIncSubtensor1{no_inplace,inc}"
    assert str(set_subtensor(m[rows], 1, inplace=True).owner.op) == "AdvancedIncSubtensor1{inplace,set}"
    assert str(m[rows, rows].owner.op) == "AdvancedSubtensor"
    changed = inc_subtensor(m[rows, rows], 1)
    assert str(changed.owner.op) == "AdvancedIncSubtensor{inplace=False,  set_instead_of_inc=False}"
    assert m[i : 1 + i].owner.op == m[2 : i + 0].owner.op
    assert hash(m[0].owner.op) == hash(m[i].owner.op)
    assert m[0].owner.op != m[j].owner.op
    assert m[0].owner.inputs[1].type == Scalar("int64")
    assert Subtensor([slice(None, Scalar("int64"))])(m, 2).owner.op == m[:2].owner.op


@pytest.mark.parametrize(
    ("index", "pattern"),
    [
        (slice(None, 5), (True, False)),
        (slice(0, 5), (True, False)),
        (slice(0, 1), (True, False)),
        (slice(1, 5), (False, False)),
        (slice(None, 0), (False, False)),
        (slice(None), (True, False)),
        (slice(None, None, -1), (True, False)),
    ],
    ids=index_id,
)
def test_slices_of_a_broadcasting_dimension(index: slice, pattern: tuple[bool, bool]) -> None:
    assert TensorType("float64", (True, False))()[index].broadcastable == pattern
    assert TensorType("float64", (False, False))()[0:1].broadcastable == (False, False)


def test_static_entries_of_shapes() -> None:
    x = TensorType("float64", (3, None, 5))()
    assert int(x.shape[0].get_scalar_constant_value()) == 3
    assert x[: x.shape[0], : x.shape[2]].type.shape == (3, None, 5)
    assert x.reshape(x.shape[1:], ndim=2).type.shape[1] == 5


@pytest.mark.parametrize(
    ("index", "error"),
    [
        (1.5, TypeError),
        (True, TypeError),
        ([True, False], TypeError),
        ([[True], [False]], TypeError),
        ("a", TypeError),
        ([1.5], TypeError),
        (np.array([0.0]), TypeError),
        (slice(1.5, None), TypeError),
        (slice("a", None), TypeError),
        ((0, 0, 0), IndexError),
        ((Ellipsis, Ellipsis), IndexError),
        ((np.ones((2, 2), bool), 0), IndexError),
        (2**70, IndexError),
        (slice(None, None, 0), ValueError),
        (([0, 1], [0, 1, 2]), IndexError),
        (np.ones(4, dtype=bool), IndexError),
        pytest.param(object(), TypeError, id="an object"),
    ],
    ids=str,
)
def test_bad_indices_are_refused_while_building(index: Any, error: type[Exception]) -> None:
    x = TensorType("float64", (3, 4))()
    with pytest.raises(error):
        x[index]


def test_symbolic_floats_are_no_indices() -> None:
    x = TensorType("float64", (None,))()
    for bad in (TensorType("float64", ())(), TensorType("float64", (None,))()):
        with pytest.raises(TypeError, match="integer"):
            x[bad]
        with pytest.raises(TypeError):
            x[bad:]


@pytest.mark.parametrize(
    "index", [5, -3, (0, 7), [5], (slice(None), [9]), ([0], [9]), ([0, 1], [[0], [1], [5]])], ids=str
)
def test_out_of_range_at_run_time(index: Any) -> None:
    array = np.zeros((2, 4))
    x = variable_of(array)
    with pytest.raises(IndexError):
        evaluate([x[index]], {x: array})
    with pytest.raises(IndexError):
        evaluate([set_subtensor(x[index], 0)], {x: array})


def test_masks_that_do_not_fit_at_run_time() -> None:
    array = np.zeros((2, 4))
    x, mask = variable_of(array), TensorType("bool", (None,))()
    for length in (0, 1, 3):
        with pytest.raises(IndexError, match="boolean index did not match"):
            evaluate([x[mask]], {x: array, mask: np.zeros(length, dtype=bool)})


def test_zero_step_at_run_time() -> None:
    array, step = np.zeros(3), TensorType("int64", ())()
    x = variable_of(array)
    with pytest.raises(ValueError):
        evaluate([x[::step]], {x: array, step: np.asarray(0)})


@pytest.mark.parametrize("value", [1.5, np.float32(2), np.int8(3), True], ids=repr)
def test_the_dtype_of_the_base_stays(value: Any) -> None:
    counts = np.arange(4)
    x = variable_of(counts)
    for op in (set_subtensor, inc_subtensor):
        for index in (slice(1, 3), [1, 1], ([1, 1],)):
            value_variable = as_tensor_variable(value) if not isinstance(value, bool) else constant(np.bool_(value))
            changed = op(x[index], value_variable)
            assert changed.dtype == "int64"
            (result,) = evaluate([changed], {x: counts})
            expected = counts.copy()
            if op is set_subtensor:
                expected[index] = np.int64(value)
            else:
                np.add.at(expected, index, np.int64(value))
            np.testing.assert_array_equal(result, expected)


def test_set_subtensor_of_the_documentation() -> None:
    zeros = constant(np.zeros(5))
    np.testing.assert_array_equal(evaluate([set_subtensor(zeros[1:3], 7)], {})[0], [0, 7, 7, 0, 0])


def test_what_cannot_be_set() -> None:
    m = TensorType("float64", (None, None))("m")
    with pytest.raises(TypeError, match="must be the result of a subtensor operation"):
        set_subtensor(m, 1)
    with pytest.raises(TypeError, match="must be the result of a subtensor operation"):
        set_subtensor(m + 1, 1)
    with pytest.raises(TypeError, match="Trying to increment a 1-dimensional subtensor with a 2-dimensional value"):
        inc_subtensor(m[0], m)
    with pytest.raises(TypeError, match="complex"):
        inc_subtensor(m[0], TensorType("complex128", ())())
    with pytest.raises(ValueError):
        set_subtensor(constant(np.zeros((2, 3)))[0], np.zeros(2))
    with pytest.raises(TypeError):
        m[0] = 1


@pytest.mark.parametrize(
    ("base", "value", "wanted"),
    [("float32", "float64", "float64"), ("float64", "float32", "float32"), ("complex128", "float32", "float32")],
)
def test_dtype_of_the_cotangent_of_a_value(base: str, value: str, wanted: str) -> None:
    x, y = TensorType(base, (None, None))(), TensorType(value, (None,))()
    for index in (0, [0, 1], ([0, 1], [1, 0])):
        node = set_subtensor(x[index], y).owner
        cotangents = node.op.L_op(node.inputs, node.outputs, [x])
        assert (cotangents[0].dtype, cotangents[1].dtype) == (base, wanted)
        given = {x: np.ones((2, 2), dtype=base), y: np.ones(2, dtype=value)}
        assert evaluate([cotangents[1]], given)[0].shape == (2,)


def test_inplace_writes_into_the_base() -> None:
    for index in (slice(1, 3), [0, 2], ([0, 1], [1, 0]), MASK):
        array = CUBE.copy()
        x = variable_of(array)
        changed = set_subtensor(x[index], 0, inplace=True)
        node = changed.owner
        assert node.op.destroy_map == {0: [0]}
        (result,) = evaluate([changed], {x: array})
        assert result is array
        assert not array[index].any()
        assert isinstance(node.op, (IncSubtensor, AdvancedIncSubtensor1, AdvancedIncSubtensor))


def test_aliased_values() -> None:
    array = np.arange(5.0)
    x = variable_of(array)
    shifted = set_subtensor(x[1:], x[:-1], inplace=True, tolerate_inplace_aliasing=True)
    np.testing.assert_array_equal(evaluate([shifted], {x: array})[0], [0, 0, 1, 2, 3])
    assert shifted.owner.op.destroyhandler_tolerate_aliased == [(0, 1)]


def test_writing_through_dimshuffle_reshape_and_take() -> None:
    x = variable_of(CUBE[0])
    value = np.arange(8.0)
    y = variable_of(value)
    reshaped = set_subtensor(x[:2].reshape((10,)), np.arange(10.0))
    expected = CUBE[0].copy()
    expected[:2] = np.arange(10.0).reshape(2, 5)
    np.testing.assert_array_equal(evaluate([reshaped], {x: CUBE[0]})[0], expected)
    turned = set_subtensor(x[:2].T, 1)  # the whole comes back in the order of the part
    expected = CUBE[0].copy()
    expected[:2] = 1
    np.testing.assert_array_equal(evaluate([turned], {x: CUBE[0]})[0], expected.T)
    taken = set_subtensor(take(x, [[0, 1], [2, 3]], axis=1), y.reshape((4, 2, 1)).dimshuffle(0, 1, 2))
    expected = CUBE[0].copy()
    expected[:, [[0, 1], [2, 3]]] = value.reshape(4, 2, 1)
    np.testing.assert_array_equal(evaluate([taken], {x: CUBE[0], y: value})[0], expected)
    for rank_lost in (set_subtensor(x[0].dimshuffle("x", 0), 2), set_subtensor(x[:, 0].dimshuffle(0, "x"), 2)):
        assert rank_lost.ndim == 2


@pytest.mark.parametrize("mode", ["raise", "wrap", "clip"])
@pytest.mark.parametrize("axis", [None, 0, 1, -1])
@pytest.mark.parametrize("indices", [0, [1, 0, 2], np.array([[0, 1], [2, 2]]), -1, [[-1]], []], ids=index_id)
def test_take(mode: str, axis: int | None, indices: Any) -> None:
    array = CUBE[:, :3, 0]
    x = variable_of(array)
    positions = np.asarray(indices, dtype="int64")
    offsets = [0] if mode == "raise" else [0, 100, -7]
    for offset in offsets:
        moved = positions + offset
        given_indices = moved if isinstance(indices, np.ndarray) else moved.tolist()
        result = take(x, given_indices, axis=axis, mode=mode)
        np.testing.assert_array_equal(evaluate([result], {x: array})[0], np.take(array, moved, axis=axis, mode=mode))


def test_take_refuses() -> None:
    x = TensorType("float64", (None, None))()
    with pytest.raises(IndexError):
        take(x, [0], axis=2)
    with pytest.raises(ValueError):
        take(x, [0], axis=0, mode="bounce")
    with pytest.raises(TypeError):
        take(x, [0.5], axis=0)
    with pytest.raises(TypeError):
        take(x, [0], axis=TensorType("int64", ())())


def test_nonzero() -> None:
    x = variable_of(MASK * CUBE[:, :, 0])
    given_mask = {x: MASK * CUBE[:, :, 0]}
    np.testing.assert_array_equal(evaluate(list(nonzero(x)), given_mask), np.nonzero(MASK))
    np.testing.assert_array_equal(evaluate([nonzero(x, return_matrix=True)], given_mask)[0], np.nonzero(MASK))
    np.testing.assert_array_equal(evaluate([flatnonzero(x)], given_mask)[0], np.flatnonzero(MASK))
    np.testing.assert_array_equal(evaluate([nonzero_values(x)], given_mask)[0], given_mask[x][MASK])
    zero_d = TensorType("float64", ())()
    for function in (nonzero, flatnonzero, Nonzero()):
        with pytest.raises(ValueError, match="only supports non-scalar arrays"):
            function(zero_d)


def test_advanced_subtensor_layout_is_shared_with_backends() -> None:
    x = TensorType("float64", (None, None, None))()
    part = x[[0, 1], :, [1, 2]]
    op, (_, *index) = part.owner.op, part.owner.inputs
    assert isinstance(op, AdvancedSubtensor)
    assert op.layout(3, index).dimensions == (("index", 0), ("slice", 1, 1))
    part = x[:, [0, 1], [1, 2]]
    assert part.owner.op.layout(3, part.owner.inputs[1:]).dimensions == (("slice", 0, 0), ("index", 0))
