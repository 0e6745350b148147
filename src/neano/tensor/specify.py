"""Shapes that a user asserts: `specify_shape`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.null_type import DisconnectedType
from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.tensor import static
from neano.tensor import type as type_module
from neano.tensor.convert import as_tensor_variable, constant
from neano.tensor.rebroadcast import unbroadcast
from neano.tensor.shape import as_shape_vector, entry_variables, shape
from neano.tensor.static import static_entries
from neano.tensor.type import Shape, TensorType


class SpecifyShape(Op):
    """An array, with the assertion that its shape is as given: `SpecifyShape()(x, shape)`.

    Raises:
        AssertionError: (at run time) it is not.
    """

    __props__ = ()
    view_map = {0: [0]}  # noqa: RUF012

    def make_node(self, x: Any, shp: Any) -> Apply:
        x = as_tensor_variable(x)
        vector = as_shape_vector(shp)
        entries = static_entries(vector)
        if entries is not None and len(entries) != x.ndim:
            raise AssertionError(f"{x} has {x.ndim} dimensions, but its shape is specified with {len(entries)}")
        known = static.lengths_match_broadcast(entries or [None] * x.ndim)
        # a length of 1 is asserted, but whether a dimension broadcasts stays as it was declared
        lengths = [n if m is None or m == 1 else m for n, m in zip(x.type.shape, known, strict=True)]
        return Apply(self, [x, vector], [TensorType(x.dtype, lengths)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        x, wanted = inputs
        if x.shape != tuple(wanted):
            raise AssertionError(f"SpecifyShape: got shape {x.shape}, expected {tuple(int(n) for n in wanted)}")
        output_storage[0][0] = x

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        result = node.outputs[0].type.shape  # type: ignore[attr-defined]
        entries = entry_variables(node.inputs[1], static_entries(node.inputs[1]) or [None] * len(result))
        return [tuple(e if n is None else constant(np.int64(n)) for n, e in zip(result, entries, strict=True))]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], [False]]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        (g,) = output_grads
        return [self(g, inputs[1]), DisconnectedType()()]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None] if eval_points[0] is None else [self(eval_points[0], inputs[1])]


specify_shape = SpecifyShape()


@static.scalar_value.register(SpecifyShape)
def _same_value(op: SpecifyShape, node: Apply, index: int, follow: static.Follow) -> Any:
    return follow(node.inputs[0])


def declare_lengths(x: Any, lengths: Shape) -> Any:
    """Return `x` with these static lengths: checked at run time where they say more, forgotten where they say less."""
    x = unbroadcast(x, *[i for i, n in enumerate(lengths) if n is None and x.broadcastable[i]])
    if any(n is not None and x.type.shape[i] is None for i, n in enumerate(lengths)):
        x = specify_shape(x, [shape(x)[i] if n is None else n for i, n in enumerate(lengths)])
    return x


type_module.declare_lengths = declare_lengths
