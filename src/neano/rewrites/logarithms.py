"""Sums of exponentials under a logarithm or over one another: log-sum-exp and softmax, with the largest term taken off.

`log(sum(exp(x)))` and `exp(x) / sum(exp(x))` overflow for x above 709 as they are written. `log(softmax(x))` in each form
becomes log-softmax.
"""

from __future__ import annotations

from typing import Any

from neano.graph.fgraph import FunctionGraph
from neano.graph.rewriting.driver import Equilibrium
from neano.graph.rewriting.rewriters import rewriter
from neano.graph.variable import Apply
from neano.rewrites.phases import optdb, registers, specialize, stabilize
from neano.rewrites.products import take_apart
from neano.rewrites.values import function_of, in_type_of, is_real_float, scalar_constant
from neano.scalar.rows import row
from neano.tensor.advanced_subtensor import AdvancedSubtensor
from neano.tensor.elemwise import DimShuffle
from neano.tensor.nnet.softmax import Softmax, SoftmaxWithBias, logsoftmax_op, softmax_op
from neano.tensor.reduce import expand_reduced, resolve_axes
from neano.tensor.reductions import Max, Sum
from neano.tensor.shape import Reshape
from neano.tensor.subtensor import Subtensor
from neano.tensor.take_rows import AdvancedSubtensor1

_exp, _log, _add, _sub, _div, _mul = (row(name) for name in ("exp", "log", "add", "sub", "true_div", "mul"))
_switch, _isinf, _maximum = row("switch"), row("isinf"), row("maximum")


def sum_of_exponentials(variable: Any) -> tuple[Any, tuple[int, ...]] | None:
    """Return x and the axes of sum(exp(x), axes)."""
    node = variable.owner
    if node is None or type(node.op) is not Sum or function_of(node.inputs[0]) is not _exp:
        return None
    exponent = node.inputs[0].owner.inputs[0]
    if not is_real_float(exponent) or exponent.dtype != variable.dtype:
        return None
    return exponent, resolve_axes(node.op.axis, node.inputs[0])


def is_shifted(x: Any) -> bool:
    """Say whether a maximum is taken off already."""
    return function_of(x) is _sub and _has_maximum(x.owner.inputs[1])


def _has_maximum(variable: Any) -> bool:
    node = variable.owner
    if node is None:
        return False
    if isinstance(node.op, DimShuffle) or function_of(variable) is _switch:
        return any(_has_maximum(v) for v in node.inputs)
    return isinstance(node.op, Max) or function_of(variable) is _maximum


def finite_maximum(x: Any, axes: tuple[int, ...]) -> Any:
    """Return the maximum along axes, which stay with length 1; 0 where it is infinite, for inf - inf is no number."""
    largest = expand_reduced(Max(axes)(x), axes, x.ndim)
    return _switch(_isinf(largest), scalar_constant(0, x.dtype), largest)


@rewriter(_log, name="local_log_sum_exp", depth=3)
def log_sum_exp(node: Apply) -> Any:
    """Take the maximum out of log(sum(exp(x)))."""
    if function_of(node.outputs[0]) is not _log:
        return None
    total = node.inputs[0]
    order = None
    if total.owner is not None and isinstance(total.owner.op, DimShuffle):
        order, total = total.owner.op, total.owner.inputs[0]
    found = sum_of_exponentials(total)
    if found is None or is_shifted(found[0]) or found[0].ndim == 0:
        return None
    x, axes = found
    if not axes:
        return None
    largest = finite_maximum(x, axes)
    moved = _log(total.owner.op(_exp(x - largest)))  # type: ignore[union-attr]
    kept = [i for i in range(x.ndim) if i not in axes]
    result = moved + DimShuffle(largest.type.broadcastable, kept)(largest)
    if order is not None:
        result = order(result)
    result = in_type_of(result, node.outputs[0])
    return None if result is None else [result]


optdb.register("local_log_sum_exp", Equilibrium([log_sum_exp], name="local_log_sum_exp"), 1.6, "fast_run", "stable")


