"""Elements and blocks repeated: `repeat`, `tile`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.null_type import DisconnectedType
from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.dtypes import is_discrete
from neano.scalar.rows import row
from neano.tensor.convert import as_tensor_variable
from neano.tensor.creation import alloc, shape_entries
from neano.tensor.indexing import getitem, inc_subtensor
from neano.tensor.ranges import arange
from neano.tensor.rearrange import normalize_axes, shape_padleft
from neano.tensor.shape import flatten, product_of, reshape, shape, shape_tuple
from neano.tensor.static import int64_scalar
from neano.tensor.type import TensorType


class RepeatOp(Op):
    """Each element along an axis repeated as often as a vector says, or each as often as a scalar says.

    Args:
        axis: the axis; None for the flattened array.

    Raises:
        ValueError: (at run time) the vector's length is not that of the axis, or an entry is negative.
    """

    __props__ = ("axis",)

    def __init__(self, axis: int | None = None) -> None:
        self.axis = None if axis is None else int(axis)

    def make_node(self, x: Any, repeats: Any) -> Apply:
        x, repeats = as_tensor_variable(x), as_tensor_variable(repeats)
        if not is_discrete(repeats.dtype) or repeats.dtype == "bool":
            raise TypeError(f"repeats must be integers, not {repeats} of dtype {repeats.dtype}")
        if repeats.ndim > 1:
            raise ValueError("The dimension of repeats should not exceed 1.")
        if self.axis is None:
            return Apply(self, [x, repeats], [TensorType(x.dtype, (None,))()])
        (axis,) = normalize_axes(self.axis, x.ndim)
        op = self if axis == self.axis else RepeatOp(axis)
        return Apply(
            op, [x, repeats], [TensorType(x.dtype, [None if i == axis else n for i, n in enumerate(x.type.shape)])()]
        )

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        x, repeats = inputs
        output_storage[0][0] = np.repeat(x, repeats.astype("int64"), axis=self.axis)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        lengths, repeats = input_shapes[0], node.inputs[1]
        if repeats.type.ndim == 0:  # type: ignore[attr-defined]
            along = product_of(lengths) if self.axis is None else lengths[self.axis]
            repeated = along * int64_scalar(repeats)
        else:
            repeated = repeats.sum(dtype="int64")  # type: ignore[attr-defined]
        if self.axis is None:
            return [(repeated,)]
        return [tuple(repeated if i == self.axis else n for i, n in enumerate(lengths))]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], [False]]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        """Each element receives the sum of what its copies receive."""
        (x, repeats), (g,) = inputs, output_grads
        whole = flatten(x) if self.axis is None else x
        axis = self.axis or 0
        origins = RepeatOp(0)(arange(whole.shape[axis]), repeats)
        zeros = row("second")(whole, np.zeros((), g.dtype))
        total = inc_subtensor(getitem(zeros, (*[slice(None)] * axis, origins)), g)
        return [reshape(total, shape(x), ndim=x.ndim), DisconnectedType()()]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None] if eval_points[0] is None else [self(eval_points[0], inputs[1])]


def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Return `x` with each element along an axis repeated.

    Args:
        x: a tensor.
        repeats: how often: a number for all, or a vector with one for each element.
        axis: the axis; None flattens `x` first.

    Raises:
        ValueError: `repeats` has more than one dimension, or there is no such axis.
        TypeError: `repeats` is not made of integers.
    """
    x, repeats = as_tensor_variable(x), as_tensor_variable(repeats)
    if repeats.ndim > 1:
        raise ValueError("The dimension of repeats should not exceed 1.")
    if repeats.ndim == 1 and not repeats.broadcastable[0]:
        return RepeatOp(axis)(x, repeats)
    number = int64_scalar(repeats[0] if repeats.ndim == 1 else repeats)
    if axis is None:
        x, axis = flatten(x), 0
    (axis,) = normalize_axes(axis, x.ndim)
    lengths = shape_tuple(x)
    # a new axis that stretches over the copies, then joined with the one before it
    widened = alloc(
        x.dimshuffle(*range(axis + 1), "x", *range(axis + 1, x.ndim)),
        *lengths[: axis + 1],
        number,
        *lengths[axis + 1 :],
    )
    return reshape(widened, [*lengths[:axis], lengths[axis] * number, *lengths[axis + 1 :]], ndim=x.ndim)


def tile(x: Any, reps: Any, ndim: int | None = None) -> Any:
    """Return `x` repeated as a block along each dimension.

    Args:
        x: a tensor.
        reps: how often: an integer, a sequence with one for each dimension, or a vector of known length.
        ndim: the rank of the result; by default the larger of those of `x` and of `reps`.

    Raises:
        ValueError: `ndim` is less than the length of `reps`, or that length is not known.
        TypeError: the repetitions are not integers.
    """
    x = as_tensor_variable(x)
    numbers = [reps] if isinstance(reps, (int, np.integer)) else shape_entries(reps)
    if ndim is not None and ndim < len(numbers):
        raise ValueError(f"ndim is {ndim}, but reps has {len(numbers)} entries")
    rank = max(len(numbers), x.ndim) if ndim is None else max(ndim, x.ndim)
    numbers = [int64_scalar(n) for n in [*[1] * (rank - len(numbers)), *numbers]]
    if x.ndim < rank:
        x = shape_padleft(x, rank - x.ndim)
    lengths = shape_tuple(x)
    pairs = [entry for pair in zip(numbers, lengths, strict=True) for entry in pair]
    spread = x.dimshuffle(*[entry for i in range(rank) for entry in ("x", i)])
    return reshape(alloc(spread, *pairs), [n * length for n, length in zip(numbers, lengths, strict=True)], ndim=rank)
