"""Order: `sort`, `argsort`, and the largest elements (`topk`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from neano.graph.null_type import DisconnectedType
from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.dtypes import is_discrete
from neano.scalar.op import zeros_of
from neano.scalar.rows import row
from neano.tensor.convert import as_tensor_variable, constant
from neano.tensor.indexing import getitem, inc_subtensor
from neano.tensor.ranges import arange
from neano.tensor.rearrange import normalize_axes
from neano.tensor.shape import flatten, shape_tuple
from neano.tensor.static import int64_scalar, static_length
from neano.tensor.type import TensorType


def _places(indices: Any, axis: int) -> tuple[Any, ...]:
    """Return the index that names, at each position of `indices`, the element that its entry names along an axis."""
    rank = indices.ndim
    lengths = shape_tuple(indices)
    grids = [arange(lengths[i]).dimshuffle(*["x"] * i, 0, *["x"] * (rank - 1 - i)) for i in range(rank)]
    return tuple(indices if i == axis else grid for i, grid in enumerate(grids))


def _scattered(x: Any, indices: Any, axis: int, g: Any) -> Any:
    """Return zeros of the shape of `x` with a cotangent added where its elements were taken from along an axis."""
    zeros = row("second")(x, np.zeros((), g.dtype))
    return inc_subtensor(getitem(zeros, _places(indices, axis)), g)


def _known_axis(axis: Any, op: Op, rank: int) -> int:
    known = static_length(axis)
    if known is None:
        raise NotImplementedError(f"the gradient of {op} along an axis that is not known while the graph is built")
    return known % rank


class Sorting(Op):
    """What `SortOp` and `ArgSortOp` share: a tensor and an axis in.

    Args:
        kind: NumPy's name of the algorithm.
        order: must be None; there for NumPy's signature.
    """

    __props__: ClassVar[tuple[str, ...]] = ("kind", "order")

    def __init__(self, kind: str = "quicksort", order: Any = None) -> None:
        if kind not in ("quicksort", "mergesort", "heapsort", "stable"):
            raise ValueError(f"unknown kind of sorting {kind!r}")
        self.kind: Any = kind
        self.order = order

    def make_node(self, x: Any, axis: Any = -1) -> Apply:
        x = as_tensor_variable(x)
        if isinstance(axis, (int, np.integer)):
            normalize_axes(int(axis), x.ndim)
            axis = constant(np.int64(axis))
        return Apply(self, [x, int64_scalar(axis)], [TensorType(self.output_dtype(x.dtype), x.type.shape)()])

    def output_dtype(self, dtype: str) -> str:
        """Return the result's dtype for an input of a dtype."""
        return dtype

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [input_shapes[0]]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], [False]]

    def __str__(self) -> str:
        return f"{type(self).__name__}{{{self.kind}, {self.order}}}"


class SortOp(Sorting):
    """Elements in increasing order along an axis."""

    __props__ = ("kind", "order")

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        x, axis = inputs
        output_storage[0][0] = np.sort(x, int(axis), kind=self.kind)

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        (x, axis), (g,) = inputs, output_grads
        if is_discrete(x.dtype):
            return [zeros_of(x), DisconnectedType()()]
        order = ArgSortOp(self.kind, self.order)(x, axis)
        return [_scattered(x, order, _known_axis(axis, self, x.ndim), g), DisconnectedType()()]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        (x, axis), (e, _) = inputs, eval_points
        if e is None:
            return [None]
        order = ArgSortOp(self.kind, self.order)(x, axis)
        return [getitem(e, _places(order, _known_axis(axis, self, x.ndim)))]


class ArgSortOp(Sorting):
    """The indices that put elements in increasing order along an axis."""

    __props__ = ("kind", "order")

    def output_dtype(self, dtype: str) -> str:
        return "int64"

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        x, axis = inputs
        output_storage[0][0] = np.asarray(np.argsort(x, int(axis), kind=self.kind), "int64")

    def grad(self, inputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        return [zeros_of(inputs[0]), DisconnectedType()()]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None]


def sort(a: Any, axis: Any = -1, kind: str = "quicksort", order: Any = None) -> Any:
    """Return `a` with its elements in increasing order along an axis (None: of the flattened array)."""
    a = as_tensor_variable(a)
    return SortOp(kind, order)(flatten(a), 0) if axis is None else SortOp(kind, order)(a, axis)


