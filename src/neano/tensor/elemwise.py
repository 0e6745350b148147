"""`Elemwise`: a scalar function applied to each element of tensors that broadcast; `DimShuffle`: axes moved, added, dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import neano.scalar.op as scalar_op_module
from neano.graph.op import Op
from neano.graph.variable import Apply, Variable
from neano.scalar.op import ScalarOp
from neano.tensor.convert import as_tensor_variable
from neano.tensor.type import Shape, TensorType


class DimShuffle(Op):
    """Reorders, adds and drops dimensions without a copy.

    Args:
        input_broadcastable: the input's broadcast pattern.
        new_order: for each dimension of the result the input's dimension, or 'x' for a new one of length 1. Dimensions
            left out must broadcast.
        inplace: whether the result is a view (always, where a backend can).

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
            if isinstance(entry, (bool, str)) or not isinstance(entry, (int, np.integer)):
                raise TypeError(f"a new order of dimensions has ints and 'x', not {entry!r}")
            axis = int(entry)
            if not -len(self.input_broadcastable) <= axis < len(self.input_broadcastable):
                raise ValueError(f"dimension {axis} of new_order {tuple(new_order)} does not exist: the input has {len(self.input_broadcastable)}")
            order.append(axis % len(self.input_broadcastable))
        self.new_order = tuple(order)
        self.inplace = inplace
        kept = [axis for axis in order if axis != "x"]
        if len(set(kept)) != len(kept):
            raise ValueError(f"the same input dimension stands more than once in new_order {self.new_order}")
        self.shuffle = kept
        self.augment = [i for i, axis in enumerate(order) if axis == "x"]
        self.drop = [axis for axis in range(len(self.input_broadcastable)) if axis not in kept]
        for axis in self.drop:
            if not self.input_broadcastable[axis]:
                raise ValueError(f"cannot drop dimension {axis}, which does not broadcast (pattern {self.input_broadcastable})")

    def make_node(self, x: Any) -> Apply:  # type: ignore[override]
        x = as_tensor_variable(x)
        if x.type.broadcastable != self.input_broadcastable:
            if x.ndim != len(self.input_broadcastable):
                raise TypeError(f"DimShuffle for {len(self.input_broadcastable)} dimensions was given {x} with {x.ndim}")
            for axis in self.drop:
                if not x.type.broadcastable[axis]:
                    raise ValueError(f"cannot drop dimension {axis} of {x}, which does not broadcast")
        shape = [1 if axis == "x" else x.type.shape[axis] for axis in self.new_order]
        return Apply(self, [x], [TensorType(x.dtype, shape)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        (x,) = inputs
        x = x.transpose([*self.shuffle, *self.drop])[(..., *[0] * len(self.drop))] if self.drop else x.transpose(self.shuffle)
        output_storage[0][0] = np.expand_dims(x, tuple(self.augment)) if self.augment else x

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


class Elemwise(Op):
    """A scalar function of each element of tensors; dimensions declared to broadcast stretch, others must agree.

    Args:
        scalar_op: the function.
        inplace_pattern: output index -> index of the input whose memory it takes.
        name: how it is printed.
    """

    __props__ = ("scalar_op", "inplace_items")

    def __init__(
        self, scalar_op: ScalarOp, inplace_pattern: Mapping[int, int] | None = None, name: str | None = None
    ) -> None:
        self.scalar_op = scalar_op
        self.inplace_pattern = dict(inplace_pattern or {})
        self.inplace_items = tuple(sorted(self.inplace_pattern.items()))
        self.name = name
        if self.inplace_pattern:
            self.destroy_map = {output: [source] for output, source in self.inplace_pattern.items()}

    def make_node(self, *inputs: Any) -> Apply:
        operands = [as_tensor_variable(v) for v in inputs]
        if self.scalar_op.nin >= 0 and len(operands) != self.scalar_op.nin:
            raise TypeError(f"{self.scalar_op} takes {self.scalar_op.nin} operands, {len(operands)} were given")
        rank = max((v.ndim for v in operands), default=0)
        operands = [pad_left(v, rank) for v in operands]
        dtypes = self.scalar_op.output_dtypes(*[v.dtype for v in operands])
        shape = broadcast_static([v.type.shape for v in operands])
        for output, source in self.inplace_pattern.items():
            if operands[source].dtype != dtypes[output] or operands[source].type.broadcastable != tuple(n == 1 for n in shape):
                raise TypeError(f"{self}: output {output} does not fit into the memory of input {source} ({operands[source].type})")
        return Apply(self, operands, [TensorType(dtype, shape)() for dtype in dtypes])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        shape = run_time_shape(node, inputs)
        results = self.scalar_op.reference(inputs, [output.type.dtype for output in node.outputs])  # type: ignore[attr-defined]
        for i, (storage, value, output) in enumerate(zip(output_storage, results, node.outputs, strict=True)):
            array = np.asarray(value, dtype=output.type.dtype)  # type: ignore[attr-defined]
            if array.shape != shape:
                array = np.broadcast_to(array, shape).copy()
            if i in self.inplace_pattern:
                target = inputs[self.inplace_pattern[i]]
                target[...] = array
                array = target
            elif any(array is value or array.base is value for value in inputs):
                array = array.copy()
            storage[0] = array

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        one = as_tensor_variable(np.int64(1))
        shape = []
        for axis in range(node.outputs[0].type.ndim):  # type: ignore[attr-defined]
            source = next((i for i, v in enumerate(node.inputs) if not v.type.broadcastable[axis]), None)  # type: ignore[attr-defined]
            shape.append(one if source is None else input_shapes[source][axis])
        return [tuple(shape)] * len(node.outputs)

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        cotangents = self.scalar_op.L_op(inputs, outputs, output_grads)
        return [unbroadcast_cotangent(g, x) for g, x in zip(cotangents, inputs, strict=True)]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        raise NotImplementedError("replaced by neano.autodiff's engineer: tangent = sum of derivative times eval point")

    def __str__(self) -> str:
        if self.name:
            return self.name
        if self.inplace_pattern:
            return f"Elemwise{{{self.scalar_op}}}{self.inplace_items}"
        return f"Elemwise{{{self.scalar_op},no_inplace}}"


def pad_left(x: Any, rank: int) -> Any:
    """Return `x` with broadcasting dimensions added on the left up to a rank."""
    if x.ndim == rank:
        return x
    return DimShuffle(x.type.broadcastable, ["x"] * (rank - x.ndim) + list(range(x.ndim)))(x)


def broadcast_static(shapes: Sequence[Shape]) -> Shape:
    """Return the static shape of an elementwise result.

    Raises:
        ValueError: two known lengths other than 1 differ.
    """
    result: list[int | None] = []
    for axis, lengths in enumerate(zip(*shapes, strict=True)):
        known = {n for n in lengths if n is not None and n != 1}
        if len(known) > 1:
            raise ValueError(f"Dimension mismatch; the lengths {sorted(known)} meet in axis {axis} of shapes {list(shapes)}")
        result.append(known.pop() if known else (1 if all(n == 1 for n in lengths) else None))
    return tuple(result)


def run_time_shape(node: Apply, arrays: Sequence[Any]) -> tuple[int, ...]:
    """Return the shape of an elementwise result, with only the dimensions declared so allowed to stretch.

    Raises:
        ValueError: lengths differ along a dimension.
    """
    shape: list[int] = []
    for axis in range(node.outputs[0].type.ndim):  # type: ignore[attr-defined]
        length = None
        for position, (variable, array) in enumerate(zip(node.inputs, arrays, strict=True)):
            if variable.type.broadcastable[axis]:  # type: ignore[attr-defined]
                continue
            if length is None:
                length, first = array.shape[axis], position
            elif array.shape[axis] != length:
                raise ValueError(
                    f"Input dimension mis-match. (input[{first}].shape[{axis}] = {length}, "
                    f"input[{position}].shape[{axis}] = {array.shape[axis]})"
                )
        shape.append(1 if length is None else length)
    return tuple(shape)


def unbroadcast_cotangent(g: Any, x: Variable) -> Any:
    """Return a cotangent of an elementwise result summed over the dimensions in which the operand was stretched."""
    pattern = getattr(getattr(g, "type", None), "broadcastable", None)
    if pattern is None:  # a null or disconnected gradient
        return g
    axes = [i for i, (wide, narrow) in enumerate(zip(pattern, x.type.broadcastable, strict=True)) if narrow and not wide]  # type: ignore[attr-defined]
    return g.sum(axis=axes, keepdims=True) if axes else g


def lift(op: ScalarOp, inputs: Sequence[Any], **kwargs: Any) -> Any:
    """Build the elementwise operation of a scalar function on tensors."""
    return Elemwise(op)(*inputs, **kwargs)


scalar_op_module.lift = lift
