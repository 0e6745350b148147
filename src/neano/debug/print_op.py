"""`Print`: the identity that prints what passes through it while a function runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from neano.graph.op import Op
from neano.graph.variable import Apply, Variable
from neano.tensor.convert import as_tensor_variable


def print_attributes(op: Print, value: Any) -> None:
    """Print the attributes that a `Print` names, a line each: message, attribute, its value (called if it can be)."""
    for name in op.attrs:
        attribute = getattr(value, name)
        print(op.message, name, "=", attribute() if callable(attribute) else attribute)


class Print(Op):
    """Gives its input as it is, and prints it each time the function runs.

    Args:
        message: what is printed before each value.
        attrs: which attributes or methods of the value are printed: `("shape", "mean")`.
        global_fn: called as `global_fn(op, value)` instead of printing the attributes.

    Printing what nothing reads does nothing: use the result in place of the input.
    """

    __props__ = ("message", "attrs", "global_fn")
    view_map = {0: [0]}  # noqa: RUF012

    def __init__(
        self,
        message: str = "",
        attrs: Sequence[str] = ("__str__",),
        global_fn: Callable[[Print, Any], None] = print_attributes,
    ) -> None:
        self.message = message
        self.attrs = tuple(attrs)
        self.global_fn = global_fn

    def make_node(self, x: Any) -> Apply:
        x = x if isinstance(x, Variable) else as_tensor_variable(x)
        return Apply(self, [x], [x.type.make_variable()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        output_storage[0][0] = inputs[0]
        self.global_fn(self, inputs[0])

    def do_constant_folding(self, node: Apply) -> bool:
        """Printing at compile time, once, is not what was asked for."""
        return False

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return list(input_shapes)

    def grad(self, inputs: Sequence[Variable], output_grads: Sequence[Variable]) -> Sequence[Variable]:
        return list(output_grads)

    def R_op(self, inputs: Sequence[Variable], eval_points: Sequence[Variable | None]) -> Sequence[Variable | None]:
        return list(eval_points)
