"""Basic indexing: `Subtensor` takes `x[i, 1:n]` as a view; `IncSubtensor` copies `x` with that part set or added to.

The two are each other's derivatives, so they live together. Both hold the index's structure (see
`neano.tensor.index_list`) and take its numbers as scalar inputs behind the array (and the new value).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.null_type import DisconnectedType
from neano.graph.op import Op
from neano.graph.variable import Apply, Variable
from neano.scalar.dtypes import is_complex, is_discrete
from neano.scalar.op import onto, zeros_of
from neano.scalar.type import as_scalar
from neano.tensor import index_list as index_lists
from neano.tensor import static
from neano.tensor.convert import as_tensor_variable
from neano.tensor.index_list import IndexList
from neano.tensor.slices import Number, slice_extent
from neano.tensor.static import int64_scalar
from neano.tensor.type import TensorType


class _BasicIndex(Op):
    """What reading and writing with a basic index share: the index list, its text and its inputs."""

    idx_list: IndexList

    def _take_index(self, idx_list: Sequence[Any]) -> None:
        self.idx_list = index_lists.check_index_list(idx_list, allowed=())
        self.key: tuple[Any, ...] = index_lists.key(self.idx_list)

    def _index_inputs(self, rank: int, numbers: Sequence[Any]) -> list[Any]:
        """Return the numbers of an index as scalar variables of the wanted types.

        Raises:
            IndexError: the index has more entries than the array dimensions.
            TypeError: a number is missing, extra or of another dtype.
        """
        if len(self.idx_list) > rank:
            raise IndexError(f"too many indices for array: it has {rank} dimensions, {len(self.idx_list)} were indexed")
        wanted = index_lists.inputs_wanted(self.idx_list)
        scalars = [
            as_scalar(number) if isinstance(number, Variable) else kind.make_constant(number)
            for number, kind in zip(numbers, wanted, strict=False)
        ]
        given = [scalar.type for scalar in scalars]
        if given != wanted or len(numbers) != len(wanted):
            raise TypeError(f"{self} takes indices of types {wanted}, {given} were given")
        return scalars

    def _shape_of_part(self, lengths: Sequence[Any], numbers: Sequence[Any]) -> tuple[Any, ...]:
        """Return the indexed part's lengths: ints and 0-d tensors; None for what an unknown length (None) decides."""
        index = index_lists.fill(self.idx_list, numbers, index_lists.known_integer)
        index += [slice(None)] * (len(lengths) - len(index))
        return tuple(
            part_length(entry, length) for entry, length in zip(index, lengths, strict=True) if isinstance(entry, slice)
        )

    def _static_shape(self, x: Any, numbers: Sequence[Any]) -> tuple[int | None, ...]:
        """Return the lengths of the indexed part that are known while the graph is built."""
        shape = self._shape_of_part(x.type.shape, numbers)
        return tuple(length if isinstance(length, int) else None for length in shape)


def part_length(bounds: slice, length: Number | None) -> Number | None:
    """Return how many elements a slice takes of a dimension; None where that takes a length that is unknown (None).

    Args:
        bounds: start, stop and step: None, ints or 0-d int64 tensors.
        length: the dimension's: an int, a 0-d int64 tensor, or None.
    """
    if bounds == slice(None) or length is not None:
        return length if bounds == slice(None) else slice_extent(bounds, length).count
    return None


def run_time_index(idx_list: IndexList, values: Sequence[Any]) -> tuple[Any, ...]:
    """Return the index that NumPy takes, with a trailing ellipsis, so that a single element is a 0-d array."""
    return (*index_lists.fill(idx_list, values, int), ...)


def disconnected(count: int) -> list[Any]:
    """Return gradients for a number of inputs that results do not depend on smoothly."""
    return [DisconnectedType()() for _ in range(count)]


