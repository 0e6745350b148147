"""`Generic`: the type of any Python object whatever; values pass as they are."""

from __future__ import annotations

from typing import Any

from neano.graph.type import Type
from neano.graph.variable import Constant, Variable


class GenericConstant(Constant):
    """Any Python object written in a graph; equal constants hold equal objects where those can be hashed."""

    def signature(self) -> Any:
        try:
            hash(self.data)
        except TypeError:
            return (self.type, "object", id(self.data))
        return (self.type, type(self.data), self.data)


class Generic(Type):
    """Any Python object.

    >>> generic.filter([1, "two"])
    [1, 'two']
    """

    variable_class = Variable
    constant_class = GenericConstant

    def filter(self, value: Any, strict: bool = False, allow_downcast: bool | None = None) -> Any:
        return value

    def is_valid_value(self, value: Any, strict: bool = True) -> bool:
        return True

    def values_eq(self, a: Any, b: Any) -> bool:
        equal = a == b
        return bool(equal.all()) if hasattr(equal, "all") else bool(equal)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    def __str__(self) -> str:
        return "Generic"

    def __repr__(self) -> str:
        return "Generic"


generic = Generic()
"""The one instance that is needed."""
