"""Conversions between dtypes with the results of NumPy's `astype` on the same platform, every one of them defined."""

from __future__ import annotations

from neano.backends.native.emit.text import (
    PART,
    SIZE,
    Builder,
    Value,
    bits,
    constant,
    is_complex,
    is_float,
    is_integer,
    is_signed,
    join_parts,
    type_of,
)


def convert(b: Builder, value: Value, dtype: str) -> Value:
    """Return a value converted to a dtype."""
    if value.dtype == dtype:
        return value
    if dtype == "bool":
        return to_bool(b, value)
    if is_complex(dtype):
        real, imaginary = value.parts() if is_complex(value.dtype) else (value, constant(0, PART[dtype], value.lanes))
        return join_parts(convert(b, real, PART[dtype]), convert(b, imaginary, PART[dtype]))
    if is_complex(value.dtype):
        return convert(b, value.parts()[0], dtype)
    if is_float(value.dtype):
        return _between_floats(b, value, dtype) if is_float(dtype) else _float_to_integer(b, value, dtype)
    return _integer_to_float(b, value, dtype) if is_float(dtype) else _between_integers(b, value, dtype)


def to_bool(b: Builder, value: Value) -> Value:
    """Return whether a value differs from zero; a NaN does."""
    if value.dtype == "bool":
        return value
    if is_complex(value.dtype):
        real, imaginary = (to_bool(b, part) for part in value.parts())
        return b.int_op("or", real, imaginary)
    return b.compare("une" if is_float(value.dtype) else "ne", value, constant(0, value.dtype, value.lanes))


def _simple(b: Builder, instruction: str, value: Value, dtype: str) -> Value:
    return Value(b.op(f"{instruction} {value.typed} to {type_of(dtype, value.lanes)}"), dtype, value.lanes)


def _between_integers(b: Builder, value: Value, dtype: str) -> Value:
    before, after = bits(value.dtype), bits(dtype)
    if before == after:
        return Value(value.text, dtype, value.lanes)
    if before > after:
        return _simple(b, "trunc", value, dtype)
    return _simple(b, "sext" if is_signed(value.dtype) else "zext", value, dtype)


def _integer_to_float(b: Builder, value: Value, dtype: str) -> Value:
    if dtype == "float16":  # by way of float32, as NumPy does
        return _between_floats(b, _integer_to_float(b, value, "float32"), dtype)
    return _simple(b, "sitofp" if is_signed(value.dtype) else "uitofp", value, dtype)


def _between_floats(b: Builder, value: Value, dtype: str) -> Value:
    if SIZE[dtype] > SIZE[value.dtype]:
        if value.dtype == "float16" and dtype == "float64":
            value = _simple(b, "fpext", value, "float32")
        return _simple(b, "fpext", value, dtype)
    if value.dtype == "float64" and dtype == "float16":
        value = _rounded_to_odd(b, value)
    return _simple(b, "fptrunc", value, dtype)


def _rounded_to_odd(b: Builder, value: Value) -> Value:
    """Return a float64 as the float32 toward zero whose last bit is set where it is not exact.

    Rounding that again to float16 gives the correctly rounded result (Boldo and Melquiond, "Emulation of FMA and
    correctly rounded sums: proved algorithms using rounding to odd", 2008).
    """
    lanes = value.lanes
    near = _simple(b, "fptrunc", value, "float32")
    back = _simple(b, "fpext", near, "float64")
    beyond = b.compare("ogt", b.intrinsic("fabs", back), b.intrinsic("fabs", value))
    inexact = b.compare("one", back, value)
    pattern = Value(b.op(f"bitcast {near.typed} to {type_of('int32', lanes)}"), "int32", lanes)
    lower = b.int_op("sub", pattern, _simple(b, "zext", beyond, "int32"))
    odd = b.int_op("or", lower, _simple(b, "zext", inexact, "int32"))
    return Value(b.op(f"bitcast {odd.typed} to {type_of('float32', lanes)}"), "float32", lanes)


def _float_to_integer(b: Builder, value: Value, dtype: str) -> Value:
    if value.dtype == "float16":
        value = _simple(b, "fpext", value, "float32")
    if dtype == "uint64":
        return _to_uint64(b, value)
    if b.target.saturating_casts:
        return _saturated(b, value, dtype)
    # C compilers convert to a register of 32 or 64 bits, which holds its lowest number where the value does not fit,
    # and drop the upper bits.
    register = "int64" if dtype in ("int64", "uint32") else "int32"
    return _between_integers(b, _indefinite(b, value, register), dtype)


def _indefinite(b: Builder, value: Value, dtype: str) -> Value:
    """Return a float truncated to int32 or int64; the lowest number where that does not fit, as on x86."""
    lowest = -(2 ** (bits(dtype) - 1))
    if dtype == "int32" and value.dtype == "float64":
        above = b.compare("ogt", value, constant(float(lowest - 1), value.dtype, value.lanes))
    else:
        above = b.compare("oge", value, constant(float(lowest), value.dtype, value.lanes))
    below = b.compare("olt", value, constant(float(-lowest), value.dtype, value.lanes))
    fits = b.int_op("and", above, below)
    inside = b.select(fits, value, constant(0, value.dtype, value.lanes))
    return b.select(fits, _simple(b, "fptosi", inside, dtype), constant(lowest, dtype, value.lanes))


def _to_uint64(b: Builder, value: Value) -> Value:
    """Return a float as uint64: below 2**63 by way of int64, above it with the excess converted and 2**63 put back."""
    if b.target.saturating_casts:
        return _saturated(b, value, "uint64")
    half = constant(2.0**63, value.dtype, value.lanes)
    upper = b.compare("oge", value, half)
    low = _indefinite(b, value, "int64")
    high = _indefinite(b, b.float_op("fsub", value, half), "int64")
    flipped = b.int_op("xor", high, constant(-(2**63), "int64", value.lanes))
    return Value(b.select(upper, flipped, low).text, "uint64", value.lanes)


def _saturated(b: Builder, value: Value, dtype: str) -> Value:
    """Return a float as an integer, the nearest bound where it does not fit and 0 for NaN, as ARM's instructions do."""
    register = dtype if bits(dtype) >= 32 else "int32"
    kind = "fptosi" if is_signed(register) else "fptoui"
    result, lanes = type_of(register, value.lanes), value.lanes
    mangled = f"v{lanes}i{bits(register)}" if lanes > 1 else f"i{bits(register)}"
    source = f"v{lanes}f{bits(value.dtype)}" if lanes > 1 else f"f{bits(value.dtype)}"
    name = f"llvm.{kind}.sat.{mangled}.{source}"
    b.module.declare(name, result, value.type)
    whole = Value(b.op(f"call {result} @{name}({value.typed})"), register, lanes)
    return _between_integers(b, whole, dtype) if is_integer(dtype) else whole
