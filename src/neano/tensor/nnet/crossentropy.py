"""Cross-entropies: of distributions against distributions or labels, and of probabilities or logits against bits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.null_type import DisconnectedType
from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.dtypes import is_float
from neano.scalar.rows import row
from neano.tensor.convert import as_tensor_variable
from neano.tensor.nnet.activation import softplus
from neano.tensor.ranges import arange
from neano.tensor.rebroadcast import patternbroadcast
from neano.tensor.shape import shape_i
from neano.tensor.type import TensorType


def labels_of(labels: Any) -> Any:
    """Return a vector of labels as a variable.

    Raises:
        TypeError: it is not a vector of int32 or int64.
    """
    labels = as_tensor_variable(labels)
    if labels.ndim != 1 or labels.dtype not in ("int32", "int64"):
        raise TypeError(
            f"integer vector required for argument: true_one_of_n (got type: {labels.type} instead of: "
            "TensorType(int64, vector))"
        )
    return labels


def one_a_row(vector: Any, matrix: Any) -> Any:
    """Return a vector that broadcasts where the rows of a matrix do, so that both must have equal lengths."""
    return patternbroadcast(vector, matrix.broadcastable[:1])


def places(matrix: Any, axis: int) -> Any:
    """Return the integers that count a dimension of a matrix, broadcasting where it does."""
    return patternbroadcast(arange(shape_i(matrix, axis)), (matrix.broadcastable[axis],))


def is_label(labels: Any, matrix: Any) -> Any:
    """Return a bool matrix that is true at the place of each row's label; negative labels count from the end."""
    labels = one_a_row(labels, matrix)
    counted = row("switch")(row("lt")(labels, 0), labels + shape_i(matrix, 1), labels)
    return row("eq")(counted.dimshuffle(0, "x"), places(matrix, 1).dimshuffle("x", 0))


def at_labels(matrix: Any, labels: Any) -> Any:
    """Return the element of each row at its label.

    The numbers of the rows take their shape from the labels too: a label missing or left over is an error, where index
    vectors alone would let one label serve all rows.
    """
    labels = one_a_row(labels, matrix)
    return matrix[row("second")(labels, places(matrix, 0)), labels]


def check_labels(matrix: np.ndarray[Any, Any], labels: np.ndarray[Any, Any]) -> None:
    """Check that there is a label for each row of a matrix.

    Raises:
        ValueError: there are more or fewer.
    """
    if len(matrix) != len(labels):
        raise ValueError(f"there are {len(labels)} labels for {len(matrix)} rows")


class CrossentropyCategorical1Hot(Op):
    """-log(p[i, label[i]]) for each row of a matrix of probabilities: `CrossentropyCategorical1Hot()(p, labels)`.

    Raises:
        TypeError: `p` is not a matrix of floats, or the labels are not a vector of integers.
        ValueError: (at run time) their numbers differ.
        IndexError: (at run time) a label is out of range.
    """

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        p = as_tensor_variable(inputs[0])
        if p.ndim != 2 or not is_float(p.dtype):
            raise TypeError(f"matrix required for argument: coding_dist, not {p.type}")
        labels = labels_of(inputs[1])
        return Apply(self, [p, labels], [TensorType(p.dtype, (p.type.shape[0],))()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        p, labels = inputs
        check_labels(p, labels)
        with np.errstate(all="ignore"):
            output_storage[0][0] = -np.log(p[np.arange(len(p)), labels])

    def decompose(self, *inputs: Any) -> list[Any]:
        """Return the result as a gather and elementwise functions."""
        p, labels = inputs
        return [row("neg")(row("log")(at_labels(p, labels)))]

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [(input_shapes[0][0],)]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], [False]]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        p, labels = inputs
        return [crossentropy_categorical_1hot_grad(output_grads[0], p, labels), DisconnectedType()()]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        (p, labels), p_dot = inputs, eval_points[0]
        return [None if p_dot is None else row("neg")(at_labels(p_dot, labels) / at_labels(p, labels))]


class CrossentropyCategorical1HotGrad(Op):
    """The cotangent of the probabilities of `CrossentropyCategorical1Hot`, from that of its result."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        g, p, labels = map(as_tensor_variable, inputs)
        return Apply(self, [g, p, labels_of(labels)], [p.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        g, p, labels = inputs
        check_labels(p, labels)
        if g.shape != labels.shape:
            raise ValueError(f"there are {len(g)} cotangents for {len(p)} rows")
        result, rows = np.zeros_like(p), np.arange(len(p))
        with np.errstate(all="ignore"):
            result[rows, labels] = -g / p[rows, labels]
        output_storage[0][0] = result

    def decompose(self, *inputs: Any) -> list[Any]:
        """Return the result as a graph of elementwise functions: no scatter, so that it fuses with what follows."""
        g, p, labels = inputs
        slope = row("neg")(one_a_row(g, p)).dimshuffle(0, "x") / p
        result = row("switch")(is_label(labels, p), slope, np.zeros((), dtype=p.dtype))
        return [result if result.dtype == p.dtype else result.astype(p.dtype)]

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [input_shapes[1]]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], [True], [False]]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        (g, p, labels), (back,) = inputs, output_grads
        here = at_labels(p, labels)
        slope = crossentropy_categorical_1hot_grad(row("neg")(at_labels(back, labels) * g / here), p, labels)
        return [row("neg")(at_labels(back, labels) / here), slope, DisconnectedType()()]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        (g, p, labels), (g_dot, p_dot) = inputs, eval_points[:2]
        moved = []
        if g_dot is not None:
            moved.append(self(g_dot, p, labels))
        if p_dot is not None:
            moved.append(self(row("neg")(g * at_labels(p_dot, labels) / at_labels(p, labels)), p, labels))
        return [row("add")(*moved) if moved else None]


crossentropy_categorical_1hot = CrossentropyCategorical1Hot()
crossentropy_categorical_1hot_grad = CrossentropyCategorical1HotGrad()


def categorical_crossentropy(coding_dist: Any, true_dist: Any) -> Any:
    """Return the cross-entropy of a true distribution under a coding distribution, one number a row.

    Args:
        coding_dist: probabilities along the last dimension.
        true_dist: probabilities of the same rank; or, for a matrix, a vector of the true labels.

    Raises:
        TypeError: the ranks do not fit, or labels are not int32 or int64.
    """
    coding_dist, true_dist = as_tensor_variable(coding_dist), as_tensor_variable(true_dist)
    if true_dist.ndim == coding_dist.ndim:
        return row("neg")((true_dist * row("log")(coding_dist)).sum(axis=coding_dist.ndim - 1))
    if true_dist.ndim == coding_dist.ndim - 1:
        return crossentropy_categorical_1hot(coding_dist, true_dist)
    raise TypeError(f"rank mismatch between coding and true distributions: {coding_dist.ndim} and {true_dist.ndim}")


def binary_crossentropy(output: Any, target: Any) -> Any:
    """Return -(t log(o) + (1 - t) log(1 - o)) for each element.

    Args:
        output: probabilities.
        target: what they should have been, 0 to 1.
    """
    output, target = as_tensor_variable(output), as_tensor_variable(target)
    return row("neg")(target * row("log")(output) + (1.0 - target) * row("log")(1.0 - output))


def sigmoid_binary_crossentropy(output: Any, target: Any) -> Any:
    """Return the binary cross-entropy of sigmoid(output), without overflow or loss for large outputs.

    Args:
        output: logits.
        target: what their sigmoids should have been, 0 to 1.
    """
    output, target = as_tensor_variable(output), as_tensor_variable(target)
    return target * softplus(row("neg")(output)) + (1 - target) * softplus(output)
