"""Complex arithmetic by parts: products, quotients, comparisons by real and then imaginary part, as NumPy has them."""

from __future__ import annotations

from collections.abc import Callable

from neano.backends.native.emit.functions import call_math
from neano.backends.native.emit.text import Builder, Value, constant, join_parts


def by_parts(b: Builder, function: Callable[..., Value], *values: Value) -> Value:
    """Apply a real function to the real and to the imaginary parts."""
    real, imaginary = (function(b, *parts) for parts in zip(*(v.parts() for v in values), strict=True))
    return join_parts(real, imaginary)


def multiply(b: Builder, x: Value, y: Value) -> Value:
    (a, c), (d, e) = x.parts(), y.parts()
    real = b.float_op("fsub", b.float_op("fmul", a, d), b.float_op("fmul", c, e))
    imaginary = b.float_op("fadd", b.float_op("fmul", a, e), b.float_op("fmul", c, d))
    return join_parts(real, imaginary)


def divide(b: Builder, x: Value, y: Value) -> Value:
    """Return a quotient by Smith's method, without overflow where the result has none.

    R. L. Smith, "Algorithm 116: complex division", CACM 1962.
    """
    (a, c), (d, e) = x.parts(), y.parts()
    zero, one = constant(0, d.dtype, d.lanes), constant(1, d.dtype, d.lanes)
    real_size, imaginary_size = b.intrinsic("fabs", d), b.intrinsic("fabs", e)
    real_larger = b.compare("oge", real_size, imaginary_size)
    large, small = b.select(real_larger, d, e), b.select(real_larger, e, d)
    ratio = b.float_op("fdiv", small, large)
    scale = b.float_op("fdiv", one, b.float_op("fadd", large, b.float_op("fmul", small, ratio)))
    first, second = b.select(real_larger, a, c), b.select(real_larger, c, a)
    real = b.float_op("fmul", b.float_op("fadd", first, b.float_op("fmul", second, ratio)), scale)
    plus = b.float_op("fsub", c, b.float_op("fmul", a, ratio))
    minus = b.float_op("fsub", b.float_op("fmul", c, ratio), a)
    imaginary = b.float_op("fmul", b.select(real_larger, plus, minus), scale)
    by_zero = b.int_op("and", b.compare("oeq", d, zero), b.compare("oeq", e, zero))
    over_zero = join_parts(b.float_op("fdiv", a, real_size), b.float_op("fdiv", c, real_size))
    return b.select(by_zero, over_zero, join_parts(real, imaginary))


def absolute(b: Builder, x: Value) -> Value:
    return call_math(b, "hypot", *x.parts())


def compare(b: Builder, predicate: str, x: Value, y: Value) -> Value:
    """Compare by real parts, where these are equal by imaginary parts; equality of both parts for `oeq`, `une`."""
    (a, c), (d, e) = x.parts(), y.parts()
    real, imaginary = b.compare(predicate, a, d), b.compare(predicate, c, e)
    if predicate == "oeq":
        return b.int_op("and", real, imaginary)
    if predicate == "une":
        return b.int_op("or", real, imaginary)
    strict = b.compare(predicate[:2] + "t", a, d)  # olt for ole, ogt for oge
    ordered = b.compare("ord", c, e)
    tied = b.int_op("and", b.compare("oeq", a, d), imaginary)
    return b.int_op("or", b.int_op("and", strict, ordered), tied)


def extreme(b: Builder, predicate: str, x: Value, y: Value) -> Value:
    """Return the larger (`ogt`) or smaller (`olt`) of two; the first that holds a NaN."""
    (a, c), _ = x.parts(), y.parts()
    x_nan = b.compare("uno", a, c)
    better = compare(b, predicate[:2] + "e", x, y)
    return b.select(b.int_op("or", x_nan, better), x, y)


def sign(b: Builder, x: Value) -> Value:
    """Return x / abs(x), 0 at 0."""
    size = absolute(b, x)
    at_zero = b.compare("oeq", size, constant(0, size.dtype, size.lanes))
    divisor = b.select(at_zero, constant(1, size.dtype, size.lanes), size)
    real, imaginary = (b.float_op("fdiv", part, divisor) for part in x.parts())
    return join_parts(real, imaginary)
