"""Reductions: of reductions, over lengths of 1, of constants, and factors that do not depend on what is summed over."""

from __future__ import annotations

from typing import Any

from neano.graph.fgraph import FunctionGraph
from neano.graph.rewriting.rewriters import rewriter
from neano.graph.variable import Apply
from neano.rewrites.fill import spread
from neano.rewrites.phases import canonicalize, registers, specialize, stabilize, uncanonicalize, useless
from neano.rewrites.shape_feature import shape_of
from neano.rewrites.values import (
    constant_value,
    function_of,
    is_real_float,
    number_of_readers,
    only_reader,
)
from neano.scalar.dtypes import is_discrete
from neano.scalar.rows import row
from neano.tensor.argmax import Argmax, MaxAndArgmax
from neano.tensor.creation import alloc
from neano.tensor.elemwise import DimShuffle
from neano.tensor.math import cast
from neano.tensor.rebroadcast import patternbroadcast
from neano.tensor.reduce import CAReduce, resolve_axes
from neano.tensor.reductions import Max, Min, Prod, Sum

_MUL, _DIV, _NEG, _POW = row("mul"), row("true_div"), row("neg"), row("pow")


def drop_axes(x: Any, axes: tuple[int, ...]) -> Any:
    """Return a tensor without some dimensions of length 1."""
    kept = [i for i in range(x.ndim) if i not in axes]
    return x if len(kept) == x.ndim else DimShuffle(x.type.broadcastable, kept)(x)


@registers(canonicalize, useless, tags=["fast_compile", "local_cut_useless_reduce"])
@registers(specialize, uncanonicalize)
@rewriter(CAReduce, name="local_reduce_broadcastable", depth=2)
def reduce_over_ones(node: Apply) -> Any:
    """Leave out the dimensions of length 1 from a reduction, and the reduction where no other is left."""
    op: Any = node.op
    x: Any = node.inputs[0]
    like: Any = node.outputs[0]
    axes = resolve_axes(op.axis, x)
    ones = tuple(i for i in axes if x.type.broadcastable[i])
    if len(ones) < len(axes):
        if not ones:
            return None
        narrow = drop_axes(x, ones)
        position = {old: new for new, old in enumerate(i for i in range(x.ndim) if i not in ones)}
        result = op.with_axis(tuple(position[i] for i in axes if i not in ones))(narrow)
    elif op.scalar_op in (row("add"), row("mul"), row("maximum"), row("minimum")) or like.dtype == x.dtype:
        result = cast(drop_axes(x, axes), like.dtype)
    else:
        return None
    return [patternbroadcast(result, like.type.broadcastable)] if result.dtype == like.dtype else None


@registers(canonicalize)
@rewriter(CAReduce, name="local_sum_prod_all_to_none", depth=1)
def all_axes(node: Apply) -> Any:
    """Name all axes in one way: by naming none."""
    op: Any = node.op
    x: Any = node.inputs[0]
    if op.axis is None or x.ndim == 0 or len(op.axis) != x.ndim:
        return None
    return [op.with_axis(None)(x)]


@registers(canonicalize)
@rewriter(Sum, Prod, Max, Min, name="local_op_of_op", depth=2)
def reduction_of_reduction(fgraph: FunctionGraph, node: Apply) -> Any:
    """Make two reductions of one kind one over the axes of both."""
    outer: Any = node.op
    middle: Any = node.inputs[0]
    if middle.owner is None or type(middle.owner.op) is not type(outer) or only_reader(fgraph, middle) is None:
        return None
    inner: Any = middle.owner.op
    x: Any = middle.owner.inputs[0]
    if any(getattr(op, "no_zeros_in_input", False) for op in (inner, outer)):
        return None
    if middle.dtype != node.outputs[0].type.dtype or x.dtype != middle.dtype:  # type: ignore[attr-defined]
        return None
    first = resolve_axes(inner.axis, x)
    left = [i for i in range(x.ndim) if i not in first]
    second = [left[i] for i in resolve_axes(outer.axis, middle)]
    result = outer.with_axis(tuple(sorted((*first, *second))))(x)
    return [result] if result.dtype == node.outputs[0].type.dtype else None  # type: ignore[attr-defined]


