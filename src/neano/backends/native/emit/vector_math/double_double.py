"""Sums and products with what rounding takes from them: numbers of twice the digits.

T. J. Dekker, "A floating-point technique for extending the available precision", 1971; D. E. Knuth, "The art of computer
programming", volume 2, section 4.2.2.
"""

from __future__ import annotations

from neano.backends.native.emit.vector_math.number import Number

Pair = tuple[Number, Number]
"""A sum of two numbers, the second below half a unit of the first."""


def two_sum(x: Number, y: Number) -> Pair:
    """Return the rounded sum and its error, of numbers of any sizes."""
    total = x + y
    part = total - x
    return total, (x - (total - part)) + (y - part)


def fast_two_sum(x: Number, y: Number) -> Pair:
    """Return the rounded sum and its error, where x is not smaller than y or is zero."""
    total = x + y
    return total, y - (total - x)


def two_product(x: Number, y: Number) -> Pair:
    """Return the rounded product and its error: by a fused operation, or by halves of the digits where there is none."""
    product = x * y
    if fused(x):
        return product, exact_fma(x, y, -product)
    a, c = x.high(), y.high()
    b, d = x - a, y - c
    return product, (((a * c - product) + a * d) + b * c) + b * d


def fused(x: Number) -> bool:
    """Return whether the processor multiplies and adds in one operation; with SSE alone it does not."""
    return x.b.target.vector_prefix != "_ZGVb"


def exact_fma(x: Number, y: Number, z: Number) -> Number:
    return Number(x.b, x.b.intrinsic("fma", x.value, y.value, z.value))


def add(x: Pair, y: Pair) -> Pair:
    """Return a sum; y is the smaller one."""
    total, error = two_sum(x[0], y[0])
    return fast_two_sum(total, error + (x[1] + y[1]))


def multiply(x: Pair, y: Pair) -> Pair:
    product, error = two_product(x[0], y[0])
    return fast_two_sum(product, error + (x[0] * y[1] + x[1] * y[0]))


def divide(x: Pair, y: Pair) -> Pair:
    """Return a quotient, from the rounded one and the remainder that it leaves."""
    quotient = x[0] / y[0]
    product, error = two_product(quotient, y[0])
    rest = ((x[0] - product) - error) + (x[1] - quotient * y[1])
    return fast_two_sum(quotient, rest / y[0])
