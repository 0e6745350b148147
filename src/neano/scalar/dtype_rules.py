"""Dtype rules: what dtype a scalar function gives for operands of given dtypes. Each takes names and returns a name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn

from neano.config import config
from neano.scalar.dtypes import is_complex, is_discrete, is_float, upcast

__all__ = [
    "ComplexError",
    "always",
    "as_float",
    "bits",
    "boolean",
    "common_dtype",
    "complex_of",
    "condition_and_branches",
    "float64",
    "float_upcast",
    "float_upcast_no_complex",
    "last_own",
    "of_branches",
    "own_dtypes",
    "parts_of_output",
    "quotient",
    "real_part",
    "same",
    "same_float_only",
    "same_min_int8",
    "same_no_bool",
    "same_no_bool_no_complex",
    "same_no_complex",
    "second_of",
    "upcast",
    "upcast_complex_error",
    "upcast_min_int8",
    "upcast_no_bool",
    "upcast_no_complex",
]


class ComplexError(NotImplementedError):
    """An operation makes no sense for complex numbers."""


_SMALL = frozenset(("bool", "int8", "int16", "uint8", "uint16"))
"""Discrete dtypes whose every value float32 holds exactly."""

_REAL_PART = {"complex64": "float32", "complex128": "float64"}


def _refuse(what: str, dtypes: Sequence[str]) -> NoReturn:
    raise TypeError(f"{what} (given: {', '.join(dtypes)})")


def as_float(dtype: str) -> str:
    """Return the floating-point dtype in which a function of a value of this dtype is computed.

    >>> as_float("int8"), as_float("int32"), as_float("float16"), as_float("complex64")
    ('float32', 'float64', 'float16', 'complex64')
    """
    if not is_discrete(dtype):
        return dtype
    return "float32" if dtype in _SMALL else "float64"


def upcast_no_bool(*dtypes: str) -> str:
    """The operands' common dtype, which must not be bool."""
    result = upcast(*dtypes)
    if result == "bool":
        _refuse("not defined on bool; cast to an integer dtype, or use a bit operator", dtypes)
    return result


def upcast_min_int8(*dtypes: str) -> str:
    """The operands' common dtype, int8 where that is bool."""
    result = upcast(*dtypes)
    return "int8" if result == "bool" else result


def upcast_no_complex(*dtypes: str) -> str:
    """The operands' common dtype, which must be real."""
    if any(map(is_complex, dtypes)):
        _refuse("not defined on complex numbers", dtypes)
    return upcast(*dtypes)


def float_upcast(*dtypes: str) -> str:
    """The common dtype of the operands, each made floating-point first: a function with real or complex values."""
    return upcast(*map(as_float, dtypes))


def float_upcast_no_complex(*dtypes: str) -> str:
    """Like `float_upcast`, for functions of real numbers only."""
    if any(map(is_complex, dtypes)):
        _refuse("not defined on complex numbers", dtypes)
    return float_upcast(*dtypes)


def same(dtype: str) -> str:
    """The operand's dtype."""
    return dtype


def same_no_bool(dtype: str) -> str:
    """The operand's dtype, which must not be bool."""
    if dtype == "bool":
        _refuse("not defined on bool; cast to an integer dtype, or use `invert`", [dtype])
    return dtype


def same_min_int8(dtype: str) -> str:
    """The operand's dtype, int8 for bool."""
    return "int8" if dtype == "bool" else dtype


def same_no_complex(dtype: str) -> str:
    """The operand's dtype, which must be real."""
    if is_complex(dtype):
        _refuse("not defined on complex numbers", [dtype])
    return dtype


def same_no_bool_no_complex(dtype: str) -> str:
    """The operand's dtype, which must be an integer or real."""
    return same_no_bool(same_no_complex(dtype))


def same_float_only(dtype: str) -> str:
    """The operand's dtype, which must be a real floating-point one."""
    if not is_float(dtype):
        _refuse("only defined on floating-point numbers", [dtype])
    return dtype


def real_part(dtype: str) -> str:
    """The dtype of a complex number's parts; real dtypes stay."""
    return _REAL_PART.get(dtype, dtype)


def always(dtype: str) -> Callable[..., str]:
    """Return the rule that gives one dtype whatever the operands' are."""

    def rule(*dtypes: str) -> str:
        return dtype

    rule.__name__ = f"always_{dtype}"
    return rule


def boolean(*dtypes: str) -> str:
    """bool."""
    return "bool"


def float64(*dtypes: str) -> str:
    """float64."""
    return "float64"


def quotient(x: str, y: str) -> str:
    """floatX where both operands are discrete, else their common dtype."""
    return config.floatX if is_discrete(x) and is_discrete(y) else upcast(x, y)


def upcast_complex_error(*dtypes: str) -> str:
    """The operands' common dtype; complex ones have no quotient and remainder.

    Raises:
        ComplexError: an operand is complex.
    """
    if any(map(is_complex, dtypes)):
        raise ComplexError("complex numbers have no integer quotient and no remainder; use `/`, or the absolute values")
    return upcast(*dtypes)


def bits(*dtypes: str) -> str:
    """bool where all operands are bool; else the common dtype of integers. Anything else has no bits to combine."""
    if not all(map(is_discrete, dtypes)) or 0 < dtypes.count("bool") < len(dtypes):
        _refuse("only defined on integers, or on bools among themselves", dtypes)
    if not is_discrete(upcast(*dtypes)):
        _refuse("not defined on uint64 with a signed dtype, for no integer dtype holds both", dtypes)
    return upcast(*dtypes)


def second_of(x: str, y: str) -> str:
    """The dtype of the second operand."""
    return y


def of_branches(condition: str, x: str, y: str) -> str:
    """The common dtype of the second and third operands."""
    return upcast(x, y)


def complex_of(x: str, y: str) -> str:
    """The complex dtype whose parts hold both real operands."""
    if is_complex(x) or is_complex(y):
        _refuse("only defined on real numbers, the parts of a complex one", (x, y))
    return "complex128" if upcast(x, y) in ("float64", "int32", "int64", "uint32", "uint64") else "complex64"


# Operand rules: the dtypes in which a function computes, from those of its operands and of its result.


def own_dtypes(dtypes: Sequence[str], output: str) -> Sequence[str]:
    """Compute on the operands as they are."""
    return dtypes


def common_dtype(dtypes: Sequence[str], output: str) -> Sequence[str]:
    """Compute on the operands' common dtype, whatever the result's is (comparisons)."""
    return [upcast(*dtypes)] * len(dtypes)


def condition_and_branches(dtypes: Sequence[str], output: str) -> Sequence[str]:
    """The first operand counts as true or false, the others are in the result's dtype."""
    return ["bool", *[output] * (len(dtypes) - 1)]


def parts_of_output(dtypes: Sequence[str], output: str) -> Sequence[str]:
    """Compute from real numbers of the precision of a complex result."""
    return [real_part(output)] * len(dtypes)


def last_own(dtypes: Sequence[str], output: str) -> Sequence[str]:
    """The last operand in the result's dtype, the others (which only lend their shape) as they are."""
    return [*dtypes[:-1], output]
