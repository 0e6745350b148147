"""Rows for exponentials, logarithms and roots."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from neano.scalar.dtype_rules import float_upcast
from neano.scalar.op import POSITIVE, REALS, Derivative, Interval, TableOp, like, scalar_function


def _row(
    name: str, function: Callable[..., Any], derivative: Derivative, doc: str, domain: Interval = REALS
) -> TableOp:
    return scalar_function(name, 1, float_upcast, function, derivative, doc=doc, domain=(domain,))


exp = _row("exp", np.exp, lambda xs, z, g: [g * z], "e to the power of the operand.")
exp2 = _row("exp2", np.exp2, lambda xs, z, g: [g * z * like(z, math.log(2))], "2 to the power of the operand.")
expm1 = _row("expm1", np.expm1, lambda xs, z, g: [g * exp(xs[0])], "exp(x) - 1, exact near 0.")
log = _row("log", np.log, lambda xs, z, g: [g / xs[0]], "Natural logarithm.", POSITIVE)
log2 = _row("log2", np.log2, lambda xs, z, g: [g / (xs[0] * like(z, math.log(2)))], "Logarithm of base 2.", POSITIVE)
log10 = _row(
    "log10", np.log10, lambda xs, z, g: [g / (xs[0] * like(z, math.log(10)))], "Logarithm of base 10.", POSITIVE
)
log1p = _row("log1p", np.log1p, lambda xs, z, g: [g / (1 + xs[0])], "log(1 + x), exact near 0.", (-1.0, math.inf))
sqrt = _row("sqrt", np.sqrt, lambda xs, z, g: [g * like(z, 0.5) / z], "Square root.", POSITIVE)
