"""The gates of the thread pool and of the memory of results: who loads them, and who serves behind them (see `gates_text`)."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from functools import cache
from importlib import import_module
from types import ModuleType

from neano.backends.native.runtime.cache import default_cache
from neano.backends.native.runtime.engine import Linked
from neano.backends.native.runtime.gates_text import MEMORY_GATE, POOL_GATE
from neano.backends.native.runtime.objects import begin
from neano.backends.native.runtime.once import once

GATES = (POOL_GATE, MEMORY_GATE)
_BEHIND = {POOL_GATE: "pool", MEMORY_GATE: "memory"}

_servers: dict[str, int] = {}
_installed: list[Linked] = []
_forked = False


@cache
def _loader(gate: str) -> Callable[[], None]:
    """Return what machine code calls when something is asked for; it lives as long as the process."""

    def load() -> None:
        getattr(_behind(gate), _BEHIND[gate])()

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(load))
    return load


def _behind(gate: str) -> ModuleType:
    return import_module(f"neano.backends.native.runtime.{_BEHIND[gate]}")


@once
def begin_pool() -> None:
    """Let the pool be generated while nothing else is, for the first call that asks for it."""
    begin(_behind(POOL_GATE).module(), default_cache(), later=True)


def is_forked() -> bool:
    """Return whether this process has its parent's memory, but not the parent's threads."""
    return _forked


def install(support: Linked) -> None:
    """Set the gates of the support module, once a process."""
    _installed.append(support)
    for gate in GATES:
        _set(support, gate, _servers.get(gate))


def serve(support: Linked, gate: str, server: int) -> None:
    """Let what asks at a gate be served by the function at an address."""
    _servers[gate] = server
    _set(support, gate, server)


def _set(support: Linked, gate: str, server: int | None) -> None:
    ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(support.addresses[gate])(server, id(_loader(gate)))


def _after_fork() -> None:
    """What was asked for and not loaded before a fork may be asked for after it."""
    global _forked
    _forked = True
    for support in _installed:
        for gate in GATES:
            _set(support, gate, _servers.get(gate))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
