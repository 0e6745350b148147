"""`TensorType`: arrays of one dtype and rank, some of whose lengths may be known."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from neano.config import config
from neano.graph.type import Type
from neano.graph.variable import Variable
from neano.scalar.dtypes import check_dtype, is_discrete, is_float, upcast
from neano.scalar.type import get_scalar_type

Shape = tuple[int | None, ...]

_CLOSE = {"float16": (1e-3, 5e-3), "float32": (1e-5, 1e-5), "complex64": (1e-5, 1e-5)}
"""Absolute and relative tolerances of `values_eq_approx`; (1e-8, 1e-8) for the rest."""


declare_lengths: Callable[[Variable, Shape], Variable] | None = None
"""Returns a tensor with other static lengths, checked at run time if need be; set in `neano.tensor.specify`."""


class TensorType(Type):
    """Arrays of a dtype and rank.

    Args:
        dtype: a NumPy dtype of the language, or 'floatX'.
        shape: a sequence with one entry a dimension: None where the length is unknown, or the length. Theano's form is
            taken too: True for a dimension that broadcasts (length 1), False for one that does not.
        name: what the type is called in texts.
        broadcastable: the broadcast pattern, instead of `shape`; any entries that are true or false.
        sparse_grad: there for old callers; gradients are dense.

    Raises:
        TypeError: the dtype is not one of the language.
        ValueError: a length is negative.

    >>> TensorType("float64", (None, 1)).broadcastable
    (False, True)
    >>> TensorType("float64", (False, True)) == TensorType("float64", (None, 1))
    True
    """

    __slots__ = ("_hash", "_numpy", "broadcastable", "dtype", "name", "ndim", "shape")

    def __init__(
        self,
        dtype: Any,
        shape: Iterable[Any] = (),
        name: str | None = None,
        broadcastable: Iterable[Any] | None = None,
        sparse_grad: bool = False,
    ) -> None:
        self.dtype = check_dtype(dtype)
        entries = shape if broadcastable is None else [bool(entry) for entry in broadcastable]
        self.shape: Shape = tuple(_length(entry) for entry in entries)
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
        """Return the value as an array of this type; itself where it is one.

        Args:
            value: an array, a number, or something that NumPy makes an array of.
            strict: take only an ndarray of the exact dtype.
            allow_downcast: True casts anything; False takes arrays whose dtype fits into this one and other values that
                are exactly equal after conversion; None does so too, and takes any Python float for floatX.

        Raises:
            TypeError: the value is symbolic, or not of this type and not convertible under these rules.
        """
        if type(value) is np.ndarray and value.dtype is self._numpy:
            array = value
        elif isinstance(value, Variable):
            raise TypeError(
                "Expected an array-like object, but found a Variable: maybe you are trying to call a function on a "
                f"(possibly shared) variable instead of a numeric array? It is {value}."
            )
        elif strict:
            array = self._refuse_unless_exact(value)
        else:
            array = self._convert(value, allow_downcast)
        if array.ndim != self.ndim:
            raise TypeError(
                f"Wrong number of dimensions: expected {self.ndim}, got {array.ndim} with shape {array.shape}."
            )
        if not array.dtype.isnative:
            array = array.astype(self._numpy)
        if not array.flags.aligned:
            raise TypeError(
                "The numpy.ndarray object is not aligned, as its memory must be; copy it first (numpy.array(x)): shape "
                f"{array.shape}, strides {array.strides}, dtype {array.dtype}."
            )
        if array.shape != self.shape:
            self._check_lengths(array)
        return array

    def _check_lengths(self, array: np.ndarray[Any, Any]) -> None:
        for axis, (length, wanted) in enumerate(zip(array.shape, self.shape, strict=True)):
            if wanted is not None and length != wanted:
                what = (
                    "Non-unit value on shape on a broadcastable dimension"
                    if wanted == 1
                    else f"A length other than {wanted}"
                )
                raise TypeError(
                    f"{what}: axis {axis} of shape {array.shape} for {self} with the static shape {self.shape}."
                )

    def _refuse_unless_exact(self, value: Any) -> np.ndarray[Any, Any]:
        if type(value) is not np.ndarray and not isinstance(value, np.memmap):
            raise TypeError(f"{self} expected a ndarray object, got {value!r} of {type(value).__name__}.")
        if value.dtype != self._numpy:
            raise TypeError(f"{self} expected a ndarray object with dtype = {self.dtype} (got {value.dtype}).")
        return np.asarray(value)

    def _convert(self, value: Any, allow_downcast: bool | None) -> np.ndarray[Any, Any]:
        """Return the value as an array of this dtype where the rules permit it."""
        try:
            given = np.asarray(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise self._inconvertible(value) from error
        drops_imaginary_part = given.dtype.kind == "c" and self._numpy.kind != "c"
        if given.dtype.kind not in "biufc" or (drops_imaginary_part and not isinstance(value, np.ndarray)):
            raise self._inconvertible(value)
        with np.errstate(all="ignore"):
            converted = (given.real if drops_imaginary_part else given).astype(self._numpy, copy=False)
        if allow_downcast or given.dtype == self._numpy:
            return converted
        if isinstance(value, np.ndarray):
            if upcast(self.dtype, check_dtype(given.dtype)) == self.dtype:
                return converted
            raise TypeError(
                f"{self} cannot store a value of dtype {given.dtype} without risking loss of precision. If you do not "
                f"mind this loss, you can: 1) explicitly cast your data to {self.dtype}, or 2) set "
                f'"allow_input_downcast=True" when calling "function". Value: "{value!r}"'
            )
        if allow_downcast is None and type(value) is float and self.dtype == config.floatX:
            return converted
        if np.all((given == converted) | ((given != given) & (converted != converted))):
            return converted
        raise TypeError(
            f"{self} cannot store accurately value {value!r}, it would be represented as {converted}. If you do not "
            f"mind this precision loss, you can: 1) explicitly convert your data to a numpy array of dtype {self.dtype}, "
            'or 2) set "allow_input_downcast=True" when calling "function".'
        )

    def _inconvertible(self, value: Any) -> TypeError:
        return TypeError(f"{value!r} of {type(value).__name__} cannot be made into an array of {self}")

    def convert_variable(self, variable: Variable) -> Variable | None:
        """Return a tensor of the same dtype and rank made into this type; None where only this type broadcasts.

        A dimension that broadcasts may be declared not to; a length that only this type knows is checked at run time.
        """
        other = variable.type
        if other == self:
            return variable
        if not isinstance(other, TensorType) or other.dtype != self.dtype or other.ndim != self.ndim:
            return None
        for wanted, known in zip(self.shape, other.shape, strict=True):
            if wanted is not None and wanted != known and (wanted == 1 or known is not None):
                return None
        if declare_lengths is None:
            return None
        return declare_lengths(variable, self.shape)

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

    def value_zeros(self, shape: Any) -> np.ndarray[Any, Any]:
        """Return an array of zeros of this dtype."""
        return np.zeros(shape, dtype=self._numpy)

    def to_scalar_type(self) -> Any:
        """Return the type of one element."""
        return get_scalar_type(self.dtype)

    def get_size(self, shape_info: Any) -> int:
        """Return the number of bytes of an array of this dtype and shape."""
        return int(np.prod(shape_info)) * self._numpy.itemsize if shape_info else self._numpy.itemsize

    def is_float(self) -> bool:
        return is_float(self.dtype)

    def __eq__(self, other: object) -> bool:
        return self is other or (
            type(other) is type(self)
            and self._hash == other._hash
            and self.dtype == other.dtype
            and self.shape == other.shape
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
    raise TypeError(
        f"a shape has a length or None for each dimension (or True and False, for broadcasting), not {entry!r}"
    )
