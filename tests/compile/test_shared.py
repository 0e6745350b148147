"""Shared variables: which kind a value gets, what is copied, what is refused."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from neano.compile import shared, shared_constructor
from neano.graph.shared import SharedVariable
from neano.tensor import TensorType, scalar
from neano.tensor.shared import ScalarSharedVariable, TensorSharedVariable


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (0, "int64"),
        (1.0, "float64"),
        (True, "bool"),
        (1j, "complex128"),
        (np.float32(1), "float32"),
        (np.int8(3), "int8"),
        (np.bool_(1), "bool"),
    ],
)
def test_numbers_become_scalars_of_numpys_dtype(value, dtype):
    s = shared(value)
    assert isinstance(s, ScalarSharedVariable)
    assert s.type == TensorType(dtype, ())
    assert type(s.get_value()) is np.ndarray
    assert s.get_value() == value


def test_arrays_keep_their_dtype_and_broadcast_nowhere():
    s = shared(np.ones((1, 3), dtype="float32"), name="s")
    assert isinstance(s, TensorSharedVariable)
    assert s.type == TensorType("float32", (False, False))
    assert shared(np.ones((1, 3)), broadcastable=(True, False)).type.broadcastable == (True, False)
    assert str(s) == "s"


@pytest.mark.parametrize("value", [[1, 2], {"a": 1}, "text", None, np.array([object()])])
def test_anything_else_is_generic(value):
    s = shared(value)
    assert type(s) is SharedVariable
    assert str(s.type) == "Generic"
    with pytest.raises(TypeError, match="not subscriptable"):
        s[0]


@pytest.mark.parametrize(
    ("value", "options"),
    [([1], {"borrow": True}), (np.ones(2), {"dtype": "float32"}), (3, {"broadcastable": ()}), (scalar("x"), {})],
)
def test_what_cannot_be_shared(value, options):
    with pytest.raises(TypeError):
        shared(value, **options)


def test_values_are_copied_unless_borrowed():
    a = np.ones(2)
    copied, borrowed = shared(a), shared(a, borrow=True)
    a += 1
    assert_array_equal(copied.get_value(), [1, 1])
    assert_array_equal(borrowed.get_value(), [2, 2])
    assert borrowed.get_value(borrow=True) is a
    assert borrowed.get_value() is not a
    copied.set_value(a)
    a += 1
    assert_array_equal(copied.get_value(), [2, 2])
    copied.set_value(a, borrow=True)
    assert copied.get_value(borrow=True) is a


def test_lengths_may_change_and_nothing_else():
    s = shared(np.zeros(3), name="s")
    s.set_value([1, 2])
    assert_array_equal(s.get_value(), [1, 2])
    for bad in (np.zeros((2, 2)), np.zeros(3, dtype="complex64"), 3.0):
        with pytest.raises(TypeError, match="Container name 's'"):
            s.set_value(bad)
    assert_array_equal(s.get_value(), [1, 2])
    row = shared(np.zeros((1, 3)), broadcastable=(True, False))
    with pytest.raises(TypeError):
        row.set_value(np.zeros((2, 3)))


def test_strictness_and_downcasting_come_from_the_constructor():
    strict = shared(np.zeros(2), strict=True)
    with pytest.raises(TypeError):
        strict.set_value([1.0, 2.0])
    loose = shared(np.zeros(2, dtype="float32"), allow_downcast=True)
    loose.set_value(np.array([0.1, 0.2]))
    assert loose.get_value().dtype == np.float32


def test_there_is_no_value_attribute():
    s = shared(1.0)
    with pytest.raises(AttributeError, match="get_value"):
        s.value  # noqa: B018
    with pytest.raises(AttributeError, match="set_value"):
        s.value = 3


def test_zero():
    s = shared(np.array([1.0, np.nan]))
    inside = s.get_value(borrow=True)
    s.zero(borrow=True)
    assert_array_equal(inside, [0, 0])
    s.set_value([np.inf, 1])
    s.zero()
    assert_array_equal(s.get_value(), [0, 0])


def test_clones_share_the_container():
    s = shared(1.0, name="s")
    other = s.clone()
    other.set_value(5.0)
    assert s.get_value() == 5
    assert other.name == "s"
    assert type(other) is type(s)


def test_constructors_are_asked_newest_first():
    class Mine(SharedVariable):
        pass

    def constructor(value, name=None, strict=False, allow_downcast=None):
        if value != "mine":
            raise TypeError
        return Mine(name, shared([]).type, value, strict)

    shared_constructor(constructor)
    try:
        assert type(shared("mine")) is Mine
        assert type(shared("yours")) is SharedVariable
    finally:
        shared_constructor(constructor, remove=True)
    assert type(shared("mine")) is SharedVariable
