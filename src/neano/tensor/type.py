"""`TensorType`: arrays of one dtype and rank, some of whose lengths may be known."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from neano.config import config
from neano.graph.type import Type
from neano.graph.variable import Variable
from neano.scalar.dtypes import check_dtype, is_discrete, is_float, upcast

Shape = tuple[int | None, ...]

_CLOSE = {"float16": (1e-3, 5e-3), "float32": (1e-5, 1e-5), "complex64": (1e-5, 1e-5)}
"""Absolute and relative tolerances of `values_eq_approx`; (1e-8, 1e-8) for the rest."""


class TensorType(Type):
    """Arrays of a dtype and rank.

    Args:
        dtype: a NumPy dtype of the language, or 'floatX'.
        shape: a sequence with one entry a dimension: None where the length is unknown, or the length. Theano's form is
            taken too: True for a dimension that broadcasts (length 1), False for one that does not.
        name: what the type is called in texts.

    Raises:
        TypeError: the dtype is not one of the language.

    >>> TensorType("float64", (None, 1)).broadcastable
    (False, True)
    >>> TensorType("float64", (False, True)) == TensorType("float64", (None, 1))
    True
    """

    __slots__ = ("_hash", "_numpy", "broadcastable", "dtype", "name", "ndim", "shape")

    def __init__(self, dtype: Any, shape: Iterable[Any] = (), name: str | None = None, broadcastable: Any = None) -> None:
        self.dtype = check_dtype(dtype)
        self.shape: Shape = tuple(_length(entry) for entry in (shape if broadcastable is None else broadcastable))
        self.broadcastable = tuple(length == 1 for length in self.shape)
        self.ndim = len(self.shape)
        self.name = name
        self._numpy = np.dtype(self.dtype)
        self._hash = hash((self.dtype, self.shape))

    @property
    def numpy_dtype(self) -> np.dtype[Any]:
        return self._numpy

    def clone(self, dtype: Any = None, shape: Iterable[Any] | None = None, broadcastable: Any = None) -> TensorType:
        """Return the type with another dtype or other lengths."""
        if broadcastable is not None:
            shape = broadcastable
        return TensorType(self.dtype if dtype is None else dtype, self.shape if shape is None else shape)

    def filter(self, value: Any, strict: bool = False, allow_downcast: bool | None = None) -> np.ndarray[Any, Any]:
        if type(value) is np.ndarray and value.dtype is self._numpy:
            array = value
        elif isinstance(value, Variable):
            raise TypeError(
                f"expected an array, got the symbolic variable {value}. Did you mean to give it a value (`eval`, `givens`, "
                "an input) or to call get_value() on a shared variable?"
            )
        elif strict:
            self._refuse_unless_exact(value)
            array = value
        else:
            array = self._convert(value, allow_downcast)
        if array.ndim != self.ndim:
            raise TypeError(
                f"Wrong number of dimensions: expected {self.ndim}, got {array.ndim} with shape {array.shape}."
            )
        if not array.dtype.isnative:
            array = array.astype(self._numpy)
        if not array.flags.aligned:
            raise TypeError(f"The array is not aligned in memory for {self.dtype}; copy it first (numpy.array(x)).")
        for axis, (length, wanted) in enumerate(zip(array.shape, self.shape, strict=True)):
            if wanted is not None and length != wanted:
                raise TypeError(
                    f"Non-unit value on shape on a broadcastable dimension: axis {axis} of {array.shape} for {self}"
                    if wanted == 1
                    else f"Wrong length: axis {axis} must have length {wanted}, got shape {array.shape}"
                )
        return array

    def _refuse_unless_exact(self, value: Any) -> None:
        if not isinstance(value, np.ndarray):
            raise TypeError(f"expected an ndarray of dtype {self.dtype} (strict), got {type(value).__name__}")
        if value.dtype != self._numpy:
            raise TypeError(f"expected an ndarray of dtype {self.dtype} (strict), got dtype {value.dtype}")

    def _convert(self, value: Any, allow_downcast: bool | None) -> np.ndarray[Any, Any]:
        """Return the value as an array of this dtype where the rules permit it."""
        if allow_downcast:
            return np.asarray(value, dtype=self._numpy)
        if isinstance(value, np.ndarray):
            given = check_dtype(value.dtype)
            if given == self.dtype:
                return np.asarray(value, dtype=self._numpy)
            if upcast(self.dtype, given) == self.dtype:
                return value.astype(self._numpy)
            raise TypeError(
                f"{self} cannot store a value of dtype {value.dtype} without risking loss of precision. Convert it "
                f"(value.astype({self.dtype!r})), or let the function do so with allow_input_downcast=True."
            )
        try:
            with np.errstate(all="ignore"):
                given_array = np.asarray(value)
                converted = np.asarray(value, dtype=self._numpy)
        except (TypeError, ValueError, OverflowError) as error:
            raise TypeError(f"{value!r} of {type(value).__name__} cannot be made into an array of {self.dtype}") from error
        if given_array.dtype == object:
            raise TypeError(f"{value!r} of {type(value).__name__} cannot be made into an array of {self.dtype}")
        if allow_downcast is None and type(value) is float and self.dtype == config.floatX:
            return converted
        same = (given_array == converted) | ((given_array != given_array) & (converted != converted))
        if not np.all(same):
            raise TypeError(
                f"{value!r} cannot be stored as {self.dtype} without loss of precision. Convert it yourself, or let the "
                "function do so with allow_input_downcast=True."
            )
        return converted

    def in_same_class(self, other: Type) -> bool:
        return isinstance(other, TensorType) and (
            self.dtype == other.dtype
            and self.broadcastable == other.broadcastable
            and all(a is None or b is None or a == b for a, b in zip(self.shape, other.shape, strict=True))
        )

    def values_eq(self, a: Any, b: Any, force_same_dtype: bool = True) -> bool:
        a, b = np.asarray(a), np.asarray(b)
        if a.shape != b.shape or (force_same_dtype and a.dtype != b.dtype):
            return False
        return bool(np.all((a == b) | ((a != a) & (b != b))))

    def values_eq_approx(
        self,
        a: Any,
        b: Any,
        allow_remove_inf: bool = False,
        allow_remove_nan: bool = False,
        rtol: float | None = None,
        atol: float | None = None,
    ) -> bool:
        a, b = np.asarray(a), np.asarray(b)
        if a.shape != b.shape or a.dtype != b.dtype:
            return False
        if is_discrete(a.dtype.name):
            return bool(np.array_equal(a, b))
        absolute, relative = _CLOSE.get(a.dtype.name, (1e-8, 1e-8))
        close = np.isclose(
            a, b, atol=absolute if atol is None else atol, rtol=relative if rtol is None else rtol, equal_nan=True
        )
        if allow_remove_nan:
            close |= np.isnan(a)
        if allow_remove_inf:
            close |= np.isinf(a)
        return bool(np.all(close))

    def may_share_memory(self, a: Any, b: Any) -> bool:
        return isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and np.may_share_memory(a, b)

    def get_size(self, shape_info: Any) -> int:
        """Return the number of bytes of an array of this dtype and shape."""
        return int(np.prod(shape_info)) * self._numpy.itemsize if shape_info else self._numpy.itemsize

    def is_float(self) -> bool:
        return is_float(self.dtype)

    def __eq__(self, other: object) -> bool:
        return self is other or (
            type(other) is type(self) and self._hash == other._hash and self.dtype == other.dtype and self.shape == other.shape  # type: ignore[attr-defined]
        )

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> Any:
        return (TensorType, (self.dtype, self.shape, self.name))

    def __str__(self) -> str:
        if self.name:
            return self.name
        named = {
            (): "scalar",
            (False,): "vector",
            (False, True): "col",
            (True, False): "row",
            (False, False): "matrix",
        }
        pattern = self.broadcastable
        text = named.get(pattern) or (str(pattern) if any(pattern) else f"{len(pattern)}D")
        return f"TensorType({self.dtype}, {text})"

    def __repr__(self) -> str:
        return str(self)


def _length(entry: Any) -> int | None:
    """Return a static length from an entry of a shape or of a broadcast pattern."""
    if entry is None:
        return None
    if isinstance(entry, (bool, np.bool_)):
        return 1 if entry else None
    if isinstance(entry, (int, np.integer)):
        if entry < 0:
            raise ValueError(f"a static length cannot be negative: {entry}")
        return int(entry)
    raise TypeError(f"a shape has a length or None for each dimension (or True and False, for broadcasting), not {entry!r}")
