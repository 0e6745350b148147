"""`DimShuffle`: axes reordered, added and dropped, without a copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.tensor.convert import as_tensor_variable
from neano.tensor.type import TensorType


class DimShuffle(Op):
    """Reorders, adds and drops dimensions without a copy.

    Args:
        input_broadcastable: the input's broadcast pattern.
        new_order: for each dimension of the result the input's dimension, or 'x' for a new one of length 1. Dimensions
            left out must broadcast.
        inplace: whether the result is a view.

    Raises:
        ValueError: an index is out of range or twice there, or a dimension that does not broadcast is dropped.
        TypeError: an entry is neither an int nor 'x'.
    """

    __props__ = ("input_broadcastable", "new_order", "inplace")
    view_map = {0: [0]}  # noqa: RUF012

    def __init__(self, input_broadcastable: Sequence[bool], new_order: Sequence[Any], inplace: bool = True) -> None:
        self.input_broadcastable = tuple(map(bool, input_broadcastable))
        order: list[int | str] = []
        for entry in new_order:
            if isinstance(entry, str) and entry == "x":
                order.append("x")
                continue
            if isinstance(entry, bool) or not isinstance(entry, (int, np.integer)):
                raise TypeError(f"a new order of dimensions has ints and 'x', not {entry!r}")
            axis = int(entry)
            if not -len(self.input_broadcastable) <= axis < len(self.input_broadcastable):
                raise ValueError(
                    f"dimension {axis} of new_order {tuple(new_order)} does not exist: "
                    f"the input has {len(self.input_broadcastable)} dimensions"
                )
            order.append(axis % len(self.input_broadcastable))
        self.new_order = tuple(order)
        self.inplace = inplace
        if not inplace:
            self.view_map = {}
        kept = [axis for axis in order if axis != "x"]
        if len(set(kept)) != len(kept):
            raise ValueError(f"the same input dimension stands more than once in new_order {self.new_order}")
        self.shuffle = kept
        self.augment = [i for i, axis in enumerate(order) if axis == "x"]
        self.drop = [axis for axis in range(len(self.input_broadcastable)) if axis not in kept]
        for axis in self.drop:
            if not self.input_broadcastable[axis]:
                raise ValueError(
                    f"cannot drop dimension {axis}, which does not broadcast (pattern {self.input_broadcastable})"
                )

    def make_node(self, *inputs: Any) -> Apply:
        (given,) = inputs
        x = as_tensor_variable(given)
        if x.type.broadcastable != self.input_broadcastable:
            if x.ndim != len(self.input_broadcastable):
                raise TypeError(
                    f"DimShuffle for {len(self.input_broadcastable)} dimensions was given {x} with {x.ndim}"
                )
            for axis in self.drop:
                if not x.type.broadcastable[axis]:
                    raise ValueError(f"cannot drop dimension {axis} of {x}, which does not broadcast")
        shape = [1 if axis == "x" else x.type.shape[axis] for axis in self.new_order]
        return Apply(self, [x], [TensorType(x.dtype, shape)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        (x,) = inputs
        x = (
            x.transpose([*self.shuffle, *self.drop])[(..., *[0] * len(self.drop))]
            if self.drop
            else x.transpose(self.shuffle)
        )
        x = np.expand_dims(x, tuple(self.augment)) if self.augment else x
        output_storage[0][0] = x if self.inplace else x.copy()

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        (shape,) = input_shapes
        one = as_tensor_variable(np.int64(1))
        return [tuple(one if axis == "x" else shape[axis] for axis in self.new_order)]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        (x,), (g,) = inputs, output_grads
        back: list[Any] = ["x"] * x.ndim
        for position, axis in enumerate(self.new_order):
            if axis != "x":
                back[int(axis)] = position
        return [DimShuffle(g.type.broadcastable, back)(g)]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None] if eval_points[0] is None else [self(eval_points[0])]

    def __str__(self) -> str:
        order = ",".join(map(str, self.new_order))
        return f"InplaceDimShuffle{{{order}}}" if self.inplace else f"DimShuffle{{{order}}}"


def pad_left(x: Any, rank: int) -> Any:
    """Return `x` with broadcasting dimensions added on the left up to a rank."""
    if x.ndim == rank:
        return x
    return DimShuffle(x.type.broadcastable, ["x"] * (rank - x.ndim) + list(range(x.ndim)))(x)
