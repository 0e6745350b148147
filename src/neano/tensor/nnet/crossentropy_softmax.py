"""The cross-entropy of a softmax against labels in one Op, with its derivative: the loss of a classifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.null_type import DisconnectedType, undefined_gradient
from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.dtypes import is_discrete, is_float
from neano.scalar.rows import row
from neano.tensor.argmax import argmax
from neano.tensor.convert import as_tensor_variable
from neano.tensor.creation import zeros_like
from neano.tensor.nnet.crossentropy import at_labels, check_labels, is_label, one_a_row
from neano.tensor.nnet.softmax import check_bias, cotangent_of_bias, log_softmax_rows, shifted, softmax_grad
from neano.tensor.type import TensorType


class CrossentropySoftmaxArgmax1HotWithBias(Op):
    """For each row of x + b: the negative log-likelihood of its label, its softmax, and its largest element's place.

    `CrossentropySoftmaxArgmax1HotWithBias()(x, b, labels)` has these three outputs.

    Raises:
        ValueError: `x` is not a matrix or `b` not a vector of floats, the labels are no vector of integers; (at run
            time) lengths do not fit.
        IndexError: (at run time) a label is out of range.
    """

    __props__ = ()
    nin = 3
    nout = 3

    def make_node(self, *inputs: Any) -> Apply:
        x, b, labels = map(as_tensor_variable, inputs)
        if x.ndim != 2 or not is_float(x.dtype):
            raise ValueError(f"x must be 2-d tensor of floats, not {x.type}")
        if b.ndim != 1 or not is_float(b.dtype):
            raise ValueError(f"b must be 1-d tensor of floats, not {b.type}")
        if labels.ndim != 1 or not is_discrete(labels.dtype) or labels.dtype == "bool":
            raise ValueError(f"y_idx must be 1-d tensor of [u]ints, not {labels.type}")
        rows = (x.type.shape[0],)
        return Apply(self, [x, b, labels], [TensorType(x.dtype, rows)(), x.type(), TensorType(labels.dtype, rows)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        x, b, labels = inputs
        check_bias(x, b)
        check_labels(x, labels)
        with np.errstate(all="ignore"):
            biased = (x + b).astype(x.dtype, copy=False)
            logarithms = log_softmax_rows(biased)
            output_storage[0][0] = -logarithms[np.arange(len(x)), labels]
            output_storage[1][0] = np.exp(logarithms)
            output_storage[2][0] = (np.argmax(biased, axis=1) if len(biased) else np.zeros(0)).astype(labels.dtype)

    def decompose(self, *inputs: Any) -> list[Any]:
        """Return the results as graphs of elementwise functions, reductions and a gather."""
        x, b, labels = inputs
        biased = x + b
        biased = biased if biased.dtype == x.dtype else biased.astype(x.dtype)
        moved = shifted(biased)
        powers = row("exp")(moved)
        total = powers.sum(axis=1)
        loss = row("log")(total) - at_labels(moved, labels)
        place = argmax(biased, axis=1)
        return [loss, powers / total.dimshuffle(0, "x"), place.astype(labels.dtype)]

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        rows = (input_shapes[0][0],)
        return [rows, input_shapes[0], rows]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True, True, False], [True, True, False], [False, False, False]]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        (_, b, labels), (g_loss, g_softmax, g_place) = inputs, output_grads
        if not isinstance(g_place.type, DisconnectedType):
            place = [
                undefined_gradient(self, i, v, "the place of the largest element") for i, v in enumerate(inputs[:2])
            ]
            return [*place, DisconnectedType()()]
        terms = []
        if not isinstance(g_loss.type, DisconnectedType):
            terms.append(crossentropy_softmax_1hot_with_bias_dx(g_loss, outputs[1], labels))
        if not isinstance(g_softmax.type, DisconnectedType):
            terms.append(softmax_grad(g_softmax, outputs[1]))
        if not terms:
            return [DisconnectedType()() for _ in inputs]
        dx = terms[0] if len(terms) == 1 else terms[0] + terms[1]
        return [dx, cotangent_of_bias(dx, b), DisconnectedType()()]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        x, b, labels = inputs
        moved = [point for point in eval_points[:2] if point is not None]
        if not moved:
            return [None, None, None]
        x_dot = zeros_like(x) + (moved[0] if len(moved) == 1 else moved[0] + moved[1])
        _, probabilities, _ = self(x, b, labels)
        mean = (probabilities * x_dot).sum(axis=1)
        return [mean - at_labels(x_dot, labels), softmax_grad(x_dot, probabilities), None]


class CrossentropySoftmax1HotWithBiasDx(Op):
    """The cotangent of x + b from the loss's, `dy` (a vector or one number), and the softmax, for given labels."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        dy, sm, labels = map(as_tensor_variable, inputs)
        if dy.ndim > 1 or not is_float(dy.dtype):
            raise ValueError(f"dy must be {{0,1}}-d tensor of floats, not {dy.type}")
        if sm.ndim != 2 or not is_float(sm.dtype):
            raise ValueError(f"sm must be 2-d tensor of floats, not {sm.type}")
        if labels.ndim != 1 or not is_discrete(labels.dtype) or labels.dtype == "bool":
            raise ValueError(f"y_idx must be 1-d tensor of [u]ints, not {labels.type}")
        return Apply(self, [dy, sm, labels], [sm.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        dy, sm, labels = inputs
        check_labels(sm, labels)
        if dy.ndim == 1 and dy.shape[0] != len(sm):
            raise ValueError(f"dy has length {dy.shape[0]} for {len(sm)} rows")
        result = sm.copy()
        result[np.arange(len(sm)), labels] -= 1
        output_storage[0][0] = (result * dy.reshape(-1, 1)).astype(sm.dtype, copy=False)

    def decompose(self, *inputs: Any) -> list[Any]:
        """Return the result as a graph of elementwise functions: no scatter, so that it fuses with what follows."""
        dy, sm, labels = inputs
        weight = one_a_row(dy, sm).dimshuffle(0, "x") if dy.ndim else dy.dimshuffle("x", "x")
        result = weight * (sm - is_label(labels, sm).astype(sm.dtype))
        return [result if result.dtype == sm.dtype else result.astype(sm.dtype)]

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [input_shapes[1]]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], [True], [False]]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        (dy, sm, labels), (g,) = inputs, output_grads
        along = (g * sm).sum(axis=1) - at_labels(g, labels)
        weight = dy.dimshuffle(0, "x") if dy.ndim else dy
        return [along if dy.ndim else along.sum(), weight * g, DisconnectedType()()]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        (dy, sm, labels), (dy_dot, sm_dot) = inputs, eval_points[:2]
        moved = []
        if dy_dot is not None:
            moved.append(self(dy_dot, sm, labels))
        if sm_dot is not None:
            moved.append((dy.dimshuffle(0, "x") if dy.ndim else dy) * sm_dot)
        return [row("add")(*moved) if moved else None]


