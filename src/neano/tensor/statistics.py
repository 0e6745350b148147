"""Reductions as users call them: `sum`, `mean`, `var`, `max`, `any`, `norm` and their like."""

from __future__ import annotations

from typing import Any

import numpy as np

from neano.scalar.dtypes import is_complex, is_discrete
from neano.scalar.rows import row
from neano.tensor.argmax import argmax, max_and_argmax, reduced_axes
from neano.tensor.convert import as_tensor_variable
from neano.tensor.creation import alloc
from neano.tensor.logical import All
from neano.tensor.logical import Any as AnyOp
from neano.tensor.reduce import CAReduce, expand_reduced, normalize_axis, resolve_axes
from neano.tensor.reductions import Max, Min, Prod, Sum
from neano.tensor.shape import product_of, shape_tuple


def _reduced(op: CAReduce, x: Any, keepdims: bool) -> Any:
    """Return a reduction applied, with its dimensions kept where wanted."""
    x = as_tensor_variable(x)
    result = op(x)
    return expand_reduced(result, resolve_axes(op.axis, x), x.ndim) if keepdims else result


def sum(input: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, acc_dtype: Any = None) -> Any:
    """Return the sum over axes.

    Args:
        input: a tensor.
        axis: an axis, several, or None for all; none at all ([]) reduces nothing.
        dtype: the result's; by default the input's, or the 64-bit dtype of its kind for smaller integers.
        keepdims: keep the reduced dimensions with length 1.
        acc_dtype: in which to compute; by default float64 for float32, and so on.

    Raises:
        ValueError: the input has no such axis.
        TypeError: the axis is symbolic, or `acc_dtype` would lose precision.
    """
    return _reduced(Sum(axis, dtype, acc_dtype), input, keepdims)


def prod(
    input: Any,
    axis: Any = None,
    dtype: Any = None,
    keepdims: bool = False,
    acc_dtype: Any = None,
    no_zeros_in_input: bool = False,
) -> Any:
    """Return the product over axes; see `sum`. `no_zeros_in_input` promises that, for a simpler gradient."""
    return _reduced(Prod(axis, dtype, acc_dtype, no_zeros_in_input), input, keepdims)


