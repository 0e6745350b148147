"""Flags that are others for what rewriting makes, in the thread that rewrites: other threads may build graphs meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from neano.config import config


class _Here(threading.local):
    depth = 0


_here = _Here()


@contextmanager
def rewriting() -> Iterator[None]:
    """Mark what this thread makes as made by rewriting."""
    _here.depth += 1
    try:
        yield
    finally:
        _here.depth -= 1


def trace_limit() -> int:
    """Return how many lines of the user's code a new variable remembers."""
    return config.traceback.compile_limit if _here.depth else config.traceback.limit


def test_value_action() -> str:
    """Return what becomes of test values of a new node: "off", "ignore", "warn", "raise" or "pdb"."""
    return config.compute_test_value_opt if _here.depth else config.compute_test_value
