"""Running sums and products (`CumOp`), and the differences that undo them (`DiffOp`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.config import config
from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.dtypes import is_discrete
from neano.scalar.rows import row
from neano.tensor.convert import as_tensor_variable, constant
from neano.tensor.creation import alloc
from neano.tensor.indexing import getitem
from neano.tensor.join import join
from neano.tensor.shape import product_of, reshape, shape, shape_tuple
from neano.tensor.type import TensorType

_ACCUMULATE: dict[str, Any] = {"add": np.cumsum, "mul": np.cumprod}


class CumOp(Op):
    """Running sum or product along an axis, in the input's own dtype.

    Args:
        axis: the axis; None for the flattened array.
        mode: 'add' or 'mul'.

    Raises:
        ValueError: there is no such axis or mode.
    """

    __props__ = ("axis", "mode")

    def __init__(self, axis: int | None = None, mode: str = "add") -> None:
        if mode not in _ACCUMULATE:
            raise ValueError(f"CumOp: unknown mode {mode!r}; use 'add' or 'mul'")
        self.axis = None if axis is None else int(axis)
        self.mode = mode

    def make_node(self, x: Any) -> Apply:
        x = as_tensor_variable(x)
        if self.axis is None:
            return Apply(self, [x], [TensorType(x.dtype, (x.type.shape[0] if x.ndim == 1 else None,))()])
        if not -x.ndim <= self.axis < x.ndim:
            raise ValueError(f"axis(={self.axis}) out of bounds for {x} with {x.ndim} dimensions")
        op = self if self.axis >= 0 else CumOp(self.axis % x.ndim, self.mode)
        return Apply(op, [x], [TensorType(x.dtype, x.type.shape)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        (x,) = inputs
        with np.errstate(all="ignore"):
            output_storage[0][0] = _ACCUMULATE[self.mode](x, axis=self.axis, dtype=x.dtype)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [(product_of(input_shapes[0]),) if self.axis is None else tuple(input_shapes[0])]

    def _reversed(self, x: Any) -> Any:
        return getitem(x, (*[slice(None)] * (self.axis or 0), slice(None, None, -1)))

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        """What an element receives is the sum of what all later results receive; for products each divided by it."""
        (x,), (y,), (g,) = inputs, outputs, output_grads
        if is_discrete(y.dtype):
            return [x.zeros_like(dtype=config.floatX)]
        total = self._reversed(CumOp(self.axis, "add")(self._reversed(g if self.mode == "add" else y * g)))
        if self.axis is None and x.ndim != 1:
            total = reshape(total, shape(x), ndim=x.ndim)
        return [total if self.mode == "add" else total / x]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        (x,), (e,) = inputs, eval_points
        if e is None:
            return [None]
        if self.mode == "add":
            return [self(e)]
        return [self(x) * CumOp(self.axis, "add")(e / x)]

    def __str__(self) -> str:
        return f"CumOp{{{self.axis}, {self.mode}}}"


def cumsum(x: Any, axis: int | None = None) -> Any:
    """Return the running sum along an axis (None: of the flattened array), in the dtype of `x`."""
    return CumOp(axis, "add")(x)


def cumprod(x: Any, axis: int | None = None) -> Any:
    """Return the running product along an axis (None: of the flattened array), in the dtype of `x`."""
    return CumOp(axis, "mul")(x)


def CumsumOp(axis: int | None = None) -> CumOp:
    """Return the operation of `cumsum`; an older name."""
    return CumOp(axis, "add")


def CumprodOp(axis: int | None = None) -> CumOp:
    """Return the operation of `cumprod`; an older name."""
    return CumOp(axis, "mul")


class DiffOp(Op):
    """Differences of neighbours along an axis, taken n times.

    Args:
        n: how often.
        axis: the axis.

    Raises:
        ValueError: n is negative.
    """

    __props__ = ("n", "axis")

    def __init__(self, n: int = 1, axis: int = -1) -> None:
        if n < 0:
            raise ValueError(f"differences cannot be taken {n} times")
        self.n, self.axis = int(n), int(axis)

    def make_node(self, x: Any) -> Apply:
        x = as_tensor_variable(x)
        if not -x.ndim <= self.axis < x.ndim:
            raise ValueError(f"axis {self.axis} is out of bounds for {x} with {x.ndim} dimensions")
        axis = self.axis % x.ndim
        return Apply(
            self, [x], [TensorType(x.dtype, [self._left(n) if i == axis else n for i, n in enumerate(x.type.shape)])()]
        )

    def _left(self, length: int | None) -> int | None:
        """Return how many differences there are along the axis; one is not declared to broadcast."""
        left = None if length is None else max(length - self.n, 0)
        return None if left == 1 else left

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        output_storage[0][0] = np.diff(inputs[0], n=self.n, axis=self.axis).astype(inputs[0].dtype)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        lengths = list(input_shapes[0])
        lengths[self.axis] = row("maximum")(lengths[self.axis] - constant(np.int64(self.n)), constant(np.int64(0)))
        return [tuple(lengths)]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        (x,), (g,) = inputs, output_grads
        axis = self.axis % x.ndim
        for _ in range(self.n):
            layer = [constant(np.int64(1)) if i == axis else n for i, n in enumerate(shape_tuple(g))]
            edge = alloc(np.zeros((), g.dtype), *layer)
            g = join(axis, edge, g) - join(axis, g, edge)
        # of an axis shorter than n nothing was left to bring back: as many zeros as it is long
        return [getitem(g, (*[slice(None)] * axis, slice(None, shape_tuple(x)[axis])))]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None] if eval_points[0] is None else [self(eval_points[0])]


def diff(x: Any, n: int = 1, axis: int = -1) -> Any:
    """Return differences of neighbours along an axis, taken `n` times."""
    return DiffOp(n, axis)(x)
