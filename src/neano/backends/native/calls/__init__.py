"""Library routines that `Invoke` names: how each is emitted and how it is interpreted."""

from neano.backends.native.calls.registry import ROUTINES, Routine, UnknownRoutine, routine

__all__ = ["ROUTINES", "Routine", "UnknownRoutine", "routine"]
