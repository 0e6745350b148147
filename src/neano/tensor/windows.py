"""Windows of signals: `bartlett`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.config import config
from neano.graph.null_type import DisconnectedType
from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.rows import row
from neano.tensor.convert import constant
from neano.tensor.static import int64_scalar
from neano.tensor.type import TensorType


class Bartlett(Op):
    """The triangular window of a length."""

    __props__ = ()

    def make_node(self, M: Any) -> Apply:
        return Apply(self, [int64_scalar(M)], [TensorType(config.floatX, (None,))()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        output_storage[0][0] = np.bartlett(int(inputs[0])).astype(node.outputs[0].type.dtype)  # type: ignore[attr-defined]

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [(row("maximum")(node.inputs[0], constant(np.int64(0))),)]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[False]]

    def grad(self, inputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        return [DisconnectedType()()]


bartlett = Bartlett()
