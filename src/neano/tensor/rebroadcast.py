"""Which dimensions are declared to broadcast: `addbroadcast`, `unbroadcast`, `patternbroadcast`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.tensor import static
from neano.tensor.convert import as_tensor_variable, constant
from neano.tensor.type import TensorType


class Rebroadcast(Op):
    """An array whose declared broadcast pattern changes: `Rebroadcast((axis, True), (axis, False))(x)`.

    Args:
        axis: pairs of a dimension and whether it is to broadcast.

    Raises:
        ValueError: (at run time) a dimension declared to broadcast has another length than 1.
    """

    __props__ = ("items",)
    view_map = {0: [0]}  # noqa: RUF012

    def __init__(self, *axis: tuple[int, bool]) -> None:
        self.items = tuple(sorted((int(i), bool(b)) for i, b in dict(axis).items()))
        self.axis = dict(self.items)
        for i in self.axis:
            if i < 0:
                raise ValueError(f"Rebroadcast takes dimensions counted from 0, not {i}")

    def make_node(self, x: Any) -> Apply:
        x = as_tensor_variable(x)
        if self.axis and max(self.axis) >= x.ndim:
            raise ValueError(f"{x} has no dimension {max(self.axis)} to change")
        lengths: list[int | None] = list(x.type.shape)
        for i, broadcasts in self.items:
            lengths[i] = 1 if broadcasts else (None if lengths[i] == 1 else lengths[i])
        return Apply(self, [x], [TensorType(x.dtype, lengths)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        (x,) = inputs
        for i, broadcasts in self.items:
            if broadcasts and x.shape[i] != 1:
                raise ValueError(
                    f"Dimension {i} in Rebroadcast's input was supposed to be 1 (got {x.shape[i]} instead)"
                )
        output_storage[0][0] = x

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        one = constant(np.int64(1))
        return [tuple(one if self.axis.get(i) else n for i, n in enumerate(input_shapes[0]))]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        (x,), (g,) = inputs, output_grads
        return [Rebroadcast(*[(i, x.broadcastable[i]) for i in self.axis])(g)]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None] if eval_points[0] is None else [self(eval_points[0])]

    def __str__(self) -> str:
        if not self.axis:
            return "Rebroadcast{}"
        pattern = ["?"] * (max(self.axis) + 1)
        for i, broadcasts in self.items:
            pattern[i] = str(int(broadcasts))
        return f"Rebroadcast{{{','.join(pattern)}}}"


@static.scalar_value.register(Rebroadcast)
def _same_value(op: Rebroadcast, node: Apply, index: int, follow: static.Follow) -> Any:
    return follow(node.inputs[0])


def _rebroadcast(x: Any, wanted: dict[int, bool]) -> Any:
    """Return `x` with the broadcast pattern changed where it must, or `x` itself."""
    changes = [(i, b) for i, b in wanted.items() if x.broadcastable[i] != b]
    if not changes:
        return x
    for i, broadcasts in changes:
        if broadcasts and x.type.shape[i] not in (None, 1):
            raise ValueError(f"dimension {i} of {x} has length {x.type.shape[i]} and cannot broadcast")
    return Rebroadcast(*changes)(x)


def addbroadcast(x: Any, *axes: int) -> Any:
    """Return `x` with the given dimensions declared to broadcast; that their length is 1 is checked at run time."""
    x = as_tensor_variable(x)
    return _rebroadcast(x, dict.fromkeys(axes, True))


def unbroadcast(x: Any, *axes: int) -> Any:
    """Return `x` with the given dimensions declared not to broadcast."""
    x = as_tensor_variable(x)
    return _rebroadcast(x, dict.fromkeys(axes, False))


def patternbroadcast(x: Any, broadcastable: Sequence[bool]) -> Any:
    """Return `x` with this broadcast pattern; that lengths are 1 where it says so is checked at run time."""
    x = as_tensor_variable(x)
    return _rebroadcast(x, {i: bool(b) for i, b in enumerate(broadcastable)})
