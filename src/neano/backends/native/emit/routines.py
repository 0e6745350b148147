"""The library routines that a program may call, by the name that `Invoke` gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neano.backends.native.emit.memory import Size
from neano.backends.native.emit.ranges import Ranged
from neano.backends.native.ir import Invoke

if TYPE_CHECKING:
    from neano.backends.native.emit.body import BodyEmitter

Emit = Callable[["BodyEmitter", Invoke], None]
"""Writes the call into a body."""

Interpret = Callable[[Sequence[Any], Sequence[Any], Sequence[Any], Mapping[str, Any], Sequence[Any]], Sequence[Any]]
"""Performs the call on arrays: (results, operands, scalars, attributes, objects) -> the results' arrays.

`results` are None where a buffer gets its memory from the call.
"""


Sure = Callable[["BodyEmitter", Invoke], tuple[str, Size]]
"""Says whether a call certainly succeeds (an i1) and how many nanoseconds it takes; asked before the results have memory."""


Prepare = Callable[["BodyEmitter", Invoke], Ranged]
"""Writes all of a call but the call itself, where it goes through the first axis of its operands and results."""


@dataclass(frozen=True)
class Routine:
    """A library routine: how it is emitted and how it is interpreted.

    Attributes:
        sure: tells whether it will succeed, where one can know.
        ranged: prepares it where it is a batch of calls, each for an element of the first axis of all operands and results.
    """

    emit: Emit
    interpret: Interpret
    sure: Sure | None = None
    ranged: Prepare | None = None


class UnknownRoutine(NotImplementedError):
    """The program calls a routine that is not registered."""


ROUTINES: dict[str, Routine] = {}
"""Every routine, by name; filled by the modules of `calls`."""


def routine(name: str) -> Routine:
    """Return a routine by its name.

    Raises:
        UnknownRoutine: there is none of that name.
    """
    if name not in ROUTINES:
        raise UnknownRoutine(f"no routine is registered under the name {name!r}")
    return ROUTINES[name]
