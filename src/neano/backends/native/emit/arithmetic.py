"""Arithmetic and comparisons on values of every dtype, with NumPy's results where C leaves them open.

Each function takes a builder and values of one dtype and of equal lanes. float16 computes in float32 and rounds after
each operation.
"""

from __future__ import annotations

from collections.abc import Callable

from neano.backends.native.emit import complex_numbers
from neano.backends.native.emit.casts import convert, to_bool
from neano.backends.native.emit.functions import call_math
from neano.backends.native.emit.text import Builder, Value, bits, constant, is_complex, is_float, is_signed

Binary = Callable[[Builder, Value, Value], Value]


def zero(x: Value) -> Value:
    return constant(0, x.dtype, x.lanes)


def one(x: Value) -> Value:
    return constant(1, x.dtype, x.lanes)


def number(value: float, x: Value) -> Value:
    """Return a constant of the dtype and lanes of another value."""
    return constant(value, x.dtype, x.lanes)


def widened(function: Callable[..., Value]) -> Callable[..., Value]:
    """Return a function that computes float16 operands in float32."""

    def apply(b: Builder, *values: Value) -> Value:
        if values[0].dtype != "float16":
            return function(b, *values)
        result = function(b, *[convert(b, v, "float32") for v in values])
        return convert(b, result, "float16") if result.dtype == "float32" else result

    return apply


@widened
def add(b: Builder, x: Value, y: Value) -> Value:
    if is_complex(x.dtype):
        return complex_numbers.by_parts(b, add, x, y)
    if x.dtype == "bool":
        return b.int_op("or", x, y)
    return b.float_op("fadd", x, y) if is_float(x.dtype) else b.int_op("add", x, y)


@widened
def sub(b: Builder, x: Value, y: Value) -> Value:
    if is_complex(x.dtype):
        return complex_numbers.by_parts(b, sub, x, y)
    if x.dtype == "bool":
        return b.int_op("xor", x, y)
    return b.float_op("fsub", x, y) if is_float(x.dtype) else b.int_op("sub", x, y)


@widened
def mul(b: Builder, x: Value, y: Value) -> Value:
    if is_complex(x.dtype):
        return complex_numbers.multiply(b, x, y)
    if x.dtype == "bool":
        return b.int_op("and", x, y)
    return b.float_op("fmul", x, y) if is_float(x.dtype) else b.int_op("mul", x, y)


@widened
def true_div(b: Builder, x: Value, y: Value) -> Value:
    if is_complex(x.dtype):
        return complex_numbers.divide(b, x, y)
    return b.float_op("fdiv", x, y)


@widened
def neg(b: Builder, x: Value) -> Value:
    if is_complex(x.dtype):
        return complex_numbers.by_parts(b, neg, x)
    if is_float(x.dtype):
        return x.same(b.op(f"fneg {x.typed}"))
    return b.int_op("sub", zero(x), x)


@widened
def abs_(b: Builder, x: Value) -> Value:
    if is_complex(x.dtype):
        return complex_numbers.absolute(b, x)
    if is_float(x.dtype):
        return b.intrinsic("fabs", x)
    return b.intrinsic("abs", x, extra="i1 false") if is_signed(x.dtype) else x


@widened
def int_div(b: Builder, x: Value, y: Value) -> Value:
    return float_divmod(b, x, y)[0] if is_float(x.dtype) else integer_divmod(b, x, y)[0]


@widened
def mod(b: Builder, x: Value, y: Value) -> Value:
    return float_divmod(b, x, y)[1] if is_float(x.dtype) else integer_divmod(b, x, y)[1]


def integer_divmod(b: Builder, x: Value, y: Value) -> tuple[Value, Value]:
    """Return quotient toward minus infinity and remainder with the divisor's sign; both 0 where the divisor is 0."""
    if x.dtype == "bool":
        quotient, remainder = integer_divmod(b, convert(b, x, "int8"), convert(b, y, "int8"))
        return to_bool(b, quotient), to_bool(b, remainder)
    by_zero = b.compare("eq", y, zero(y))
    if not is_signed(x.dtype):
        divisor = b.select(by_zero, one(y), y)
        quotient, remainder = b.int_op("udiv", x, divisor), b.int_op("urem", x, divisor)
        return b.select(by_zero, zero(x), quotient), b.select(by_zero, zero(x), remainder)
    lowest = number(-(2 ** (bits(x.dtype) - 1)), x)
    overflows = b.int_op("and", b.compare("eq", x, lowest), b.compare("eq", y, number(-1, y)))
    divisor = b.select(b.int_op("or", by_zero, overflows), one(y), y)  # lowest // 1 is the lowest number, as it wraps
    quotient, remainder = b.int_op("sdiv", x, divisor), b.int_op("srem", x, divisor)
    differs = b.compare("slt", b.int_op("xor", remainder, divisor), zero(x))
    adjust = b.int_op("and", differs, b.compare("ne", remainder, zero(x)))
    floored = b.select(adjust, b.int_op("sub", quotient, one(x)), quotient)
    positive = b.select(adjust, b.int_op("add", remainder, divisor), remainder)
    return b.select(by_zero, zero(x), floored), b.select(by_zero, zero(x), positive)


