"""Softmax over the rows of a matrix, its logarithm, and their derivatives.

Each Op's `perform` is its reference; `decompose` gives the same as a graph of elementwise functions and reductions,
with the largest element of a row taken off first so that no exponential overflows. Backends compile that graph.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.dtypes import is_float
from neano.scalar.rows import row
from neano.tensor.convert import as_tensor_variable
from neano.tensor.elemwise import pad_left
from neano.tensor.reduce import expand_reduced
from neano.tensor.reductions import MaxOrLowest


def rows_of(x: Any, op: Op) -> Any:
    """Return a matrix of floats; a vector becomes its only row, with Theano's warning.

    Raises:
        ValueError: it is neither, or its elements are not floats.
    """
    x = as_tensor_variable(x)
    if x.ndim not in (1, 2) or not is_float(x.dtype):
        raise ValueError(f"x must be 1-d or 2-d tensor of floats. Got {x.type}")
    if x.ndim == 1:
        warnings.warn(
            f"If x is a vector, {type(op).__name__} takes it as the only row of a matrix and gives a matrix. "
            "Pad it yourself (x.dimshuffle('x', 0)) to say so.",
            stacklevel=6,
        )
    return pad_left(x, 2)


def shifted(x: Any) -> Any:
    """Return a matrix with the largest element of each row taken off."""
    return x - expand_reduced(MaxOrLowest(1)(x), (1,), 2)


def softmax_rows(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Compute the softmax of each row with NumPy."""
    powers = _shifted_rows(x)
    np.exp(powers, out=powers)
    powers /= powers.sum(axis=1, keepdims=True, dtype=_accumulator(x))
    return powers


