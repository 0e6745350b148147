"""Positions in a flattened array and coordinates: `unravel_index`, `ravel_multi_index`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.dtypes import is_discrete
from neano.tensor.convert import as_tensor_variable
from neano.tensor.elemwise import broadcast_static, pad_left
from neano.tensor.shape import as_shape_vector
from neano.tensor.static import get_vector_length
from neano.tensor.type import TensorType

_ORDERS = ("C", "F")


class UnravelIndex(Op):
    """The coordinates of positions in the flattened form of an array of a shape: `UnravelIndex(ndim)(indices, dims)`.

    Args:
        ndim: the array's rank; as many results are there.
        order: 'C' (the last coordinate changes fastest) or 'F' (the first).

    Raises:
        ValueError: (at run time) a position is out of range.
    """

    __props__ = ("ndim", "order")

    def __init__(self, ndim: int, order: str = "C") -> None:
        if order not in _ORDERS:
            raise ValueError(f"the order is 'C' or 'F', not {order!r}")
        self.ndim, self.order = int(ndim), order

    def make_node(self, indices: Any, dims: Any) -> Apply:
        indices, dims = as_tensor_variable(indices), as_shape_vector(dims)
        if not is_discrete(indices.dtype):
            raise TypeError(f"positions are integers, not {indices} of dtype {indices.dtype}")
        return Apply(self, [indices, dims], [TensorType("int64", indices.type.shape)() for _ in range(self.ndim)])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        indices, dims = inputs
        if len(dims) != self.ndim:
            raise ValueError(f"{self}: a shape of {len(dims)} lengths was given")
        found = np.unravel_index(indices.astype("int64"), tuple(int(n) for n in dims), order=self.order)  # type: ignore[call-overload]
        for storage, value in zip(output_storage, found, strict=True):
            storage[0] = np.array(value, dtype="int64")

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [input_shapes[0]] * self.ndim

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[False] * self.ndim] * 2


class RavelMultiIndex(Op):
    """The positions in the flattened form of an array: `RavelMultiIndex()(*coordinates, dims)`.

    Args:
        mode: what to do with coordinates out of range: 'raise', 'wrap' or 'clip'.
        order: 'C' (the last coordinate changes fastest) or 'F' (the first).
    """

    __props__ = ("mode", "order")

    def __init__(self, mode: str = "raise", order: str = "C") -> None:
        if order not in _ORDERS:
            raise ValueError(f"the order is 'C' or 'F', not {order!r}")
        if mode not in ("raise", "wrap", "clip"):
            raise ValueError(f"the mode is 'raise', 'wrap' or 'clip', not {mode!r}")
        self.mode, self.order = mode, order

    def make_node(self, *inputs: Any) -> Apply:
        coordinates = [as_tensor_variable(v) for v in inputs[:-1]]
        for v in coordinates:
            if not is_discrete(v.dtype):
                raise TypeError(f"coordinates are integers, not {v} of dtype {v.dtype}")
        rank = max(v.ndim for v in coordinates)
        coordinates = [pad_left(v, rank) for v in coordinates]
        shape = broadcast_static([v.type.shape for v in coordinates])
        return Apply(self, [*coordinates, as_shape_vector(inputs[-1])], [TensorType("int64", shape)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        *coordinates, dims = inputs
        found = np.ravel_multi_index(
            tuple(v.astype("int64") for v in coordinates),
            tuple(int(n) for n in dims),
            mode=self.mode,
            order=self.order,  # type: ignore[call-overload]
        )
        output_storage[0][0] = np.asarray(found, dtype="int64")

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        patterns = [v.type.broadcastable for v in node.inputs[:-1]]  # type: ignore[attr-defined]
        lengths = []
        for axis in range(len(patterns[0])):
            wide = next((i for i, pattern in enumerate(patterns) if not pattern[axis]), 0)
            lengths.append(input_shapes[wide][axis])
        return [tuple(lengths)]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[False] for _ in node.inputs]


def unravel_index(indices: Any, dims: Any, order: str = "C", ndim: int | None = None) -> Any:
    """Return the coordinates of positions in the flattened form of an array, a tuple with one tensor a dimension.

    Args:
        indices: integers.
        dims: the array's shape.
        order: 'C' (the last coordinate changes fastest) or 'F' (the first).
        ndim: the array's rank, where the length of `dims` is not known.

    Raises:
        ValueError: (at run time) a position is out of range.
    """
    vector = as_shape_vector(dims)
    rank = get_vector_length(vector) if ndim is None else ndim
    return tuple(UnravelIndex(rank, order)(indices, vector, return_list=True))


def ravel_multi_index(multi_index: Sequence[Any], dims: Any, mode: str = "raise", order: str = "C") -> Any:
    """Return the positions of coordinates in the flattened form of an array.

    Args:
        multi_index: one integer tensor for each dimension.
        dims: the array's shape.
        mode: what to do with coordinates out of range: 'raise', 'wrap' or 'clip'.
        order: 'C' (the last coordinate changes fastest) or 'F' (the first).
    """
    if not isinstance(multi_index, (tuple, list)):
        raise TypeError(f"the coordinates are a tuple or a list of tensors, not {multi_index!r}")
    return RavelMultiIndex(mode, order)(*multi_index, dims)
