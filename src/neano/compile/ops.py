"""Ops that compiling puts into graphs: `deep_copy_op` and `view_op`, which decide what a function's results share."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.op import Op
from neano.graph.variable import Apply, Variable


class _Identity(Op):
    """Gives its input on; says everything but how the value is handed over."""

    __props__ = ()

    def make_node(self, x: Variable) -> Apply:
        return Apply(self, [x], [x.type()])

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return list(input_shapes)

    def grad(self, inputs: Sequence[Variable], output_grads: Sequence[Variable]) -> Sequence[Variable]:
        return list(output_grads)

    def R_op(self, inputs: Sequence[Variable], eval_points: Sequence[Variable | None]) -> Sequence[Variable | None]:
        return list(eval_points)


class DeepCopyOp(_Identity):
    """A copy that shares nothing with the original."""

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        (x,) = inputs
        output_storage[0][0] = x.copy() if type(x) is np.ndarray else copy.deepcopy(x)


class ViewOp(_Identity):
    """The value itself."""

    view_map = {0: [0]}  # noqa: RUF012

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        output_storage[0][0] = inputs[0]


deep_copy_op = DeepCopyOp()
view_op = ViewOp()