class Subtensor(_BasicIndex):
    """The part of an array that integers and slices name: `Subtensor(idx_list)(x, *numbers)`, a view.

    Args:
        idx_list: the structure of the index: scalar types, and slices of scalar types or None.

    Raises:
        IndexError: more entries than dimensions; at run time, an integer is out of range.
    """

    __props__ = ("key",)
    view_map = {0: [0]}  # noqa: RUF012

    def __init__(self, idx_list: Sequence[Any]) -> None:
        self._take_index(idx_list)

    def make_node(self, *inputs: Any) -> Apply:
        x = as_tensor_variable(inputs[0])
        numbers = self._index_inputs(x.ndim, inputs[1:])
        return Apply(self, [x, *numbers], [TensorType(x.dtype, self._static_shape(x, numbers))()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        output_storage[0][0] = inputs[0][run_time_index(self.idx_list, inputs[1:])]

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        known = node.inputs[0].type.shape  # type: ignore[attr-defined]
        lengths = [given if fixed is None else fixed for given, fixed in zip(input_shapes[0], known, strict=True)]
        return [tuple(int64_scalar(n) for n in self._shape_of_part(lengths, node.inputs[1:]))]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], *[[False] for _ in node.inputs[1:]]]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        x, *numbers = inputs
        zeros = zeros_of(x)
        if not is_discrete(x.dtype):
            zeros = IncSubtensor(self.idx_list)(zeros, output_grads[0], *numbers)
        return [zeros, *disconnected(len(numbers))]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None if eval_points[0] is None else self(eval_points[0], *inputs[1:])]

    def __str__(self) -> str:
        return f"Subtensor{{{index_lists.text(self.idx_list)}}}"


class IncSubtensor(_BasicIndex):
    """An array with a part set to, or raised by, a value: `IncSubtensor(idx_list)(x, y, *numbers)`.

    The result has the type of `x`; `y` is converted to its dtype and broadcasts to the part.

    Args:
        idx_list: the structure of the index, as for `Subtensor`.
        inplace: write into `x` itself.
        set_instead_of_inc: set rather than add.
        destroyhandler_tolerate_aliased: pairs of inputs that may share memory although one is overwritten.
    """

    __props__ = ("key", "inplace", "set_instead_of_inc")

    def __init__(
        self,
        idx_list: Sequence[Any],
        inplace: bool = False,
        set_instead_of_inc: bool = False,
        destroyhandler_tolerate_aliased: Sequence[tuple[int, int]] | None = None,
    ) -> None:
        self._take_index(idx_list)
        self.inplace = inplace
        self.set_instead_of_inc = set_instead_of_inc
        self.destroyhandler_tolerate_aliased = list(destroyhandler_tolerate_aliased or ())
        if inplace:
            self.destroy_map = {0: [0]}

    def make_node(self, *inputs: Any) -> Apply:
        x, y = as_tensor_variable(inputs[0]), as_tensor_variable(inputs[1])
        numbers = self._index_inputs(x.ndim, inputs[2:])
        check_new_value(x, y, self._static_shape(x, numbers))
        return Apply(self, [x, y, *numbers], [x.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        x, y, *numbers = inputs
        result = x if self.inplace else x.copy()
        part = result[run_time_index(self.idx_list, numbers)]
        value = np.asarray(y).astype(result.dtype, copy=False)
        part[...] = value if self.set_instead_of_inc else part + value
        output_storage[0][0] = result

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [input_shapes[0]]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], [True], *[[False] for _ in node.inputs[2:]]]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        x, y, *numbers = inputs
        (g,) = output_grads
        if is_discrete(x.dtype):
            return [zeros_of(x), zeros_of(y), *disconnected(len(numbers))]
        part, g_x = Subtensor(self.idx_list)(g, *numbers), g
        if self.set_instead_of_inc:
            g_x = IncSubtensor(self.idx_list, set_instead_of_inc=True)(g, zero_like(g), *numbers)
        return [g_x, cotangent_of_value(part, y), *disconnected(len(numbers))]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [tangent_of_update(self, inputs, eval_points)]

    def __str__(self) -> str:
        action = ("Inplace" if self.inplace else "") + ("Set" if self.set_instead_of_inc else "Inc")
        return f"IncSubtensor{{{action};{index_lists.text(self.idx_list)}}}"


