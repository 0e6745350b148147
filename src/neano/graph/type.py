"""`Type`: what values a variable may stand for, and how foreign values are brought into that form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neano.graph.variable import Constant, Variable


class Type:
    """Describes the set of values that a `Variable` may hold.

    A subclass defines `filter` and equality; the rest has defaults. Two variables with equal types may stand for each
    other. `variable_class` and `constant_class` say which kind of variable carries values of this type.
    """

    variable_class: type[Variable]
    constant_class: type[Constant]

    def filter(self, data: Any, strict: bool = False, allow_downcast: bool | None = None) -> Any:
        """Return `data` in this type's own form, without a copy where possible.

        Args:
            data: what the user gave.
            strict: refuse anything that is not already of the exact form.
            allow_downcast: True permits loss of precision, False forbids it, None permits it only where the type says
                so (a Python float for a floatX tensor).

        Raises:
            TypeError: where the value cannot be taken.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define filter")

    def is_valid_value(self, a: Any, strict: bool = True) -> bool:
        """Say whether `filter` would take the value."""
        try:
            self.filter(a, strict=strict)
        except (TypeError, ValueError):
            return False
        return True

    def filter_variable(self, other: Any, allow_convert: bool = True) -> Variable:
        """Return a variable of this type that stands for `other` (a variable or a plain value)."""
        from neano.graph.variable import Variable

        given: Variable = other if isinstance(other, Variable) else self.make_constant(self.filter(other))
        if given.type == self:
            return given
        converted = self.convert_variable(given) if allow_convert else None
        if converted is None:
            raise TypeError(f"cannot use {other} of type {other.type} where a variable of type {self} is expected")
        return converted

    def convert_variable(self, variable: Variable) -> Variable | None:
        """Return `variable` made into this type without change of its values, or None where that cannot be done."""
        return variable if variable.type == self else None

    def in_same_class(self, other: Type) -> bool:
        """Say whether a value of one type may always be stored where the other is expected."""
        return self == other

    def make_variable(self, name: str | None = None) -> Variable:
        """Return a fresh root variable of this type."""
        return self.variable_class(self, name=name)

    def make_constant(self, value: Any, name: str | None = None) -> Constant:
        """Return a constant of this type."""
        return self.constant_class(self, value, name=name)

    def __call__(self, name: str | None = None) -> Variable:
        """Return a fresh root variable of this type: `dmatrix("x")`."""
        return self.make_variable(name)

    def values_eq(self, a: Any, b: Any) -> bool:
        """Say whether two values are exactly equal."""
        return bool(a == b)

    def values_eq_approx(self, a: Any, b: Any) -> bool:
        """Say whether two values are equal but for rounding."""
        return self.values_eq(a, b)

    def may_share_memory(self, a: Any, b: Any) -> bool:
        """Say whether writing to one value could change the other."""
        return a is b
