"""`theano.configparser`: flags, and the declaration of a user's own; see `neano.config`."""

from typing import Any

from neano.config import ConfigWarning as TheanoConfigWarning
from neano.config import Flag, Kind, config
from neano.config.flags import BOOL, FLOAT, TEXT, integer, one_of

change_flags = config.change_flags


def _flag(default: Any, kind: Kind, is_valid: Any = None, allow_override: bool = True) -> Flag:
    def convert(given: Any) -> Any:
        value = kind.convert(given)
        if is_valid is not None and not is_valid(value):
            raise ValueError(given)
        return value

    return Flag(default, Kind(convert, kind.allowed), fixed=not allow_override)


def ConfigParam(default: Any, filter: Any = None, allow_override: bool = True) -> Flag:
    """Return a flag whose values a function converts."""
    return _flag(default, Kind(filter or (lambda given: given), "what its filter takes"), None, allow_override)


def TypedParam(default: Any, mytype: Any, is_valid: Any = None, allow_override: bool = True) -> Flag:
    """Return a flag whose values are of a Python type."""
    return _flag(default, Kind(mytype, f"a {mytype.__name__}"), is_valid, allow_override)


def EnumStr(default: str, *options: str, **kwargs: Any) -> Flag:
    """Return a flag that is one of some words."""
    return _flag(default, one_of(default, *options), allow_override=kwargs.get("allow_override", True))


def StrParam(default: Any, is_valid: Any = None, allow_override: bool = True) -> Flag:
    """Return a flag that is a text."""
    return _flag(default, TEXT, is_valid, allow_override)


def IntParam(default: Any, is_valid: Any = None, allow_override: bool = True) -> Flag:
    """Return a flag that is an integer."""
    return _flag(default, integer(), is_valid, allow_override)


def FloatParam(default: Any, is_valid: Any = None, allow_override: bool = True) -> Flag:
    """Return a flag that is a number."""
    return _flag(default, FLOAT, is_valid, allow_override)


def BoolParam(default: Any, is_valid: Any = None, allow_override: bool = True) -> Flag:
    """Return a flag that is on or off."""
    return _flag(default, BOOL, is_valid, allow_override)


def AddConfigVar(name: str, doc: str, configparam: Flag, root: Any = config, in_c_key: bool = True) -> None:
    """Declare a flag, by its dotted name."""
    root.declare(name, Flag(configparam.default, configparam.kind, doc, configparam.fixed))
