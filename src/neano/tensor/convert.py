"""Making tensors out of what users write: numbers, arrays, lists, other variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neano.graph.errors import ConversionError
from neano.graph.variable import Apply, Variable
from neano.scalar.dtypes import autocast_dtype, check_dtype
from neano.tensor.type import TensorType
from neano.tensor.variable import TensorConstant, TensorVariable


class AsTensorError(ConversionError):
    """Something cannot be made into a tensor."""


stack_nested: Callable[[Any], Any] | None = None
"""Makes one tensor of nested lists that hold variables; set by `neano.tensor.join`."""

change_rank: Callable[[Any, int], Any] | None = None
"""Adds or drops leading dimensions that broadcast, to reach a rank; set by `neano.tensor.rearrange`."""

_small_constants: dict[Any, TensorConstant] = {}


def constant(x: Any, name: str | None = None, ndim: int | None = None, dtype: Any = None) -> TensorConstant:
    """Return a constant tensor.

    Args:
        x: a number, array or nested list of numbers.
        name: how it is printed.
        ndim: pad with broadcasting dimensions on the left up to this rank.
        dtype: the dtype; by default a Python number takes the smallest that holds it (see `autocast_dtype`), arrays
            keep theirs, and lists are NumPy's choice.

    Raises:
        TypeError: `x` cannot be made into an array of a dtype of the language.
    """
    if dtype is not None:
        array = np.asarray(x, dtype=check_dtype(dtype))
    elif isinstance(x, (bool, int, float)) and not isinstance(x, np.generic):
        array = np.asarray(x, dtype=autocast_dtype(x))
    else:
        array = np.asarray(x)
        if array.dtype == object:
            raise TypeError(f"{x!r} is not a number or an array of numbers")
        if array.size == 0 and isinstance(x, (list, tuple)):
            array = array.astype(check_dtype("floatX"))
        check_dtype(array.dtype)
    if array is x:
        array = array.copy()
    if ndim is not None:
        if array.ndim > ndim:
            raise ValueError(f"a constant of {array.ndim} dimensions cannot have ndim={ndim}")
        array = array.reshape((1,) * (ndim - array.ndim) + array.shape)
    type_ = TensorType(array.dtype, array.shape)
    if name is None and array.size == 1 and _is_small(array.item()):
        key = (type_, array.tobytes())
        cached = _small_constants.get(key)
        if cached is None:
            cached = _small_constants[key] = TensorConstant(type_, array)
        return cached
    return TensorConstant(type_, array, name=name)


def _is_small(number: Any) -> bool:
    """Say whether a number is worth sharing; a complex one by its parts, for its magnitude may be too large."""
    return bool(abs(number.real) <= 10 and abs(number.imag) <= 10)


def as_tensor_variable(x: Any, name: str | None = None, ndim: int | None = None) -> Any:
    """Return a tensor variable that stands for `x`: itself, the output of a node, or a constant.

    Raises:
        AsTensorError: `x` cannot be made into a tensor.
    """
    if isinstance(x, TensorVariable):
        if ndim is None or x.ndim == ndim:
            return x
        return _hook(change_rank)(x, ndim)
    if isinstance(x, Apply):
        return as_tensor_variable(x.default_output(), name, ndim)
    if isinstance(x, Variable):
        convert = getattr(x, "as_tensor_variable", None) or getattr(x, "_as_TensorVariable", None)
        if convert is None:
            raise AsTensorError(f"{x} of type {x.type} is not a tensor")
        return as_tensor_variable(convert(), name, ndim)
    if isinstance(x, bool):
        raise AsTensorError(
            "cannot cast True or False as a tensor variable. Use 1 or 0, or numpy.asarray(value). If it came from `==` "
            "or `!=` between variables, those compare identity: use neano.tensor.eq(a, b) and neano.tensor.neq(a, b)."
        )
    if isinstance(x, (list, tuple)) and any(isinstance(v, (Variable, list, tuple)) for v in x) and _has_variable(x):
        try:
            return as_tensor_variable(_hook(stack_nested)(x), name, ndim)
        except (TypeError, ValueError) as error:
            raise AsTensorError(f"cannot make {x!r} into one tensor: {error}") from error
    convert = getattr(x, "_as_TensorVariable", None)
    if convert is not None:
        return as_tensor_variable(convert(), name, ndim)
    try:
        return constant(x, name=name, ndim=ndim)
    except (TypeError, ValueError, OverflowError) as error:
        raise AsTensorError(f"cannot convert {x!r} of {type(x).__name__} to a tensor: {error}") from error


def _has_variable(x: Any) -> bool:
    """Say whether a variable stands anywhere in nested lists."""
    return isinstance(x, Variable) or (isinstance(x, (list, tuple)) and any(map(_has_variable, x)))


def _hook(function: Callable[..., Any] | None) -> Callable[..., Any]:
    """Return what another module of the package has set."""
    if function is None:
        raise RuntimeError("the tensor language is only half loaded: import neano.tensor")
    return function
