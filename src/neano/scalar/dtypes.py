"""Dtypes of the language, how they combine (`upcast`), and the dtype that a plain Python number takes (`autocast`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np

from neano.config import config

INTEGER_DTYPES = ("int8", "int16", "int32", "int64")
UNSIGNED_DTYPES = ("uint8", "uint16", "uint32", "uint64")
FLOAT_DTYPES = ("float16", "float32", "float64")
COMPLEX_DTYPES = ("complex64", "complex128")
DISCRETE_DTYPES = ("bool", *INTEGER_DTYPES, *UNSIGNED_DTYPES)
CONTINUOUS_DTYPES = (*FLOAT_DTYPES, *COMPLEX_DTYPES)
ALL_DTYPES = (*DISCRETE_DTYPES, *CONTINUOUS_DTYPES)

_DISCRETE = frozenset(DISCRETE_DTYPES)
_COMPLEX = frozenset(COMPLEX_DTYPES)
_FLOAT = frozenset(FLOAT_DTYPES)
_ALL = frozenset(ALL_DTYPES)

_float_autocast: list[tuple[str, ...]] = []
"""Candidate dtypes for Python floats while `autocast_float_as` contexts are open, innermost last."""


def is_discrete(dtype: str) -> bool:
    """Say whether a dtype is bool or an integer."""
    return dtype in _DISCRETE


def is_float(dtype: str) -> bool:
    """Say whether a dtype is a real floating-point one."""
    return dtype in _FLOAT


def is_complex(dtype: str) -> bool:
    """Say whether a dtype is complex."""
    return dtype in _COMPLEX


def check_dtype(dtype: Any) -> str:
    """Return the name of a dtype of the language ('floatX' stands for `config.floatX`).

    Raises:
        TypeError: NumPy does not know the dtype, or the language does not have it.
    """
    if isinstance(dtype, str):
        if dtype == "floatX":
            return config.floatX
        if dtype in _ALL:
            return dtype
    try:
        name = str(np.dtype(dtype).name)
    except TypeError as error:
        raise TypeError(f"{dtype!r} is not a dtype; use one of {', '.join(ALL_DTYPES)}") from error
    if name not in _ALL:
        raise TypeError(f"dtype {name} is not supported; use one of {', '.join(ALL_DTYPES)}")
    return name


@lru_cache(maxsize=4096)
def _promote(dtypes: tuple[str, ...]) -> str:
    result = np.dtype(dtypes[0])
    for dtype in dtypes[1:]:
        result = np.promote_types(result, dtype)
    return str(result.name)


def upcast(*dtypes: str) -> str:
    """Return the dtype of an operation on operands of these dtypes, combined pairwise from the left.

    >>> upcast("int32", "float32"), upcast("int16", "float32"), upcast("uint64", "int64"), upcast("bool", "bool")
    ('float64', 'float32', 'float64', 'bool')
    """
    result = _promote(dtypes)
    if config.cast_policy == "numpy+floatX" and result == "float64" and "float64" not in dtypes:
        if config.floatX == "float32" or (config.floatX == "float16" and "float32" in dtypes):
            return "float32"
        if config.floatX == "float16":
            return "float16"
    return result


@contextmanager
def autocast_float_as(*dtypes: str) -> Iterator[None]:
    """Let Python floats become the first of these dtypes that holds them exactly, inside a `with` block."""
    if config.cast_policy != "custom":
        raise ValueError(f"autocast_float_as needs config.cast_policy='custom', not {config.cast_policy!r}")
    _float_autocast.append(tuple(dtypes))
    try:
        yield
    finally:
        _float_autocast.pop()


def autocast_dtype(value: Any) -> str:
    """Return the dtype that a constant made of a plain number, NumPy scalar or array takes.

    Under the policy "custom" an int takes the smallest signed dtype that holds it, a float takes float32 where that is
    exact (and floatX allows it), else float64; NumPy values keep their dtype.

    >>> autocast_dtype(5), autocast_dtype(200), autocast_dtype(1.0), autocast_dtype(1.1)
    ('int8', 'int16', 'float32', 'float64')
    """
    if isinstance(value, (np.ndarray, np.generic)):
        return check_dtype(value.dtype)
    if isinstance(value, (bool, int)) and config.cast_policy == "custom":
        for dtype in INTEGER_DTYPES:
            bounds = np.iinfo(dtype)
            if bounds.min <= value <= bounds.max:
                return dtype
        if 0 <= value <= np.iinfo("uint64").max:
            return "uint64"
        raise OverflowError(f"the integer {value} fits no dtype of 64 bits")
    if isinstance(value, float) and config.cast_policy == "custom":
        if _float_autocast:
            candidates = _float_autocast[-1]
        elif config.floatX != "float64":
            return config.floatX
        else:
            candidates = ("float32", "float64")
        with np.errstate(over="ignore"):
            for dtype in candidates:
                cast = np.asarray(value, dtype=dtype)
                if float(cast) == value or np.isnan(value):
                    return dtype
        return candidates[-1]
    if isinstance(value, float) and config.cast_policy == "numpy+floatX":
        return config.floatX
    return check_dtype(np.asarray(value).dtype)
