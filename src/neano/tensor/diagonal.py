"""Diagonals: taken out (`ExtractDiag`), made into matrices (`AllocDiag`), and filled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.null_type import DisconnectedType
from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.dtypes import upcast
from neano.scalar.rows import row
from neano.tensor.convert import as_tensor_variable, constant
from neano.tensor.indexing import getitem, set_subtensor
from neano.tensor.ranges import arange
from neano.tensor.rearrange import dimshuffle
from neano.tensor.shape import shape_tuple
from neano.tensor.static import int64_scalar
from neano.tensor.type import TensorType


def _diagonal_length(rows: Any, columns: Any, offset: int) -> Any:
    """Return the number of elements on a diagonal, from lengths as numbers or as int64 scalars."""
    before = constant(np.int64(max(-offset, 0))), constant(np.int64(max(offset, 0)))
    shorter = row("minimum")(rows - before[0] if offset < 0 else rows, columns - before[1] if offset > 0 else columns)
    return row("maximum")(shorter, constant(np.int64(0)))


class ExtractDiag(Op):
    """The diagonals of the matrices that two axes span, as a new last axis.

    Args:
        offset: which diagonal: above the main one if positive.
        axis1, axis2: the axes of rows and columns.
        view: whether the result shares the input's memory.

    Raises:
        ValueError: the axes are the same, negative, or not there.
    """

    __props__ = ("offset", "axis1", "axis2", "view")

    def __init__(self, offset: int = 0, axis1: int = 0, axis2: int = 1, view: bool = False) -> None:
        if axis1 == axis2 or axis1 < 0 or axis2 < 0:
            raise ValueError(f"the axes of a diagonal are two different ones counted from 0, not {axis1} and {axis2}")
        self.offset, self.axis1, self.axis2, self.view = int(offset), int(axis1), int(axis2), bool(view)
        if self.view:
            self.view_map = {0: [0]}

    def make_node(self, x: Any) -> Apply:
        x = as_tensor_variable(x)
        if x.ndim < 2:
            raise ValueError(f"ExtractDiag needs an input with 2 or more dimensions, not {x} with {x.ndim}")
        if max(self.axis1, self.axis2) >= x.ndim:
            raise ValueError(f"{x} has no dimensions {self.axis1} and {self.axis2}")
        shape = [n for i, n in enumerate(x.type.shape) if i not in (self.axis1, self.axis2)]
        return Apply(self, [x], [TensorType(x.dtype, [*shape, None])()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        found = inputs[0].diagonal(self.offset, self.axis1, self.axis2)
        output_storage[0][0] = found if self.view else found.copy()

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        (lengths,) = input_shapes
        kept = [n for i, n in enumerate(lengths) if i not in (self.axis1, self.axis2)]
        return [(*kept, _diagonal_length(lengths[self.axis1], lengths[self.axis2], self.offset))]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        (x,), (g,) = inputs, output_grads
        order = [*[i for i in range(x.ndim) if i not in (self.axis1, self.axis2)], self.axis1, self.axis2]
        count = arange(g.shape[g.ndim - 1])
        places = (Ellipsis, count + max(-self.offset, 0), count + max(self.offset, 0))
        moved = row("second")(dimshuffle(x, *order), np.zeros((), g.dtype))
        return [dimshuffle(set_subtensor(getitem(moved, places), g), *np.argsort(order).tolist())]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None] if eval_points[0] is None else [self(eval_points[0])]


class AllocDiag(Op):
    """Matrices of zeros with the vectors of the last axis on a diagonal.

    Args:
        offset: which diagonal: above the main one if positive.
        axis1, axis2: the axes of rows and columns in the result.
    """

    __props__ = ("offset", "axis1", "axis2")

    def __init__(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> None:
        if axis1 == axis2 or axis1 < 0 or axis2 < 0:
            raise ValueError(f"the axes of a diagonal are two different ones counted from 0, not {axis1} and {axis2}")
        self.offset, self.axis1, self.axis2 = int(offset), int(axis1), int(axis2)

    def make_node(self, diagonal: Any) -> Apply:
        diagonal = as_tensor_variable(diagonal)
        if diagonal.ndim < 1:
            raise ValueError(f"AllocDiag needs an input with 1 or more dimensions, not {diagonal}")
        return Apply(self, [diagonal], [TensorType(diagonal.dtype, self._placed(diagonal.type.shape[:-1], None))()])

    def _placed(self, others: Sequence[Any], length: Any) -> list[Any]:
        """Return lengths with that of the matrices put at both of their axes."""
        placed = list(others)
        for axis in sorted((self.axis1, self.axis2)):
            placed.insert(axis, length)
        return placed

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        (x,) = inputs
        length = x.shape[-1] + abs(self.offset)
        result = np.zeros((*x.shape[:-1], length, length), dtype=x.dtype)
        count = np.arange(x.shape[-1])
        result[..., count + max(-self.offset, 0), count + max(self.offset, 0)] = x
        output_storage[0][0] = np.moveaxis(result, (-2, -1), (self.axis1, self.axis2))

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        (lengths,) = input_shapes
        side = lengths[-1] if self.offset == 0 else lengths[-1] + constant(np.int64(abs(self.offset)))
        return [tuple(self._placed(lengths[:-1], side))]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        return [ExtractDiag(self.offset, self.axis1, self.axis2)(output_grads[0])]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None] if eval_points[0] is None else [self(eval_points[0])]


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Return the diagonals of the matrices that two axes span, as a new last axis."""
    return ExtractDiag(offset, axis1, axis2)(a)


