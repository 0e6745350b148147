"""Puts copies into a finished graph where a result would share memory that it must not share."""

from __future__ import annotations

from collections.abc import Sequence

from neano.compile.io import In, SymbolicOutput
from neano.compile.ops import deep_copy_op, view_op
from neano.graph.destroy import alias_root, destroyed_inputs, view_root
from neano.graph.fgraph import FunctionGraph
from neano.graph.variable import Constant, Variable


def insert_copies(fgraph: FunctionGraph, inputs: Sequence[In], outputs: Sequence[SymbolicOutput]) -> None:
    """Let each result be memory of its own, and each new value memory that no other storage holds.

    A result that is an input's memory stays a view where both were declared `borrow`. A new value that is the old one
    of the same input needs no copy: nothing changes.

    Args:
        fgraph: the graph; changed.
        inputs: in step with its inputs.
        outputs: in step with the results, which are its first outputs; the others are new values of inputs.
    """
    position = {variable: k for k, variable in enumerate(fgraph.inputs)}
    overwritten = {view_root(node.inputs[i]) for node in fgraph.apply_nodes for i in destroyed_inputs(node)}
    updated = fgraph.update_mapping or {}
    seen: dict[Variable, int] = {}
    for i, output in enumerate(list(fgraph.outputs)):
        root = alias_root(output)
        borrow = i < len(outputs) and outputs[i].borrow
        needs_copy = may_view = False
        if isinstance(root, Constant) or view_root(output) in overwritten:
            needs_copy = True
        elif root in position and not _is_own_update(root, position, inputs, output, i, updated):
            needs_copy = True
            may_view = borrow and inputs[position[root]].borrow
        if root in seen:
            needs_copy = True
            first = seen[root]
            may_view = may_view or (borrow and first < len(outputs) and outputs[first].borrow)
        keeps_memory = not needs_copy or (may_view and view_root(output) not in overwritten)
        if keeps_memory:
            seen.setdefault(root, i)
        if needs_copy:
            fgraph.change_input("output", i, (view_op if keeps_memory else deep_copy_op)(output), "insert_copies")


def _is_own_update(
    root: Variable,
    position: dict[Variable, int],
    inputs: Sequence[In],
    output: Variable,
    i: int,
    updated: dict[int, int],
) -> bool:
    """Say whether an output is the new value of the very input whose memory it is, or of one that a node overwrote."""
    k = position[root]
    if updated.get(i) == k:
        return True
    return output is not root and inputs[k].mutable and view_root(output) is not root and inputs[k].update is None
