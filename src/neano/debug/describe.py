"""Descriptions of expressions that depend on their structure alone: `min_informative_str`, `var_descriptor`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from neano.debug.tree import character_id
from neano.graph.variable import Variable


def _tagged(root: Any, stop_at_names: bool) -> Iterator[tuple[str, str, int, int]]:
    """Yield (tag, label, depth, position among its siblings), depth first; no label for what was yielded before.

    Tags are letters in the order of first appearance.
    """
    tags: dict[Any, str] = {}
    pending: list[tuple[Any, int, int]] = [(root, 0, 0)]
    while pending:
        variable, depth, position = pending.pop()
        known = variable in tags
        tag = tags.setdefault(variable, character_id(len(tags)))
        node = variable.owner if isinstance(variable, Variable) else None
        opaque = node is None or (stop_at_names and variable.name is not None)
        yield tag, "" if known else str(variable if opaque or node is None else node.op), depth, position
        if node is not None and not known and not opaque:
            pending.extend((v, depth + 1, i) for i, v in reversed(list(enumerate(node.inputs))))


def min_informative_str(obj: Variable, indent_level: int = 0) -> str:
    """Return an expression as an indented tree with a letter for each part; `<A>` refers back to a part shown before.

    Args:
        obj: the expression.
        indent_level: spaces before the first line.
    """
    lines = []
    for tag, label, depth, _ in _tagged(obj, stop_at_names=True):
        lines.append(" " * (indent_level + depth) + (f"{tag}. {label}" if label else f"<{tag}>"))
    return "\n".join(lines)


def var_descriptor(obj: Any) -> str:
    """Return an expression as one line that tells its structure: `A=add(B=x,C=y)`."""
    pieces: list[str] = []
    open_depth = 0
    for tag, label, depth, position in _tagged(obj, stop_at_names=False):
        if depth > open_depth:
            pieces.append("(")
        else:
            pieces.append(")" * (open_depth - depth))
        if position:
            pieces.append(",")
        open_depth = depth
        pieces.append(f"{tag}={label}" if label else f"<{tag}>")
    return "".join(pieces) + ")" * open_depth


def position_independent_str(obj: Any) -> str:
    """Return a text that is the same for the same kind of variable wherever it lies in memory."""
    return f"theano_var{{type={obj.type}}}" if isinstance(obj, Variable) else str(obj)


def hex_digest(array: np.ndarray[Any, Any]) -> str:
    """Return a digest of an array's bytes (SHA-256, in hexadecimal), with its strides and shape."""
    digest = hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()
    return f"{digest}|strides={list(array.strides)}|shape={list(array.shape)}"
