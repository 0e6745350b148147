"""The least and greatest element of an integer array, for checks that must pass before anything is done with it."""

from __future__ import annotations

import numpy as np

from neano.backends.native.lower.reduce import extreme
from neano.backends.native.schedule.expressions import Expr
from neano.backends.native.schedule.plan import Root
from neano.backends.native.schedule.planner import Planner
from neano.graph.variable import Constant, Variable


def extremes(array: Variable, planner: Planner) -> tuple[Expr, Expr]:
    """Return the least and greatest element of an integer array, as numbers where they are known.

    Of no elements they are such that every check of a range passes.
    """
    x = planner.x
    if isinstance(array, Constant):
        data = np.asarray(array.data)
        if data.size == 0:
            return x.const(0), x.const(-1)
        return x.const(int(data.min())), x.const(int(data.max()))
    counted = planner.range_of(array)
    if counted is not None:
        return counted
    lengths = planner.lengths(array)
    value = x.cast(planner.value(array, planner.loop_index(lengths)), "int64")
    loops = planner.loop_extents(lengths)
    if not loops:  # one element
        return value, value
    found = []
    for combine in ("minimum", "maximum"):
        target = planner.new_stored("int64", ())
        init = x.const(extreme(combine, "int64"))
        planner.add(Root(target, loops, (), value, combine=combine, init=init, reduced=frozenset(range(len(loops)))))
        found.append(planner.read(target, ()))
    return found[0], found[1]
