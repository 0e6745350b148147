"""What a flag is: its default, the values it takes, how text becomes a value; and `Group`, flags read as attributes.

A group is declared as a class whose annotated attributes are `flag(...)` or `group(...)`. Its instances hold plain
values, so that reading a flag costs one attribute look-up; assignment converts and checks.
"""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar


class ConfigWarning(UserWarning):
    """A flag that is not known, or has no effect."""


class FixedFlagError(Exception):
    """An assignment to a flag that can be set only before the import."""


@dataclass(frozen=True)
class Kind:
    """The values that a flag takes.

    Attributes:
        convert: returns the value for what the user gave (often text); raises ValueError, TypeError or KeyError.
        allowed: the values in words.
    """

    convert: Callable[[Any], Any]
    allowed: str


@dataclass(frozen=True)
class Flag:
    """One flag.

    Attributes:
        default: the value where nobody sets it; a function is given the whole configuration, of which the flags
            declared before this one are set.
        kind: the values that it takes.
        doc: one line for people.
        fixed: it can be set in the environment and in files only.
    """

    default: Any
    kind: Kind
    doc: str = ""
    fixed: bool = False

    def convert(self, name: str, given: Any) -> Any:
        """Return the value for what the user gave.

        Raises:
            ValueError: the flag does not take it; the message lists what it takes.
        """
        try:
            return self.kind.convert(given)
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{name} cannot be {given!r}: it takes {self.kind.allowed}") from error


def one_of(*options: str) -> Kind:
    """One of some words."""

    def convert(given: Any) -> str:
        if str(given) not in options:
            raise ValueError(given)
        return str(given)

    return Kind(convert, " | ".join(option or "''" for option in options))


def _to_bool(given: Any) -> bool:
    if given in ("True", "true", "1", True):
        return True
    if given in ("False", "false", "0", False):
        return False
    raise ValueError(given)


def _to_optional_bool(given: Any) -> bool | None:
    return None if given in (None, "None", "none") else _to_bool(given)


def _to_int(given: Any) -> int:
    number = int(given)
    if not isinstance(given, str) and number != given:
        raise ValueError(given)
    return number


def integer(least: int | None = None) -> Kind:
    """A whole number, bounded below where `least` is given."""

    def convert(given: Any) -> int:
        number = _to_int(given)
        if least is not None and number < least:
            raise ValueError(given)
        return number

    return Kind(convert, "an integer" if least is None else f"an integer of at least {least}")


NO_EFFECT = "(no effect; taken for Theano's programs)"

BOOL = Kind(_to_bool, "True | False")
OPTIONAL_BOOL = Kind(_to_optional_bool, "None | True | False")
FLOAT = Kind(float, "a number")
TEXT = Kind(str, "any text")


def flag(default: Any, kind: Kind, doc: str = "", fixed: bool = False) -> Any:
    """Declare a flag in the body of a `Group`; typed Any so that the annotation beside it is the flag's type."""
    return Flag(default, kind, doc, fixed)


def group(declared: type[Group]) -> Any:
    """Declare a group of flags inside another."""
    return declared


watchers: dict[str, list[Callable[[], None]]] = {}
"""Hooks: what is called after the flag of a dotted name has been set, by those who keep its value somewhere else."""


class Group:
    """Flags that are read and set as attributes."""

    _declared: ClassVar[dict[str, Flag | type[Group]]] = {}

    def __init_subclass__(cls) -> None:
        is_declaration = {name: item for name, item in vars(cls).items() if _is_declaration(item)}
        cls._declared = {**cls._declared, **is_declaration}
        for name in is_declaration:
            delattr(cls, name)

    def __init__(self, path: str = "") -> None:
        store = self.__dict__
        store["_path"] = path
        store["_flags"] = {name: item for name, item in self._declared.items() if isinstance(item, Flag)}
        store["_groups"] = {}
        for name, item in self._declared.items():
            if not isinstance(item, Flag):
                store[name] = store["_groups"][name] = item(f"{path}{name}.")

    _path: str
    _flags: dict[str, Flag]
    _groups: dict[str, Group]

    if not TYPE_CHECKING:  # so that a type checker sees the declared names alone

        def __setattr__(self, name: str, given: Any) -> None:
            declared = self._flags.get(name)
            if declared is None:
                if name in self._groups:
                    raise TypeError(f"{self._path}{name} is a group of flags; set {self._path}{name}.NAME")
                message = f"{self._path}{name} is not a flag that Neano knows{self._suggest(name)}"
                warnings.warn(message, ConfigWarning, stacklevel=2)
                self.__dict__[name] = given
                return
            if declared.fixed:
                where = "NEANO_FLAGS, THEANO_FLAGS or ~/.neanorc"
                raise FixedFlagError(f"{self._path}{name} can't be changed after the import; set it in {where}")
            self.put(name, declared.convert(self._path + name, given))

        def __getattr__(self, name: str) -> Any:
            path = self.__dict__.get("_path", "")  # copy and pickle look before there is any
            raise AttributeError(f"{path}{name} is not a flag{self._suggest(name)}")

    def put(self, name: str, value: Any) -> None:
        """Set a flag to a value that has passed its check."""
        self.__dict__[name] = value
        for changed in watchers.get(self._path + name, ()):
            changed()

    def inner(self, name: str) -> Group:
        """Return a group inside this one."""
        if name not in self._groups:
            raise AttributeError(f"{self._path}{name} is not a group of flags{self._suggest(name)}")
        return self._groups[name]

    def _suggest(self, name: str) -> str:
        close = difflib.get_close_matches(
            name, [*self.__dict__.get("_flags", ()), *self.__dict__.get("_groups", ())], n=1
        )
        return f"; did you mean {self.__dict__['_path']}{close[0]}?" if close else ""

    def walk(self) -> Iterator[tuple[str, Group, str, Flag]]:
        """Yield, for each flag, its dotted name, the group that holds it, its name there, and the flag."""
        for name in [*self._flags, *self._groups]:
            if name in self._flags:
                yield self._path + name, self, name, self._flags[name]
            else:
                yield from self._groups[name].walk()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} with {sum(1 for _ in self.walk())} flags>"

    def __str__(self) -> str:
        parts = []
        for path, holder, name, declared in self.walk():
            parts.append(
                f"{path} ({declared.kind.allowed})\n    Doc:  {declared.doc}\n    Value:  {getattr(holder, name)}\n"
            )
        return "\n".join(parts)


def _is_declaration(item: Any) -> bool:
    return isinstance(item, Flag) or (isinstance(item, type) and issubclass(item, Group))
