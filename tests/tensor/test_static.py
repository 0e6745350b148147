"""Constants behind expressions, entries of shape vectors, and lengths of vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neano.tensor as T
from neano.tensor.static import EmptyConstantError, NotScalarConstantError, static_entries, static_length

x = T.dmatrix("x")
KNOWN = [
    (3, 3),
    (np.full(4, 2.5), 2.5),
    (T.constant(2), 2),
    (T.constant([7, 7]), 7),
    (T.constant(2) + 3, 5),
    (T.constant(2) * 3 - 1, 5),
    (-T.constant(2), -2),
    (T.constant(7) // 2, 3),
    (T.constant(7) % 4, 3),
    (T.maximum(T.constant(7), 9), 9),
    (T.switch(T.constant(1), 5, x.sum()), 5),
    (T.cast(T.constant(2.9), "int64"), 2),
    (T.second(x, 4), 4),
    (T.alloc(3, x.shape[0]), 3),
    (T.zeros((x.shape[0], 2)), 0),
    (T.constant(2).dimshuffle("x"), 2),
    (T.addbroadcast(T.constant([2]), 0), 2),
    (T.constant(2).reshape((1, 1)), 2),
    (T.drow().shape[0], 1),
    (T.zeros((3, 4)).shape[1], 4),
    (T.Shape_i(1)(T.zeros((3, 4))), 4),
    (T.stack([1, x.shape[0], 3])[2], 3),
    (T.MakeVector()(5), 5),
    (T.tensor_from_scalar(T.scalar_from_tensor(T.constant(4))), 4),
    (T.constant(np.arange(4))[2], 2),
]
UNKNOWN = [x, x.sum(), x.shape[0], T.constant([2, 3]), T.exp(T.constant(1)), T.dscalar() * 0, None, "a", [None]]


@pytest.mark.parametrize(("expression", "value"), KNOWN)
def test_known_numbers(expression: Any, value: float) -> None:
    found = T.get_scalar_constant_value(expression)
    assert found.shape == ()
    assert found == value


@pytest.mark.parametrize("expression", UNKNOWN, ids=str)
def test_unknown_numbers(expression: Any) -> None:
    with pytest.raises(NotScalarConstantError):
        T.get_scalar_constant_value(expression)
    assert T.extract_constant(expression) is expression


def test_limits_of_the_search() -> None:
    with pytest.raises(EmptyConstantError):
        T.get_scalar_constant_value(T.constant([]))
    total: Any = T.constant(1)
    for _ in range(30):
        total = total + 1
    with pytest.raises(NotScalarConstantError):
        T.get_scalar_constant_value(total)
    assert T.get_scalar_constant_value(total, max_recur=40) == 31
    with pytest.raises(NotScalarConstantError):
        T.get_scalar_constant_value(T.constant(1) + 1, elemwise=False)
    with pytest.raises(NotScalarConstantError):
        T.get_scalar_constant_value(T.alloc(1, 2), only_process_constants=True)
    assert T.constant(1).get_scalar_constant_value() == 1


def test_entries_of_vectors() -> None:
    assert static_entries((1, x.shape[0], T.constant(3))) == [1, None, 3]
    assert static_entries(T.as_tensor_variable([x.shape[0], 3])) == [None, 3]
    assert static_entries(T.zeros((3, x.shape[0])).shape) == [3, None]
    assert static_entries(T.constant([4, 5]).astype("int32")) == [4, 5]
    assert static_entries(T.lvector()) is None
    assert static_entries(np.array([1, 2])) == [1, 2]
    assert static_length(T.constant(1.5)) is None


def test_lengths_of_vectors() -> None:
    assert T.get_vector_length(x.shape) == 2
    assert T.get_vector_length(T.dvector().shape) == 1
    assert T.get_vector_length(T.constant([1, 2, 3])) == 3
    assert T.get_vector_length([x.shape[0], 2]) == 2
    assert T.get_vector_length(T.arange(4)) == 4
    with pytest.raises(ValueError, match="not known"):
        T.get_vector_length(T.lvector())
    with pytest.raises(TypeError):
        T.get_vector_length(x)