def check_new_value(x: Any, y: Any, part: Sequence[int | None]) -> None:
    """Check that a value may be put into a part of an array.

    Args:
        x: the array.
        y: the value.
        part: the part's static shape.

    Raises:
        TypeError: the value has more dimensions than the part, or is complex where the array is real.
        ValueError: known lengths disagree.
    """
    if y.ndim > len(part):
        raise TypeError(f"Trying to increment a {len(part)}-dimensional subtensor with a {y.ndim}-dimensional value.")
    if is_complex(y.dtype) and not is_complex(x.dtype):
        raise TypeError(f"a complex value cannot be put into {x} of dtype {x.dtype}")
    for wanted, given in zip(reversed(part), reversed(y.type.shape), strict=False):
        if wanted is not None and given not in (None, 1, wanted):
            raise ValueError(f"cannot put a value of shape {y.type.shape} into a part of shape {tuple(part)}")


def zero_like(g: Any) -> Any:
    """Return a 0-d zero of a tensor's dtype."""
    return as_tensor_variable(np.zeros((), dtype=g.dtype))


def cotangent_of_value(part: Any, y: Any) -> Any:
    """Return the cotangent of a value that was put into a part, from the part's own: summed where `y` was stretched."""
    if is_discrete(y.dtype):
        return zeros_of(y)
    extra = part.ndim - y.ndim
    if extra:
        part = part.sum(axis=list(range(extra)))
    stretched = [
        axis
        for axis, (narrow, wide) in enumerate(zip(y.type.broadcastable, part.type.broadcastable, strict=True))
        if narrow and not wide
    ]
    if stretched:
        part = part.sum(axis=stretched, keepdims=True)
    part = onto(y, part)
    return part if part.dtype == y.dtype else part.astype(y.dtype)


def tangent_of_update(op: Op, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Any:
    """Return the tangent of `op(x, y, *index)`, which is linear in `x` and `y` together; None where neither moves."""
    x, y, *index = inputs
    x_dot, y_dot = eval_points[:2]
    if x_dot is None and y_dot is None:
        return None
    return op(zeros_of(x) if x_dot is None else x_dot, zeros_of(y) if y_dot is None else y_dot, *index)


@static.scalar_value.register(Subtensor)
def _element_value(op: Subtensor, node: Apply, index: int, follow: static.Follow) -> Any:
    """Know one entry of a vector whose entries are known (a length of a shape), and any part of a filled array."""
    x = node.inputs[0]
    if x.type.ndim == 1 and len(op.idx_list) == 1 and not isinstance(op.idx_list[0], slice):  # type: ignore[attr-defined]
        entries = static.static_entries(x) if is_discrete(x.type.dtype) else None  # type: ignore[attr-defined]
        position = index_lists.known_integer(node.inputs[1])
        made_of = static.vector_elements(x.owner.op, x.owner) if x.owner is not None else ()
        if isinstance(position, int) and -len(made_of) <= position < len(made_of):
            return follow(made_of[position])
        if entries is not None and isinstance(position, int) and -len(entries) <= position < len(entries):
            entry = entries[position]
            if entry is not None:
                return np.asarray(entry, dtype=x.type.dtype)  # type: ignore[attr-defined]
    return follow(x)


@static.vector_entries.register(Subtensor)
def _slice_entries(op: Subtensor, node: Apply) -> Sequence[int | None] | None:
    """Know the entries of a slice of a vector whose entries are known (`x.shape[1:]`)."""
    if len(op.idx_list) != 1 or not isinstance(op.idx_list[0], slice) or node.inputs[0].type.ndim != 1:  # type: ignore[attr-defined]
        return None
    entries = static.static_entries(node.inputs[0])
    (bounds,) = index_lists.fill(op.idx_list, node.inputs[1:], index_lists.known_integer)
    known = all(part is None or isinstance(part, int) for part in index_lists.parts(bounds))
    return list(entries)[bounds] if entries is not None and known else None
