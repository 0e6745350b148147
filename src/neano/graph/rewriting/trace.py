"""A record of what rewriting did: which rule replaced what by what, in which phase."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import IO, Any

from neano.graph.fgraph import Feature, FunctionGraph
from neano.graph.variable import Apply, Variable


@dataclass(frozen=True)
class Step:
    """One replacement."""

    phase: str
    rule: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.phase}: {self.rule}: {self.old} -> {self.new}"


class RewriteTrace(Feature):
    """Records each replacement in the graph that it is attached to.

    Args:
        prints: print each as it happens.
        file: where to print.
    """

    def __init__(self, prints: bool = False, file: IO[str] | None = None) -> None:
        self.steps: list[Step] = []
        self.prints = prints
        self.file = file
        self._phase = ""
        self._last: tuple[Any, Variable, Variable] | None = None

    def on_phase(self, fgraph: FunctionGraph, name: str) -> None:
        """Hear which phase begins."""
        self._phase = name
        self._last = None

    def on_change_input(
        self, fgraph: FunctionGraph, node: Apply | str, i: int, old: Variable, new: Variable, reason: Any
    ) -> None:
        change = (reason, old, new)
        if change == self._last:  # the same replacement, at another of its readers
            return
        self._last = change
        step = Step(self._phase, str(reason), _text(old), _text(new))
        self.steps.append(step)
        if self.prints:
            print(step, file=self.file or sys.stdout)

    def rules(self) -> list[str]:
        """Return the names of the rules that were applied, in order."""
        return [step.rule for step in self.steps]


def _text(variable: Variable, depth: int = 4) -> str:
    """Return an expression as text, cut off below a depth."""
    if variable.owner is None or depth == 0:
        return str(variable) if variable.owner is None else "..."
    inputs = ", ".join(_text(v, depth - 1) for v in variable.owner.inputs[:8])
    more = ", ..." if len(variable.owner.inputs) > 8 else ""
    return f"{variable.owner.op}({inputs}{more})"
