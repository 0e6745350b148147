"""Products of vectors, matrices and tensors: `Dot`, `dot`, `tensordot`, `outer`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.dtypes import upcast
from neano.scalar.rows import row
from neano.tensor.convert import as_tensor_variable
from neano.tensor.rearrange import matrix_transpose
from neano.tensor.rebroadcast import patternbroadcast
from neano.tensor.shape import product_of, reshape, shape_tuple
from neano.tensor.type import TensorType


class Dot(Op):
    """The product of two vectors or matrices: rows of the first times columns of the second.

    Raises:
        TypeError: an operand has neither one nor two dimensions.
        ValueError: the lengths that are summed over differ (known ones when applied, others at run time).
    """

    __props__ = ()

    def make_node(self, a: Any, b: Any) -> Apply:
        a, b = as_tensor_variable(a), as_tensor_variable(b)
        for i, operand in enumerate((a, b)):
            if operand.ndim not in (1, 2):
                raise TypeError(
                    f"Dot: input {i} (0-indexed) must have ndim of 1 or 2, {operand.ndim} given. "
                    "Consider calling neano.tensor.dot instead."
                )
        left, right = a.type.shape[-1], b.type.shape[0]
        if left is not None and right is not None and left != right:
            raise ValueError(f"Dot: the lengths differ: {left}, {right} (shapes {a.type.shape} and {b.type.shape})")
        return Apply(self, [a, b], [TensorType(upcast(a.dtype, b.dtype), [*a.type.shape[:-1], *b.type.shape[1:]])()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        a, b = inputs
        dtype = node.outputs[0].type.dtype  # type: ignore[attr-defined]
        if a.shape[-1] != b.shape[0]:
            raise ValueError(f"Dot: shapes {a.shape} and {b.shape} not aligned: {a.shape[-1]} != {b.shape[0]}")
        with np.errstate(all="ignore"):
            output_storage[0][0] = np.asarray(np.dot(a.astype(dtype, copy=False), b.astype(dtype, copy=False)))

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        left, right = input_shapes
        return [(*left[:-1], *right[1:])]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        (a, b), (g,) = inputs, output_grads
        if a.ndim == 1 and b.ndim == 1:
            cotangents = [g * b, g * a]
        elif a.ndim == 2 and b.ndim == 1:
            cotangents = [outer(g, b), dot(matrix_transpose(a), g)]
        elif a.ndim == 1:
            cotangents = [dot(g, matrix_transpose(b)), outer(a, g)]
        else:
            cotangents = [dot(g, matrix_transpose(b)), dot(matrix_transpose(a), g)]
        # a length of 1 that only one operand knows of is known to the gradient in other places
        return [patternbroadcast(c, x.broadcastable) for c, x in zip(cotangents, inputs, strict=True)]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        (a, b), (da, db) = inputs, eval_points
        terms = ([] if da is None else [self(da, b)]) + ([] if db is None else [self(a, db)])
        if not terms:
            return [None]
        return [terms[0] if len(terms) == 1 else terms[0] + terms[1]]

    def __str__(self) -> str:
        return "dot"


_dot = Dot()


def dot(l: Any, r: Any) -> Any:  # noqa: E741 - the names that callers may use as keywords
    """Return the product: with a scalar elementwise, of vectors and matrices theirs, else over the last axis of one
    and the last but one of the other.

    >>> from neano.tensor.constructors import dmatrix, dtensor3
    >>> dot(dtensor3(), dmatrix()).ndim
    3
    """
    for method, receiver, other in (("__dot__", l, r), ("__rdot__", r, l)):
        own = getattr(receiver, method, None)
        if own is not None and not isinstance(receiver, np.ndarray):
            try:
                result = own(other)
            except (TypeError, NotImplementedError):
                continue
            if result is not NotImplemented:
                return result
    return tensor_product(l, r)


def tensor_product(a: Any, b: Any) -> Any:
    """Return `dot` of two things that are or become tensors."""
    a, b = as_tensor_variable(a), as_tensor_variable(b)
    if a.ndim == 0 or b.ndim == 0:
        return row("mul")(a, b)
    if a.ndim > 2 or b.ndim > 2:
        return tensordot(a, b, [[a.ndim - 1], [max(0, b.ndim - 2)]])
    return _dot(a, b)


def outer(x: Any, y: Any) -> Any:
    """Return the matrix of products of each element of `x` with each of `y`, both flattened."""
    x, y = as_tensor_variable(x), as_tensor_variable(y)
    x = x if x.ndim == 1 else reshape(x, (-1,))
    y = y if y.ndim == 1 else reshape(y, (-1,))
    return _dot(x.dimshuffle(0, "x"), y.dimshuffle("x", 0))


def inner(a: Any, b: Any) -> Any:
    """Return the sum of products over the last axes of both."""
    a, b = as_tensor_variable(a), as_tensor_variable(b)
    return row("mul")(a, b) if a.ndim == 0 or b.ndim == 0 else tensordot(a, b, [[a.ndim - 1], [b.ndim - 1]])


def summed_axes(a: Any, b: Any, axes: Any, batch: int = 0) -> tuple[list[int], list[int]]:
    """Return the axes of both operands that a tensordot sums over, counted from 0.

    Args:
        a, b: tensors.
        axes: how many (the last of `a` with the first of `b`, after `batch`), or a pair of lists of axes.
        batch: how many leading axes are not to be summed over.

    Raises:
        ValueError: axes do not exist, repeat, or differ in number.
    """
    if isinstance(axes, (int, np.integer)) or np.ndim(axes) == 0:
        number = int(axes)
        for label, operand in (("a", a), ("b", b)):
            if number > operand.ndim - batch:
                raise ValueError(
                    f"axes can not be larger than the dimension of {label} ({label}.ndim={operand.ndim}, axes={number})"
                )
        if number < 0:
            raise ValueError(f"the number of axes cannot be negative: {number}")
        return list(range(a.ndim - number, a.ndim)), list(range(batch, batch + number))
    if len(axes) != 2:
        raise ValueError(f"axes is a number or a pair of lists of axes, not {axes!r}")
    left, right = ([int(i) for i in np.atleast_1d(np.asarray(part, dtype=int))] for part in axes)
    if len(left) != len(right):
        raise ValueError(f"Axes elements must have the same length: {axes!r}")
    for label, operand, part in (("a", a, left), ("b", b, right)):
        for axis in part:
            if not -operand.ndim <= axis < operand.ndim:
                raise ValueError(
                    f"axis {axis} is out of bounds for {label} with {operand.ndim} dimensions (axes={axes!r})"
                )
        if len({axis % operand.ndim for axis in part}) != len(part):
            raise ValueError(f"the same axis of {label} stands more than once in {axes!r}")
    return [axis % a.ndim for axis in left], [axis % b.ndim for axis in right]


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Return the sum of products over pairs of axes; the others remain, those of `a` first.

    Args:
        a, b: tensors.
        axes: how many of the last axes of `a` and the first of `b`, or two lists of axes.

    Raises:
        ValueError: axes do not exist, or differ in number.
    """
    a, b = as_tensor_variable(a), as_tensor_variable(b)
    left, right = summed_axes(a, b, axes)
    kept_left = [i for i in range(a.ndim) if i not in left]
    kept_right = [i for i in range(b.ndim) if i not in right]
    lengths_a, lengths_b = shape_tuple(a), shape_tuple(b)
    rows = product_of([lengths_a[i] for i in kept_left])
    columns = product_of([lengths_b[i] for i in kept_right])
    matrix = reshape(a.dimshuffle(*kept_left, *left), (rows, product_of([lengths_a[i] for i in left])), ndim=2)
    other = reshape(b.dimshuffle(*right, *kept_right), (product_of([lengths_b[i] for i in right]), columns), ndim=2)
    result = reshape(
        _dot(matrix, other),
        [*[lengths_a[i] for i in kept_left], *[lengths_b[i] for i in kept_right]],
        ndim=len(kept_left) + len(kept_right),
    )
    pattern = [*[a.broadcastable[i] for i in kept_left], *[b.broadcastable[i] for i in kept_right]]
    return patternbroadcast(result, pattern)
