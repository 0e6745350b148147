"""`Assert`: a value that is only to be used where conditions hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.null_type import DisconnectedType
from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.tensor.convert import as_tensor_variable


class Assert(Op):
    """The first input, provided that all others, which are scalars, are true: `Assert("why")(value, *conditions)`.

    Args:
        msg: the text of the error.

    Raises:
        AssertionError: (at run time) a condition is false.
    """

    __props__ = ("msg",)
    view_map = {0: [0]}  # noqa: RUF012

    def __init__(self, msg: str = "Neano Assert failed!") -> None:
        self.msg = msg

    def make_node(self, value: Any, *conditions: Any) -> Apply:
        value = as_tensor_variable(value)
        tests = [as_tensor_variable(np.asarray(c) if isinstance(c, bool) else c) for c in conditions]
        for test in tests:
            if test.ndim != 0:
                raise TypeError(f"the conditions of Assert are scalars, not {test} with {test.ndim} dimensions")
        return Apply(self, [value, *tests], [value.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        value, *tests = inputs
        if not all(tests):
            raise AssertionError(self.msg)
        output_storage[0][0] = value

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [input_shapes[0]]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], *[[False] for _ in node.inputs[1:]]]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        return [output_grads[0], *[DisconnectedType()() for _ in inputs[1:]]]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [eval_points[0]]


assert_op = Assert()
