"""Quotients by what does not change in a loop: three fused operations for each vector, and the bits of a division.

With z = 1 / y rounded, q = x z and r = x - q y, which is exact, q + r z rounds to x / y wherever nothing leaves the range of
normal numbers (N. Brisebarre, J.-M. Muller, S. K. Raina, "Accelerating correctly rounded floating-point division when the divisor
is known in advance", 2004). So it is used for zeros, which keep their sign, and for sizes well inside of that range, by divisors
well inside of it, too; a vector with any other element is divided. Processors divide a vector in the time of about ten products.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from neano.backends.native.emit import arithmetic as a
from neano.backends.native.emit.text import Builder, Value, constant
from neano.backends.native.emit.vector_math.branch import unless
from neano.backends.native.emit.vector_math.double_double import exact_fma, fused
from neano.backends.native.emit.vector_math.number import BIAS, MANTISSA, Mask, Number
from neano.backends.native.ir import Const, Expr, Scalar

SIZES = {"float64": 900, "float32": 100}
"""Numbers from 2**-n to 2**n are divided by products,"""

DIVISORS = {"float64": 100, "float32": 24}
"""by positive numbers from 2**-n to 2**n."""

LEAST_VECTORS = 4
"""So many vectors take as long to divide as the inverse and the products with it."""


def is_quotient(node: Expr) -> bool:
    """Return whether an expression is a quotient that may be had by products."""
    return isinstance(node, Scalar) and node.function == "true_div" and node.dtype in SIZES


def _doubled(exponent: int, dtype: str) -> int:
    """Return the bits of a power of two without the sign's, which are double."""
    return (exponent + BIAS[dtype]) << (MANTISSA[dtype] + 1)


_LOWEST = {"float64": -(1 << 63), "float32": -(1 << 31)}
_ZERO = {dtype: lowest - _doubled(-SIZES[dtype], dtype) for dtype, lowest in _LOWEST.items()}
"""Where the order of sizes (`_order`) begins, and where zero stands in it."""

_NOWHERE = {dtype: (lowest, 1) for dtype, lowest in _LOWEST.items()}
"""The limit and the zero of a divisor for which nothing is good: no size is below the lowest, or odd."""


@dataclass(frozen=True)
class Divisor:
    """A divisor in all lanes.

    Attributes:
        value, inverse: y and 1 / y.
        limit: above what is known to be good, of sizes as `_order` puts them; nothing is good for a bad divisor.
        zero: where zeros stand in that order; nowhere for a bad divisor.
        exact: whether the inverse is: the product with it is the quotient.
    """

    value: Value
    inverse: Value
    limit: Value
    zero: Value
    exact: bool = False

    @staticmethod
    def of(b: Builder, y: Value, node: Expr, lanes: int, count: str) -> Divisor | None:
        """Return what dividing vectors by a scalar needs, None where the processor has no fused operations.

        Args:
            node: the expression of y.
            count: how many numbers will be divided; few ones are not worth an inverse.
        """
        dtype = y.dtype
        if isinstance(node, Const) and _is_power_of_two(node.value, dtype):
            inverse = constant(1 / node.value, dtype, lanes)
            return Divisor(inverse, inverse, inverse, inverse, exact=True)
        if not fused(Number(b, y)):
            return None
        before, some, after = b.current, b.label("inverse"), b.label("divisor")
        b.branch(b.op(f"icmp sge i64 {count}, {LEAST_VECTORS * lanes}"), some, after)
        b.place(some)
        found = _prepared(b, y)
        b.jump(after)
        b.place(after)
        none = (constant(value, part.dtype) for value, part in zip((0, *_NOWHERE[dtype]), found, strict=True))
        merged = [
            x.same(b.op(f"phi {x.type} [{x.text}, %{some}], [{other.text}, %{before}]"))
            for x, other in zip(found, none, strict=True)
        ]
        inverse, limit, zero = (b.splat(each, lanes) for each in merged)
        return Divisor(b.splat(y, lanes), inverse, limit, zero)


def _is_power_of_two(number: float, dtype: str) -> bool:
    return math.frexp(number)[0] == 0.5 and 2.0 ** -DIVISORS[dtype] <= number <= 2.0 ** DIVISORS[dtype]


def _prepared(b: Builder, y: Value) -> tuple[Value, Value, Value]:
    """Return the inverse of a divisor, and its limit and zero (see `Divisor`)."""
    dtype, whole = y.dtype, "int64" if y.dtype == "float64" else "int32"
    least, most = (constant(2.0**n, dtype) for n in (-DIVISORS[dtype], DIVISORS[dtype]))
    good = b.int_op("and", b.compare("oge", y, least), b.compare("ole", y, most))
    span = _doubled(SIZES[dtype], dtype) - _doubled(-SIZES[dtype], dtype)
    pairs = zip((_LOWEST[dtype] + span, _ZERO[dtype]), _NOWHERE[dtype], strict=True)
    limit, zero = (b.select(good, constant(usual, whole), constant(none, whole)) for usual, none in pairs)
    return b.float_op("fdiv", a.one(y), y, exact=True), limit, zero


def quotient(b: Builder, x: Value, by: Divisor) -> Value:
    """Return x over a divisor, lane by lane, correctly rounded."""
    if by.exact:
        return b.float_op("fmul", x, by.inverse, exact=True)
    number, divisor, inverse = Number(b, x), Number(b, by.value), Number(b, by.inverse)
    order = _order(number)
    # The remainder is taken with the other sign, so that the quotient of a negative zero is one.
    near = number * inverse
    excess = exact_fma(near, divisor, -number)
    usual = exact_fma(-excess, inverse, near)

    def beyond() -> Number:
        nonzero = Mask(b, b.int_op("and", outside.value, b.compare("ne", order, by.zero)))
        return unless(nonzero, usual, lambda: number / divisor)

    outside = Mask(b, b.compare("sge", order, by.limit))
    return unless(outside, usual, beyond).value


def _order(x: Number) -> Value:
    """Return the sizes of numbers as signed integers that grow from the least good size on, round the circle."""
    dtype, lanes = x.dtype, x.value.lanes
    bits = x.bits().value
    doubled = x.b.int_op("add", bits, bits)
    return x.b.int_op("add", doubled, constant(_ZERO[dtype], bits.dtype, lanes))
