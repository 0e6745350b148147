"""`Elemwise`: a scalar function applied to each element of tensors that broadcast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import neano.scalar.op as scalar_op_module
from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.op import ScalarOp, TableOp
from neano.tensor.convert import as_tensor_variable
from neano.tensor.dimshuffle import DimShuffle, pad_left
from neano.tensor.elemwise_derivatives import cotangents, differentiating, tangents, unbroadcast_cotangent
from neano.tensor.type import Shape, TensorType

__all__ = ["DimShuffle", "Elemwise", "broadcast_static", "lift", "pad_left", "run_time_shape", "unbroadcast_cotangent"]


class Elemwise(Op):
    """A scalar function of each element of tensors; dimensions declared to broadcast stretch, others must agree.

    Args:
        scalar_op: the function.
        inplace_pattern: output index -> index of the input whose memory it takes.
        name: how it is printed.
        nfunc_spec, openmp: taken for compatibility.
    """

    __props__ = ("scalar_op", "inplace_items")

    def __init__(
        self,
        scalar_op: ScalarOp,
        inplace_pattern: Mapping[int, int] | None = None,
        name: str | None = None,
        nfunc_spec: Any = None,
        openmp: bool | None = None,
    ) -> None:
        self.scalar_op = scalar_op
        self.inplace_pattern = dict(inplace_pattern or {})
        self.inplace_items = tuple(sorted(self.inplace_pattern.items()))
        self.name = name
        if self.inplace_pattern:
            self.destroy_map = {output: [source] for output, source in self.inplace_pattern.items()}

    def make_node(self, *inputs: Any) -> Apply:
        """Return the application to operands of any rank, padded on the left with dimensions that broadcast.

        Raises:
            TypeError: a wrong number of operands, or dtypes on which the function is not defined.
            ValueError: static lengths disagree, or an operand to be overwritten would have to stretch.
        """
        operands = [as_tensor_variable(v) for v in inputs]
        if self.scalar_op.nin >= 0 and len(operands) != self.scalar_op.nin:
            raise TypeError(
                f"Wrong number of inputs for {self.scalar_op}: it takes {self.scalar_op.nin}, not {len(operands)}"
            )
        rank = max((v.ndim for v in operands), default=0)
        operands = [pad_left(v, rank) for v in operands]
        dtypes = self.scalar_op.output_dtypes(*[v.dtype for v in operands])
        shape = broadcast_static([v.type.shape for v in operands])
        pattern = tuple(n == 1 for n in shape)
        for output, source in self.inplace_pattern.items():
            if operands[source].type.broadcastable != pattern:
                raise ValueError(f"{self}: input {source} would stretch, so output {output} cannot take its memory")
            if operands[source].dtype != dtypes[output]:
                raise TypeError(
                    f"{self}: output {output} has dtype {dtypes[output]} and cannot take the memory of input {source}, "
                    f"which has {operands[source].dtype}"
                )
        return Apply(self, operands, [TensorType(dtype, shape)() for dtype in dtypes])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        shape = run_time_shape(node, inputs)
        dtypes = [output.type.dtype for output in node.outputs]  # type: ignore[attr-defined]
        arrays = [np.asarray(a, dtype=d) for a, d in zip(self.scalar_op.reference(inputs, dtypes), dtypes, strict=True)]
        for i, (storage, array) in enumerate(zip(output_storage, arrays, strict=True)):
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
            patterns = [v.type.broadcastable for v in node.inputs]  # type: ignore[attr-defined]
            source = next((i for i, pattern in enumerate(patterns) if not pattern[axis]), None)
            shape.append(one if source is None else input_shapes[source][axis])
        return [tuple(shape)] * len(node.outputs)

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return self.scalar_op.connection_pattern(node)

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        return cotangents(self.scalar_op, inputs, outputs, output_grads)

    def grad(self, inputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        return self.L_op(inputs, self(*inputs, return_list=True), output_grads)

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return tangents(self.scalar_op, inputs, self(*inputs, return_list=True), eval_points)

    def __str__(self) -> str:
        if self.name:
            return self.name
        return f"Elemwise{{{self.scalar_op}}}{list(self.inplace_items) or ''}"


def broadcast_static(shapes: Sequence[Shape]) -> Shape:
    """Return the static shape of an elementwise result.

    Raises:
        ValueError: two known lengths other than 1 differ.
    """
    result: list[int | None] = []
    for axis, lengths in enumerate(zip(*shapes, strict=True)):
        known = {n for n in lengths if n is not None and n != 1}
        if len(known) > 1:
            raise ValueError(
                f"Dimension mismatch; the lengths {sorted(known)} meet in axis {axis} of the shapes {list(shapes)}"
            )
        result.append(known.pop() if known else (1 if all(n == 1 for n in lengths) else None))
    return tuple(result)


def run_time_shape(node: Apply, arrays: Sequence[Any]) -> tuple[int, ...]:
    """Return the shape of an elementwise result, with only the dimensions declared so allowed to stretch.

    Raises:
        ValueError: lengths differ along a dimension.
    """
    shape: list[int] = []
    for axis in range(node.outputs[0].type.ndim):  # type: ignore[attr-defined]
        length: int | None = None
        first = 0
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


_written_by_users: dict[TableOp, Elemwise] = {}
_written_by_derivatives: dict[TableOp, Elemwise] = {}


def lift(op: ScalarOp, inputs: Sequence[Any], **kwargs: Any) -> Any:
    """Build the elementwise operation of a scalar function on tensors.

    What users write prints as `Elemwise{exp,no_inplace}`, what derivatives build as `Elemwise{exp}`; they are equal.
    """
    known = _written_by_derivatives if differentiating.get() else _written_by_users
    elemwise = known.get(op) if isinstance(op, TableOp) else None
    if elemwise is None:
        elemwise = Elemwise(op, name=None if differentiating.get() else f"Elemwise{{{op},no_inplace}}")
        if isinstance(op, TableOp):
            known[op] = elemwise
    return elemwise(*inputs, **kwargs)


scalar_op_module.lift = lift
