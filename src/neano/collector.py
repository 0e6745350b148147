"""Python's garbage collector while the package is imported, and while a function is compiled."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

FROZEN_BY_PYTHON = 1000
"""CPython 3.12 itself puts some hundred objects out of the collector's sight; a program that does so puts all it has."""


@contextmanager
def undisturbed() -> Iterator[None]:
    """Make many objects before the collector looks at any of them.

    Most of what a compilation makes stays until its end. The collector would go through all of it each time that it has grown by
    a quarter: a sixth of the time that a graph of ten thousand nodes takes. What is garbage then is found afterwards.
    """
    if not gc.isenabled():  # somebody sees to it
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def paused() -> Iterator[None]:
    """Make objects that stay without the collector's looking at them.

    An import makes some hundred thousand objects and hardly any garbage. The collector would go through all of them several
    times, a few times during the import and once, for tens of milliseconds, when the first functions are compiled. What was
    made is handed to its oldest generation instead, where it would have ended up.
    """
    if not gc.isenabled() or gc.get_freeze_count() > FROZEN_BY_PYTHON:  # somebody sees to it
        yield
        return
    with undisturbed():
        try:
            yield
        finally:
            gc.freeze()  # all there is, out of the young generations ...
            gc.unfreeze()  # ... and into the oldest; neither looks at an object
