"""`debugprint`: graphs and compiled functions as indented trees, one line a node.

A line is `PREFIX OP.INDEX [id A] <TYPE> 'NAME'   POSITION`: the index only where an Op has several outputs, the type
and what follows the position (storage, clients) on request, name and position only for what is computed. What was shown
before is shown again without what is below it.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from neano.graph.fgraph import FunctionGraph
from neano.graph.shared import SharedVariable
from neano.graph.variable import Apply, Variable

IDS = ("CHAR", "int", "id", "")


@dataclass(frozen=True)
class Part:
    """One or several outputs that are printed together.

    Attributes:
        outputs: where the trees start.
        fgraph: the closed graph that they belong to, where there is one.
        storage: where values are kept, of a compiled function.
    """

    outputs: Sequence[Variable]
    fgraph: FunctionGraph | None = None
    storage: dict[Variable, list[Any]] = field(default_factory=dict)


def parts_of(thing: Any) -> Iterator[Part]:
    """Yield what is to be printed of a variable, node, graph, compiled function, or list of these.

    Raises:
        TypeError: it is none of them.
    """
    if isinstance(thing, (list, tuple)):
        for item in thing:
            yield from parts_of(item)
    elif isinstance(thing, Variable):
        yield Part([thing])
    elif isinstance(thing, Apply):
        yield Part(thing.outputs)
    elif isinstance(thing, FunctionGraph):
        yield Part(thing.outputs, thing)
    elif isinstance(getattr(getattr(thing, "maker", None), "fgraph", None), FunctionGraph):
        graph = thing.maker.fgraph
        yield Part(graph.outputs, graph, dict(getattr(getattr(thing, "fn", None), "storage_map", None) or {}))
    else:
        raise TypeError(f"debugprint takes variables, nodes, graphs, functions and lists of them, not {type(thing)}")


def character_id(number: int) -> str:
    """Return a number in letters, as digits of base 26: A to Z, BA, BB ...

    >>> [character_id(n) for n in (0, 25, 26, 27, 700)]
    ['A', 'Z', 'BA', 'BB', 'BAY']
    """
    letters = ""
    while True:
        number, digit = divmod(number, 26)
        letters = chr(ord("A") + digit) + letters
        if number == 0:
            return letters


class _Printer:
    """Writes the lines of one `debugprint`."""

    def __init__(
        self,
        file: Any,
        ids: str,
        done: MutableMapping[Apply, str],
        used_ids: MutableMapping[Any, str],
        print_type: bool,
        stop_on_name: bool,
        print_storage: bool,
        print_clients: bool,
    ) -> None:
        self.file, self.ids, self.done, self.used_ids = file, ids, done, used_ids
        self.print_type, self.stop_on_name = print_type, stop_on_name
        self.print_storage, self.print_clients = print_storage, print_clients

    def identify(self, thing: Any) -> str:
        """Return the id of a node, a root variable or the word "output"; a fresh one at its first use."""
        if thing not in self.used_ids:
            number = len(self.used_ids)
            shown = {"CHAR": character_id(number), "int": str(number), "id": str(id(thing)), "": ""}[self.ids]
            self.used_ids[thing] = f"[id {shown}]" if self.ids else ""
        return self.used_ids[thing]

    def write(self, part: Part, depth: int) -> None:
        """Write the trees of one part; iterative, for a graph may be any depth."""
        positions = {} if part.fgraph is None else {node: i for i, node in enumerate(part.fgraph.toposort())}
        pending = [(output, "", "", depth) for output in reversed(part.outputs)]
        while pending:
            variable, prefix, below, depth_left = pending.pop()
            if depth_left == 0:
                continue
            node = variable.owner
            if node is None:
                self.file.write(f"{prefix}{variable} {self.identify(variable)}{self.details(variable, part)}\n")
                continue
            self.file.write(prefix + self.line(variable, node, part, positions) + "\n")
            if node in self.done:
                continue
            self.done[node] = ""
            if self.stop_on_name and variable.name is not None:
                continue
            last = len(node.inputs) - 1
            for i, source in reversed(list(enumerate(node.inputs))):
                pending.append((source, f"{below} |", f"{below}  " if i == last else f"{below} |", depth_left - 1))

    def line(self, variable: Variable, node: Apply, part: Part, positions: dict[Apply, int]) -> str:
        """Return the line of a computed variable."""
        index = f".{variable.index}" if len(node.outputs) > 1 else ""
        kind = f" <{variable.type}>" if self.print_type else ""
        name = variable.name or ""
        text = f"{node.op}{index} {self.identify(node)}{kind} '{name}'   {positions.get(node, '')}"
        if self.print_storage and part.fgraph is not None:
            text += f" {part.storage.get(variable, [None])}"
        if self.print_clients and part.fgraph is not None:
            clients = [client for client, _ in part.fgraph.clients(variable)]
            if len(clients) > 1:
                ids = {client: self.identify(client) for client in clients}  # "output" uses an id up, as in Theano
                shown = [("output", "") if isinstance(c, str) else (ids[c], positions[c]) for c in clients]
                text += f" clients:{shown}"
        return text

    def details(self, variable: Variable, part: Part) -> str:
        """Return what follows the id of a root."""
        kind = f" <{variable.type}>" if self.print_type else ""
        if not (self.print_storage and part.fgraph is not None):
            return kind
        own = variable.container.storage if isinstance(variable, SharedVariable) else [None]
        return f"{kind} {part.storage.get(variable, own)}"


def debugprint(
    obj: Any,
    depth: int = -1,
    print_type: bool = False,
    file: Any = None,
    ids: str = "CHAR",
    stop_on_name: bool = False,
    done: MutableMapping[Apply, str] | None = None,
    print_storage: bool = False,
    print_clients: bool = False,
    used_ids: MutableMapping[Any, str] | None = None,
) -> Any:
    """Print a graph as an indented tree.

    Args:
        obj: a variable, node, `FunctionGraph`, compiled function, or a list of these.
        depth: how many levels are shown; -1 for all.
        print_type: show the type of each variable.
        file: where to write; None for standard output, "str" to have the text returned.
        ids: how nodes are told apart: "CHAR", "int", "id" (the address) or "" (not at all).
        stop_on_name: do not show what a named variable is computed from.
        done: nodes shown before, of which only the line is shown; added to.
        print_storage: show the values that a function holds.
        print_clients: show who reads a variable, where there are several.
        used_ids: ids given before; added to.

    Returns:
        The text for `file="str"`, `file` where it is an `io.StringIO`, otherwise None.

    Raises:
        TypeError: `obj` cannot be printed.
        ValueError: `ids` is none of the four, or `depth` is no integer.
    """
    if ids not in IDS:
        raise ValueError(f"ids is one of {', '.join(map(repr, IDS))}, not {ids!r}")
    if not isinstance(depth, int):
        raise ValueError(f"depth is an integer, not {depth!r}")
    parts = list(parts_of(obj))
    target: Any = sys.stdout if file is None else io.StringIO() if isinstance(file, str) and file == "str" else file
    printer = _Printer(
        target,
        ids,
        {} if done is None else done,
        {} if used_ids is None else used_ids,
        print_type,
        stop_on_name,
        print_storage,
        print_clients,
    )
    for part in parts:
        printer.write(part, depth)
    if file is None:
        target.flush()
        return None
    if isinstance(file, str):
        return target.getvalue()
    target.flush()
    return file
