"""What a process loads once, however many threads ask for it first at the same time."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def once(load: Callable[[], T]) -> Callable[[], T]:
    """Return a function that calls `load` when it is first called, and gives what that returned ever after.

    Unlike `functools.cache`, which lets two threads call at the same time: what registers an address, or makes a type, must not
    be done twice. Threads that come meanwhile wait; if the load raises, the next tries again.
    """
    done: list[T] = []
    lock = threading.RLock()

    @functools.wraps(load)
    def loaded() -> T:
        if not done:
            with lock:
                if not done:
                    done.append(load())
        return done[0]

    def renew() -> None:
        """Nobody is loading in a forked process."""
        nonlocal lock
        lock = threading.RLock()

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=renew)
    return loaded
