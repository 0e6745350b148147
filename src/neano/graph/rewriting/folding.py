"""Constant folding: a node whose inputs are all constants is computed once, when the graph is rewritten."""

from __future__ import annotations

import logging
import math
from typing import Any

from neano.graph.rewriting.rewriters import NodeRewriter, Replacement
from neano.graph.variable import Apply, Constant

_log = logging.getLogger("neano.rewriting")

LARGEST = 1 << 20
"""A node is folded only if its results have at most so many elements, or no more than its inputs have."""


class ConstantFolding(NodeRewriter):
    """Replaces a node of constants by the constants that it computes.

    A node that fails to compute stays: its error belongs to the call of the function, where the user can see it.
    """

    name = "constant_folding"
    depth = 1

    def transform(self, node: Apply) -> Replacement:
        for source in node.inputs:
            if not isinstance(source, Constant):
                return None
        if not node.inputs or not node.op.do_constant_folding(node) or _grows_too_large(node):
            return None
        storage: list[list[Any]] = [[None] for _ in node.outputs]
        values = [source.data for source in node.inputs]  # type: ignore[attr-defined]
        destroyed = {i for inputs in node.op.destroy_map.values() for i in inputs}
        if destroyed or node.op.view_map:
            values = [value.copy() if hasattr(value, "copy") else value for value in values]
        try:
            node.op.perform(node, values, storage)
        except Exception as error:
            _log.info("%s is not folded: %s", node, error)
            return None
        return [
            old.type.make_constant(old.type.filter(cell[0]), name=old.name)
            for old, cell in zip(node.outputs, storage, strict=True)
        ]

    def rewrite_node(self, fgraph: Any, node: Apply) -> Replacement:
        return self.transform(node)


def _grows_too_large(node: Apply) -> bool:
    """Say whether static shapes tell that a result would be a large array made of small ones."""
    given = max((getattr(v.data, "size", 1) for v in node.inputs), default=1)  # type: ignore[attr-defined]
    for output in node.outputs:
        shape = getattr(output.type, "shape", ())
        if None not in shape and math.prod(shape) > max(LARGEST, given):
            return True
    return False


constant_folding = ConstantFolding()
