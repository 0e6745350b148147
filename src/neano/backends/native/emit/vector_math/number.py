"""Numbers to write kernels with: a value of the builder with Python's operators, so that a kernel reads as its mathematics.

Every operation rounds once and is never contracted with another; where a product and a sum may be fused, a kernel says
so (`fma`), and does not depend on it: processors without fused operations round twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neano.backends.native.emit.text import Builder, Value, constant, type_of

INTEGER = {"float64": "int64", "float32": "int32"}
MANTISSA = {"float64": 52, "float32": 23}
BIAS = {"float64": 1023, "float32": 127}
BYTES = {"float64": 8, "float32": 4}


@dataclass(frozen=True, slots=True)
class Mask:
    """A truth for each lane."""

    b: Builder
    value: Value

    def __and__(self, other: Mask) -> Mask:
        return Mask(self.b, self.b.int_op("and", self.value, other.value))

    def __or__(self, other: Mask) -> Mask:
        return Mask(self.b, self.b.int_op("or", self.value, other.value))

    def __invert__(self) -> Mask:
        every = "true" if self.value.lanes == 1 else "splat (i1 true)"
        return Mask(self.b, self.b.int_op("xor", self.value, self.value.same(every)))

    def any(self) -> str:
        """Return an `i1`: whether it holds in some lane."""
        if self.value.lanes == 1:
            return self.value.text
        packed = self.b.op(f"bitcast {self.value.typed} to i{self.value.lanes}")
        return self.b.op(f"icmp ne i{self.value.lanes} {packed}, 0")


@dataclass(frozen=True, slots=True)
class Bits:
    """The bits of numbers, as integers of the same width."""

    b: Builder
    value: Value

    def _with(self, instruction: str, other: Bits | int) -> Bits:
        right = other.value if isinstance(other, Bits) else constant(other, self.value.dtype, self.value.lanes)
        return Bits(self.b, self.b.int_op(instruction, self.value, right))

    def __add__(self, other: Bits | int) -> Bits:
        return self._with("add", other)

    def __sub__(self, other: Bits | int) -> Bits:
        return self._with("sub", other)

    def __and__(self, other: Bits | int) -> Bits:
        return self._with("and", other)

    def __or__(self, other: Bits | int) -> Bits:
        return self._with("or", other)

    def __xor__(self, other: Bits | int) -> Bits:
        return self._with("xor", other)

    def __lshift__(self, other: int) -> Bits:
        return self._with("shl", other)

    def __rshift__(self, other: int) -> Bits:
        return self._with("lshr", other)

    def is_zero(self) -> Mask:
        return Mask(self.b, self.b.compare("eq", self.value, constant(0, self.value.dtype, self.value.lanes)))

    def number(self) -> Number:
        """Return the numbers that have these bits."""
        dtype = "float64" if self.value.dtype == "int64" else "float32"
        kind = type_of(dtype, self.value.lanes)
        return Number(self.b, Value(self.b.op(f"bitcast {self.value.typed} to {kind}"), dtype, self.value.lanes))


@dataclass(frozen=True, slots=True)
class Number:
    """A floating-point number in each lane."""

    b: Builder
    value: Value

    @property
    def dtype(self) -> str:
        return self.value.dtype

    def constant(self, number: float) -> Number:
        """Return a constant of the same dtype and lanes."""
        return Number(self.b, constant(number, self.value.dtype, self.value.lanes))

    def _number(self, other: Number | float) -> Number:
        return other if isinstance(other, Number) else self.constant(other)

    def _with(self, instruction: str, left: Number | float, right: Number | float) -> Number:
        x, y = self._number(left).value, self._number(right).value
        return Number(self.b, self.b.float_op(instruction, x, y, exact=True))

    def __add__(self, other: Number | float) -> Number:
        return self._with("fadd", self, other)

    def __radd__(self, other: float) -> Number:
        return self._with("fadd", other, self)

    def __sub__(self, other: Number | float) -> Number:
        return self._with("fsub", self, other)

    def __rsub__(self, other: float) -> Number:
        return self._with("fsub", other, self)

    def __mul__(self, other: Number | float) -> Number:
        return self._with("fmul", self, other)

    def __rmul__(self, other: float) -> Number:
        return self._with("fmul", other, self)

    def __truediv__(self, other: Number | float) -> Number:
        return self._with("fdiv", self, other)

    def __rtruediv__(self, other: float) -> Number:
        return self._with("fdiv", other, self)

    def __neg__(self) -> Number:
        return Number(self.b, self.value.same(self.b.op(f"fneg {self.value.typed}")))

    def __abs__(self) -> Number:
        return Number(self.b, self.b.intrinsic("fabs", self.value))

    def _compare(self, predicate: str, other: Number | float) -> Mask:
        return Mask(self.b, self.b.compare(predicate, self.value, self._number(other).value))

    def __lt__(self, other: Number | float) -> Mask:
        return self._compare("olt", other)

    def __gt__(self, other: Number | float) -> Mask:
        return self._compare("ogt", other)

    def __le__(self, other: Number | float) -> Mask:
        return self._compare("ole", other)

    def __ge__(self, other: Number | float) -> Mask:
        return self._compare("oge", other)

    def equals(self, other: Number | float) -> Mask:
        return self._compare("oeq", other)

    def fma(self, factor: Number | float, summand: Number | float) -> Number:
        """Return self * factor + summand, rounded once where the processor can."""
        y, z = self._number(factor).value, self._number(summand).value
        return Number(self.b, self.b.intrinsic("fmuladd", self.value, y, z))

    def sqrt(self) -> Number:
        return Number(self.b, self.b.intrinsic("sqrt", self.value))

    def floor(self) -> Number:
        return Number(self.b, self.b.intrinsic("floor", self.value))

    def with_sign_of(self, other: Number) -> Number:
        return Number(self.b, self.b.intrinsic("copysign", self.value, other.value))

    def at_most(self, limit: float) -> Number:
        """Return the smaller of the number and a limit; NaN stays."""
        return where(self > limit, limit, self)

    def at_least(self, limit: float) -> Number:
        """Return the larger of the number and a limit; NaN stays."""
        return where(self < limit, limit, self)

    def bits(self) -> Bits:
        dtype = INTEGER[self.dtype]
        kind = type_of(dtype, self.value.lanes)
        return Bits(self.b, Value(self.b.op(f"bitcast {self.value.typed} to {kind}"), dtype, self.value.lanes))

    def high(self) -> Number:
        """Return the number with the lower half of its digits zero, so that its square is exact."""
        return (self.bits() & -(1 << (27 if self.dtype == "float64" else 12))).number()

    def polynomial(self, coefficients: Sequence[float]) -> Number:
        """Return a polynomial of the number, its lowest coefficient first, by Horner's rule."""
        result = self.constant(coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            result = result.fma(self, coefficient)
        return result


def where(condition: Mask, then: Number | float, otherwise: Number | float) -> Number:
    """Return one number where a condition holds, in other lanes another one."""
    known = then if isinstance(then, Number) else otherwise
    assert isinstance(known, Number)
    x, y = (n if isinstance(n, Number) else known.constant(n) for n in (then, otherwise))
    return Number(condition.b, condition.b.select(condition.value, x.value, y.value))


def round_to_integer(x: Number, factor: float = 1.0) -> tuple[Number, Bits]:
    """Return the integer nearest to x * factor (below 2**(digits - 2)), as a number, and as the low bits of an integer.

    Adding 1.5 * 2**mantissa leaves no digits for a fraction; what is left in the lowest bits is the integer.
    """
    magic = 1.5 * 2.0 ** MANTISSA[x.dtype]
    shifted = x.fma(factor, magic) if factor != 1.0 else x + magic
    return shifted - magic, shifted.bits()


def power_of_two(integer: Bits, dtype: str) -> Number:
    """Return 2**integer from the low bits of an integer, in the range of normal numbers."""
    return ((integer + BIAS[dtype]) << MANTISSA[dtype]).number()


def times_power_of_two(x: Number, n: Number) -> Number:
    """Return x * 2**n, rounded once (x of about 1, n whole, results of any size).

    AVX-512 has an instruction for it; elsewhere two products, of which the first is exact.
    """
    name = _scale_instruction(x)
    if name:
        kind, lanes = x.value.type, x.value.lanes
        mask = max(lanes, 8)
        arguments = [kind, kind, kind, f"i{mask}"] + (["i32"] if x.value.lanes * BYTES[x.dtype] == 64 else [])
        x.b.module.declare(name, kind, *arguments)
        texts = [x.value.typed, n.value.typed, f"{kind} zeroinitializer", f"i{mask} -1"]
        texts += ["i32 4"] if len(arguments) == 5 else []  # 4: rounds as everything else does
        return Number(x.b, x.value.same(x.b.op(f"call {kind} @{name}({', '.join(texts)})")))
    first, bits = round_to_integer(n * 0.5)
    _, rest = round_to_integer(n - first)
    return x * power_of_two(bits, x.dtype) * power_of_two(rest, x.dtype)


def _scale_instruction(x: Number) -> str:
    """Return the name of LLVM's intrinsic for scaling vectors of this width, "" where there is none."""
    width = x.value.lanes * BYTES[x.dtype] * 8
    if x.b.target.vector_prefix != "_ZGVe" or width not in (128, 256, 512):
        return ""
    return f"llvm.x86.avx512.mask.scalef.{'pd' if x.dtype == 'float64' else 'ps'}.{width}"
