"""Sums of exponentials under a logarithm or over one another: log-sum-exp and softmax, with the largest term taken off.

`log(sum(exp(x)))` and `exp(x) / sum(exp(x))` overflow for x above 709 as they are written. `log(softmax(x))` in each form
becomes log-softmax.
"""

from __future__ import annotations

from typing import Any

from neano.graph.fgraph import FunctionGraph
from neano.graph.rewriting.driver import Equilibrium
from neano.graph.rewriting.rewriters import notes_of, rewriter
from neano.graph.variable import Apply
from neano.rewrites.phases import optdb, registers, specialize, stabilize
from neano.rewrites.products import FLOAT_PRODUCTS, Product, build, take_apart
from neano.rewrites.sums import belongs_to, family_of, is_part_of_larger
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
_QUOTIENTS, _DIVISIONS = family_of(_div, _mul), family_of(_div, row("inv"), row("neg"))
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


@registers(stabilize, specialize, tags=["stable"])
@rewriter(_div, _mul, name="local_softmax_from_exponentials", depth=4)
def softmax_of_exponentials(fgraph: FunctionGraph, node: Apply) -> Any:
    """Make exp(x) / sum(exp(x)) a softmax wherever it stands in a product.

    In the gradient of such a softmax, one of the divisors belongs into a sum: sum(a * exp(x)) / sum(exp(x)) is
    sum(a * softmax(x)).
    """
    like: Any = node.outputs[0]
    if not belongs_to(function_of(like), _QUOTIENTS) or not is_real_float(like):
        return None
    divides = function_of(like) is _div or any(belongs_to(function_of(v), _DIVISIONS) for v in node.inputs)
    if not divides or is_part_of_larger(fgraph, node, FLOAT_PRODUCTS):
        return None
    found = take_apart(fgraph, like, inside_shared=True, inside_stretched=True)
    changed = False
    for base, exponent in list(found.exponents.items()):
        if exponent >= 0:
            continue
        x, axes = _normaliser(base, like.ndim)
        if x is None or is_shifted(x) or x.dtype != like.dtype:
            continue
        changed |= _take_exponentials(fgraph, found, base, x, axes)
        changed |= _take_sums(fgraph, found, base, x, axes)
    if not changed:
        return None
    result = in_type_of(build(found, like.ndim), like)
    return None if result is None else [result]


def _exponential(found: Product, x: Any) -> Any:
    """Return the factor exp(x) of a product, if it has one."""
    return next(
        (b for b, e in found.exponents.items() if e > 0 and function_of(b) is _exp and b.owner.inputs[0] is x), None
    )


def _take_exponentials(fgraph: FunctionGraph, found: Product, total: Any, x: Any, axes: tuple[int, ...]) -> bool:
    """Make pairs of exp(x) and 1 / sum(exp(x)) softmaxes; say whether there were any."""
    power = _exponential(found, x)
    if power is None:
        return False
    pairs = min(found.exponents[power], -found.exponents[total])
    found.multiply(power, -pairs)
    found.multiply(total, pairs)
    found.multiply(softmax_along(fgraph, x, axes), pairs)
    return True


def _take_sums(fgraph: FunctionGraph, found: Product, total: Any, x: Any, axes: tuple[int, ...]) -> bool:
    """Move 1 / sum(exp(x)) into a sum of products with exp(x) along the same axes; say whether there was one."""
    for base, exponent in list(found.exponents.items()):
        node = base.owner
        if exponent != 1 or found.exponents[total] >= 0 or node is None or node.op != total.owner.op:
            continue
        reduced = node.inputs[0].owner
        if reduced is None or type(reduced.op) is not Sum:
            continue
        inner = reduced.inputs[0]
        if resolve_axes(reduced.op.axis, inner) != axes or inner.dtype != x.dtype:
            continue
        part = take_apart(fgraph, inner, inside_shared=True, inside_stretched=True)
        power = _exponential(part, x)
        if power is None:
            continue
        part.multiply(power, -1)
        part.multiply(softmax_along(fgraph, x, axes), 1)
        argument = in_type_of(build(part, inner.ndim), inner)
        if argument is None:
            continue
        found.multiply(base, -1)
        found.multiply(total, 1)
        found.multiply(node.op(reduced.op(argument)), 1)
        return True
    return False


def _normaliser(base: Any, ndim: int) -> tuple[Any, tuple[int, ...]]:
    """Return x and the axes where a divisor is sum(exp(x)) along axes, with these as dimensions of length 1."""
    node = base.owner
    if node is None or not isinstance(node.op, DimShuffle):
        return None, ()
    found = sum_of_exponentials(node.inputs[0])
    if found is None or found[0].ndim != ndim:
        return None, ()
    x, axes = found
    kept = iter(range(ndim))
    expected = tuple("x" if i in axes else next(kept) for i in range(ndim))
    return (x, axes) if node.op.new_order == expected else (None, ())


def softmax_along(fgraph: FunctionGraph, x: Any, axes: tuple[int, ...]) -> Any:
    """Return the softmax of x along axes: the one that the graph has, or a new one."""
    known: dict[Any, Any] = notes_of(fgraph).setdefault("softmaxes", {})
    existing = known.get((x, axes))
    if existing is None or existing not in fgraph:
        existing = known[x, axes] = _existing_softmax(fgraph, x, axes) or _softmax(x, axes)
    return existing


def _existing_softmax(fgraph: FunctionGraph, x: Any, axes: tuple[int, ...]) -> Any:
    """Return the softmax of the rows of a matrix that the graph has already."""
    if axes != (1,) or x not in fgraph:
        return None
    readers = [reader for reader, _ in fgraph.clients(x) if not isinstance(reader, str)]
    return next((reader.outputs[0] for reader in readers if isinstance(reader.op, Softmax)), None)


def _softmax(x: Any, axes: tuple[int, ...]) -> Any:
    if x.ndim == 2 and axes == (1,):
        return softmax_op(x)
    if x.ndim == 2 and axes == (0,):
        return softmax_op(x.dimshuffle(1, 0)).dimshuffle(1, 0)
    if x.ndim == 1:
        return softmax_op(x.dimshuffle("x", 0)).dimshuffle(1)
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
