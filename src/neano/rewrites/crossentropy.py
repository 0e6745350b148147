"""The cross-entropy of a softmax against labels or distributions, and its gradient: no probability is divided by."""

from __future__ import annotations

from typing import Any

from neano.graph.fgraph import FunctionGraph
from neano.graph.rewriting.rewriters import rewriter
from neano.graph.variable import Apply
from neano.rewrites.fill import is_zero
from neano.rewrites.logarithms import logits
from neano.rewrites.phases import registers, specialize, stabilize
from neano.rewrites.products import build, take_apart
from neano.rewrites.shape_feature import shape_of
from neano.rewrites.values import constant_value, function_of, in_type_of, scalar_constant
from neano.scalar.rows import row
from neano.tensor.advanced_subtensor import AdvancedIncSubtensor, AdvancedSubtensor
from neano.tensor.creation import alloc
from neano.tensor.elemwise import DimShuffle
from neano.tensor.index_list import ARRAY
from neano.tensor.nnet.crossentropy import CrossentropyCategorical1Hot, CrossentropyCategorical1HotGrad
from neano.tensor.nnet.crossentropy_softmax import (
    crossentropy_softmax_1hot_with_bias_dx,
    crossentropy_softmax_argmax_1hot_with_bias,
)
from neano.tensor.nnet.softmax import Softmax, SoftmaxGrad, SoftmaxWithBias
from neano.tensor.ranges import ARange
from neano.tensor.reductions import Sum

_NEG, _ADD, _MUL = row("neg"), row("add"), row("mul")


def split_bias(x: Any) -> tuple[Any, Any]:
    """Return a matrix and the vector that is added to each of its rows, zeros where there is none."""
    if function_of(x) is _ADD and len(x.owner.inputs) == 2:
        for matrix, other in (x.owner.inputs, x.owner.inputs[::-1]):
            node = other.owner
            padded = node is not None and isinstance(node.op, DimShuffle) and node.op.new_order == ("x", 0)
            if padded and matrix.type.broadcastable == x.type.broadcastable and other.dtype == matrix.dtype == x.dtype:
                return matrix, node.inputs[0]
    return x, None


def with_labels(fgraph: FunctionGraph, x: Any, labels: Any) -> Any:
    """Return the outputs of the cross-entropy of softmax(x) against labels: losses, softmax, places of maxima."""
    matrix, bias = split_bias(x)
    if bias is None:
        lengths = shape_of(fgraph, x)
        assert lengths is not None
        bias = alloc(scalar_constant(0, x.dtype), lengths[1])
    return crossentropy_softmax_argmax_1hot_with_bias(matrix, bias, labels)


@registers(stabilize, specialize, tags=["crossentropy_to_crossentropy_with_softmax_with_bias", "stable"])
@rewriter(CrossentropyCategorical1Hot, name="crossentropy_to_crossentropy_with_softmax", depth=3)
def crossentropy_of_softmax(fgraph: FunctionGraph, node: Apply) -> Any:
    """Make the cross-entropy of a softmax one Op that never forms a logarithm of a rounded probability."""
    p, labels = node.inputs
    if p.owner is None or not isinstance(p.owner.op, (Softmax, SoftmaxWithBias)):
        return None
    x = logits(p.owner)
    loss, probabilities, _ = with_labels(fgraph, x, labels)
    if not p.type.in_same_class(probabilities.type) or not node.outputs[0].type.in_same_class(loss.type):
        return None
    return {node.outputs[0]: loss, p: probabilities}


@registers(stabilize, specialize, tags=["stable", "local_crossentropy_to_crossentropy_with_softmax_grad"])
@rewriter(SoftmaxGrad, name="local_softmax_grad_to_crossentropy_with_softmax_grad", depth=3)
def gradient_of_crossentropy(node: Apply) -> Any:
    """Make the gradient of a cross-entropy through a softmax the difference that it is: softmax - label, weighted."""
    dy, sm = node.inputs
    if dy.owner is None or not isinstance(dy.owner.op, CrossentropyCategorical1HotGrad):
        return None
    g, p, labels = dy.owner.inputs
    if p is not sm:
        return None
    result = in_type_of(crossentropy_softmax_1hot_with_bias_dx(g, sm, labels), node.outputs[0])
    return None if result is None else [result]


@registers(stabilize, specialize, tags=["stable"])
@rewriter(SoftmaxGrad, name="local_logsoftmax_grad", depth=4)
def gradient_through_logarithm(fgraph: FunctionGraph, node: Apply) -> Any:
    """Leave out the division by the softmax: softmax_grad(d / s, s) is d - sum(d) * s."""
    dy, sm = node.inputs
    if function_of(dy) is None:
        return _gradient_through_elements(fgraph, node)
    found = take_apart(fgraph, dy, inside_shared=True)
    if found.exponents.get(sm) != -1:
        return None
    found.exponents.pop(sm)
    d: Any = in_type_of(build(found, dy.type.ndim), dy)  # type: ignore[attr-defined]
    if d is None:
        return None
    labelled = _labelled(fgraph, d, sm)
    if labelled is not None:
        weight, labels = labelled
        result = crossentropy_softmax_1hot_with_bias_dx(_NEG(weight), sm, labels)
    else:
        result = d - Sum((1,))(d).dimshuffle(0, "x") * sm
    result = in_type_of(result, node.outputs[0])
    return None if result is None else [result]


