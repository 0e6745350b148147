"""Adds to an error inside a node what a user needs to find it: the node, its inputs, and the line that made it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neano.config import config
from neano.graph.fgraph import FunctionGraph
from neano.graph.trace import format_trace
from neano.graph.variable import Apply


def annotate(error: BaseException, node: Apply, inputs: Sequence[Any], fgraph: FunctionGraph | None = None) -> None:
    """Append text about a node to the message of an error; class and attributes stay.

    Args:
        error: what the node raised; changed. An error that is annotated already stays as it is.
        node: the node.
        inputs: the values that it was given; empty where they are not known.
        fgraph: its graph, for the position in the order of execution and the readers of its outputs.
    """
    if getattr(error, "__applynode_index__", None) is not None:
        return
    order = fgraph.toposort() if fgraph is not None else []
    index = order.index(node) if node in order else None
    text = "\n".join(_lines(node, inputs, fgraph, index))
    try:
        error.__applynode_index__ = -1 if index is None else index  # type: ignore[attr-defined]
        if error.args and isinstance(error.args[0], str):
            error.args = (f"{error.args[0]}\n{text}", *error.args[1:])
        else:
            error.args = (*error.args, text)
    except (AttributeError, TypeError):  # an exception class with no room for more
        error.add_note(text)


def _lines(node: Apply, inputs: Sequence[Any], fgraph: FunctionGraph | None, index: int | None) -> list[str]:
    lines = [f"Apply node that caused the error: {node}"]
    if index is not None:
        lines.append(f"Toposort index: {index}")
    lines.append(f"Inputs types: {[v.type for v in node.inputs]}")
    if len(inputs) == len(node.inputs):
        lines += [
            f"Inputs shapes: {[getattr(x, 'shape', 'No shapes') for x in inputs]}",
            f"Inputs strides: {[getattr(x, 'strides', 'No strides') for x in inputs]}",
            f"Inputs values: {[_value(x) for x in inputs]}",
        ]
    if fgraph is not None:
        readers = [
            [client if isinstance(client, str) else str(client) for client, _ in fgraph.clients(v)]
            for v in node.outputs
        ]
        lines.append(f"Outputs clients: {readers}")
    lines.append("")
    if node.trace:
        lines.append("Backtrace when the node is created (use the flag traceback.limit=N to make it longer):")
        lines.append(format_trace(node.trace))
    else:
        lines.append(
            "HINT: Re-running with most optimization disabled could give you a back-trace of when this node was "
            "created. This can be done with by setting the flag 'optimizer=fast_compile'. If that does not work, "
            "optimizations can be disabled with 'optimizer=None'."
        )
    if config.exception_verbosity != "high":
        lines.append("HINT: Use the flag 'exception_verbosity=high' for the values of all inputs of this apply node.")
    return lines


def _value(value: Any) -> Any:
    size = getattr(value, "size", None)
    if config.exception_verbosity != "high" and size is not None and size > 5:
        return "not shown"
    return value
