"""`theano.gof.link`: linkers by Theano's names; what runs a function is a backend of Neano."""

from typing import Any

from neano.compile.mode import Linker, predefined_linkers
from neano.graph.shared import Container


def PerformLinker(allow_gc: bool | None = None, schedule: Any = None) -> Linker:
    """Return the linker that computes each node by its Op's `perform`."""
    return predefined_linkers["py"].clone(allow_gc=allow_gc)


def CLinker(schedule: Any = None) -> Linker:
    """Return the linker that makes one native function of a graph."""
    return predefined_linkers["c"]


def OpWiseCLinker(
    fallback_on_perform: bool = True, allow_gc: bool | None = None, nice_errors: bool = True, schedule: Any = None
) -> Linker:
    """Return the linker that runs natively what it can."""
    return predefined_linkers["c|py"].clone(allow_gc=allow_gc)
