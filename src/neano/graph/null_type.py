"""Types of gradients that are no values: `DisconnectedType` (there is none) and `NullType` (it cannot be had)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neano.graph.type import Type
from neano.graph.variable import Constant, Variable

if TYPE_CHECKING:
    from neano.graph.op import Op


class DisconnectedType(Type):
    """The type of a gradient with respect to something that the cost does not depend on. All are equal."""

    variable_class = Variable
    constant_class = Constant

    def filter(self, value: Any, strict: bool = False, allow_downcast: bool | None = None) -> Any:
        raise TypeError("a disconnected gradient has no value; it should never be computed")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(DisconnectedType)

    def __str__(self) -> str:
        return "DisconnectedType"


class NullType(Type):
    """The type of a gradient that is undefined or was never written; it carries the reason. All are equal.

    Args:
        why_null: what a user should be told who asks for the gradient.
    """

    variable_class = Variable
    constant_class = Constant

    def __init__(self, why_null: str = "(no explanation given)") -> None:
        self.why_null = why_null

    def filter(self, value: Any, strict: bool = False, allow_downcast: bool | None = None) -> Any:
        raise TypeError(f"a null gradient has no value: {self.why_null}")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(NullType)

    def __str__(self) -> str:
        return "NullType"


def undefined_gradient(op: Op, x_pos: int, x: Variable, comment: str = "") -> Variable:
    """Return the gradient of an input of which no function of the inputs is a derivative (a count, a random state)."""
    return NullType(_reason("is not defined", op, x_pos, x, comment))()


def missing_gradient(op: Op, x_pos: int, x: Variable, comment: str = "") -> Variable:
    """Return the gradient of an input whose derivative exists but was never written."""
    return NullType(_reason("is not implemented", op, x_pos, x, comment))()


def _reason(state: str, op: Op, position: int, x: Variable, comment: str) -> str:
    detail = f" ({comment})" if comment else ""
    return f"the gradient of {op} with respect to its input {position}, {x}, {state}{detail}"