def float_divmod(b: Builder, x: Value, y: Value) -> tuple[Value, Value]:
    """Return NumPy's floor_divide and remainder of floats (`npy_divmod` tells how signs, zeros and infinities go)."""
    remainder = call_math(b, "fmod", x, y)
    quotient = b.float_op("fdiv", b.float_op("fsub", x, remainder, exact=True), y)
    inexact = b.compare("one", remainder, zero(x))
    opposite = b.compare("ne", *[b.compare("olt", v, zero(x)) for v in (y, remainder)])
    adjust = b.int_op("and", inexact, opposite)
    moved = b.select(adjust, b.float_op("fadd", remainder, y, exact=True), remainder)
    lowered = b.select(adjust, b.float_op("fsub", quotient, one(x), exact=True), quotient)
    exact = b.compare("oeq", remainder, zero(x))
    moved = b.select(exact, b.intrinsic("copysign", zero(x), y), moved)
    floor = b.intrinsic("floor", lowered)
    high = b.compare("ogt", b.float_op("fsub", lowered, floor, exact=True), number(0.5, x))
    rounded = b.select(high, b.float_op("fadd", floor, one(x), exact=True), floor)
    plain = b.float_op("fdiv", x, y)
    none = b.compare("oeq", lowered, zero(x))
    rounded = b.select(none, b.intrinsic("copysign", zero(x), plain), rounded)
    by_zero = b.compare("oeq", y, zero(y))
    return b.select(by_zero, plain, rounded), b.select(by_zero, remainder, moved)


def compare_with(ordered: str, signed: str, unsigned: str) -> Binary:
    """Return a comparison by its predicates for floats, signed and unsigned integers; complex numbers by order."""

    @widened
    def compare(b: Builder, x: Value, y: Value) -> Value:
        if is_complex(x.dtype):
            return complex_numbers.compare(b, ordered, x, y)
        if is_float(x.dtype):
            return b.compare(ordered, x, y)
        return b.compare(signed if is_signed(x.dtype) else unsigned, x, y)

    return compare


lt = compare_with("olt", "slt", "ult")
gt = compare_with("ogt", "sgt", "ugt")
le = compare_with("ole", "sle", "ule")
ge = compare_with("oge", "sge", "uge")
eq = compare_with("oeq", "eq", "eq")
neq = compare_with("une", "ne", "ne")


def extreme(better: Binary, float_predicate: str) -> Binary:
    """Return maximum or minimum; a NaN in either operand is the result."""

    @widened
    def choose(b: Builder, x: Value, y: Value) -> Value:
        if is_complex(x.dtype):
            return complex_numbers.extreme(b, float_predicate, x, y)
        if not is_float(x.dtype):
            return b.select(better(b, x, y), x, y)
        best = b.select(b.compare(float_predicate, x, y), x, y)  # gives y where either is NaN: one instruction on x86
        return b.select(b.compare("uno", x, x), x, best)

    return choose


maximum = extreme(gt, "ogt")
minimum = extreme(lt, "olt")


def isnan(b: Builder, x: Value) -> Value:
    if is_complex(x.dtype):
        return b.int_op("or", *[isnan(b, part) for part in x.parts()])
    return b.compare("uno", x, x) if is_float(x.dtype) else constant(False, "bool", x.lanes)


@widened
def isinf(b: Builder, x: Value) -> Value:
    if is_complex(x.dtype):
        return b.int_op("or", *[isinf(b, part) for part in x.parts()])
    if not is_float(x.dtype):
        return constant(False, "bool", x.lanes)
    return b.compare("oeq", b.intrinsic("fabs", x), number(float("inf"), x))


@widened
def sgn(b: Builder, x: Value) -> Value:
    if is_complex(x.dtype):
        return complex_numbers.sign(b, x)
    if not is_float(x.dtype):
        above, below = b.compare("sgt" if is_signed(x.dtype) else "ugt", x, zero(x)), zero(x)
        if is_signed(x.dtype):
            below = b.select(b.compare("slt", x, zero(x)), number(-1, x), zero(x))
        return b.select(above, one(x), below)
    negative = b.select(b.compare("olt", x, zero(x)), number(-1, x), b.float_op("fadd", x, zero(x)))  # -0 + 0 = 0
    return b.select(b.compare("ogt", x, zero(x)), one(x), negative)


@widened
def clip(b: Builder, x: Value, low: Value, high: Value) -> Value:
    inner = b.select(gt(b, x, high), high, x)
    return b.select(lt(b, x, low), low, inner)


def rounding(intrinsic: str) -> Callable[[Builder, Value], Value]:
    """Return floor, ceil, trunc ... as an intrinsic of LLVM; integers stay as they are."""

    @widened
    def apply(b: Builder, x: Value) -> Value:
        return b.intrinsic(intrinsic, x) if is_float(x.dtype) else x

    return apply
