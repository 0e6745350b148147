"""Integers counted and told apart: `bincount`, `Unique`, `to_one_hot`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.errors import ShapeError
from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.dtypes import is_discrete
from neano.scalar.rows import row
from neano.tensor.assertion import Assert
from neano.tensor.convert import as_tensor_variable
from neano.tensor.creation import zeros
from neano.tensor.indexing import getitem, inc_subtensor, set_subtensor
from neano.tensor.ranges import arange
from neano.tensor.rearrange import normalize_axes
from neano.tensor.statistics import all, max
from neano.tensor.type import TensorType


def bincount(x: Any, weights: Any = None, minlength: Any = None, assert_nonneg: bool = False) -> Any:
    """Return how often each integer from 0 to the largest occurs, or the sum of the weights where it does.

    Args:
        x: a vector of integers that are not negative.
        weights: a vector of the same length, whose dtype the result takes; without it the result has that of `x`.
        minlength: at least this many counts.
        assert_nonneg: check at run time that no integer is negative.

    Raises:
        TypeError: `x` is no vector, or not of integers.
    """
    x = as_tensor_variable(x)
    if x.ndim != 1:
        raise TypeError("Inputs must be of dimension 1.")
    if not is_discrete(x.dtype):
        raise TypeError(f"bincount counts integers, not {x.dtype}")
    if assert_nonneg:
        x = Assert("Input to bincount has negative values!")(x, all(row("ge")(x, 0)))
    length = row("convert_to_int64")(max(x)) + 1
    if minlength is not None:
        length = row("maximum")(length, minlength)
    counted = np.ones((), x.dtype) if weights is None else as_tensor_variable(weights)
    result = zeros([length], dtype=counted.dtype)
    return inc_subtensor(getitem(result, x), counted)


def to_one_hot(y: Any, nb_class: Any, dtype: Any = None) -> Any:
    """Return a matrix with a row for each integer of a vector: 1 in the column that it names, 0 elsewhere."""
    y = as_tensor_variable(y)
    rows = zeros((y.shape[0], nb_class), dtype=dtype)
    return set_subtensor(getitem(rows, (arange(y.shape[0]), y)), 1)


class Unique(Op):
    """The elements that occur, each once and sorted.

    Args:
        return_index: also where each occurs first.
        return_inverse: also which of them stands at each place.
        return_counts: also how often each occurs.
        axis: tell slices along this axis apart instead of elements.
    """

    __props__ = ("return_index", "return_inverse", "return_counts", "axis")

    def __init__(
        self,
        return_index: bool = False,
        return_inverse: bool = False,
        return_counts: bool = False,
        axis: int | None = None,
    ) -> None:
        self.return_index, self.return_inverse = bool(return_index), bool(return_inverse)
        self.return_counts, self.axis = bool(return_counts), axis

    def make_node(self, x: Any) -> Apply:
        x = as_tensor_variable(x)
        shape: list[int | None] = [None]
        if self.axis is not None:
            (axis,) = normalize_axes(self.axis, x.ndim)
            shape = [None if i == axis else n for i, n in enumerate(x.type.shape)]
        extra = [self.return_index, self.return_inverse, self.return_counts].count(True)
        return Apply(self, [x], [TensorType(x.dtype, shape)(), *[TensorType("int64", (None,))() for _ in range(extra)]])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        # with the indices NumPy sorts stably, so that each group is represented by what occurs first
        flags: tuple[Any, ...] = (True, self.return_inverse, self.return_counts, self.axis)
        found = np.unique(inputs[0], *flags)
        results = [found[0], *found[2 - self.return_index :]]
        output_storage[0][0] = results[0]
        for storage, value in zip(output_storage[1:], results[1:], strict=True):
            storage[0] = np.asarray(value, dtype="int64").reshape(-1)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        raise ShapeError("how many different elements there are depends on the values")


__all__ = ["Unique", "bincount", "to_one_hot"]
