"""What the native backend knows of each Op class, in a few functions that dispatch on it; see the modules of `lower`.

An Op class is fusible where `element` knows it. Others say in `plan_node` which nests and calls compute them. What is known
to neither runs its own `perform` in a call back into Python (`lower.fallback`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from typing import TYPE_CHECKING, Any

from neano.backends.native.schedule.expressions import Expr

if TYPE_CHECKING:
    from neano.backends.native.schedule.plan import Window
    from neano.backends.native.schedule.planner import Planner
    from neano.graph.variable import Apply


@singledispatch
def element(op: Any, node: Apply, index: Sequence[Expr], planner: Planner) -> Expr:
    """Return one element of a node's (only) output, in terms of elements of its inputs."""
    raise NotImplementedError(f"{op} is not a function of elements")


@singledispatch
def is_fusible(op: Any, node: Apply) -> bool:
    """Say whether `element` describes this node."""
    return element.dispatch(type(op)) is not element.dispatch(object)


@singledispatch
def own_cost(op: Any) -> int:
    """Return what one element costs beyond its inputs, an addition being 1."""
    return 1


@singledispatch
def needs_buffers(op: Any, node: Apply) -> Sequence[int]:
    """Return the positions of the inputs that must lie in memory, because a call reads them."""
    return (
        ()
        if is_fusible(op, node) or plan_node.dispatch(type(op)) is not plan_node.dispatch(object)
        else range(len(node.inputs))
    )


@singledispatch
def plan_node(op: Any, node: Apply, planner: Planner) -> None:
    """Work out the lengths of a node's outputs and, where it is not fusible, add the items that compute them."""
    if is_fusible(op, node):
        for output, lengths in zip(node.outputs, planner.infer_lengths(node), strict=True):
            planner.set_lengths(output, lengths)
    else:
        from neano.backends.native.lower.fallback import plan_fallback

        plan_fallback(node, planner)


@singledispatch
def window(op: Any, node: Apply, planner: Planner) -> Window | None:
    """Return a node's output as a strided window on its first input, None where it is not one."""
    return None


@singledispatch
def bounds(op: Any, node: Apply, planner: Planner) -> tuple[Expr, Expr] | None:
    """Return the least and greatest element of a node's integer output, None where only the elements tell."""
    return None
