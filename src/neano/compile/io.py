"""What `function()` takes and gives: `In` and `Out`, their base classes, and the older forms `Param` and tuples."""

from __future__ import annotations

import warnings
from typing import Any

from neano.graph.shared import Container, SharedVariable
from neano.graph.variable import Constant, Variable


class SymbolicInput:
    """One input of a function.

    Args:
        variable: what the input stands for in the graph.
        name: the keyword that passes it; by default the variable's name.
        update: an expression whose value replaces the input's own after each call.
        mutable: whether a call may overwrite the array that it is given; by default where there is an update.
        strict: refuse values that are not already of the exact form.
        allow_downcast: see `Type.filter`.
        autoname: take the name from the variable.
        implicit: the input keeps its own value and cannot be passed.

    Raises:
        TypeError: the update has another type than the variable.
    """

    def __init__(
        self,
        variable: Variable,
        name: str | None = None,
        update: Variable | None = None,
        mutable: bool | None = None,
        strict: bool = False,
        allow_downcast: bool | None = None,
        autoname: bool = True,
        implicit: bool | None = False,
    ) -> None:
        if not isinstance(variable, Variable):
            raise TypeError(f"an input stands for a variable, not for {variable!r} of {type(variable).__name__}")
        self.variable = variable
        self.name = variable.name if autoname and name is None else name
        if self.name is not None and not isinstance(self.name, str):
            raise TypeError(f"the name of an input is a string, not {self.name!r}")
        if update is not None and not isinstance(update, Variable):
            update = variable.type.filter_variable(update)
        if update is not None and not variable.type.in_same_class(update.type):
            raise TypeError(
                f"Variable {variable} has type {variable.type} but an update of type {update.type}. The type of the "
                "update should be the same as the type of the variable"
            )
        self.update = update
        self.mutable = update is not None if mutable is None else bool(mutable)
        self.strict = strict
        self.allow_downcast = allow_downcast
        self.implicit = bool(implicit)

    def __str__(self) -> str:
        if self.update is not None:
            return f"In({self.variable} -> {self.update})"
        return f"In({self.variable})"

    def __repr__(self) -> str:
        return str(self)


class In(SymbolicInput):
    """One input of a function, with its default.

    Args:
        variable, name, update, mutable, strict, allow_downcast, autoname: see `SymbolicInput`.
        value: the default, which makes the input optional: restored after each call unless there is an update, which
            then replaces it. A container or shared variable makes the input implicit.
        implicit: the input keeps its own value and cannot be passed; by default where `value` is a container.
        borrow: the function may keep the very array that it is given, and results may be that array; by default where
            the input is mutable.
        shared: the input is a shared variable that the function found in the graph.

    Raises:
        AssertionError: mutable without borrow.
    """

    def __init__(
        self,
        variable: Variable,
        name: str | None = None,
        value: Any = None,
        update: Variable | None = None,
        mutable: bool | None = None,
        strict: bool = False,
        allow_downcast: bool | None = None,
        autoname: bool = True,
        implicit: bool | None = None,
        borrow: bool | None = None,
        shared: bool = False,
    ) -> None:
        if implicit is None:
            implicit = isinstance(value, (Container, SharedVariable))
        super().__init__(variable, name, update, mutable, strict, allow_downcast, autoname, implicit)
        self.value = value
        self.borrow = self.mutable if borrow is None else bool(borrow)
        self.shared = shared
        if self.mutable and not self.borrow:
            raise AssertionError(
                f"Symbolic input for variable {variable} (name={name}) has flags mutable=True, borrow=False. This "
                "combination is incompatible since mutable=True implies that the input variable may be both aliased "
                "(borrow=True) and overwritten."
            )


class Param(In):
    """The older name of `In`, with `default` for `value`."""

    def __init__(
        self,
        variable: Variable,
        default: Any = None,
        name: str | None = None,
        mutable: bool = False,
        strict: bool = False,
        allow_downcast: bool | None = None,
        implicit: bool | None = None,
        borrow: bool | None = None,
    ) -> None:
        warnings.warn("Param is the older name of In: write In(variable, value=...)", DeprecationWarning, stacklevel=2)
        super().__init__(
            variable,
            name=name,
            value=default,
            mutable=mutable,
            strict=strict,
            allow_downcast=allow_downcast,
            implicit=implicit,
            borrow=borrow,
        )


class SymbolicOutput:
    """One output of a function.

    Args:
        variable: what is computed.
        borrow: whether the result may be memory that the function also uses, and overwrites at the next call.
    """

    def __init__(self, variable: Variable, borrow: bool = False) -> None:
        if not isinstance(variable, Variable):
            raise TypeError(
                f"Outputs must be theano Variable or Out instances. Received {variable!r} of type {type(variable)}"
            )
        self.variable = variable
        self.borrow = bool(borrow)

    def __str__(self) -> str:
        return f"Out({self.variable},{self.borrow})"

    def __repr__(self) -> str:
        return str(self)


Out = SymbolicOutput


def convert_function_input(given: Any) -> In:
    """Return the `In` that a variable, an input or a tuple stands for.

    Tuples are `(variable, value)`, `((variable, update), value)`, and either with a name before it.

    Raises:
        TypeError: none of these forms.
    """
    if isinstance(given, In):
        return given
    if isinstance(given, SymbolicInput):
        return In(
            given.variable,
            name=given.name,
            update=given.update,
            mutable=given.mutable,
            strict=given.strict,
            allow_downcast=given.allow_downcast,
            autoname=False,
            implicit=given.implicit,
        )
    if isinstance(given, Constant):
        raise TypeError(f"A constant cannot be an input of a function: {given}")
    if isinstance(given, Variable):
        return In(given)
    if isinstance(given, (list, tuple)):
        return _input_from_tuple(given)
    raise TypeError(f"Unknown parameter type: {type(given)}, for {given!r}; expected a Variable or In")


def _input_from_tuple(given: list[Any] | tuple[Any, ...]) -> In:
    parts = list(given)
    name = parts.pop(0) if parts and isinstance(parts[0], str) else None
    if not 1 <= len(parts) <= 2:
        raise TypeError(f"an input as a tuple is (variable, value) or (name, variable, value), not {given!r}")
    what, has_value = parts[0], len(parts) == 2
    if isinstance(what, SymbolicInput):
        found = convert_function_input(what)
        if name is not None:
            found.name = name
        if has_value:
            found.value = parts[1]
        return found
    update = None
    if isinstance(what, (list, tuple)):
        if len(what) != 2:
            raise TypeError(f"the first part of {given!r} must be a variable or (variable, update)")
        what, update = what
    if not isinstance(what, Variable) or isinstance(what, Constant):
        raise TypeError(f"Unknown input type: {type(what)}, expected a Variable, in {given!r}")
    return In(what, name=name, value=parts[1] if has_value else None, update=update)
