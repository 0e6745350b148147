"""Advanced indexing, reading and writing: `AdvancedSubtensor` and `AdvancedIncSubtensor`, after NumPy's rules.

An index here has at least one integer tensor among integers, slices and new dimensions (masks have become integer
tensors before). The structure is held as `neano.tensor.index_list` describes; `Layout` says where each dimension of the
result comes from, once for types, shapes and backends. The most common form, one vector that picks rows, has Ops of its
own in `neano.tensor.take_rows`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.dtypes import is_discrete
from neano.scalar.op import zeros_of
from neano.scalar.rows import row
from neano.scalar.type import Scalar, as_scalar
from neano.tensor import index_list as index_lists
from neano.tensor.convert import as_tensor_variable
from neano.tensor.index_list import ARRAY, FRESH, IndexList, Kind
from neano.tensor.repeated_index import last_written_part, names_once
from neano.tensor.slices import Number, choose
from neano.tensor.static import int64_scalar
from neano.tensor.subtensor import (
    check_new_value,
    cotangent_of_value,
    disconnected,
    part_length,
    tangent_of_update,
    zero_like,
)
from neano.tensor.type import TensorType


@dataclass(frozen=True)
class Layout:
    """Where the dimensions of an advanced index's result come from.

    Attributes:
        index_rank: how many dimensions the index tensors have together (they broadcast against each other).
        dimensions: for each dimension of the result ("index", k), the k-th of these; ("slice", p, axis), entry p of the
            index list applied to that dimension of the array; or ("new", p), a new one of length 1.
    """

    index_rank: int
    dimensions: tuple[tuple[Any, ...], ...]


def layout(idx_list: IndexList, index_ranks: Sequence[int], rank: int) -> Layout:
    """Return where the result's dimensions come from.

    Index dimensions stand where the first integer or index tensor stood if all of these are neighbours, else in front.

    Args:
        idx_list: the index's structure.
        index_ranks: the number of dimensions of each index tensor, in order.
        rank: of the indexed array.
    """
    axis = 0
    dimensions: list[tuple[Any, ...]] = []
    place, pieces, neighbours = 0, 0, False
    for position, entry in enumerate(idx_list):
        if entry is None or isinstance(entry, slice):
            dimensions.append(("new", position) if entry is None else ("slice", position, axis))
            neighbours = False
        else:
            if not neighbours:
                place, pieces, neighbours = (len(dimensions) if pieces == 0 else 0), pieces + 1, True
        axis += entry is not None and entry is not FRESH
    dimensions += [("slice", None, left) for left in range(axis, rank)]
    index_rank = max(index_ranks, default=0)
    middle = [("index", k) for k in range(index_rank)]
    return Layout(index_rank, (*dimensions[:place], *middle, *dimensions[place:]))


class _AdvancedIndex(Op):
    """What reading and writing with an advanced index share."""

    idx_list: IndexList

    def _take_index(self, idx_list: Sequence[Any]) -> None:
        self.idx_list = index_lists.check_index_list(idx_list, allowed=(None, ARRAY, FRESH))
        self.key: tuple[Any, ...] = index_lists.key(self.idx_list)
        self.consumed = sum(entry is not None and entry is not FRESH for entry in self.idx_list)

    def _index_inputs(self, rank: int, given: Sequence[Any]) -> list[Any]:
        """Return the inputs of an index as variables: integer tensors, and scalars of the wanted types.

        Raises:
            IndexError: the index has more entries than the array dimensions.
            TypeError: an input is missing, extra, not an integer or of another dtype than the index list says.
        """
        if self.consumed > rank:
            raise IndexError(f"too many indices for array: it has {rank} dimensions, {self.consumed} were indexed")
        wanted = index_lists.inputs_wanted(self.idx_list)
        if len(given) != len(wanted):
            raise TypeError(f"{self} takes {len(wanted)} indices, {len(given)} were given")
        return [_index_input(kind, value) for kind, value in zip(wanted, given, strict=True)]

    def arrays_of(self, inputs: Sequence[Any]) -> list[Any]:
        """Return those of the index's inputs that are index tensors."""
        wanted = index_lists.inputs_wanted(self.idx_list)
        return [value for kind, value in zip(wanted, inputs, strict=True) if isinstance(kind, Kind)]

    def layout(self, rank: int, inputs: Sequence[Any]) -> Layout:
        """Return where the result's dimensions come from, for an array of some rank and these index inputs."""
        return layout(self.idx_list, [array.type.ndim for array in self.arrays_of(inputs)], rank)

    def part_shape(self, lengths: Sequence[Any], inputs: Sequence[Any], array_shapes: Sequence[Any]) -> tuple[Any, ...]:
        """Return the result's lengths: ints and 0-d tensors; None for what an unknown length (None) decides.

        Args:
            lengths: the array's.
            inputs: the index's inputs, as variables.
            array_shapes: the shapes of the index tensors among them.
        """
        index = index_lists.fill(self.idx_list, inputs, index_lists.known_integer)
        plan = self.layout(len(lengths), inputs)
        stretched = broadcast_lengths(array_shapes, plan.index_rank)
        shape: list[Any] = []
        for kind, where, *axis in plan.dimensions:
            if kind == "index":
                shape.append(stretched[where])
            elif kind == "new":
                shape.append(1)
            else:
                shape.append(part_length(slice(None) if where is None else index[where], lengths[axis[0]]))
        return tuple(shape)

    def _static_shape(self, x: Any, inputs: Sequence[Any]) -> tuple[int | None, ...]:
        shape = self.part_shape(x.type.shape, inputs, [array.type.shape for array in self.arrays_of(inputs)])
        return tuple(length if isinstance(length, int) else None for length in shape)

    def _numpy_index(self, x: Any, values: Sequence[Any]) -> tuple[Any, tuple[Any, ...]]:
        """Return the array, with the new dimensions that 0-d masks index, and the index that NumPy takes."""
        index = tuple(index_lists.fill(self.idx_list, values, int))
        if FRESH in self.idx_list:
            kept = [entry for entry in self.idx_list if entry is not None]
            x = x[tuple(None if entry is FRESH else slice(None) for entry in kept)]
        return x, index


