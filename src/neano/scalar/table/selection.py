"""Rows that choose among their operands: switch, maximum, minimum, clip, second, identity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.null_type import DisconnectedType
from neano.scalar.dtype_rules import (
    condition_and_branches,
    last_own,
    of_branches,
    same,
    second_of,
    upcast_no_complex,
)
from neano.scalar.dtypes import upcast
from neano.scalar.op import onto, scalar_function, zeros_of
from neano.scalar.rows import row


def _switch_derivative(xs: Sequence[Any], z: Any, g: Any) -> Sequence[Any]:
    condition, x, y = xs
    return [zeros_of(condition), onto(x, switch(condition, g, 0)), onto(y, switch(condition, 0, g))]


switch = scalar_function(
    "switch",
    3,
    of_branches,
    np.where,
    _switch_derivative,
    operands=condition_and_branches,
    doc="The second operand where the first is not zero, else the third; both are computed.",
    complex_derivative=True,
)


def _choice_derivative(comparison: str) -> Any:
    """Return the derivative of a choice between two operands: all to the chosen one, a tie's to the first."""

    def derivative(xs: Sequence[Any], z: Any, g: Any) -> Sequence[Any]:
        first = row(comparison)(*xs)
        return [switch(first, g, 0), switch(first, 0, g)]

    return derivative


maximum = scalar_function(
    "maximum",
    2,
    upcast,
    np.maximum,
    _choice_derivative("ge"),
    doc="The greater operand; NaN where either is.",
    commutative=True,
    associative=True,
)
minimum = scalar_function(
    "minimum",
    2,
    upcast,
    np.minimum,
    _choice_derivative("le"),
    doc="The lesser operand; NaN where either is.",
    commutative=True,
    associative=True,
)


def _clip_derivative(xs: Sequence[Any], z: Any, g: Any) -> Sequence[Any]:
    x, low, high = xs
    below, above = row("lt")(x, low), row("gt")(x, high)
    return [
        switch(below, 0, switch(above, 0, g)),
        switch(below, g, 0),
        switch(below, 0, switch(above, g, 0)),
    ]


clip = scalar_function(
    "clip",
    3,
    upcast_no_complex,
    lambda x, low, high: np.where(x < low, low, np.where(x > high, high, x)),
    _clip_derivative,
    doc="The first operand held between the second and the third; the lower bound is looked at first.",
)
second = scalar_function(
    "second",
    2,
    second_of,
    lambda x, y: np.array(np.broadcast_arrays(x, y)[1]),
    lambda xs, z, g: [DisconnectedType()(), g],
    operands=last_own,
    doc="The second operand in the shape of the first.",
    complex_derivative=True,
    disconnected=(0,),
)
identity = scalar_function(
    "identity", 1, same, np.array, lambda xs, z, g: [g], doc="The operand itself, copied.", complex_derivative=True
)
