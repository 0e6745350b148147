"""Submodules that are loaded when they are first asked for, so that `import theano` stays quick."""

from collections.abc import Callable
from importlib import import_module
from types import ModuleType


def submodules(package: str, names: tuple[str, ...]) -> Callable[[str], ModuleType]:
    """Return a `__getattr__` for a package that loads these of its submodules."""

    def load(name: str) -> ModuleType:
        if name in names:
            return import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return load
