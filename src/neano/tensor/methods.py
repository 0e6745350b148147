"""The methods of `TensorVariable`: what may be written behind a dot. Operators are rows of the scalar table.

The functions that do the work are made of variables themselves, so the methods are attached to the class at the end of
this module, when both exist; `neano.tensor` imports it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from neano.tensor import creation, cumulative, indexing, math, rearrange, repetition, selection, statistics
from neano.tensor.diagonal import diagonal as diagonal_of
from neano.tensor.diagonal import trace as trace_of
from neano.tensor.dot import dot as product_of
from neano.tensor.dot import tensor_product
from neano.tensor.nonzero import nonzero as nonzero_positions
from neano.tensor.nonzero import nonzero_values as nonzero_elements
from neano.tensor.reductions import Prod
from neano.tensor.shape import flatten as flattened
from neano.tensor.shape import reshape as reshaped
from neano.tensor.shape import shape as shape_of
from neano.tensor.sort import argsort as sorting_indices
from neano.tensor.sort import sort as sorted_copy
from neano.tensor.static import get_scalar_constant_value
from neano.tensor.take import take as elements_at
from neano.tensor.transfer import transfer as transferred
from neano.tensor.variable import TensorVariable

ELEMENTWISE_METHODS = (
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctanh",
    "ceil",
    "cos",
    "cosh",
    "deg2rad",
    "exp",
    "exp2",
    "expm1",
    "floor",
    "log",
    "log10",
    "log1p",
    "log2",
    "rad2deg",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
    "trunc",
    "conj",
)
"""The rows of the scalar table that are methods without arguments."""


class TensorMethods:
    """The methods of a tensor variable; each is the function of the same name in `neano.tensor`."""

    # Shape

    @property
    def T(self) -> Any:
        return rearrange.transpose(self)

    @property
    def shape(self) -> Any:
        return shape_of(self)

    @property
    def size(self) -> Any:
        x: Any = self
        if x.ndim == 1:
            return x.shape[0]
        return Prod(dtype="int64", acc_dtype="int64")(shape_of(self))

    def transpose(self, *axes: Any) -> Any:
        if not axes:
            return rearrange.transpose(self)
        given = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
        return rearrange.transpose(self, given)

    def reshape(self, shape: Any, ndim: int | None = None) -> Any:
        return reshaped(self, shape, ndim)

    def dimshuffle(self, *pattern: Any) -> Any:
        return rearrange.dimshuffle(self, *pattern)

    def flatten(self, ndim: int = 1) -> Any:
        return flattened(self, ndim)

    def ravel(self) -> Any:
        return flattened(self)

    def swapaxes(self, axis1: int, axis2: int) -> Any:
        return rearrange.swapaxes(self, axis1, axis2)

    def squeeze(self, axis: Any = None) -> Any:
        return rearrange.squeeze(self, axis)

    def repeat(self, repeats: Any, axis: int | None = None) -> Any:
        return repetition.repeat(self, repeats, axis)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
        return diagonal_of(self, offset, axis1, axis2)

    def trace(self) -> Any:
        return trace_of(self)

    def transfer(self, target: str) -> Any:
        return transferred(self, target)

    # Elements

    def __getitem__(self, args: Any) -> Any:
        return indexing.getitem(self, args)

    def __iter__(self) -> Iterator[Any]:
        x: Any = self
        length = x.type.shape[0] if x.ndim else None
        if length is None:
            raise TypeError(
                f"cannot iterate over {self}: its length is not known while the graph is built. (Did you call Python's "
                "sum or max instead of neano.tensor's?)"
            )
        for i in range(length):
            yield x[i]

    def take(self, indices: Any, axis: Any = None, mode: str = "raise") -> Any:
        return elements_at(self, indices, axis, mode)

    def nonzero(self, return_matrix: bool = False) -> Any:
        return nonzero_positions(self, return_matrix)

    def nonzero_values(self) -> Any:
        return nonzero_elements(self)

    def choose(self, choices: Any, out: Any = None, mode: str = "raise") -> Any:
        return selection.choose(self, choices, out, mode)

    def compress(self, a: Any, axis: int | None = None) -> Any:
        """Return the slices of `a` where this variable, the condition, is true."""
        return selection.compress(self, a, axis)

    def searchsorted(self, v: Any, side: str = "left", sorter: Any = None) -> Any:
        return selection.searchsorted(self, v, side, sorter)

    def sort(self, axis: Any = -1, kind: str = "quicksort", order: Any = None) -> Any:
        return sorted_copy(self, axis, kind, order)

    def argsort(self, axis: Any = -1, kind: str = "quicksort", order: Any = None) -> Any:
        return sorting_indices(self, axis, kind, order)

    # Values

    def astype(self, dtype: Any) -> Any:
        return math.cast(self, dtype)

    @property
    def real(self) -> Any:
        return math.real(self)

    @property
    def imag(self) -> Any:
        return math.imag(self)

    def conjugate(self) -> Any:
        return math.conj(self)

    def clip(self, a_min: Any, a_max: Any) -> Any:
        return math.clip(self, a_min, a_max)

    def round(self, mode: str | None = None) -> Any:
        return math.round(self, mode)

    def copy(self, name: str | None = None) -> Any:
        return math.tensor_copy(self, name=name)

    def fill(self, value: Any) -> Any:
        return math.fill(self, value)

    def zeros_like(self, dtype: Any = None) -> Any:
        return creation.zeros_like(self, dtype)

    def ones_like(self, dtype: Any = None) -> Any:
        return creation.ones_like(self, dtype)

    def get_scalar_constant_value(self) -> Any:
        return get_scalar_constant_value(self)

    # Products

    def dot(self, right: Any) -> Any:
        return product_of(self, right)

    def __dot__(self, other: Any) -> Any:
        return tensor_product(self, other)

    def __rdot__(self, other: Any) -> Any:
        return tensor_product(other, self)

    def __matmul__(self, right: Any) -> Any:
        return product_of(self, right)

    def __rmatmul__(self, left: Any) -> Any:
        return product_of(left, self)

    # Reductions

    def sum(self, axis: Any = None, dtype: Any = None, keepdims: bool = False, acc_dtype: Any = None) -> Any:
        return statistics.sum(self, axis, dtype, keepdims, acc_dtype)

    def prod(self, axis: Any = None, dtype: Any = None, keepdims: bool = False, acc_dtype: Any = None) -> Any:
        return statistics.prod(self, axis, dtype, keepdims, acc_dtype)

    def mean(self, axis: Any = None, dtype: Any = None, keepdims: bool = False, acc_dtype: Any = None) -> Any:
        return statistics.mean(self, axis, dtype, keepdims=keepdims, acc_dtype=acc_dtype)

    def var(self, axis: Any = None, ddof: int = 0, keepdims: bool = False, corrected: bool = False) -> Any:
        return statistics.var(self, axis, ddof, keepdims, corrected)

    def std(self, axis: Any = None, ddof: int = 0, keepdims: bool = False, corrected: bool = False) -> Any:
        return statistics.std(self, axis, ddof, keepdims, corrected)

    def norm(self, L: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return statistics.norm(self, L, axis, keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Any:
        return statistics.min(self, axis, keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Any:
        return statistics.max(self, axis, keepdims)

    def argmin(self, axis: Any = None, keepdims: bool = False) -> Any:
        return statistics.argmin(self, axis, keepdims)

    def argmax(self, axis: Any = None, keepdims: bool = False) -> Any:
        return statistics.argmax(self, axis, keepdims)

    def any(self, axis: Any = None, keepdims: bool = False) -> Any:
        return statistics.any(self, axis, keepdims)

    def all(self, axis: Any = None, keepdims: bool = False) -> Any:
        return statistics.all(self, axis, keepdims)

    def ptp(self, axis: Any = None) -> Any:
        return statistics.ptp(self, axis)

    def cumsum(self, axis: int | None = None) -> Any:
        return cumulative.cumsum(self, axis)

    def cumprod(self, axis: int | None = None) -> Any:
        return cumulative.cumprod(self, axis)


def _elementwise_method(name: str) -> Any:
    operation = math.ELEMENTWISE[name]

    def method(self: Any) -> Any:
        return operation(self)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = operation.scalar_op.__doc__
    return method


def _attach() -> None:
    """Give the class its methods."""
    for name, member in vars(TensorMethods).items():
        if name not in ("__module__", "__dict__", "__weakref__", "__doc__", "__annotations__"):
            setattr(TensorVariable, name, member)
    for name in ELEMENTWISE_METHODS:
        setattr(TensorVariable, name, _elementwise_method(name))


_attach()
