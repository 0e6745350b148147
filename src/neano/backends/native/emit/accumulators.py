"""Accumulators in memory: how values are combined into them, and the identities that vectors of partial results start from.

A sum of floats keeps a second number, what rounding has lost so far (Knuth's TwoSum), so that the sums of blocks add up
without an error that grows with their number.
"""

from __future__ import annotations

from dataclasses import dataclass

from neano.backends.native.emit import arithmetic as a
from neano.backends.native.emit.memory import load, offset, store
from neano.backends.native.emit.scalar_table import SCALAR
from neano.backends.native.emit.text import Builder, Value, bits, constant, is_complex, is_float, join_parts

CELL = 64
"""Bytes that an accumulator takes: the value at 0, what it lost at 16, whether it has been used in a compensated sum."""


@dataclass(frozen=True)
class Accumulator:
    """A scalar in memory that loops combine values into."""

    dtype: str
    cell: str

    @property
    def compensated(self) -> bool:
        return self.dtype in ("float32", "float64", "complex64", "complex128")


def start(b: Builder, accumulator: Accumulator, init: Value) -> None:
    """Give an accumulator its first value."""
    store(b, init, accumulator.cell)
    if accumulator.compensated:
        store(b, constant(0, accumulator.dtype), offset(b, accumulator.cell, 16))


def combine(b: Builder, accumulator: Accumulator, function: str, value: Value) -> None:
    """Combine a value into an accumulator."""
    before = load(b, accumulator.dtype, accumulator.cell)
    lost = None
    if function == "add" and accumulator.compensated:
        lost = load(b, accumulator.dtype, offset(b, accumulator.cell, 16))
    total, lost = combined(b, function, before, lost, value)
    if lost is not None:
        store(b, lost, offset(b, accumulator.cell, 16))
    store(b, total, accumulator.cell)


def combined(b: Builder, function: str, before: Value, lost: Value | None, value: Value) -> tuple[Value, Value | None]:
    """Return two values combined, and with what has been lost before also what is lost then."""
    if lost is None:
        return SCALAR[function](b, [before, value], before.dtype), None
    return _compensated_add(b, before, lost, value)


def result(b: Builder, accumulator: Accumulator) -> Value:
    """Return the value of an accumulator, with what rounding lost put back where that is a number."""
    value = load(b, accumulator.dtype, accumulator.cell)
    if not accumulator.compensated:
        return value
    return restored(b, value, load(b, accumulator.dtype, offset(b, accumulator.cell, 16)))


def restored(b: Builder, value: Value, lost: Value) -> Value:
    """Return a sum with what rounding has lost put back where that is a number."""
    if is_complex(value.dtype):
        real, imaginary = (restored(b, v, c) for v, c in zip(value.parts(), lost.parts(), strict=True))
        return join_parts(real, imaginary)
    usable = b.compare("one", lost, a.zero(lost))
    return b.select(usable, b.float_op("fadd", value, lost, exact=True), value)


def _compensated_add(b: Builder, total: Value, lost: Value, value: Value) -> tuple[Value, Value]:
    """Return total + value and what has been lost, including this rounding (TwoSum, TAOCP 2, section 4.2.2)."""
    if is_complex(total.dtype):
        parts = zip(total.parts(), lost.parts(), value.parts(), strict=True)
        (t0, l0), (t1, l1) = (_compensated_add(b, *three) for three in parts)
        return join_parts(t0, t1), join_parts(l0, l1)
    after = b.float_op("fadd", total, value, exact=True)
    grown = b.float_op("fsub", after, total, exact=True)
    rest = b.float_op("fsub", total, b.float_op("fsub", after, grown, exact=True), exact=True)
    missing = b.float_op("fadd", rest, b.float_op("fsub", value, grown, exact=True), exact=True)
    return after, b.float_op("fadd", lost, missing, exact=True)


def identity(function: str, dtype: str, lanes: int) -> Value | None:
    """Return the value that a function combines with any other into the other; None where vectors cannot start from one."""
    if function in ("add", "or_", "xor", "mul_without_zeros"):
        return constant(0, dtype, lanes)
    if function == "mul":
        return constant(1, dtype, lanes)
    if function == "and_":
        return constant(True if dtype == "bool" else -1, dtype, lanes)
    if function in ("maximum", "minimum"):
        return _bound(function == "minimum", dtype, lanes)
    return None


def _bound(upper: bool, dtype: str, lanes: int) -> Value | None:
    if is_complex(dtype):
        bound = float("inf") if upper else float("-inf")
        return constant(complex(bound, bound), dtype, lanes)
    if is_float(dtype):
        return constant(float("inf") if upper else float("-inf"), dtype, lanes)
    if dtype == "bool":
        return constant(upper, dtype, lanes)
    width, signed = bits(dtype), dtype[0] == "i"
    lowest, highest = (-(1 << width - 1), (1 << width - 1) - 1) if signed else (0, (1 << width) - 1)
    return constant(highest if upper else lowest, dtype, lanes)


def better(b: Builder, function: str, candidate: Value, best: Value) -> Value:
    """Return whether a candidate replaces the best value so far: it is beyond it, or a NaN where that is none."""
    if is_float(candidate.dtype):
        predicate = "ugt" if function == "maximum" else "ult"  # true as well where either is NaN
        return b.int_op("and", b.compare(predicate, candidate, best), b.compare("ord", best, best))
    return (a.gt if function == "maximum" else a.lt)(b, candidate, best)


def combine_extreme(
    b: Builder, value_in: Accumulator, position_in: Accumulator, function: str, value: Value, position: Value
) -> None:
    """Keep the extreme value and its position; the one that stood first of equal ones, a NaN before all."""
    best, where = load(b, value_in.dtype, value_in.cell), load(b, "int64", position_in.cell)
    take = better(b, function, value, best)
    store(b, b.select(take, value, best), value_in.cell)
    store(b, b.select(take, position, where), position_in.cell)


def merge_extremes(
    b: Builder, function: str, first: tuple[Value, Value], second: tuple[Value, Value]
) -> tuple[Value, Value]:
    """Return the better of two (value, position), lane by lane; of equal values the lower position."""
    (v, p), (w, q) = first, second
    take, keep = better(b, function, w, v), better(b, function, v, w)
    tie = b.int_op("xor", b.int_op("or", take, keep), constant(True, "bool", v.lanes))
    earlier = b.int_op("and", tie, b.compare("slt", q, p))
    chosen = b.int_op("or", take, earlier)
    return b.select(chosen, w, v), b.select(chosen, q, p)
