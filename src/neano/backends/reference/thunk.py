"""Ops that bring code of their own: `make_thunk(node, storage_map, compute_map, no_recycling)` makes a node's code."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from typing import Any

from neano.backends.reference.run_node import settle
from neano.graph.op import Op
from neano.graph.variable import Apply


def has_own_thunk(op: Op) -> bool:
    """Say whether an Op defines `make_thunk`."""
    return callable(getattr(op, "make_thunk", None))


def own_thunk(node: Apply) -> Callable[[list[Any]], list[Any]]:
    """Return what computes a node by the thunk that its Op makes.

    The thunk's cells outlive a call, so that calls take turns.
    """
    storage_map: dict[Any, list[Any]] = {v: [None] for v in [*node.inputs, *node.outputs]}
    compute_map = {v: [v.owner is not node] for v in storage_map}
    make_thunk: Callable[..., Any] = node.op.make_thunk  # type: ignore[attr-defined]
    takes_impl = "impl" in inspect.signature(make_thunk).parameters
    thunk = make_thunk(node, storage_map, compute_map, [], **({"impl": "py"} if takes_impl else {}))
    taking_turns = threading.RLock()

    def compute(inputs: list[Any]) -> list[Any]:
        with taking_turns:
            for variable, value in zip(node.inputs, inputs, strict=True):
                storage_map[variable][0] = value
            for output in node.outputs:
                storage_map[output][0] = None
                compute_map[output][0] = False
            thunk()
            values = [settle(node, i, storage_map[output][0]) for i, output in enumerate(node.outputs)]
            for cell in storage_map.values():
                cell[0] = None
            return values

    return compute
