"""`transfer`: a variable on a device. There is one, the CPU; further ones register how they take a variable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neano.graph.variable import Variable

_transfers: list[Callable[[Variable, Any], Variable | None]] = []


def register_transfer(fn: Callable[[Variable, Any], Variable | None]) -> None:
    """Let a function be asked to move variables: it gets one and a target, and returns None where it knows no such."""
    _transfers.append(fn)


def transfer(var: Any, target: Any) -> Any:
    """Return a variable on a device.

    Raises:
        ValueError: nothing knows the target.
    """
    if target == "cpu":
        return var
    for fn in _transfers:
        moved = fn(var, target)
        if moved is not None:
            return moved
    raise ValueError(f"Can't transfer to target {target}: the only one is 'cpu'")
