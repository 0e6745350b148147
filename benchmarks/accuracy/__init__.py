"""How exact the native backend's functions are: errors in units in the last place, against mpmath, over the whole range.

`functions` is the table of what is measured, `samples` makes the arguments, `running` the machine code for several widths of
vectors, `measure` finds the largest errors, `report` writes `docs/accuracy.md`.
"""

from benchmarks.accuracy.report import main

__all__ = ["main"]