def argsort(a: Any, axis: Any = -1, kind: str = "quicksort", order: Any = None) -> Any:
    """Return the indices that put `a` in increasing order along an axis (None: the flattened array)."""
    a = as_tensor_variable(a)
    return ArgSortOp(kind, order)(flatten(a), 0) if axis is None else ArgSortOp(kind, order)(a, axis)


class TopKOp(Op):
    """The k largest elements along an axis (the -k smallest, for negative k), their indices, or both.

    Args:
        axis: the axis.
        sorted: put them in order, the most extreme first; otherwise their order is not specified.
        idx_dtype: of the indices.
        return_values, return_indices: which results there are.

    Raises:
        ValueError: neither is wanted, or (at run time) k is 0 or larger than the axis is long.
    """

    __props__ = ("axis", "sorted", "idx_dtype", "return_values", "return_indices")

    def __init__(
        self,
        axis: int = -1,
        sorted: bool = True,
        idx_dtype: str = "int64",
        return_values: bool = True,
        return_indices: bool = True,
    ) -> None:
        if not is_discrete(idx_dtype):
            raise TypeError(f"the indices of topk are integers, not {idx_dtype}")
        if not (return_values or return_indices):
            raise ValueError("topk returns values, indices or both; neither is wanted")
        self.axis, self.sorted, self.idx_dtype = int(axis), bool(sorted), idx_dtype
        self.return_values, self.return_indices = bool(return_values), bool(return_indices)

    def make_node(self, x: Any, kth: Any) -> Apply:
        x = as_tensor_variable(x)
        (axis,) = normalize_axes(self.axis, x.ndim)
        if static_length(kth) == 0:
            raise ValueError("topk of 0 elements: kth must not be 0")
        shape = [None if i == axis else n for i, n in enumerate(x.type.shape)]
        values = [TensorType(x.dtype, shape)()] if self.return_values else []
        indices = [TensorType(self.idx_dtype, shape)()] if self.return_indices else []
        return Apply(self, [x, int64_scalar(kth)], [*values, *indices])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        x, k = inputs[0], int(inputs[1])
        length = x.shape[self.axis]
        if not 1 <= abs(k) <= length:
            raise ValueError(f"topk: kth={k} cannot be satisfied along an axis of length {length}")
        order = np.argsort(x, axis=self.axis, kind="stable")
        chosen = np.take(order, range(length - 1, length - 1 - k, -1) if k > 0 else range(-k), axis=self.axis)
        results = [np.take_along_axis(x, chosen, axis=self.axis)] if self.return_values else []
        if self.return_indices:
            results.append(chosen.astype(self.idx_dtype))
        for storage, value in zip(output_storage, results, strict=True):
            storage[0] = value

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        lengths = list(input_shapes[0])
        lengths[self.axis] = row("abs_")(node.inputs[1])
        return [tuple(lengths)] * len(node.outputs)

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        of_values = [True] * self.return_values + [False] * self.return_indices
        return [of_values, [False] * len(node.outputs)]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        (x, k), g = inputs, output_grads[0]
        if not self.return_values or isinstance(g.type, DisconnectedType) or is_discrete(x.dtype):
            return [zeros_of(x), DisconnectedType()()]
        indices = TopKOp(self.axis, self.sorted, self.idx_dtype, True, True)(x, k)[1]
        return [_scattered(x, indices, self.axis % x.ndim, g), DisconnectedType()()]


def _topk(x: Any, kth: Any, axis: int | None, sorted: bool, idx_dtype: str, values: bool, indices: bool) -> Any:
    x = as_tensor_variable(x)
    if axis is None:
        x, axis = flatten(x), 0
    return TopKOp(axis, sorted, idx_dtype, values, indices)(x, kth)


def topk(x: Any, kth: Any, axis: int | None = -1, sorted: bool = True, idx_dtype: str = "int64") -> Any:
    """Return the `kth` largest elements along an axis (the -kth smallest, if negative), the most extreme first."""
    return _topk(x, kth, axis, sorted, idx_dtype, True, False)


def argtopk(x: Any, kth: Any, axis: int | None = -1, sorted: bool = True, idx_dtype: str = "int64") -> Any:
    """Return the indices of the `kth` largest elements along an axis; see `topk`."""
    return _topk(x, kth, axis, sorted, idx_dtype, False, True)


def topk_and_argtopk(x: Any, kth: Any, axis: int | None = -1, sorted: bool = True, idx_dtype: str = "int64") -> Any:
    """Return the `kth` largest elements along an axis, and their indices; see `topk`."""
    return _topk(x, kth, axis, sorted, idx_dtype, True, True)
