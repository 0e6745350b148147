"""Where the maximum stands: `MaxAndArgmax` and `Argmax`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.null_type import DisconnectedType
from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.op import zeros_of
from neano.tensor.convert import as_tensor_variable
from neano.tensor.reduce import expand_reduced, normalize_axis, resolve_axes
from neano.tensor.reductions import Max
from neano.tensor.type import TensorType


def reduced_axes(x: Any, axis: Any) -> tuple[int, ...]:
    """Return the axes over which an extreme element is sought: all where `axis` is None or names none.

    Raises:
        ValueError: the tensor has no such axis.
        TypeError: an axis is no constant integer.
    """
    return resolve_axes(normalize_axis(axis) or None, x)


def argmax_of(x: np.ndarray[Any, Any], axes: Sequence[int]) -> np.ndarray[Any, Any]:
    """Return where the maximum stands in the flattened `axes` of an array.

    Raises:
        ValueError: one of the axes has length 0.
    """
    if any(x.shape[i] == 0 for i in axes):
        raise ValueError(f"the maximum of nothing is not defined: the input has shape {x.shape}")
    kept = [i for i in range(x.ndim) if i not in axes]
    rows = x.transpose([*kept, *axes]).reshape(*[x.shape[i] for i in kept], math.prod(x.shape[i] for i in axes))
    return np.asarray(rows.argmax(axis=-1), dtype="int64")


class Argmax(Op):
    """The index of the first maximum in the given axes, flattened in increasing order.

    Args:
        axis: a tuple of axes.

    Raises:
        ValueError: (at run time) one of the axes has length 0.
    """

    __props__ = ("axis",)

    def __init__(self, axis: Any) -> None:
        self.axis = normalize_axis(axis)

    def make_node(self, x: Any, axis: Any = None) -> Apply:
        x = as_tensor_variable(x)
        axes = reduced_axes(x, self.axis if axis is None else axis)
        shape = [n for i, n in enumerate(x.type.shape) if i not in axes]
        op = self if axes == self.axis else Argmax(axes)
        return Apply(op, [x], [TensorType("int64", shape)("argmax")])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        output_storage[0][0] = argmax_of(inputs[0], self.axis or ())

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [tuple(n for i, n in enumerate(input_shapes[0]) if i not in (self.axis or ()))]

    def grad(self, inputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        return [zeros_of(inputs[0])]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None]


class MaxAndArgmax(Op):
    """The maximum over axes, and the index of the first one in those axes, flattened in increasing order.

    Args:
        axis: a tuple of axes.

    Raises:
        ValueError: (at run time) one of the axes has length 0.
    """

    __props__ = ("axis",)

    def __init__(self, axis: Any) -> None:
        self.axis = normalize_axis(axis)

    def make_node(self, x: Any) -> Apply:
        x = as_tensor_variable(x)
        axes = reduced_axes(x, self.axis)
        shape = [n for i, n in enumerate(x.type.shape) if i not in axes]
        op = self if axes == self.axis else MaxAndArgmax(axes)
        return Apply(op, [x], [TensorType(x.dtype, shape)("max"), TensorType("int64", shape)("argmax")])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        axes = self.axis or ()
        output_storage[1][0] = argmax_of(inputs[0], axes)
        output_storage[0][0] = np.asarray(np.max(inputs[0], axis=axes))

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [tuple(n for i, n in enumerate(input_shapes[0]) if i not in (self.axis or ()))] * 2

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True, False]]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        if isinstance(output_grads[0].type, DisconnectedType):
            return [zeros_of(inputs[0])]
        return Max(self.axis or ()).L_op(inputs, outputs[:1], output_grads[:1])

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [*Max(self.axis or ()).R_op(inputs, eval_points), None]


def max_and_argmax(a: Any, axis: Any = None, keepdims: bool = False) -> list[Any]:
    """Return the maximum over axes and the index where it stands first (in the reduced axes, flattened).

    Args:
        a: a tensor.
        axis: an axis, several, or None for all.
        keepdims: keep the reduced dimensions with length 1.
    """
    a = as_tensor_variable(a)
    axes = reduced_axes(a, axis)
    results = MaxAndArgmax(axes)(a)
    return [expand_reduced(r, axes, a.ndim) for r in results] if keepdims else list(results)


def argmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the index of the first maximum over axes; see `max_and_argmax`."""
    x = as_tensor_variable(x)
    axes = reduced_axes(x, axis)
    result = Argmax(axes)(x)
    return expand_reduced(result, axes, x.ndim) if keepdims else result
