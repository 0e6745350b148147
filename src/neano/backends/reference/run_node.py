"""Runs one node by its Op's reference, and brings what users' Ops give into the exact form of the output types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.variable import Apply
from neano.tensor.type import TensorType


def run_node(node: Apply, inputs: Sequence[Any], exact: bool = False) -> list[Any]:
    """Return the values of a node's outputs.

    Args:
        node: the node.
        inputs: the values of its inputs.
        exact: give on what the Op gave, to be judged by whoever asks for it.

    Raises:
        whatever the Op raises.
        TypeError: it gave a value that its output's type cannot take.
    """
    cells: list[list[Any]] = [[None] for _ in node.outputs]
    params = _params(node)
    if params is None:
        node.op.perform(node, list(inputs), cells)
    else:
        node.op.perform(node, list(inputs), cells, params)
    if exact:
        return [cell[0] for cell in cells]
    return [settle(node, i, cell[0]) for i, cell in enumerate(cells)]


def _params(node: Apply) -> Any:
    """Return what an Op with Theano's `params_type` wants as its last argument; None for most."""
    if getattr(node.op, "params_type", None) is None:
        return None
    return node.op.get_params(node)  # type: ignore[attr-defined]


def settle(node: Apply, i: int, value: Any) -> Any:
    """Return the value of output `i` in the exact form of its type: users' Ops may give a NumPy scalar or a list."""
    type_ = node.outputs[i].type
    if not isinstance(type_, TensorType):
        return value
    if type(value) is np.ndarray and value.dtype == type_.numpy_dtype and value.ndim == type_.ndim:
        return value
    if value is None:
        raise TypeError(f"{node.op} gave no value for its output {i}")
    return type_.filter(value, allow_downcast=True)
