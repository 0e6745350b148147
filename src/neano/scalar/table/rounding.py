"""Rows that round. Results stay floating-point; derivatives are zero."""

from __future__ import annotations

from typing import Any

import numpy as np

from neano.scalar.dtype_rules import float_upcast_no_complex, same_float_only
from neano.scalar.op import TableOp, scalar_function, zero_derivative


def _toward(name: str, function: np.ufunc, doc: str) -> TableOp:
    return scalar_function(name, 1, float_upcast_no_complex, function, zero_derivative, doc=doc)


ceil = _toward("ceil", np.ceil, "The least integer that is not less.")
floor = _toward("floor", np.floor, "The greatest integer that is not greater.")
trunc = _toward("trunc", np.trunc, "The integer part, rounded toward zero.")


def _half_away(x: Any) -> Any:
    """Round by comparing the fraction, which is exact, rather than by adding one half, which may round."""
    size = np.abs(x)
    whole = np.trunc(size)
    return np.copysign(whole + (size - whole >= 0.5).astype(x.dtype), x)


round_half_to_even = scalar_function(
    "round_half_to_even",
    1,
    same_float_only,
    np.rint,
    zero_derivative,
    doc="The nearest integer; of two equally near the even one.",
)
round_half_away_from_zero = scalar_function(
    "round_half_away_from_zero",
    1,
    same_float_only,
    _half_away,
    zero_derivative,
    doc="The nearest integer; of two equally near the one farther from zero.",
)
