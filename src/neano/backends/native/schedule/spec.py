"""What holds of every schedule; tests run it after each pass."""

from __future__ import annotations

from neano.backends.native.schedule.expressions import Expr, accesses_in
from neano.backends.native.schedule.fuse import Nest, Schedule, common_depth, is_aligned
from neano.backends.native.schedule.plan import Item, Root


class ScheduleError(AssertionError):
    """A schedule breaks a rule."""


def check_schedule(schedule: Schedule) -> None:
    """Verify that every item stands once, after what it needs, and inside the loops that it runs over.

    Raises:
        ScheduleError: one of these does not hold.
    """
    order: list[Item] = []
    _collect(schedule.body, order)
    if len(order) != len(set(order)) or set(order) != set(schedule.plan.items):
        raise ScheduleError("an item is missing, or stands twice")
    position = {item: i for i, item in enumerate(order)}
    for item in order:
        path = schedule.paths[item]
        extents = [nest.extent for nest in path]
        if len(extents) != len(item.loops) or any(a is not b for a, b in zip(extents, item.loops, strict=True)):
            raise ScheduleError(f"{item} stands inside other loops than its own")
        for dep in item.deps:
            if dep not in position:
                raise ScheduleError(f"{item} needs something that is never computed")
            if position[dep] > position[item]:
                raise ScheduleError(f"{item} stands before what it needs")
            for depth in range(common_depth(schedule, dep, item)):
                if not is_aligned(dep, item, depth, schedule.plan.expressions):
                    raise ScheduleError(f"{item} shares loop {depth} with {dep}, whose result is not complete there")
        if isinstance(item, Root):
            _check_root(item)


def _collect(nodes: object, order: list[Item]) -> None:
    for node in nodes:  # type: ignore[attr-defined]
        if isinstance(node, Nest):
            _collect(node.children, order)
        else:
            order.append(node)


def _check_root(root: Root) -> None:
    if root.value.dtype != root.target.dtype:
        raise ScheduleError(f"a value of {root.value.dtype} goes to {root.target}, which is of {root.target.dtype}")
    if len(root.index) != root.target.ndim:
        raise ScheduleError(f"{root.target} of rank {root.target.ndim} is indexed with {len(root.index)} numbers")
    if any(expr.dtype != "int64" for expr in (*root.index, *root.loops)):
        raise ScheduleError("indices and lengths are int64")
    if any(loop >= len(root.loops) for loop in root.reduced):
        raise ScheduleError("a reduction goes over a loop that does not exist")
    if any(_reads_itself(expr, root) for expr in root.expressions()):
        raise ScheduleError(f"{root.target} is computed from itself")


def _reads_itself(expr: Expr, root: Root) -> bool:
    return any(access.stored is root.target and len(root.target.writers) == 1 for access in accesses_in(expr))