def _index_input(kind: Any, value: Any) -> Any:
    if isinstance(kind, Scalar):
        scalar = as_scalar(value)
        if scalar.type != kind:
            raise TypeError(f"an index of type {kind} is needed, not {scalar} of type {scalar.type}")
        return scalar
    array = as_tensor_variable(value)
    if not is_discrete(array.dtype) or array.dtype == "bool":
        raise TypeError(f"index must be integers, not {array} of dtype {array.dtype}")
    return array


def broadcast_lengths(shapes: Sequence[Sequence[Number | None]], rank: int) -> list[Number | None]:
    """Return the lengths of index tensors that broadcast against each other; a length of 1 stretches at run time too.

    Raises:
        IndexError: two known lengths disagree.
    """
    padded = [(*[1] * (rank - len(shape)), *shape) for shape in shapes]
    return [_broadcast_length([shape[axis] for shape in padded]) for axis in range(rank)]


def _broadcast_length(lengths: Sequence[Number | None]) -> Number | None:
    known = {n for n in lengths if isinstance(n, int) and n != 1}
    if len(known) > 1:
        raise IndexError(f"shape mismatch: indexing arrays of lengths {sorted(known)} could not be broadcast together")
    if known:
        return known.pop()
    result: Number | None = 1
    for length in lengths:
        if length is None:
            return None
        if isinstance(length, int) or length is result:
            continue
        result = length if isinstance(result, int) else choose(row("eq")(result, 1), length, result)
    return result