def diag(v: Any, k: int = 0) -> Any:
    """Return the matrix with a vector on its k-th diagonal, or the k-th diagonal of a matrix.

    Raises:
        ValueError: `v` is a scalar.
    """
    v = as_tensor_variable(v)
    if v.ndim == 0:
        raise ValueError(f"diag needs a vector or a matrix, not the scalar {v}")
    return AllocDiag(k)(v) if v.ndim == 1 else diagonal(v, k)


def trace(a: Any) -> Any:
    """Return the sum of a matrix's main diagonal.

    Raises:
        TypeError: `a` is no matrix.
    """
    a = as_tensor_variable(a)
    if a.ndim != 2:
        raise TypeError(f"trace needs a matrix, not {a} with {a.ndim} dimensions")
    return diagonal(a).sum()


class FillDiagonal(Op):
    """A copy of an array with all elements of its main diagonal (all indices equal) set to a number."""

    __props__ = ()

    def make_node(self, a: Any, val: Any) -> Apply:
        a, val = as_tensor_variable(a), as_tensor_variable(val)
        if a.ndim < 2:
            raise TypeError(f"FillDiagonal: the first argument must have at least two dimensions, not {a.ndim}")
        if val.ndim != 0:
            raise TypeError(f"FillDiagonal: the second argument must be a scalar, not {val} with {val.ndim} dimensions")
        if upcast(a.dtype, val.dtype) != a.dtype:
            raise TypeError(f"FillDiagonal: a value of dtype {val.dtype} cannot be stored in an array of {a.dtype}")
        return Apply(
            self, [a, val if val.dtype == a.dtype else val.astype(a.dtype)], [TensorType(a.dtype, a.type.shape)()]
        )

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        result, value = inputs[0].copy(), inputs[1]
        if result.ndim > 2 and len(set(result.shape)) > 1:
            raise ValueError(f"FillDiagonal: all dimensions of the input must be of equal length, not {result.shape}")
        count = np.arange(min(result.shape))
        result[(count,) * result.ndim] = value
        output_storage[0][0] = result

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [input_shapes[0]]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        (a, _), (g,) = inputs, output_grads
        shortest = shape_tuple(g)[0]
        for length in shape_tuple(g)[1:]:
            shortest = row("minimum")(shortest, length)
        count = arange(shortest)
        return [self(g, np.zeros((), g.dtype)), getitem(g, (count,) * a.ndim).sum()]


fill_diagonal = FillDiagonal()


class FillDiagonalOffset(Op):
    """A copy of a matrix with the elements of its diagonal at `offset`, a symbolic integer, set to a number."""

    __props__ = ()

    def make_node(self, a: Any, val: Any, offset: Any) -> Apply:
        a, val, offset = as_tensor_variable(a), as_tensor_variable(val), int64_scalar(offset)
        if a.ndim != 2:
            raise TypeError(
                f"FillDiagonalOffset: the first argument must be a matrix, not {a} with {a.ndim} dimensions"
            )
        if val.ndim != 0:
            raise TypeError(
                f"FillDiagonalOffset: the second argument must be a scalar, not {val} with {val.ndim} dimensions"
            )
        if upcast(a.dtype, val.dtype) != a.dtype:
            raise TypeError(
                f"FillDiagonalOffset: a value of dtype {val.dtype} cannot be stored in an array of {a.dtype}"
            )
        value = val if val.dtype == a.dtype else val.astype(a.dtype)
        return Apply(self, [a, value, offset], [TensorType(a.dtype, a.type.shape)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        result, value, offset = inputs[0].copy(), inputs[1], int(inputs[2])
        row_, column = max(-offset, 0), max(offset, 0)
        count = np.arange(max(min(result.shape[0] - row_, result.shape[1] - column), 0))
        result[count + row_, count + column] = value
        output_storage[0][0] = result

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [input_shapes[0]]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], [True], [False]]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        (_, _, offset), (g,) = inputs, output_grads
        zero = constant(np.int64(0))
        first, second = row("maximum")(-offset, zero), row("maximum")(offset, zero)
        rows, columns = shape_tuple(g)
        count = arange(row("maximum")(row("minimum")(rows - first, columns - second), zero))
        share = getitem(g, (count + first, count + second)).sum()
        return [self(g, np.zeros((), g.dtype), offset), share, DisconnectedType()()]


fill_diagonal_offset = FillDiagonalOffset()
