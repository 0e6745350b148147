"""`Scalar`: the type of single numbers, and the variables that carry it.

One element of an elementwise operation is written in scalar variables (`Composite`); users mostly meet tensors.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from neano.config import config
from neano.graph.type import Type
from neano.graph.variable import Constant, Variable
from neano.scalar.division import div_proxy
from neano.scalar.dtypes import autocast_dtype, check_dtype, is_complex, is_discrete, is_float
from neano.scalar.operators import Operators
from neano.scalar.rows import row


class Scalar(Type):
    """The type of one number of a dtype. Equal for equal dtypes."""

    ndim = 0

    def __init__(self, dtype: str) -> None:
        self.dtype = check_dtype(dtype)
        self._numpy = np.dtype(self.dtype)

    def filter(self, value: Any, strict: bool = False, allow_downcast: bool | None = None) -> Any:
        """Return a NumPy scalar of this dtype.

        Raises:
            TypeError: the value is no number, or (unless a downcast is allowed) would change; a Python float is taken
                for floatX whatever it loses.
        """
        if isinstance(value, Variable):
            raise TypeError(f"expected a number of dtype {self.dtype}, got the symbolic variable {value}")
        if strict and getattr(value, "dtype", None) != self._numpy:
            raise TypeError(f"expected a number of dtype {self.dtype}, got {value!r} of {type(value).__name__}")
        given = np.asarray(value)
        if given.ndim or given.dtype.kind not in "biufc" or (given.dtype.kind == "c" and not is_complex(self.dtype)):
            raise TypeError(f"{value!r} of {type(value).__name__} is not a number that {self.dtype} can hold")
        with np.errstate(all="ignore"):
            converted = given.astype(self._numpy)[()]
        same = converted == given or (given != given and converted != converted)
        lossy = type(value) is float and allow_downcast is None and self.dtype == config.floatX
        if same or allow_downcast or lossy:
            return converted
        raise TypeError(f"the value {value!r} cannot be held by {self.dtype} without loss")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scalar) and other.dtype == self.dtype

    def __hash__(self) -> int:
        return hash((Scalar, self.dtype))

    def __str__(self) -> str:
        return self.dtype

    def __repr__(self) -> str:
        return f"Scalar({self.dtype})"


@cache
def get_scalar_type(dtype: str) -> Scalar:
    """Return the type of one number of a dtype, always the same object for the same name."""
    return Scalar(dtype)


class ScalarVariable(Operators, Variable):
    """One number of a graph. Operators come from `neano.scalar.operators`, shared with tensors."""

    type: Scalar

    @property
    def dtype(self) -> str:
        return self.type.dtype

    @property
    def ndim(self) -> int:
        return 0

    def __truediv__(self, other: Any) -> Any:
        return div_proxy(self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return div_proxy(other, self)

    def astype(self, dtype: Any) -> Any:
        """Return the number in another dtype."""
        wanted = check_dtype(dtype)
        return self if wanted == self.dtype else row(f"convert_to_{wanted}")(self)

    def zeros_like(self, dtype: Any = None) -> Any:
        """Return a constant 0 of this or another dtype."""
        return constant(0, dtype=self.dtype if dtype is None else check_dtype(dtype))

    def ones_like(self, dtype: Any = None) -> Any:
        """Return a constant 1 of this or another dtype."""
        return constant(1, dtype=self.dtype if dtype is None else check_dtype(dtype))


class ScalarConstant(Constant, ScalarVariable):
    """A number written in a scalar graph."""

    def signature(self) -> Any:
        return (self.type, self.data.tobytes())


Scalar.variable_class = ScalarVariable
Scalar.constant_class = ScalarConstant


def constant(value: Any, name: str | None = None, dtype: str | None = None) -> ScalarConstant:
    """Return a scalar constant, of the dtype that autocasting gives a plain number."""
    return ScalarConstant(Scalar(dtype or autocast_dtype(value)), np.asarray(value, dtype=dtype)[()], name=name)


def as_scalar(value: Any, name: str | None = None) -> Any:
    """Return a scalar variable that stands for `value`: itself, or a constant made of a number."""
    if isinstance(value, ScalarVariable):
        return value
    if isinstance(value, Variable):
        converted = getattr(value.type, "as_scalar", None)
        if converted is not None:
            return converted(value)
        raise TypeError(f"cannot use {value} of type {value.type} as a scalar")
    return constant(value, name)


__all__ = [
    "Scalar",
    "ScalarConstant",
    "ScalarVariable",
    "as_scalar",
    "constant",
    "is_complex",
    "is_discrete",
    "is_float",
]