def any(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return whether any element along axes is not zero."""
    return _reduced(AnyOp(axis), x, keepdims)


def all(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return whether all elements along axes are not zero."""
    return _reduced(All(axis), x, keepdims)


def _number_of(x: Any, axes: tuple[int, ...], dtype: str) -> Any:
    """Return how many elements stand along axes, as a floating-point scalar fit to divide something of a dtype."""
    lengths = shape_tuple(x)
    return product_of([lengths[i] for i in axes]).astype(
        "float32" if dtype in ("float16", "float32", "complex64") else "float64"
    )


def mean(
    input: Any, axis: Any = None, dtype: Any = None, op: bool = False, keepdims: bool = False, acc_dtype: Any = None
) -> Any:
    """Return the mean over axes: of integers float64, of floats their own dtype; see `sum`.

    `op` is there for old callers and does nothing.
    """
    input = as_tensor_variable(input)
    axes = resolve_axes(normalize_axis(axis), input)
    half = input.dtype == "float16" and dtype in (None, "float16")
    total = sum(input, axes, "float32" if half else dtype, keepdims, acc_dtype)
    result = row("true_div")(total, _number_of(input, axes, total.dtype))
    if half:
        result = result.astype("float16")
    result.name = "mean"
    return result


def var(input: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False, corrected: bool = False) -> Any:
    """Return the variance over axes: the mean of the squares of what differs from the mean.

    Args:
        input: a tensor.
        axis: an axis, several, or None for all.
        ddof: divide by the number of elements less this: an integer, so that unless it is 0 the variance of float32 is
            float64, as the quotient of any float32 and int64 is.
        keepdims: keep the reduced dimensions with length 1.
        corrected: subtract the rounding error of the mean (the square of the mean of the differences).

    Raises:
        ValueError: `ddof` is a bool: most likely `keepdims` was meant.
    """
    if isinstance(ddof, (bool, np.bool_)):
        raise ValueError(
            "ddof is an integer; keepdims is the fourth parameter: var(input, axis, ddof, keepdims, corrected)"
        )
    input = as_tensor_variable(input)
    axes = resolve_axes(normalize_axis(axis), input)
    difference = input - mean(input, axes, keepdims=True)
    squares = difference * row("conj")(difference) if is_complex(difference.dtype) else row("sqr")(difference)
    if ddof == 0:
        result = mean(squares, axes, keepdims=keepdims)
    else:
        total = sum(squares, axes, keepdims=keepdims)
        lengths = shape_tuple(input)
        result = row("true_div")(total, product_of([lengths[i] for i in axes]) - ddof)
    if corrected:
        result = result - row("sqr")(mean(difference, axes, keepdims=keepdims))
    result.name = "var"
    return result


def std(input: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False, corrected: bool = False) -> Any:
    """Return the standard deviation over axes; see `var`."""
    result = row("sqrt")(var(input, axis, ddof, keepdims, corrected))
    result.name = "std"
    return result


def max(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the maximum over axes; all of them where `axis` is None or names none.

    Raises:
        ValueError: the input has no such axis, or (at run time) one of length 0.
    """
    x = as_tensor_variable(x)
    result = Max(reduced_axes(x, axis))(x)
    result.name = "max"
    return expand_reduced(result, reduced_axes(x, axis), x.ndim) if keepdims else result


def min(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the minimum over axes; see `max`.

    Raises:
        NotImplementedError: the elements are complex.
    """
    x = as_tensor_variable(x)
    if is_complex(x.dtype):
        raise NotImplementedError(f"the minimum of {x} of dtype {x.dtype}: complex numbers have no order")
    result = Min(reduced_axes(x, axis))(x)
    result.name = "min"
    return expand_reduced(result, reduced_axes(x, axis), x.ndim) if keepdims else result


def argmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the index of the first minimum over axes (in those axes, flattened).

    Raises:
        NotImplementedError: the elements are complex.
    """
    x = as_tensor_variable(x)
    if is_complex(x.dtype):
        raise NotImplementedError(f"the minimum of {x} of dtype {x.dtype}: complex numbers have no order")
    if is_discrete(x.dtype):  # the complement reverses the order of integers without overflow
        return argmax(row("invert")(x), axis, keepdims)
    return argmax(row("neg")(x), axis, keepdims)


def ptp(a: Any, axis: Any = None) -> Any:
    """Return the maximum less the minimum over axes."""
    return max(a, axis) - min(a, axis)


def norm(x: Any, L: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the L-norm of the elements along axes: the L-th root of the sum of |x|**L.

    Raises:
        NotImplementedError: L is 0 or infinite.
    """
    if L == 0 or np.isinf(L):
        raise NotImplementedError("the norm for L of 0 or infinity")
    return row("pow")(sum(row("pow")(row("abs_")(as_tensor_variable(x)), L), axis, keepdims=keepdims), 1.0 / L)


def allclose(a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """Return whether two tensors are equal within tolerances everywhere; see `isclose`."""
    return all(isclose(a, b, rtol, atol, equal_nan))


def isclose(a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """Return where `|a - b| <= atol + rtol * |b|`; infinities are close to themselves.

    Args:
        a, b: tensors that broadcast.
        rtol, atol: relative and absolute tolerance.
        equal_nan: whether NaN is close to NaN.
    """
    a, b = as_tensor_variable(a), as_tensor_variable(b)
    close = row("le")(row("abs_")(a - b), atol + rtol * row("abs_")(b))
    finite = row("invert")(row("or_")(is_infinite(a), is_infinite(b)))
    result = row("or_")(row("and_")(close, finite), row("eq")(a, b))
    return row("or_")(result, row("and_")(is_nan(a), is_nan(b))) if equal_nan else result


def _discrete_false(a: Any) -> Any:
    return alloc(np.asarray(False), *shape_tuple(a))


def is_nan(a: Any) -> Any:
    """Return where elements are NaN; false everywhere for integers."""
    a = as_tensor_variable(a)
    return _discrete_false(a) if is_discrete(a.dtype) else row("isnan")(a)


def is_infinite(a: Any) -> Any:
    """Return where elements are infinite; false everywhere for integers."""
    a = as_tensor_variable(a)
    return _discrete_false(a) if is_discrete(a.dtype) else row("isinf")(a)


__all__ = [
    "all",
    "allclose",
    "any",
    "argmax",
    "argmin",
    "isclose",
    "max",
    "max_and_argmax",
    "mean",
    "min",
    "norm",
    "prod",
    "ptp",
    "std",
    "sum",
    "var",
]
