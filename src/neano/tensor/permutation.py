"""Rows permuted by rows of indices: `permute_row_elements`, `inverse_permutation`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.null_type import DisconnectedType
from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.dtypes import is_discrete
from neano.tensor.convert import as_tensor_variable
from neano.tensor.elemwise import broadcast_static, pad_left
from neano.tensor.ranges import arange
from neano.tensor.static import int64_scalar
from neano.tensor.type import TensorType


class PermuteRowElements(Op):
    """The rows (of the last axis) of a tensor, each permuted by a row of indices; leading axes broadcast.

    The inputs are the tensor, the indices, and an integer: not 0 for the inverse permutations.

    Raises:
        TypeError: the indices are not integers.
        IndexError: (at run time) an index is out of range.
    """

    __props__ = ()

    def make_node(self, x: Any, y: Any, inverse: Any) -> Apply:
        x, y = as_tensor_variable(x), as_tensor_variable(y)
        if not is_discrete(y.dtype):
            raise TypeError(f"permutations are made of integers, not {y} of dtype {y.dtype}")
        rank = max(x.ndim, y.ndim)
        x, y = pad_left(x, rank), pad_left(y, rank)
        shape = broadcast_static([x.type.shape, y.type.shape])
        return Apply(self, [x, y, int64_scalar(inverse)], [TensorType(x.dtype, shape)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        x, y, inverse = inputs
        if x.shape[-1] != y.shape[-1]:
            raise ValueError(f"rows of length {x.shape[-1]} cannot be permuted by rows of length {y.shape[-1]}")
        shape = np.broadcast_shapes(x.shape, y.shape)
        rows, order = np.broadcast_to(x, shape), np.broadcast_to(y, shape).astype("int64")
        if inverse:
            result = np.empty(shape, dtype=x.dtype)
            np.put_along_axis(result, order, rows, axis=-1)
        else:
            result = np.take_along_axis(rows, order, axis=-1)
        output_storage[0][0] = result

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        pattern = node.inputs[0].type.broadcastable  # type: ignore[attr-defined]
        return [
            tuple(b if narrow else a for a, b, narrow in zip(input_shapes[0], input_shapes[1], pattern, strict=True))
        ]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], [False], [False]]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        (x, y, inverse), (g,) = inputs, output_grads
        back = self(g, y, int64_scalar(1) - inverse)
        stretched = [i for i in range(x.ndim) if x.broadcastable[i] and not back.broadcastable[i]]
        back = back.sum(axis=stretched, keepdims=True) if stretched else back
        return [back, DisconnectedType()(), DisconnectedType()()]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None] if eval_points[0] is None else [self(eval_points[0], *inputs[1:])]


_permute_row_elements = PermuteRowElements()


def permute_row_elements(x: Any, y: Any, inverse: Any = 0) -> Any:
    """Return the rows of `x`, each permuted by a row of `y` (by its inverse, where `inverse` is not 0)."""
    return _permute_row_elements(x, y, inverse)


def inverse_permutation(perm: Any) -> Any:
    """Return the inverse of a permutation, or of each row of a matrix of them."""
    perm = as_tensor_variable(perm)
    return permute_row_elements(arange(perm.shape[perm.ndim - 1], dtype=perm.dtype), perm, inverse=1)
