"""Computed indices: found in vectors and kept for a chunk, before elements are fetched or written one by one."""

from __future__ import annotations

from neano.backends.native.emit.plan import Analysis, Kind, Plan
from neano.backends.native.emit.text import SIZE
from neano.backends.native.ir import Const, Expr, Load, Ref


def keep_indices(analysis: Analysis, plan: Plan) -> None:
    """Find the indices of a loop that are worth a buffer, and add what vectors of them need to its plan."""
    if 64 not in analysis.target.masked:
        return
    accesses = [a for a in (*plan.loads.values(), *plan.stores.values()) if a.kind is Kind.GATHERED and not a.guards]
    for number in dict.fromkeys(n for access in accesses for n in access.index):
        if analysis.coefficient(number) is not None or isinstance(_resolved(analysis, number), Load):
            continue
        hoisted, loads = _needs(analysis, number)
        found = {load: plan.loads.get(load) or analysis.load(load, ()) for load in loads}
        if all(access.kind in (Kind.UNIT, Kind.STRIDED) for access in found.values()):
            fresh = [access for load, access in found.items() if load not in plan.loads]
            strided = sum(SIZE[analysis.program.buffers[a.buffer].dtype] for a in fresh if a.kind is Kind.STRIDED)
            plan.buffered += SIZE["int64"] + strided
            plan.indices.append(number)
            plan.loads.update(found)
            plan.hoisted += [n for n in hoisted if n not in plan.hoisted]


def _resolved(analysis: Analysis, number: int) -> Expr:
    """Return an expression, or what a value of the loop's own is given by."""
    node = analysis.numbering.nodes[number]
    while isinstance(node, Ref) and node.name in analysis.plan.lets:
        node = analysis.numbering.nodes[analysis.plan.lets[node.name]]
    return node


def _needs(analysis: Analysis, root: int) -> tuple[list[int], list[int]]:
    """Return what a number is computed from that does not vary, and the loads that do."""
    hoisted, loads, stack, seen = list[int](), list[int](), [root], set[int]()
    while stack:
        number = stack.pop()
        if number in seen or isinstance(analysis.numbering.nodes[number], Const):
            continue
        seen.add(number)
        if not analysis.vary(number):
            hoisted.append(number)
        elif isinstance(analysis.numbering.nodes[number], Load):
            loads.append(number)
        else:
            stack += analysis.below(number)
    return hoisted, loads
