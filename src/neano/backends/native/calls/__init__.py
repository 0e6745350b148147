"""Library routines that `Invoke` names: how each is emitted and how it is interpreted."""

from neano.backends.native.calls import contiguous, copy, matrix, python, random_state, sort, ufunc
from neano.backends.native.emit.routines import ROUTINES, Routine, UnknownRoutine, routine

__all__ = [
    "ROUTINES",
    "Routine",
    "UnknownRoutine",
    "contiguous",
    "copy",
    "matrix",
    "python",
    "random_state",
    "routine",
    "sort",
    "ufunc",
]