class AdvancedSubtensor(_AdvancedIndex):
    """The elements of an array that index tensors name: `AdvancedSubtensor(idx_list)(x, *index_inputs)`.

    Args:
        idx_list: the structure of the index.

    Raises:
        IndexError: more entries than dimensions; at run time, an index is out of range or shapes do not broadcast.
    """

    __props__ = ("key",)

    def __init__(self, idx_list: Sequence[Any]) -> None:
        self._take_index(idx_list)

    def make_node(self, *inputs: Any) -> Apply:
        x = as_tensor_variable(inputs[0])
        index = self._index_inputs(x.ndim, inputs[1:])
        return Apply(self, [x, *index], [TensorType(x.dtype, self._static_shape(x, index))()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        x, index = self._numpy_index(inputs[0], inputs[1:])
        output_storage[0][0] = np.asarray(x[index])

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        lengths = part_lengths(self, node.inputs[0], node.inputs[1:], input_shapes[0], input_shapes[1:])
        return [tuple(int64_scalar(n) for n in lengths)]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], *[[False] for _ in node.inputs[1:]]]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        x, *index = inputs
        zeros = zeros_of(x)
        if not is_discrete(x.dtype):
            zeros = AdvancedIncSubtensor(self.idx_list)(zeros, output_grads[0], *index)
        return [zeros, *disconnected(len(index))]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None if eval_points[0] is None else self(eval_points[0], *inputs[1:])]

    def __str__(self) -> str:
        return "AdvancedSubtensor"


def part_lengths(
    op: _AdvancedIndex, x: Any, index: Sequence[Any], x_shape: Sequence[Any], index_shapes: Sequence[Any]
) -> tuple[Any, ...]:
    """Return the lengths of an advanced index's result from the shapes of inputs; ints where they are known."""

    def known_first(variable: Any, shape: Sequence[Any]) -> list[Any]:
        return [given if fixed is None else fixed for given, fixed in zip(shape, variable.type.shape, strict=True)]

    wanted = index_lists.inputs_wanted(op.idx_list)
    arrays = [
        known_first(variable, shape)
        for kind, variable, shape in zip(wanted, index, index_shapes, strict=True)
        if isinstance(kind, Kind)
    ]
    return op.part_shape(known_first(x, x_shape), index, arrays)


class AdvancedIncSubtensor(_AdvancedIndex):
    """An array with indexed elements set or raised: `AdvancedIncSubtensor(idx_list)(x, y, *index_inputs)`.

    Where an element is indexed more than once, its increments add up, and of values that it is set to the last stays.

    Args:
        idx_list: the structure of the index.
        inplace: write into `x` itself.
        set_instead_of_inc: set rather than add.
    """

    __props__ = ("key", "inplace", "set_instead_of_inc")

    def __init__(self, idx_list: Sequence[Any], inplace: bool = False, set_instead_of_inc: bool = False) -> None:
        self._take_index(idx_list)
        self.inplace = inplace
        self.set_instead_of_inc = set_instead_of_inc
        if inplace:
            self.destroy_map = {0: [0]}

    def make_node(self, *inputs: Any) -> Apply:
        x, y = as_tensor_variable(inputs[0]), as_tensor_variable(inputs[1])
        index = self._index_inputs(x.ndim, inputs[2:])
        check_new_value(x, y, self._static_shape(x, index))
        return Apply(self, [x, y, *index], [x.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        x, y, *values = inputs
        result = x if self.inplace else x.copy()
        part, index = self._numpy_index(result, values)
        value = np.asarray(y).astype(result.dtype, copy=False)
        if self.set_instead_of_inc:
            part[index] = value
        else:
            # given all elements, for NumPy 2.4 reads beyond a vector that stretches over a matrix of indices
            np.add.at(part, index, np.broadcast_to(value, part[index].shape))
        output_storage[0][0] = result

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [input_shapes[0]]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], [True], *[[False] for _ in node.inputs[2:]]]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        x, y, *index = inputs
        (g,) = output_grads
        if is_discrete(x.dtype):
            return [zeros_of(x), zeros_of(y), *disconnected(len(index))]
        g_x, part = g, AdvancedSubtensor(self.idx_list)(g, *index)
        if self.set_instead_of_inc:
            read, write = AdvancedSubtensor(self.idx_list), AdvancedIncSubtensor(self.idx_list, set_instead_of_inc=True)
            g_x = write(g, zero_like(g), *index)
            if not names_once(self.arrays_of(index)):
                part = last_written_part(part, x, lambda a: read(a, *index), lambda a, v: write(a, v, *index))
        return [g_x, cotangent_of_value(part, y), *disconnected(len(index))]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [tangent_of_update(self, inputs, eval_points)]

    def __str__(self) -> str:
        return f"AdvancedIncSubtensor{{inplace={self.inplace},  set_instead_of_inc={self.set_instead_of_inc}}}"
