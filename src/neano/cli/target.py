"""From `MODULE:FUNCTION` on the command line to a compiled function."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from neano.compile.function_object import Function


class TargetError(Exception):
    """What was named cannot be found, or is no compiled function."""


def find_function(target: str) -> Any:
    """Return the compiled function that a target names; made by calling it, where it is a function that makes one.

    Args:
        target: `package.module:name` (the current folder is looked in, too) or `path/to/file.py:name`; the name may
            have dots.

    Raises:
        TargetError: there is no such module or name, or it is no compiled function.
    """
    where, colon, name = target.rpartition(":")
    if not colon or not where or not name:
        raise TargetError(f"{target!r} is not of the form MODULE:FUNCTION")
    found: Any = _load(where)
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError as error:
            raise TargetError(f"{where} has no {name}") from error
    if callable(found) and not isinstance(found, Function):
        found = found()
    if not isinstance(found, Function):
        raise TargetError(f"{target} is no compiled function, nor does it make one, but a {type(found).__name__}")
    return found


def _load(where: str) -> ModuleType:
    if where.endswith(".py"):
        path = Path(where)
        spec = importlib.util.spec_from_file_location(path.stem, path)
        if spec is None or spec.loader is None or not path.is_file():
            raise TargetError(f"there is no file {where}")
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        sys.path.insert(0, str(path.parent.absolute()))
        spec.loader.exec_module(module)
        return module
    sys.path.insert(0, "")
    try:
        return importlib.import_module(where)
    except ModuleNotFoundError as error:
        if error.name is None or not where.startswith(error.name):
            raise  # the module is there, and what it imports is not
        raise TargetError(f"there is no module {where}") from error
