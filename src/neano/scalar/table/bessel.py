"""Rows for Bessel functions of the first kind, ordinary (j) and modified (i)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neano.graph.null_type import missing_gradient
from neano.scalar.dtype_rules import float_upcast, real_part
from neano.scalar.dtypes import is_complex
from neano.scalar.op import POSITIVE, REALS, Derivative, TableOp, like, scalar_function
from neano.scalar.rows import row
from neano.scalar.scipy_reference import special


def _order_and_argument(v: str, x: str) -> str:
    """The dtype rule of jv and iv: the order is real, the argument may be complex."""
    if is_complex(v):
        raise TypeError(f"only defined for a real order, not {v}")
    return float_upcast(v, x)


def _real_order(dtypes: Sequence[str], output: str) -> Sequence[str]:
    return [real_part(output), output]


def _of_order(name: str, sign: int, doc: str) -> TableOp:
    """Declare jv or iv: the derivative in the argument is half of the order below, less or plus the order above."""

    def derivative(xs: Sequence[Any], z: Any, g: Any) -> Sequence[Any]:
        v, x = xs
        function = row(name)
        below, above = function(v - 1, x), function(v + 1, x)
        slope = below + above if sign > 0 else below - above
        return [missing_gradient(function, 0, v), g * slope / 2]

    return scalar_function(
        name,
        2,
        _order_and_argument,
        special(name),
        derivative,
        operands=_real_order,
        doc=doc,
        domain=(POSITIVE, POSITIVE),
    )


jv = _of_order("jv", -1, "Bessel function of the first kind, of real order (first operand).")
iv = _of_order("iv", 1, "Modified Bessel function of the first kind, of real order (first operand).")


def _of_integer_order(name: str, order: int, general: str, derivative: Derivative, doc: str) -> TableOp:
    def reference(x: Any) -> Any:
        return special(general)(order, x) if x.dtype.kind == "c" else special(name)(x)

    return scalar_function(name, 1, float_upcast, reference, derivative, doc=doc, domain=(REALS,))


j0: TableOp = _of_integer_order(
    "j0", 0, "jv", lambda xs, z, g: [-g * j1(xs[0])], "Bessel function of the first kind, of order 0."
)
j1: TableOp = _of_integer_order(
    "j1",
    1,
    "jv",
    lambda xs, z, g: [g * (j0(xs[0]) - jv(like(z, 2), xs[0])) / 2],
    "Bessel function of the first kind, of order 1.",
)
i0: TableOp = _of_integer_order(
    "i0", 0, "iv", lambda xs, z, g: [g * i1(xs[0])], "Modified Bessel function of the first kind, of order 0."
)
i1: TableOp = _of_integer_order(
    "i1",
    1,
    "iv",
    lambda xs, z, g: [g * (i0(xs[0]) + iv(like(z, 2), xs[0])) / 2],
    "Modified Bessel function of the first kind, of order 1.",
)