crossentropy_softmax_argmax_1hot_with_bias = CrossentropySoftmaxArgmax1HotWithBias()
crossentropy_softmax_1hot_with_bias_dx = CrossentropySoftmax1HotWithBiasDx()


def _no_bias(x: Any) -> Any:
    return zeros_like(as_tensor_variable(x)[0, :])


def crossentropy_softmax_1hot_with_bias(x: Any, b: Any, y_idx: Any, **kwargs: Any) -> list[Any]:
    """Return the loss of each row of x + b against its label, and the softmax."""
    return list(crossentropy_softmax_argmax_1hot_with_bias(x, b, y_idx, **kwargs)[:2])


def crossentropy_softmax_1hot(x: Any, y_idx: Any, **kwargs: Any) -> list[Any]:
    """Return the loss of each row of x against its label, and the softmax."""
    return crossentropy_softmax_1hot_with_bias(x, _no_bias(x), y_idx, **kwargs)


def crossentropy_softmax_max_and_argmax_1hot_with_bias(x: Any, b: Any, y_idx: Any, **kwargs: Any) -> list[Any]:
    """Return the loss of each row of x + b, the softmax, its largest probability, and that one's place."""
    loss, probabilities = crossentropy_softmax_1hot_with_bias(x, b, y_idx, **kwargs)
    return [loss, probabilities, probabilities.max(axis=-1), argmax(probabilities, axis=-1)]


def crossentropy_softmax_max_and_argmax_1hot(x: Any, y_idx: Any, **kwargs: Any) -> list[Any]:
    """Return the loss of each row of x, the softmax, its largest probability, and that one's place."""
    return crossentropy_softmax_max_and_argmax_1hot_with_bias(x, _no_bias(x), y_idx, **kwargs)
