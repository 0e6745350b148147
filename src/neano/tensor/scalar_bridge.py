"""Between tensors of no dimensions and scalars: `ScalarFromTensor` and `TensorFromScalar`.

Indices are scalars (a slice bound is one number), while users write them as 0-d tensors; these two Ops join the worlds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.op import zeros_of
from neano.scalar.type import Scalar, ScalarConstant, ScalarVariable, as_scalar
from neano.tensor.convert import as_tensor_variable
from neano.tensor.type import TensorType
from neano.tensor.variable import TensorConstant, TensorVariable


class ScalarFromTensor(Op):
    """The number in a 0-d tensor."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        (tensor,) = inputs
        tensor = as_tensor_variable(tensor)
        if tensor.ndim != 0:
            raise TypeError(f"ScalarFromTensor takes a tensor of no dimensions, not {tensor} of type {tensor.type}")
        return Apply(self, [tensor], [Scalar(tensor.dtype)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        output_storage[0][0] = inputs[0][()]

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [()]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        return [tensor_from_scalar(output_grads[0])]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None if eval_points[0] is None else self(eval_points[0])]


class TensorFromScalar(Op):
    """A 0-d tensor that holds a number."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        scalar = as_scalar(*inputs)
        return Apply(self, [scalar], [TensorType(scalar.dtype, ())()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        output_storage[0][0] = np.asarray(inputs[0], dtype=node.outputs[0].type.dtype)  # type: ignore[attr-defined]

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [()]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        if outputs[0].type.dtype != output_grads[0].type.dtype:
            return [scalar_from_tensor(zeros_of(outputs[0]))]
        return [scalar_from_tensor(output_grads[0])]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None if eval_points[0] is None else self(eval_points[0])]


_scalar_from_tensor = ScalarFromTensor()
_tensor_from_scalar = TensorFromScalar()


def scalar_from_tensor(tensor: Any) -> Any:
    """Return the scalar variable that stands for the number in a 0-d tensor; a constant for a constant."""
    tensor = as_tensor_variable(tensor)
    if isinstance(tensor, TensorConstant) and tensor.ndim == 0:
        return Scalar(tensor.dtype).make_constant(tensor.data[()])
    if tensor.owner is not None and isinstance(tensor.owner.op, TensorFromScalar):
        return tensor.owner.inputs[0]
    return _scalar_from_tensor(tensor)


def tensor_from_scalar(scalar: Any) -> Any:
    """Return the 0-d tensor that stands for a scalar variable or number; a constant for a constant."""
    scalar = as_scalar(scalar)
    if isinstance(scalar, ScalarConstant):
        return as_tensor_variable(np.asarray(scalar.data, dtype=scalar.dtype))
    if scalar.owner is not None and isinstance(scalar.owner.op, ScalarFromTensor):
        return scalar.owner.inputs[0]
    return _tensor_from_scalar(scalar)


def _as_scalar(self: TensorType, tensor: TensorVariable) -> Any:
    return scalar_from_tensor(tensor)


TensorType.as_scalar = _as_scalar  # type: ignore[attr-defined]  # what `neano.scalar.type.as_scalar` asks a type for
ScalarVariable._as_TensorVariable = tensor_from_scalar  # type: ignore[attr-defined]  # what `as_tensor_variable` asks for