@registers(stabilize, specialize, tags=["stable"])
@rewriter(_log, name="local_log_add", depth=3)
def log_add_exp(node: Apply) -> Any:
    """Take the largest exponent out of log(exp(x) + exp(y) + ...)."""
    like: Any = node.outputs[0]
    total: Any = node.inputs[0]
    if function_of(like) is not _log or function_of(total) is not _add or not is_real_float(like):
        return None
    terms = total.owner.inputs
    if len(terms) < 2 or any(function_of(v) is not _exp or v.dtype != like.dtype for v in terms):
        return None
    exponents = [v.owner.inputs[0] for v in terms]
    if any(is_shifted(v) for v in exponents):
        return None
    largest = exponents[0]
    for other in exponents[1:]:
        largest = _maximum(largest, other)
    finite = _switch(_isinf(largest), scalar_constant(0, like.dtype), largest)
    result = in_type_of(_log(_add(*[_exp(v - finite) for v in exponents])) + finite, like)
    return None if result is None else [result]


@registers(stabilize, tags=["stable"])
@rewriter(_div, name="local_softmax_from_exponentials", depth=4)
def softmax_of_exponentials(fgraph: FunctionGraph, node: Apply) -> Any:
    """Make exp(x) / sum(exp(x)) a softmax, or take the maximum out where it does not run over the rows of a matrix."""
    like: Any = node.outputs[0]
    if function_of(like) is not _div or not is_real_float(like):
        return None
    found = take_apart(fgraph, like)
    for base, exponent in list(found.exponents.items()):
        if exponent != -1:
            continue
        x, axes = _normaliser(base, like.ndim)
        if x is None or is_shifted(x):
            continue
        power = next(
            (b for b, e in found.exponents.items() if e == 1 and function_of(b) is _exp and b.owner.inputs[0] is x),
            None,
        )
        if power is None or x.type.broadcastable != like.type.broadcastable or x.dtype != like.dtype:
            continue
        rest = [_as_factor(b, e) for b, e in found.exponents.items() if b is not base and b is not power]
        number = found.number / found.divisor * (-1) ** (found.signs % 2)
        if number != 1:
            rest.insert(0, scalar_constant(number, like.dtype))
        result = _softmax(x, axes)
        result = in_type_of(_mul(result, *rest) if rest else result, like)
        return None if result is None else [result]
    return None


def _as_factor(base: Any, exponent: int) -> Any:
    return base if exponent == 1 else row("pow")(base, scalar_constant(exponent, base.dtype))


def _normaliser(base: Any, ndim: int) -> tuple[Any, tuple[int, ...]]:
    """Return x and the axes where a divisor is sum(exp(x)) along axes, with these as dimensions of length 1."""
    node = base.owner
    total = base
    order: tuple[Any, ...] = tuple(range(ndim))
    if node is not None and isinstance(node.op, DimShuffle):
        total, order = node.inputs[0], node.op.new_order
    found = sum_of_exponentials(total)
    if found is None or found[0].ndim != ndim:
        return None, ()
    x, axes = found
    kept = iter(range(ndim))
    expected = tuple("x" if i in axes else next(kept) for i in range(ndim))
    if total is base:
        return (x, axes) if not axes else (None, ())
    return (x, axes) if order == expected else (None, ())


def _softmax(x: Any, axes: tuple[int, ...]) -> Any:
    if x.ndim == 2 and axes == (1,):
        return softmax_op(x)
    powers = _exp(x - finite_maximum(x, axes))
    return powers / expand_reduced(Sum(axes)(powers), axes, x.ndim)


_VIEWS = (Subtensor, AdvancedSubtensor, AdvancedSubtensor1, DimShuffle, Reshape)


@registers(stabilize, specialize, tags=["fast_compile", "local_log_softmax", "stable"])
@rewriter(_log, name="local_logsoftmax", depth=4)
def log_of_softmax(node: Apply) -> Any:
    """Make log(softmax(x)), or the log of some of its elements, log-softmax."""
    if function_of(node.outputs[0]) is not _log:
        return None
    source: Any = node.inputs[0]
    views: list[Any] = []
    while source.owner is not None and isinstance(source.owner.op, _VIEWS) and len(views) < 8:
        views.append(source.owner)
        source = source.owner.inputs[0]
    if source.owner is None or not isinstance(source.owner.op, (Softmax, SoftmaxWithBias)):
        return None
    result = logsoftmax_op(logits(source.owner))
    for view in reversed(views):
        result = view.op(result, *view.inputs[1:])
    result = in_type_of(result, node.outputs[0])
    return None if result is None else [result]


def logits(node: Apply) -> Any:
    """Return the operand of a softmax, the bias added."""
    if len(node.inputs) == 1:
        return node.inputs[0]
    x, b = node.inputs
    total = _add(x, b)
    return total if total.type.dtype == x.type.dtype else total.astype(x.type.dtype)  # type: ignore[attr-defined]
