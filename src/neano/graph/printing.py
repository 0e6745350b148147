"""Expressions as one line of text, in the form in which `str(FunctionGraph)` shows them.

`add(*1 -> exp(x), *1)`: what is used more than once is marked where it first stands and named by its mark afterwards.
Output i of an Op with several is told by `::i`. The text is linear in the size of the graph.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from neano.graph.traverse import toposort
from neano.graph.variable import Apply, Variable


def graph_texts(outputs: Sequence[Variable], names: Mapping[Variable, str] | None = None) -> list[str]:
    """Return each output as text; marks are shared by all of them.

    Args:
        outputs: the expressions.
        names: how some variables are printed; the graph behind them is not shown.
    """
    known = {} if names is None else names
    uses: Counter[Apply] = Counter()
    for variable in outputs:
        _count(uses, variable, known)
    for node in toposort(outputs, known):
        for variable in node.inputs:
            _count(uses, variable, known)
    marks: dict[Apply, str] = {}
    return [_text(variable, known, uses, marks) for variable in outputs]


def graph_text(variable: Variable, names: Mapping[Variable, str] | None = None) -> str:
    """Return one expression as text."""
    return graph_texts([variable], names)[0]


def _count(uses: Counter[Apply], variable: Variable, known: Mapping[Variable, str]) -> None:
    if variable.owner is not None and variable not in known:
        uses[variable.owner] += 1


def _text(output: Variable, known: Mapping[Variable, str], uses: Counter[Apply], marks: dict[Apply, str]) -> str:
    pieces: list[str] = []
    pending: list[Variable | str] = [output]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            pieces.append(item)
            continue
        node = item.owner
        if item in known or node is None:
            pieces.append(known[item] if item in known else str(item))
            continue
        index = f"::{item.index}" if item.index else ""
        if node in marks:
            pieces.append(marks[node] + index)
            continue
        if uses[node] > 1:
            marks[node] = f"*{len(marks) + 1}"
            pieces.append(f"{marks[node]} -> ")
        pieces.append(f"{node.op}(")
        pending.append(")" + index)
        for position, source in reversed(list(enumerate(node.inputs))):
            pending.append(source)
            if position:
                pending.append(", ")
    return "".join(pieces)