def log_softmax_rows(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Compute the logarithm of the softmax of each row with NumPy."""
    moved = _shifted_rows(x)
    totals = np.exp(moved).sum(axis=1, keepdims=True, dtype=_accumulator(x))
    return np.asarray(moved - np.log(totals), dtype=x.dtype)


def _shifted_rows(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a new matrix with the largest element of each row taken off; a row without elements has none."""
    return np.asarray(x - x.max(axis=1, keepdims=True)) if x.shape[1] else x.copy()


def _accumulator(x: np.ndarray[Any, Any]) -> Any:
    return np.float32 if x.dtype == np.float16 else np.float64


class RowsOp(Op):
    """What Ops on the rows of one matrix of floats share: the result has the type and shape of the matrix."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        (x,) = inputs
        x = rows_of(x, self)
        return Apply(self, [x], [x.type()])

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [input_shapes[0]]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        if eval_points[0] is None:
            return [None]
        return [self.tangent(inputs[0], pad_left(eval_points[0], 2))]

    def tangent(self, x: Any, x_dot: Any) -> Any:
        """Return how the result moves where the matrix moves by `x_dot`."""
        raise NotImplementedError


class Softmax(RowsOp):
    """exp(x) / sum(exp(x)) over each row."""

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        with np.errstate(all="ignore"):
            output_storage[0][0] = softmax_rows(inputs[0])

    def decompose(self, *inputs: Any) -> list[Any]:
        """Return the result as a graph of elementwise functions and reductions."""
        powers = row("exp")(shifted(inputs[0]))
        return [powers / powers.sum(axis=1, keepdims=True)]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        return [softmax_grad(output_grads[0], outputs[0])]

    def tangent(self, x: Any, x_dot: Any) -> Any:
        return softmax_grad(x_dot, self(x))  # the Jacobian of softmax is symmetric


class SoftmaxGrad(Op):
    """The cotangent of softmax's operand from its result `sm` and that's cotangent `dy`: `SoftmaxGrad()(dy, sm)`."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        dy, sm = map(as_tensor_variable, inputs)
        if dy.ndim not in (1, 2) or not is_float(dy.dtype):
            raise ValueError(f"dy must be 1-d or 2-d tensor of floats. Got {dy.type}")
        dy, sm = pad_left(dy, 2), pad_left(sm, 2)
        return Apply(self, [dy, sm], [sm.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        dy, sm = inputs
        if dy.shape != sm.shape:
            raise ValueError(f"dy has shape {dy.shape} where softmax has {sm.shape}")
        with np.errstate(all="ignore"):
            along = (dy * sm).sum(axis=1, keepdims=True, dtype=_accumulator(sm))
            output_storage[0][0] = ((dy - along) * sm).astype(sm.dtype, copy=False)

    def decompose(self, *inputs: Any) -> list[Any]:
        """Return the result as a graph of elementwise functions and reductions."""
        dy, sm = inputs
        result = (dy - (dy * sm).sum(axis=1, keepdims=True)) * sm
        return [result if result.dtype == sm.dtype else result.astype(sm.dtype)]

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [input_shapes[1]]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        (dy, sm), (g,) = inputs, output_grads
        centred = g - (g * sm).sum(axis=1, keepdims=True)
        return [centred * sm, centred * dy - g * (dy * sm).sum(axis=1, keepdims=True)]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        (dy, sm), (dy_dot, sm_dot) = inputs, eval_points
        moved = []
        if dy_dot is not None:
            moved.append(self(dy_dot, sm))
        if sm_dot is not None:
            centred = dy - (dy * sm).sum(axis=1, keepdims=True)
            moved.append(centred * sm_dot - sm * (dy * sm_dot).sum(axis=1, keepdims=True))
        return [row("add")(*moved) if moved else None]


class LogSoftmax(RowsOp):
    """log(softmax(x)) over each row, exact where softmax itself would round to 0."""

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        with np.errstate(all="ignore"):
            output_storage[0][0] = log_softmax_rows(inputs[0])

    def decompose(self, *inputs: Any) -> list[Any]:
        """Return the result as a graph of elementwise functions and reductions."""
        moved = shifted(inputs[0])
        return [moved - row("log")(row("exp")(moved).sum(axis=1, keepdims=True))]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        (g,) = output_grads
        return [g - g.sum(axis=1, keepdims=True) * softmax_op(inputs[0])]

    def tangent(self, x: Any, x_dot: Any) -> Any:
        return x_dot - (softmax_op(x) * x_dot).sum(axis=1, keepdims=True)


class SoftmaxWithBias(Op):
    """The softmax over each row of a matrix to which a vector is added: `SoftmaxWithBias()(x, b)`."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        x, b = map(as_tensor_variable, inputs)
        if x.ndim != 2 or not is_float(x.dtype):
            raise ValueError("x must be 2-d tensor of floats")
        if b.ndim != 1 or not is_float(b.dtype):
            raise ValueError("b must be 1-d tensor of floats")
        return Apply(self, [x, b], [x.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        x, b = inputs
        check_bias(x, b)
        with np.errstate(all="ignore"):
            output_storage[0][0] = softmax_rows((x + b).astype(x.dtype, copy=False))

    def decompose(self, *inputs: Any) -> list[Any]:
        """Return the result as a graph of elementwise functions and reductions."""
        x, b = inputs
        biased = x + b
        return softmax_op.decompose(biased if biased.dtype == x.dtype else biased.astype(x.dtype))

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [input_shapes[0]]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        dx = softmax_grad(output_grads[0], outputs[0])
        return [dx, cotangent_of_bias(dx, inputs[1])]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        moved = [point for point in eval_points if point is not None]
        if not moved:
            return [None]
        x_dot = moved[0] if len(moved) == 1 else moved[0] + moved[1]
        return [softmax_grad(inputs[0].zeros_like() + x_dot, self(*inputs))]


def check_bias(x: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> None:
    """Check that a vector can be added to each row of a matrix.

    Raises:
        ValueError: it cannot.
    """
    if b.shape[0] != x.shape[1]:
        raise ValueError(f"b must have the length of the rows of x: {b.shape[0]} against {x.shape[1]}")


def cotangent_of_bias(dx: Any, b: Any) -> Any:
    """Return the cotangent of a vector that was added to each row, from that of the matrix."""
    db = dx.sum(axis=0)
    return db if db.dtype == b.dtype else db.astype(b.dtype)


softmax_op = Softmax()
logsoftmax_op = LogSoftmax()
softmax_grad = SoftmaxGrad()
softmax_with_bias = SoftmaxWithBias()


def softmax(c: Any) -> Any:
    """Return exp(c) / sum(exp(c)) over each row of a matrix; a vector gives a matrix of one row.

    Raises:
        ValueError: `c` is neither, or its elements are not floats.
    """
    c = as_tensor_variable(c)
    if c.ndim and c.type.broadcastable[-1]:
        warnings.warn(
            "The softmax is applied on a dimension of shape 1, which does not have a semantic meaning.", stacklevel=2
        )
    return softmax_op(c)


def logsoftmax(c: Any) -> Any:
    """Return log(softmax(c)), computed without loss of precision.

    Raises:
        ValueError: `c` is neither a matrix nor a vector, or its elements are not floats.
    """
    return logsoftmax_op(c)


log_softmax = logsoftmax


def softmax_graph(c: Any) -> Any:
    """Return the softmax over the last dimension as the plain expression, which rewriting makes stable."""
    c = as_tensor_variable(c)
    return row("exp")(c) / row("exp")(c).sum(axis=-1, keepdims=True)
