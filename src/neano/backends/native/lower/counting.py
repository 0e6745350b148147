"""Distinct elements: the order that sorts them, then one pass that finds where each begins in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from neano.backends.native import ir
from neano.backends.native.lower.cumulative import flattened
from neano.backends.native.lower.statements import ONE, ZERO, Cell, compare, int_op
from neano.backends.native.schedule.expressions import Expr
from neano.backends.native.schedule.plan import Invocation, Stored, Written
from neano.backends.native.schedule.planner import Planner
from neano.backends.native.schedule.registry import needs_buffers, plan_node
from neano.graph.variable import Apply
from neano.tensor.counting import Unique


def _is_of_elements(op: Unique, node: Apply) -> bool:
    """Say whether elements are told apart, not slices."""
    return op.axis is None or node.inputs[0].type.ndim == 1  # type: ignore[attr-defined]


@needs_buffers.register
def _(op: Unique, node: Apply) -> Sequence[int]:
    rank: int = node.inputs[0].type.ndim  # type: ignore[attr-defined]
    return (0,) if rank == 1 or not _is_of_elements(op, node) else ()


@plan_node.register
def _(op: Unique, node: Apply, planner: Planner) -> None:
    if not _is_of_elements(op, node):
        plan_node.dispatch(object)(op, node, planner)
        return
    x, source = planner.x, node.inputs[0]
    if source.type.ndim == 1:  # type: ignore[attr-defined]
        flat, count = planner.operand(source), planner.lengths(source)[0]
    else:
        flat, count = flattened(source, planner)
    order = Stored(f"v{len(planner.plan.values)}", "int64", (count,), "view")
    planner.plan.values.append(order)
    planner.add(Invocation("argsort", (order,), (flat,), attributes=(("axis", 0), ("kind", "stable"))))
    begins, found = planner.new_stored("int64", [count]), planner.new_stored("int64", [x.const(1)])
    values, *others = node.outputs
    outputs = iter(others)
    at_index = next(outputs) if op.return_index else None
    inverse = planner.place(next(outputs), [count]) if op.return_inverse else None
    write = _Groups(begins, found, inverse, count, values.type.dtype)  # type: ignore[attr-defined]
    results = (begins, found) if inverse is None else (begins, found, inverse)
    planner.add(Written("unique", results, (flat, order), write, (count,)))
    number = planner.read(found, (x.const(0),))

    def begin(at: Expr) -> Expr:
        return planner.read(begins, [at])

    def first(at: Sequence[Expr]) -> Expr:
        return planner.read(order, [begin(at[0])])

    def element(at: Sequence[Expr]) -> Expr:
        return planner.read(flat, [first(at)]) if isinstance(flat, Stored) else planner.value(source, [first(at)])

    def occurrences(at: Sequence[Expr]) -> Expr:
        after = x.add(at[0], x.const(1))
        within = x.scalar("minimum", (after, x.sub(count, x.const(1))), "int64")
        return x.sub(x.select(x.compare("lt", after, number), begin(within), count), begin(at[0]))

    planner.define(values, [number], element)
    if at_index is not None:
        planner.define(at_index, [number], first)
    if op.return_counts:
        planner.define(next(outputs), [number], occurrences)


class _Groups:
    """Writes the loop that goes through the elements in order, and puts down where one differs from the one before.

    As for `nonzero` there is no branch: each position is written behind those kept so far, and kept if a group begins
    there. All NaN are one group.
    """

    def __init__(self, begins: Stored, found: Stored, inverse: Stored | None, count: Expr, dtype: str) -> None:
        self.begins, self.found = begins.name, Cell(found.name)
        self.inverse = None if inverse is None else inverse.name
        self.count, self.dtype = count, dtype

    def __call__(self, lower: Callable[[Expr], ir.Expr], operands: Sequence[str]) -> Sequence[ir.Stmt]:
        flat, order = operands
        at, place, total = (ir.Ref(f"{self.begins}_{name}", "int64") for name in ("at", "place", "total"))
        here = ir.Load(order, (at,), "int64")
        before = ir.Load(order, (int_op("maximum", int_op("sub", at, ONE), ZERO),), "int64")
        is_new = ir.Scalar("or_", (compare("eq", at, ZERO), self._differ(flat, here, before)), "bool")
        body: list[ir.Stmt] = [
            ir.Let(place.name, self.found.value),
            ir.Store(self.begins, (place,), at),
            ir.Let(total.name, int_op("add", place, ir.Cast(is_new, "int64"))),
            self.found.set(total),
        ]
        if self.inverse is not None:
            body.append(ir.Store(self.inverse, (here,), int_op("sub", total, ONE)))
        return [self.found.set(ZERO), ir.Loop(at.name, lower(self.count), tuple(body))]

    def _differ(self, flat: str, here: ir.Expr, before: ir.Expr) -> ir.Expr:
        one, other = (ir.Load(flat, (index,), self.dtype) for index in (here, before))
        differ = compare("neq", one, other)
        if self.dtype[0] not in "fc":
            return differ
        numbers = [ir.Scalar("invert", (ir.Scalar("isnan", (v,), "bool"),), "bool") for v in (one, other)]
        return ir.Scalar("and_", (differ, ir.Scalar("or_", tuple(numbers), "bool")), "bool")
