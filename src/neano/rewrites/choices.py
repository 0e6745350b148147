"""Choices and assertions: factors moved into the branches of a switch, switches of one condition, conditions that hold.

Gradients of guarded expressions, such as switch(x > 0, log(x), 0), multiply or divide a branch that is 0 by what has no
value there. With the factor inside the branch that is meant, 0 stays 0 where 0 * inf would be no number.
"""

from __future__ import annotations

from typing import Any

from neano.graph.fgraph import FunctionGraph
from neano.graph.rewriting.driver import Equilibrium
from neano.graph.rewriting.rewriters import rewriter
from neano.graph.variable import Apply
from neano.rewrites.phases import canonicalize, optdb, registers, specialize
from neano.rewrites.values import constant_value, function_of, in_type_of, is_constant, only_reader, scalar_constant
from neano.scalar.rows import row
from neano.tensor.assertion import Assert

_SWITCH, _MUL, _DIV = row("switch"), row("mul"), row("true_div")


def _guarded(fgraph: FunctionGraph, factor: Any) -> bool:
    """Say whether a factor is a switch that nothing else reads and of which one branch is 0."""
    if function_of(factor) is not _SWITCH or only_reader(fgraph, factor) is None:
        return False
    return any(is_constant(branch, 0) for branch in factor.owner.inputs[1:])


def _into_branches(like: Any, factor: Any, rebuilt: Any) -> Any:
    """Return the switch with a function of its branches in the place of each branch that is not 0."""
    condition, *branches = factor.owner.inputs
    zero = scalar_constant(0, like.dtype, like.ndim)
    inside = [zero if is_constant(branch, 0) else rebuilt(branch) for branch in branches]
    result = in_type_of(_SWITCH(condition, *inside), like)
    return None if result is None else [result]


@registers(canonicalize, specialize)
@rewriter(_MUL, name="local_mul_switch_sink", depth=2)
def product_with_switch(fgraph: FunctionGraph, node: Apply) -> Any:
    """Multiply inside the branches: switch(c, 0, x) * y is switch(c, 0, x * y)."""
    like: Any = node.outputs[0]
    if function_of(like) is not _MUL:
        return None
    for i, factor in enumerate(node.inputs):
        if _guarded(fgraph, factor):
            others = [v for j, v in enumerate(node.inputs) if j != i]
            return _into_branches(like, factor, lambda branch, others=others: _MUL(branch, *others))
    return None


@registers(canonicalize)
@rewriter(_DIV, name="local_div_switch_sink", depth=2)
def quotient_of_switch(fgraph: FunctionGraph, node: Apply) -> Any:
    """Divide inside the branches: switch(c, 0, x) / y is switch(c, 0, x / y)."""
    like: Any = node.outputs[0]
    if function_of(like) is not _DIV or not _guarded(fgraph, node.inputs[0]):
        return None
    return _into_branches(like, node.inputs[0], lambda branch: _DIV(branch, node.inputs[1]))


@registers(canonicalize)
@rewriter(_SWITCH, name="local_switch_of_switch", depth=2)
def switch_of_switch(node: Apply) -> Any:
    """Take the branch of an inner switch that its condition, which is the outer one's, decides already."""
    like: Any = node.outputs[0]
    if function_of(like) is not _SWITCH:
        return None
    condition, *branches = node.inputs
    decided = [
        branch.owner.inputs[1 + i]  # type: ignore[union-attr]
        if function_of(branch) is _SWITCH and branch.owner.inputs[0] is condition  # type: ignore[union-attr]
        else branch
        for i, branch in enumerate(branches)
    ]
    if all(a is b for a, b in zip(decided, branches, strict=True)):
        return None
    result = in_type_of(_SWITCH(condition, *decided), like)
    return None if result is None else [result]


@registers(canonicalize, specialize)
@rewriter(Assert, name="local_remove_useless_assert", depth=2)
def assertion_that_holds(node: Apply) -> Any:
    """Leave out conditions that are known to hold, and the assertion where none is left."""
    value, *conditions = node.inputs
    open_ones = [c for c in conditions if not constant_value(c)]
    if len(open_ones) == len(conditions):
        return None
    return [node.op(value, *open_ones)] if open_ones else [value]


@rewriter(Assert, name="local_remove_all_assert", depth=1)
def any_assertion(node: Apply) -> Any:
    """Leave out an assertion without a look at its conditions; only under the tag "unsafe"."""
    return [node.inputs[0]]


optdb.register("local_remove_all_assert", Equilibrium([any_assertion], name="local_remove_all_assert"), 2.1, "unsafe")
