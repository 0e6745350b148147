"""Demands on all elements of an array, seen at run time in one pass before what depends on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from neano.backends.native.schedule.expressions import Expr
from neano.backends.native.schedule.plan import Root
from neano.backends.native.schedule.planner import Planner
from neano.graph.variable import Apply


def demand_none(
    lengths: Sequence[Expr],
    is_bad: Callable[[Sequence[Expr]], Expr],
    exception: str,
    message: str,
    node: Apply,
    planner: Planner,
) -> None:
    """Demand that a condition holds for no element.

    Args:
        lengths: of the array.
        is_bad: from an index to a bool.
        exception, message: the error's class and text.
        node: which is to blame.
        planner: takes the items.
    """
    x = planner.x
    extents = planner.loop_extents(lengths)
    found = is_bad(planner.loop_index(lengths))
    if extents:
        place = planner.new_stored("bool", ())
        reduced = frozenset(range(len(extents)))
        planner.add(Root(place, extents, (), found, combine="or_", init=x.const(False, "bool"), reduced=reduced))
        found = planner.read(place, ())
    planner.guard(x.scalar("invert", (found,), "bool"), exception, message, node)


def either(a: Expr, b: Expr, planner: Planner) -> Expr:
    """Return whether one of two conditions holds."""
    return planner.x.scalar("or_", (a, b), "bool")
