"""Shapes as numbers, and arrays under another shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neano.backends.native import ir
from neano.backends.native.lower.creation import chosen
from neano.backends.native.schedule.expressions import Expr
from neano.backends.native.schedule.plan import Invocation
from neano.backends.native.schedule.planner import Planner
from neano.backends.native.schedule.registry import element, needs_buffers, own_cost, plan_node
from neano.graph.variable import Apply
from neano.tensor.nonzero import CheckedMask
from neano.tensor.rebroadcast import Rebroadcast
from neano.tensor.shape import Reshape, Shape, Shape_i, entry_variables
from neano.tensor.specify import SpecifyShape
from neano.tensor.static import static_entries

LEFT = (
    "Cannot reshape input: the length of axis {axis}, given as -1, does not follow from the others, of which one is 0"
)
SIZE = "Cannot reshape input: it has {0} elements, the shape has {1}"


@plan_node.register
def _(op: Shape, node: Apply, planner: Planner) -> None:
    planner.lengths(node.inputs[0])
    planner.set_lengths(node.outputs[0], [planner.x.const(len(planner.lengths(node.inputs[0])))])


@element.register
def _(op: Shape, node: Apply, index: Sequence[Expr], planner: Planner) -> Expr:
    return chosen(planner.lengths(node.inputs[0]), index[0], planner)


@plan_node.register
def _(op: Shape_i, node: Apply, planner: Planner) -> None:
    planner.lengths(node.inputs[0])
    planner.set_lengths(node.outputs[0], ())


@element.register
def _(op: Shape_i, node: Apply, index: Sequence[Expr], planner: Planner) -> Expr:
    return planner.lengths(node.inputs[0])[op.i]


@plan_node.register
def _(op: Rebroadcast, node: Apply, planner: Planner) -> None:
    x = planner.x
    lengths = list(planner.lengths(node.inputs[0]))
    for axis, broadcasts in op.items:
        if broadcasts:
            text = f"Dimension {axis} in Rebroadcast's input was supposed to be 1 (got {{0}} instead)"
            planner.guard(x.compare("eq", lengths[axis], x.const(1)), "ValueError", text, node, (lengths[axis],))
            lengths[axis] = x.const(1)
    planner.set_lengths(node.outputs[0], lengths)


@plan_node.register
def _(op: SpecifyShape, node: Apply, planner: Planner) -> None:
    source, wanted = node.inputs
    lengths = []
    for axis, length in enumerate(planner.lengths(source)):
        text = f"SpecifyShape: dimension {axis} has length {{0}}, expected {{1}}"
        said = planner.x.cast(planner.value(wanted, (planner.x.const(axis),)), "int64")
        lengths.append(planner.unify(length, said, "AssertionError", text, node))
    planner.set_lengths(node.outputs[0], lengths)


@plan_node.register
def _(op: CheckedMask, node: Apply, planner: Planner) -> None:
    mask, *wanted = node.inputs
    lengths = []
    for axis, (length, said) in enumerate(zip(planner.lengths(mask), wanted, strict=True)):
        text = (
            f"boolean index did not match indexed array along dimension {axis}; dimension is {{1}} "
            "but corresponding boolean dimension is {0}"
        )
        lengths.append(planner.unify(length, planner.scalar(said), "IndexError", text, node))
    planner.set_lengths(node.outputs[0], lengths)


@own_cost.register(Shape)
@own_cost.register(Shape_i)
@own_cost.register(Rebroadcast)
@own_cost.register(SpecifyShape)
@own_cost.register(CheckedMask)
def _(op: Any) -> int:
    return 0


@element.register(Rebroadcast)
@element.register(SpecifyShape)
@element.register(CheckedMask)
def _(op: Rebroadcast | SpecifyShape | CheckedMask, node: Apply, index: Sequence[Expr], planner: Planner) -> Expr:
    return planner.value(node.inputs[0], index)


# Reshape


@needs_buffers.register
def _(op: Reshape, node: Apply) -> Sequence[int]:
    return ()


@plan_node.register
def _(op: Reshape, node: Apply, planner: Planner) -> None:
    source, output = node.inputs[0], node.outputs[0]
    x = planner.x
    given = planner.lengths(source)
    (lengths,) = planner.infer_lengths(node)
    _check_what_is_left(node, lengths, planner)
    for axis, length in enumerate(lengths):
        valid = x.compare("ge", length, x.const(0))
        planner.guard(valid, "ValueError", f"Cannot reshape: length {{0}} of axis {axis} is negative", node, (length,))
    mapping = _unit_mapping(given, lengths)
    if mapping is not None:

        def renamed(index: Sequence[Expr]) -> Expr:
            own: list[Expr] = [x.const(0)] * len(given)
            for there, here in mapping:
                own[there] = index[here]
            return planner.value(source, own)

        planner.define(output, lengths, renamed)
        return
    size, wanted = x.product(given), x.product(lengths)
    planner.guard(x.compare("eq", size, wanted), "ValueError", SIZE, node, (size, wanted))
    base = planner.stored.get(source)
    if base is not None and base.contiguous and base.kind != "input":
        alias = planner.place(output, lengths, "view")
        planner.add(Invocation("reinterpret", (alias,), (base,)))
        return
    if base is not None and base.kind == "input" and output not in planner.fgraph.outputs:
        flat = planner.new_stored(base.dtype, given, "view")
        planner.add(Invocation("as_contiguous", (flat,), (base,)))
        alias = planner.place(output, lengths, "view")
        planner.add(Invocation("reinterpret", (alias,), (flat,)))
        return
    # the elements are written where the result lies, under the source's lengths
    target = planner.place(output, lengths)
    under_source = planner.new_stored(target.dtype, given, "view")
    planner.add(Invocation("reinterpret", (under_source,), (target,)))
    root = planner.fill(under_source, planner.value(source, planner.loop_index(given)))
    target.writers.append(root)


def _check_what_is_left(node: Apply, lengths: Sequence[Expr], planner: Planner) -> None:
    """Demand that a length of -1 follows from the others, which it does not where one of them is 0."""
    x, vector = planner.x, node.inputs[1]
    known = static_entries(vector) or [None] * len(lengths)
    for axis, (given, entry) in enumerate(zip(known, entry_variables(vector, known), strict=True)):
        if isinstance(lengths[axis], ir.Const) or not (given == -1 or (given is None and -1 not in known)):
            continue
        follows = x.compare("neq", x.product([n for i, n in enumerate(lengths) if i != axis]), x.const(0))
        if given is None:
            follows = x.scalar("or_", (x.compare("neq", planner.scalar(entry), x.const(-1)), follows), "bool")
        planner.guard(follows, "ValueError", LEFT.format(axis=axis), node)


def _unit_mapping(given: Sequence[Expr], lengths: Sequence[Expr]) -> list[tuple[int, int]] | None:
    """Return which axis of the source is which of the result where only axes of length 1 differ, else None."""
    there = [axis for axis, n in enumerate(given) if not _is_one(n)]
    here = [axis for axis, n in enumerate(lengths) if not _is_one(n)]
    if len(there) != len(here) or any(given[a] is not lengths[b] for a, b in zip(there, here, strict=True)):
        return None
    return list(zip(there, here, strict=True))


def _is_one(length: Expr) -> bool:
    return isinstance(length, ir.Const) and length.value == 1
