"""Ops that are graphs of simpler ones: the native backend compiles the simpler ones, and so fuses across the border."""

from __future__ import annotations

from typing import Any

from neano.graph.fgraph import FunctionGraph
from neano.graph.rewriting.merge import MergeRewriter


def decomposed(fgraph: FunctionGraph) -> FunctionGraph:
    """Return a graph in which every Op with a `decompose` method is replaced by what that returns; the given one stays."""
    if not any(hasattr(node.op, "decompose") for node in fgraph.apply_nodes):
        return fgraph
    copied = fgraph.clone_get_equiv(attach_features=False)[0]
    pending = copied.toposort()
    while pending:
        node = pending.pop()
        if node not in copied.apply_nodes or not hasattr(node.op, "decompose"):
            continue
        outputs: list[Any] = node.op.decompose(*node.inputs)
        for old, new in zip(node.outputs, outputs, strict=True):
            copied.replace(old, new, "decompose")
            if new.owner is not None and hasattr(new.owner.op, "decompose"):
                pending.append(new.owner)
    MergeRewriter().apply(copied)  # what two of them share is computed once
    return copied
