"""Rows that convert to a dtype, one for each, and `cast`."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neano.scalar.dtype_rules import always, own_dtypes
from neano.scalar.dtypes import ALL_DTYPES, check_dtype, is_complex, is_discrete
from neano.scalar.op import TableOp, onto, scalar_function, zeros_of
from neano.scalar.rows import row

X86 = platform.machine() in ("x86_64", "AMD64")
"""Whether NumPy converts a float that no uint32 holds in one way where it takes several at once, in another where it takes
one: by way of int64. Here the second is meant, so that an element does not depend on its position."""


def _converter(dtype: str) -> Callable[[Any], Any]:
    def convert(x: Any) -> Any:
        if np.iscomplexobj(x) and not is_complex(dtype):
            x = x.real
        if dtype == "uint32" and x.dtype.kind == "f" and X86:
            return x.astype("int64").astype(dtype)
        return x.astype(dtype)

    return convert


def _derivative(xs: Sequence[Any], z: Any, g: Any) -> Sequence[Any]:
    """The cotangent, brought back to the operand's dtype where that is continuous."""
    (x,) = xs
    return [
        zeros_of(x) if is_discrete(z.type.dtype) else onto(x, g) if is_discrete(x.type.dtype) else _back(x, onto(x, g))
    ]


def _back(x: Any, g: Any) -> Any:
    return g if g.type.dtype == x.type.dtype else row(f"convert_to_{x.type.dtype}")(g)


def _row(dtype: str) -> TableOp:
    return scalar_function(
        f"convert_to_{dtype}",
        1,
        always(dtype),
        _converter(dtype),
        _derivative,
        operands=own_dtypes,
        doc=f"The operand as {dtype}.",
        class_name="Cast",
        complex_derivative=True,
    )


CASTS: dict[str, TableOp] = {dtype: _row(dtype) for dtype in ALL_DTYPES}
"""The row that converts to each dtype."""

convert_to_bool = CASTS["bool"]
convert_to_int8 = CASTS["int8"]
convert_to_int16 = CASTS["int16"]
convert_to_int32 = CASTS["int32"]
convert_to_int64 = CASTS["int64"]
convert_to_uint8 = CASTS["uint8"]
convert_to_uint16 = CASTS["uint16"]
convert_to_uint32 = CASTS["uint32"]
convert_to_uint64 = CASTS["uint64"]
convert_to_float16 = CASTS["float16"]
convert_to_float32 = CASTS["float32"]
convert_to_float64 = CASTS["float64"]
convert_to_complex64 = CASTS["complex64"]
convert_to_complex128 = CASTS["complex128"]


def cast(x: Any, dtype: Any) -> Any:
    """Return a scalar or tensor variable in a dtype: itself where it has it.

    Args:
        x: a variable.
        dtype: a dtype of the language, or 'floatX'.

    Raises:
        TypeError: a complex variable would become real (take `real`, `imag`, `abs` or `angle` of it).
    """
    wanted = check_dtype(dtype)
    given = x.type.dtype
    if given == wanted:
        return x
    if is_complex(given) and not is_complex(wanted):
        raise TypeError(
            f"casting {given} to {wanted} would drop the imaginary part: take real, imag, abs or angle of it"
        )
    return CASTS[wanted](x)