@registers(specialize, canonicalize)
@rewriter(Sum, Prod, Max, Min, name="local_opt_alloc", depth=3)
def reduction_of_spread(fgraph: FunctionGraph, node: Apply) -> Any:
    """Work out the reduction of a value that is the same along the reduced axes: its multiple, its power, itself."""
    op: Any = node.op
    x: Any = node.inputs[0]
    like: Any = node.outputs[0]
    found = spread(x)
    if found is None:
        return None
    value = found[0]
    axes = resolve_axes(op.axis, x)
    if not axes or not all(value.type.broadcastable[i] for i in axes):
        return None
    lengths = shape_of(fgraph, x)
    if lengths is None:
        return None
    if isinstance(op, (Max, Min)) and not all(constant_value(lengths[i]) for i in axes):
        return None  # of nothing there is no maximum
    single = cast(drop_axes(value, axes), like.dtype)
    count = _product([lengths[i] for i in axes])
    if isinstance(op, Sum):
        single = _MUL(cast(count, like.dtype), single)
    elif isinstance(op, Prod):
        single = _POW(single, cast(count, like.dtype))
    if single.dtype != like.dtype:
        return None
    rest = [lengths[i] for i in range(x.ndim) if i not in axes]
    if single.type.broadcastable != like.type.broadcastable:
        single = alloc(single, *rest)
    return [patternbroadcast(single, like.type.broadcastable)]


def _product(lengths: list[Any]) -> Any:
    return lengths[0] if len(lengths) == 1 else _MUL(*lengths)


def _is_constant_along(x: Any, axes: tuple[int, ...]) -> bool:
    """Say whether a tensor is the same along some axes."""
    return all(x.type.broadcastable[i] for i in axes)


@registers(canonicalize, stabilize, specialize)
@rewriter(Sum, Prod, name="local_sum_prod_mul_by_scalar", depth=2)
def factors_out_of_sum(fgraph: FunctionGraph, node: Apply) -> Any:
    """Take out of a sum what does not vary along its axes: sum(c * x / d) is c * sum(x) / d, sum(-x) is -sum(x)."""
    op: Any = node.op
    x: Any = node.inputs[0]
    like: Any = node.outputs[0]
    if not isinstance(op, Sum) or not is_real_float(x) or x.dtype != like.dtype or number_of_readers(fgraph, x) > 1:
        return None
    axes = resolve_axes(op.axis, x)
    function = function_of(x)
    if function is _NEG:
        return [_NEG(op(x.owner.inputs[0]))]
    if function is _DIV:
        above, below = x.owner.inputs
        if (
            not _is_constant_along(below, axes)
            or above.type.broadcastable != x.type.broadcastable
            or above.dtype != x.dtype
        ):
            return None
        return _typed(_DIV(op(above), drop_axes(below, axes)), like)
    if function is not _MUL:
        return None
    outside = [v for v in x.owner.inputs if _is_constant_along(v, axes)]
    inside = [v for v in x.owner.inputs if not _is_constant_along(v, axes)]
    if not outside or not inside:
        return None
    rest = inside[0] if len(inside) == 1 else _MUL(*inside)
    missing = [i for i in axes if rest.type.broadcastable[i] and not x.type.broadcastable[i]]
    if missing or rest.dtype != x.dtype:
        return None
    return _typed(_MUL(*[drop_axes(v, axes) for v in outside], op(rest)), like)


def _typed(result: Any, like: Any) -> Any:
    """Return a replacement where it has the type that is wanted."""
    if result.dtype != like.dtype or result.type.broadcastable != like.type.broadcastable:
        return None
    return [result]


@registers(canonicalize)
@rewriter(Sum, Prod, Max, Min, name="local_sum_prod_dimshuffle", depth=2)
def reduction_of_dimshuffle(node: Apply) -> Any:
    """Reduce all of a tensor, rather than of the same in another order."""
    op: Any = node.op
    x: Any = node.inputs[0]
    if x.owner is None or not isinstance(x.owner.op, DimShuffle) or len(resolve_axes(op.axis, x)) != x.ndim:
        return None
    inner = x.owner.inputs[0]
    if inner.ndim == 0 or x.owner.op.drop:
        return None  # dimensions of length 1 are left out on purpose
    return _typed(op.with_axis(None)(inner), node.outputs[0])


@registers(uncanonicalize)
@rewriter(_NEG, name="local_max_to_min", depth=3)
def negative_of_maximum(node: Apply) -> Any:
    """Compute -max(-x) as min(x)."""
    largest: Any = node.inputs[0]
    if function_of(node.outputs[0]) is not _NEG or largest.owner is None or type(largest.owner.op) is not Max:
        return None
    inner = largest.owner.inputs[0]
    if function_of(inner) is not _NEG or is_discrete(inner.dtype):
        return None
    return _typed(Min(largest.owner.op.axis)(inner.owner.inputs[0]), node.outputs[0])


@registers(canonicalize, specialize, uncanonicalize, tags=["fast_compile"])
@rewriter(MaxAndArgmax, name="local_max_and_argmax", depth=1)
def only_maximum_or_its_place(fgraph: FunctionGraph, node: Apply) -> Any:
    """Compute the maximum, or its place, alone where only one of them is read."""
    axes: Any = node.op.axis  # type: ignore[attr-defined]
    largest, place = node.outputs
    if not number_of_readers(fgraph, place):
        return [Max(axes)(node.inputs[0]), None]
    if not number_of_readers(fgraph, largest):
        return [None, Argmax(axes)(node.inputs[0])]
    return None