def _gradient_through_elements(fgraph: FunctionGraph, node: Apply) -> Any:
    """Do the same where the logarithm was taken of the elements at labels: softmax_grad(scatter(w / s[i, y]), s)."""
    dy, sm = node.inputs
    labelled = _labelled(fgraph, dy, sm)
    if labelled is None:
        return None
    weight, labels = labelled
    found = take_apart(fgraph, weight, inside_shared=True)
    here = next(
        (base for base, exponent in found.exponents.items() if exponent == -1 and _is_taken_at(base, dy, sm)), None
    )
    if here is None:
        return None
    found.exponents.pop(here)
    bare = in_type_of(build(found, weight.ndim), weight)
    if bare is None:
        return None
    result = in_type_of(crossentropy_softmax_1hot_with_bias_dx(_NEG(bare), sm, labels), node.outputs[0])
    return None if result is None else [result]


def _is_taken_at(element: Any, scattered: Any, sm: Any) -> bool:
    """Say whether elements of the softmax are those at the places to which a gradient is scattered."""
    node = element.owner
    if node is None or not isinstance(node.op, AdvancedSubtensor) or node.inputs[0] is not sm:
        return False
    source = scattered.owner.inputs[0] if function_of(scattered) is _NEG else scattered
    return bool(node.op.idx_list == source.owner.op.idx_list and node.inputs[1:] == source.owner.inputs[2:])


def _labelled(fgraph: FunctionGraph, d: Any, sm: Any) -> tuple[Any, Any] | None:
    """Return weights and labels where a matrix is zero but for the weight at each row's label."""
    sign = function_of(d) is _NEG
    source: Any = d.owner.inputs[0] if sign else d
    node = source.owner
    if node is None or not isinstance(node.op, AdvancedIncSubtensor) or node.op.set_instead_of_inc:
        return None
    if node.op.idx_list != (ARRAY, ARRAY) or not is_zero(node.inputs[0]):
        return None
    _, value, rows, labels = node.inputs
    if labels.type.ndim != 1 or value.type.ndim > 1 or not is_range_over_rows(fgraph, rows, sm, labels):
        return None
    return (_NEG(value) if sign else value), labels


def is_range_over_rows(fgraph: FunctionGraph, rows: Any, matrix: Any, labels: Any) -> bool:
    """Say whether an index counts the rows of a matrix, or their labels, of which there are as many."""
    node = rows.owner
    if node is None:
        return _is_counted(rows, matrix)
    if not isinstance(node.op, ARange):
        return False
    start, stop, step = node.inputs
    if constant_value(start) != 0 or constant_value(step) != 1:
        return False
    return any(
        lengths is not None and _is_length(stop, lengths[0])
        for lengths in (shape_of(fgraph, matrix), shape_of(fgraph, labels))
    )


def _is_counted(rows: Any, matrix: Any) -> bool:
    """Say whether a constant index is 0, 1, 2 ... for each row of a matrix of known length."""
    data = getattr(rows, "data", None)
    length = matrix.type.shape[0]
    return data is not None and length is not None and data.ndim == 1 and data.tolist() == list(range(length))


def _is_length(stop: Any, length: Any) -> bool:
    """Say whether the end of a range is a length, through casts."""
    while function_of(stop) is not None and (function_of(stop).name or "").startswith("convert_to_int"):
        stop = stop.owner.inputs[0]
    if stop is length:
        return True
    value = constant_value(stop)
    if value is not None:
        return bool(value == constant_value(length))
    a, b = stop.owner, length.owner
    return a is not None and b is not None and a.op == b.op and a.inputs == b.inputs


@registers(stabilize, specialize, tags=["stable"])
@rewriter(row("sub"), name="local_labelled_logsoftmax_grad", depth=4)
def gradient_of_labelled_log_softmax(fgraph: FunctionGraph, node: Apply) -> Any:
    """Make d - sum(d) * softmax, where d is zero but at labels, the weighted difference of softmax and label."""
    if function_of(node.outputs[0]) is not row("sub"):
        return None
    d, product = node.inputs
    if function_of(product) is not _MUL or len(product.owner.inputs) != 2:  # type: ignore[union-attr]
        return None
    for sm, total in (product.owner.inputs, product.owner.inputs[::-1]):  # type: ignore[union-attr]
        if sm.owner is None or not isinstance(sm.owner.op, (Softmax, SoftmaxWithBias)) or not _is_row_sum(total, d):
            continue
        labelled = _labelled(fgraph, d, sm)
        if labelled is None:
            return None
        weight, labels = labelled
        result = in_type_of(crossentropy_softmax_1hot_with_bias_dx(_NEG(weight), sm, labels), node.outputs[0])
        return None if result is None else [result]
    return None


def _is_row_sum(total: Any, d: Any) -> bool:
    """Say whether a column is the sum of a matrix over its rows."""
    node = total.owner
    if node is None or not isinstance(node.op, DimShuffle) or node.op.new_order != (0, "x"):
        return False
    inner = node.inputs[0].owner
    return inner is not None and type(inner.op) is Sum and inner.inputs[0] is d and inner.op.axis == (1,)
