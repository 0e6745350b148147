"""Ops that hand their first input on: copies, views, assertions, and markers that only gradients look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neano.autodiff.markers import GradientMarker
from neano.backends.native.lower.elemwise import truth
from neano.backends.native.lower.fallback import plan_fallback
from neano.backends.native.lower.random_state import hand_on, is_state, state_of
from neano.backends.native.runtime.random_state import layout
from neano.backends.native.schedule.expressions import Expr
from neano.backends.native.schedule.planner import Planner
from neano.backends.native.schedule.registry import element, is_fusible, own_cost, plan_node
from neano.compile.ops import DeepCopyOp, ViewOp
from neano.graph.variable import Apply
from neano.tensor.assertion import Assert
from neano.tensor.contiguous import CpuContiguous
from neano.tensor.type import TensorType

IDENTITIES = (DeepCopyOp, ViewOp, GradientMarker, Assert, CpuContiguous)


def plan_identity(op: Any, node: Apply, planner: Planner) -> None:
    """Give a node's output the lengths of its first input; what is no array is handed on in Python."""
    if not is_array(op, node):
        if is_state(node) and layout() is not None:
            hand_on(node.outputs[0], state_of(node.inputs[0], planner), planner)
        else:
            plan_fallback(node, planner)
        return
    planner.set_lengths(node.outputs[0], planner.lengths(node.inputs[0]))


def is_array(op: Any, node: Apply) -> bool:
    """Say whether a node hands an array on, rather than a random state or any object."""
    return isinstance(node.outputs[0].type, TensorType)


def first_input(op: Any, node: Apply, index: Sequence[Expr], planner: Planner) -> Expr:
    """Return the element of a node's first input."""
    return planner.value(node.inputs[0], index)


def no_cost(op: Any) -> int:
    """Return the cost of what only hands an element on."""
    return 0


for identity in IDENTITIES:
    plan_node.register(identity, plan_identity)
    element.register(identity, first_input)
    own_cost.register(identity, no_cost)
    is_fusible.register(identity, is_array)


@plan_node.register
def _(op: Assert, node: Apply, planner: Planner) -> None:
    for condition in node.inputs[1:]:
        message = op.msg.replace("{", "{{").replace("}", "}}")
        planner.guard(truth(planner.value(condition, ()), planner), "AssertionError", message, node)
    plan_identity(op, node, planner)
