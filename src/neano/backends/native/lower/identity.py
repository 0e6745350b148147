"""Ops that hand their input on: copies, views, and markers that only gradients look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neano.backends.native.schedule.expressions import Expr
from neano.backends.native.schedule.planner import Planner
from neano.backends.native.schedule.registry import element, own_cost, plan_node
from neano.compile.ops import DeepCopyOp, ViewOp
from neano.graph.variable import Apply


@plan_node.register(DeepCopyOp)
@plan_node.register(ViewOp)
def _(op: Any, node: Apply, planner: Planner) -> None:
    planner.set_lengths(node.outputs[0], planner.lengths(node.inputs[0]))


@own_cost.register(DeepCopyOp)
@own_cost.register(ViewOp)
def _(op: Any) -> int:
    return 0


@element.register(DeepCopyOp)
@element.register(ViewOp)
def _(op: Any, node: Apply, index: Sequence[Expr], planner: Planner) -> Expr:
    return planner.value(node.inputs[0], index)
