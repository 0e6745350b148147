"""Merging of common subexpressions: nodes with equal Ops and the same inputs become one; so do equal constants.

`Merger` works one node at a time, so that the worklist can keep a graph merged while it changes; `MergeRewriter` is the
pass over a whole graph, one walk in topological order.
"""

from __future__ import annotations

from typing import Any

from neano.graph.fgraph import FunctionGraph
from neano.graph.rewriting.rewriters import GraphRewriter
from neano.graph.variable import Apply, Constant, Variable

_LARGE = 1 << 16
"""Constants of more bytes are compared by the identity of their data: reading them again and again would cost more."""


class Merger:
    """Finds for a node an equal one seen before in the same graph."""

    def __init__(self, fgraph: FunctionGraph) -> None:
        self.fgraph = fgraph
        self._nodes: dict[Any, Apply] = {}
        self._constants: dict[Any, Variable] = {}
        self._representative: dict[Variable, Variable] = {}

    def merge(self, node: Apply) -> bool:
        """Replace the node by an equal one, if there is one; say whether it is gone."""
        for i, source in enumerate(node.inputs):
            if isinstance(source, Constant):
                first = self._representative.get(source) or self._same_constant(source)
                if first is not source:
                    self.fgraph.change_input(node, i, first, "merge")
        key = (node.op, *node.inputs)
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


class MergeRewriter(GraphRewriter):
    """Merges all equal nodes and constants of a graph."""

    name = "merge"

    def apply(self, fgraph: FunctionGraph, *args: Any, **kwargs: Any) -> None:
        merger = Merger(fgraph)
        for node in fgraph.toposort():
            if node in fgraph.apply_nodes:
                merger.merge(node)
