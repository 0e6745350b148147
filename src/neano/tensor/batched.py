"""Products of many matrices at once, along a first axis: `BatchedDot`, `batched_dot`, `batched_tensordot`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.dtypes import upcast
from neano.scalar.rows import row
from neano.tensor.convert import as_tensor_variable
from neano.tensor.dot import summed_axes
from neano.tensor.rebroadcast import patternbroadcast
from neano.tensor.shape import product_of, reshape, shape_tuple
from neano.tensor.type import TensorType


class BatchedDot(Op):
    """For each entry of the first axis, the product of a vector or matrix with a vector or matrix.

    Raises:
        TypeError: an operand has not 2 or 3 dimensions.
        ValueError: (at run time) numbers of entries, or lengths that are summed over, differ.
    """

    __props__ = ()

    def make_node(self, x: Any, y: Any) -> Apply:
        operands = [as_tensor_variable(v) for v in (x, y)]
        for i, v in enumerate(operands):
            if v.ndim not in (2, 3):
                raise TypeError(f"BatchedDot: input {i} (0-indexed) must have ndim of 2 or 3, {v.ndim} given")
        dtype = upcast(*[v.dtype for v in operands])
        x, y = (v if v.dtype == dtype else v.astype(dtype) for v in operands)
        batch = x.type.shape[0]
        if batch is None and y.type.shape[0] != 1:
            batch = y.type.shape[0]
        return Apply(self, [x, y], [TensorType(dtype, [batch, *x.type.shape[1:-1], *y.type.shape[2:]])()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        x, y = inputs
        if x.shape[0] != y.shape[0]:
            raise ValueError(f"BatchedDot: the batches have different sizes: shapes {x.shape} and {y.shape}")
        if x.shape[-1] != y.shape[1]:
            raise ValueError(f"BatchedDot: the lengths that are summed over differ: shapes {x.shape} and {y.shape}")
        left = x if x.ndim == 3 else x[:, None, :]
        right = y if y.ndim == 3 else y[:, :, None]
        with np.errstate(all="ignore"):
            product = np.matmul(left, right)
        output_storage[0][0] = product.reshape(x.shape[:-1] + y.shape[2:])

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        left, right = input_shapes
        return [(*left[:-1], *right[2:])]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        (x, y), (g,) = inputs, output_grads
        left = x if x.ndim == 3 else x.dimshuffle(0, "x", 1)
        right = y if y.ndim == 3 else y.dimshuffle(0, 1, "x")
        kept = iter(range(1, g.ndim))
        product = g.dimshuffle(0, next(kept) if x.ndim == 3 else "x", next(kept) if y.ndim == 3 else "x")
        of_left = self(product, right.dimshuffle(0, 2, 1))
        of_right = self(left.dimshuffle(0, 2, 1), product)
        cotangents = [
            of_left if x.ndim == 3 else of_left.dimshuffle(0, 2),
            of_right if y.ndim == 3 else of_right.dimshuffle(0, 1),
        ]
        return [patternbroadcast(c, v.broadcastable) for c, v in zip(cotangents, inputs, strict=True)]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        (x, y), (dx, dy) = inputs, eval_points
        terms = ([] if dx is None else [self(dx, y)]) + ([] if dy is None else [self(x, dy)])
        if not terms:
            return [None]
        return [terms[0] if len(terms) == 1 else terms[0] + terms[1]]


class ScaledBatchedDot(BatchedDot):
    """The products of `BatchedDot`, each times a number: `ScaledBatchedDot()(x, y, a)`. Rewriting makes it.

    Raises:
        TypeError: an operand has not 2 or 3 dimensions, the number has some, or dtypes differ.
    """

    __props__ = ()

    def make_node(self, x: Any, y: Any, a: Any) -> Apply:  # type: ignore[override]
        x, y, a = (as_tensor_variable(v) for v in (x, y, a))
        if a.ndim != 0 or len({v.dtype for v in (x, y, a)}) != 1:
            raise TypeError(f"{self} requires two tensors and a number of one dtype, not {x.type}, {y.type}, {a.type}")
        return Apply(self, [x, y, a], [super().make_node(x, y).outputs[0].type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        super().perform(node, inputs[:2], output_storage, *params)
        with np.errstate(all="ignore"):
            output_storage[0][0] = output_storage[0][0] * inputs[2]

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return super().infer_shape(node, input_shapes[:2])

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        x, y, a = inputs
        product, (g,) = _batched_dot(x, y), output_grads
        return [*_batched_dot.L_op([x, y], [product], [g * a]), (g * product).sum()]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        (x, y, a), (dx, dy, da) = inputs, eval_points
        terms = [term * a for term in _batched_dot.R_op([x, y], [dx, dy]) if term is not None]
        terms += [] if da is None else [_batched_dot(x, y) * da]
        return [None if not terms else terms[0] if len(terms) == 1 else terms[0] + terms[1]]


_batched_dot = BatchedDot()
scaled_batched_dot = ScaledBatchedDot()


def batched_dot(a: Any, b: Any) -> Any:
    """Return the products of the entries of two tensors along their first axes.

    Raises:
        TypeError: one of them has no axis.
    """
    a, b = as_tensor_variable(a), as_tensor_variable(b)
    if a.ndim == 0 or b.ndim == 0:
        raise TypeError(f"{'a' if a.ndim == 0 else 'b'} must have at least one (batch) axis")
    if a.ndim == 1 or b.ndim == 1:
        single, other = (a, b) if a.ndim == 1 else (b, a)
        return row("mul")(*((single.dimshuffle(0, *["x"] * (other.ndim - 1)), other)[:: 1 if a.ndim == 1 else -1]))
    if a.ndim > 3 or b.ndim > 3:
        return batched_tensordot(a, b, [[a.ndim - 1], [max(1, b.ndim - 2)]])
    return _batched_dot(a, b)


def batched_tensordot(x: Any, y: Any, axes: Any = 2) -> Any:
    """Return for each entry of the first axis the sum of products over pairs of axes; see `tensordot`.

    Args:
        x, y: tensors with the batch as first axis.
        axes: how many of the last axes of `x` and the first of `y` after the batch, or two lists of axes.

    Raises:
        ValueError: axes do not exist, differ in number, or name the batch.
    """
    x, y = as_tensor_variable(x), as_tensor_variable(y)
    left, right = summed_axes(x, y, axes, batch=1)
    if 0 in left or 0 in right:
        raise ValueError(f"axes to sum over must not contain the batch axis (axes={axes!r})")
    kept_left = [i for i in range(1, x.ndim) if i not in left]
    kept_right = [i for i in range(1, y.ndim) if i not in right]
    of_x, of_y = shape_tuple(x), shape_tuple(y)

    def grouped(lengths: Sequence[Any], group: Sequence[int]) -> Any:
        return product_of([lengths[i] for i in group])

    matrices = reshape(
        x.dimshuffle(0, *kept_left, *left), (of_x[0], grouped(of_x, kept_left), grouped(of_x, left)), ndim=3
    )
    others = reshape(
        y.dimshuffle(0, *right, *kept_right), (of_y[0], grouped(of_y, right), grouped(of_y, kept_right)), ndim=3
    )
    lengths = [of_x[0], *[of_x[i] for i in kept_left], *[of_y[i] for i in kept_right]]
    result = reshape(_batched_dot(matrices, others), lengths, ndim=len(lengths))
    pattern = [x.broadcastable[0], *[x.broadcastable[i] for i in kept_left], *[y.broadcastable[i] for i in kept_right]]
    return patternbroadcast(result, pattern)
