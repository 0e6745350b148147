"""Merging of common subexpressions: nodes with equal Ops and the same inputs become one; so do equal constants.

`Merger` works one node at a time, so that the worklist can keep a graph merged while it changes; `MergeRewriter` is the
pass over a whole graph, one walk in topological order.
"""

from __future__ import annotations

from typing import Any

from neano.graph.fgraph import FunctionGraph
from neano.graph.rewriting.rewriters import GraphRewriter, notes_of
from neano.graph.variable import Apply, Constant, Variable

_LARGE = 1 << 16
"""Constants of more bytes are compared by the identity of their data: reading them again and again would cost more."""


class Merger:
    """Finds for a node an equal one seen before in the same graph; one serves all passes over a graph (`merger_of`).

    Attributes:
        complete: whether all nodes of the graph have been seen once.
    """

    def __init__(self, fgraph: FunctionGraph) -> None:
        self.fgraph = fgraph
        self.complete = False
        self._nodes: dict[Any, Apply] = {}
        self._numbers: dict[Any, int] = {}
        self._number_of: dict[int, tuple[Any, int]] = {}
        self._constants: dict[Any, Variable] = {}
        self._representative: dict[Variable, Variable] = {}

    def merge(self, node: Apply) -> bool:
        """Replace the node by an equal one, if there is one; say whether it is gone."""
        for i, source in enumerate(node.inputs):
            if isinstance(source, Constant):
                first = self._representative.get(source) or self._same_constant(source)
                if first is not source:
                    self.fgraph.change_input(node, i, first, "merge")
        op = node.op
        known = self._number_of.get(id(op))
        key = (known[1] if known is not None else self._number(op), *node.inputs)
        twin = self._nodes.get(key)
        if twin is node:
            return False
        if twin is None or twin not in self.fgraph.apply_nodes or twin.inputs != node.inputs:
            self._nodes[key] = node
            return False
        if len(twin.outputs) != len(node.outputs) or any(
            not old.type.in_same_class(new.type) for old, new in zip(node.outputs, twin.outputs, strict=True)
        ):
            return False
        for old, new in zip(node.outputs, twin.outputs, strict=True):
            if new.name is None:
                new.name = old.name
            self.fgraph.replace(old, new, "merge")
        return True

    def merge_all(self) -> None:
        """Merge all nodes of the graph, each after its inputs."""
        for node in self.fgraph.toposort():
            if node in self.fgraph.apply_nodes:
                self.merge(node)
        self.complete = True

    def _number(self, op: Any) -> int:
        """Return a number that equal Ops share; comparing Ops again for each node would cost more than all the rest."""
        number = self._numbers.setdefault(op, len(self._numbers))
        self._number_of[id(op)] = (op, number)  # the Op itself is kept, so that no other gets its id
        return number

    def _same_constant(self, constant: Constant) -> Variable:
        """Return the first constant seen with the same type and value."""
        large = getattr(constant.data, "nbytes", 0) > _LARGE
        signature = (constant.type, id(constant.data)) if large else constant.signature()
        try:
            first = self._constants.setdefault(signature, constant)
        except TypeError:  # a value that cannot be hashed stands alone
            first = constant
        self._representative[constant] = first
        return first


def merger_of(fgraph: FunctionGraph) -> Merger:
    """Return the merger of a graph, which remembers what earlier passes have seen."""
    notes = notes_of(fgraph)
    if "merger" not in notes:
        notes["merger"] = Merger(fgraph)
    merger: Merger = notes["merger"]
    return merger


class MergeRewriter(GraphRewriter):
    """Merges all equal nodes and constants of a graph."""

    name = "merge"

    def apply(self, fgraph: FunctionGraph, *args: Any, **kwargs: Any) -> None:
        merger_of(fgraph).merge_all()
