"""`cpu_contiguous`: an array whose elements lie in C order without gaps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.tensor.convert import as_tensor_variable


class CpuContiguous(Op):
    """The input itself where its elements lie in C order without gaps, else a copy where they do."""

    __props__ = ()
    view_map = {0: [0]}  # noqa: RUF012

    def make_node(self, x: Any) -> Apply:
        x = as_tensor_variable(x)
        return Apply(self, [x], [x.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        output_storage[0][0] = np.asarray(inputs[0], order="C")

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [input_shapes[0]]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        return [self(output_grads[0])]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None] if eval_points[0] is None else [self(eval_points[0])]


cpu_contiguous = CpuContiguous()
