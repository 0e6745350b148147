"""Types of placeholders for cotangents that are no values: of variables that nothing connects, and of undefined ones."""

from __future__ import annotations

from typing import Any

from neano.graph.type import Type
from neano.graph.variable import Constant, Variable


class DisconnectedType(Type):
    """The type of the cotangent of a variable on which the cost does not depend."""

    def filter(self, value: Any, strict: bool = False, allow_downcast: bool | None = None) -> Any:
        raise TypeError("a disconnected gradient has no value: the cost does not depend on the variable")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DisconnectedType)

    def __hash__(self) -> int:
        return hash(DisconnectedType)

    def __str__(self) -> str:
        return "DisconnectedType"


class NullType(Type):
    """The type of a cotangent that is mathematically undefined, or that nobody has written down.

    Args:
        why_null: the reason, which the error tells when the cotangent is wanted.
    """

    def __init__(self, why_null: str = "(no explanation was given)") -> None:
        self.why_null = why_null

    def filter(self, value: Any, strict: bool = False, allow_downcast: bool | None = None) -> Any:
        raise TypeError(f"an undefined gradient has no value: {self.why_null}")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(NullType)

    def __str__(self) -> str:
        return "NullType"


for _type in (DisconnectedType, NullType):
    _type.variable_class = Variable
    _type.constant_class = Constant

disconnected_type = DisconnectedType()


def grad_undefined(op: Any, x_pos: int, x: Variable, comment: str = "") -> Variable:
    """Return what an Op's `grad` gives for an input in which it has no derivative, mathematically.

    Args:
        op: the Op.
        x_pos: which input.
        x: the input.
        comment: why.
    """
    why = f"{op} has no derivative with respect to input {x_pos} ({x}): it is mathematically undefined. {comment}"
    return NullType(why.rstrip())()


def grad_not_implemented(op: Any, x_pos: int, x: Variable, comment: str = "") -> Variable:
    """Return what an Op's `grad` gives for an input in which its derivative has not been written."""
    why = f"the derivative of {op} with respect to input {x_pos} ({x}) is not implemented. {comment}"
    return NullType(why.rstrip())()
