"""A schedule as text: what is stored where, and which loops compute it.

v2: float64[in0.0, in0.1] scratch, row in loop 1
for i0 < in0.0:
  for i1 < in0.1:
    v1[i0] maximum= in0[i0, i1]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neano.backends.native import ir
from neano.backends.native.printing import const_text
from neano.backends.native.schedule.expressions import Access, Expr
from neano.backends.native.schedule.fuse import Nest, Schedule
from neano.backends.native.schedule.plan import Guard, Invocation, Item, Operand, Stored, Written
from neano.backends.native.schedule.storage import Storage, decide_storage

INFIX = {
    "add": "+", "sub": "-", "mul": "*", "true_div": "/", "int_div": "//", "mod": "%", "pow": "**",
    "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "neq": "!=",
}  # fmt: skip


def expression_text(expr: Expr) -> str:
    """Return an expression as a reader would write it."""
    match expr:
        case ir.Const():
            return const_text(expr) if expr.dtype != "float64" else repr(expr.value)
        case ir.Ref():
            return expr.name
        case ir.Dim():
            return f"{expr.buffer}.{expr.axis}"
        case ir.Load():
            return f"{expr.buffer}[{_list(expr.index)}]"
        case Access():
            return f"{expr.stored.name}[{_list(expr.index)}]"
        case ir.Cast():
            return f"{expr.dtype}({expression_text(expr.value)})"
        case ir.Select():
            parts = (expr.then, expr.condition, expr.otherwise)
            return "({} if {} else {})".format(*map(expression_text, parts))
        case ir.Scalar():
            if expr.function in INFIX and len(expr.args) == 2:
                return f"({expression_text(expr.args[0])} {INFIX[expr.function]} {expression_text(expr.args[1])})"
            return f"{expr.function}({_list(expr.args)})"


def _list(exprs: Sequence[Expr]) -> str:
    return ", ".join(map(expression_text, exprs))


def schedule_text(schedule: Schedule) -> str:
    """Return a schedule as text."""
    places = decide_storage(schedule)
    lines = [
        f"{stored.name}: {stored.dtype}[{_list(stored.lengths)}] {_place_text(stored, places[stored])}"
        for stored in schedule.plan.values
    ]
    lines.append(f"results: {', '.join(stored.name for stored in schedule.plan.results)}")
    lines.extend(_nodes(schedule.body, schedule, ""))
    return "\n".join(lines)


def _place_text(stored: Stored, place: Storage) -> str:
    if stored.kind != "scratch":
        return stored.kind
    if place.in_register:
        return "register"
    if place.level == 0:
        return "scratch"
    return f"scratch of axes {list(place.axes)} inside {place.level} loops"


def _nodes(nodes: Sequence[Nest | Item], schedule: Schedule, indent: str) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, Nest):
            yield f"{indent}for i{node.depth} < {expression_text(node.extent)}:"
            yield from _nodes(node.children, schedule, indent + "  ")
        else:
            yield indent + item_text(node, schedule)


def item_text(item: Item, schedule: Schedule) -> str:
    """Return one item as text."""
    if isinstance(item, Guard):
        exception, template, _ = schedule.plan.errors[item.error]
        return f"check {expression_text(item.condition)} else {exception}: {template}"
    if isinstance(item, Invocation):
        results = ", ".join(result.name for result in item.results)
        parts = [*map(_operand_text, item.operands), *map(expression_text, item.scalars)]
        return f"{results} = {item.routine}({', '.join(parts)})"
    if isinstance(item, Written):
        parts = [*map(_operand_text, item.operands), *map(expression_text, item.scalars)]
        return f"{', '.join(result.name for result in item.results)} = {item.name}({', '.join(parts)}), written out"
    target = f"{item.target.name}[{_list(item.index)}]"
    if item.position is not None and item.companion is not None:
        found = f"{expression_text(item.value)} at {expression_text(item.position)}"
        return f"{target}, {item.companion.name} arg{item.combine}= {found}"
    combine = f" {item.combine}" if item.combine is not None else " "
    return f"{target}{combine}= {expression_text(item.value)}"


def _operand_text(operand: Operand) -> str:
    if isinstance(operand, Stored):
        return operand.name
    moves = ", ".join(
        f"{expression_text(n)} along {'nothing' if axis is None else axis} by {expression_text(step)}"
        for n, axis, step in zip(operand.lengths, operand.axes, operand.steps, strict=True)
    )
    return f"{operand.base.name}[{_list(operand.start)} -> {moves}]"
