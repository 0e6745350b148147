"""Fills and allocs: constants spread over a shape, of which gradients are full, are taken out of elementwise functions.

`fill(model, value)` inside an elementwise function is as good as `value` where another operand has the lengths anyway;
otherwise the function is computed on the value and its result filled. What fills remain become `alloc` of a shape, so
that nothing is computed only to lend its shape.
"""

from __future__ import annotations

from typing import Any

from neano.graph.fgraph import FunctionGraph
from neano.graph.rewriting.driver import Equilibrium
from neano.graph.rewriting.rewriters import rewriter
from neano.graph.variable import Apply, Constant
from neano.rewrites.phases import canonicalize, optdb, registers, specialize, stabilize, useless
from neano.rewrites.shape_feature import shape_of
from neano.rewrites.values import SECOND, function_of, is_constant
from neano.tensor.creation import Alloc, alloc
from neano.tensor.elemwise import DimShuffle, Elemwise, pad_left
from neano.tensor.rebroadcast import patternbroadcast


def spread(variable: Any) -> tuple[Any, Any] | None:
    """Return value and model of a fill; the value has the rank of the fill. For an alloc the model is the alloc itself."""
    node = variable.owner
    if node is None:
        return None
    if function_of(variable) is SECOND:
        model, value = node.inputs
        return (value, model) if _lends_lengths(variable, value) else None
    if isinstance(node.op, Alloc):
        value = pad_left(node.inputs[0], variable.ndim)
        # an alloc to a length of 1 says so of its value, whose type may not
        pairs = zip(value.type.broadcastable, variable.type.broadcastable, strict=True)
        value = patternbroadcast(value, [own or filled for own, filled in pairs])
        return (value, variable) if _lends_lengths(variable, value) else None
    return None


def _lends_lengths(filled: Any, value: Any) -> bool:
    """Say whether all lengths of a filled array come from its model: those of the value, if any, agree with it anyway."""
    return bool(value.dtype == filled.dtype)


def _covers(pattern: tuple[bool, ...], others: list[Any]) -> bool:
    """Say whether some operands have among them all dimensions that do not broadcast."""
    return all(wide or any(not v.type.broadcastable[i] for v in others) for i, wide in enumerate(pattern))


@registers(canonicalize, tags=["local_fill_sink"])
@registers(specialize)
@rewriter(Elemwise, name="local_fill_sink", depth=2)
def fill_sink(node: Apply) -> Any:
    """Take the value in place of a fill inside an elementwise function, and fill the result where nothing else stretches it."""
    op: Any = node.op
    if op.inplace_pattern or len(node.outputs) != 1:
        return None
    is_fill = op.scalar_op is SECOND
    like: Any = node.outputs[0]
    operands: list[Any] = list(node.inputs)
    models: list[Any] = []
    for i, operand in enumerate(operands):
        if is_fill and i == 0:
            continue
        found = spread(operand)
        if found is None:
            continue
        others = [v for j, v in enumerate(operands) if j != i]
        operands[i] = found[0]
        if not _covers(like.type.broadcastable, [*others, found[0], *models]):
            models.append(found[1])
    if all(a is b for a, b in zip(operands, node.inputs, strict=True)) or (is_fill and models):
        return None
    result = op.make_node(*operands).outputs[0]
    for model in reversed(models):
        result = SECOND(model, result)
    if result.type.dtype != like.type.dtype:
        return None
    return [patternbroadcast(result, like.type.broadcastable)]


@registers(canonicalize, useless, tags=["fast_compile"])
@registers(specialize)
@rewriter(SECOND, name="local_useless_fill", depth=2)
def useless_fill(node: Apply) -> Any:
    """Remove a fill whose value has the lengths of the model; look through what only lends its lengths."""
    op: Any = node.op
    if op.inplace_pattern:
        return None
    model, value = node.inputs
    like: Any = node.outputs[0]
    if value.type.broadcastable == like.type.broadcastable and value.type.dtype == like.dtype:  # type: ignore[attr-defined]
        return [value]
    covers = model.type.broadcastable == like.type.broadcastable  # type: ignore[attr-defined]
    if covers and model.owner is not None and isinstance(model.owner.op, Alloc) and value.type.dtype == like.dtype:  # type: ignore[attr-defined]
        return [patternbroadcast(alloc(value, *model.owner.inputs[1:]), like.type.broadcastable)]
    source = model
    while source.owner is not None and isinstance(source.owner.op, Elemwise):
        pattern = source.type.broadcastable  # type: ignore[attr-defined]
        above = [v for v in source.owner.inputs if v.type.broadcastable == pattern and not isinstance(v, Constant)]  # type: ignore[attr-defined]
        if not above:
            break
        source = above[0]
    return None if source is model else [SECOND(source, value)]


def fill_to_alloc(fgraph: FunctionGraph, node: Apply) -> Any:
    """Make a fill an alloc of the shape of its model, which then need not be computed."""
    op: Any = node.op
    if op.inplace_pattern:
        return None
    value = node.inputs[1]
    like: Any = node.outputs[0]
    lengths = shape_of(fgraph, like)
    if lengths is None or value.type.dtype != like.dtype:  # type: ignore[attr-defined]
        return None
    return [patternbroadcast(alloc(value, *lengths), like.type.broadcastable)]


local_fill_to_alloc = rewriter(SECOND, name="local_fill_to_alloc", depth=2)(fill_to_alloc)
optdb.register("local_fill_to_alloc", Equilibrium([local_fill_to_alloc], name="local_fill_to_alloc"), 1.51, "fast_run")


@registers(useless, canonicalize, stabilize, specialize)
@rewriter(Alloc, name="local_useless_alloc", depth=2)
def useless_alloc(node: Apply) -> Any:
    """Remove an alloc of the type of its value: nothing is stretched."""
    value = node.inputs[0]
    return [value] if value.type == node.outputs[0].type and all(node.outputs[0].type.broadcastable) else None  # type: ignore[attr-defined]


@registers(useless, canonicalize, stabilize, specialize)
@rewriter(Alloc, name="local_merge_alloc", depth=2)
def alloc_of_alloc(node: Apply) -> Any:
    """Take the value of an alloc, or of a fill, that is stretched further."""
    inner = node.inputs[0]
    if inner.owner is None:
        return None
    found = spread(inner)
    if found is None:
        return None
    return [patternbroadcast(alloc(found[0], *node.inputs[1:]), node.outputs[0].type.broadcastable)]  # type: ignore[attr-defined]


@registers(canonicalize, specialize)
@rewriter(DimShuffle, name="local_alloc_dimshuffle", depth=2)
def dimshuffle_of_spread(fgraph: FunctionGraph, node: Apply) -> Any:
    """Fill, or alloc, in the new order of dimensions: dimshuffle(fill(m, v)) is fill(dimshuffle(m), dimshuffle(v))."""
    inner: Any = node.inputs[0]
    op: Any = node.op
    if inner.owner is None or not (function_of(inner) is SECOND or isinstance(inner.owner.op, Alloc)):
        return None
    found = spread(inner)
    if found is None:
        return None
    value, model = found
    moved = DimShuffle(value.type.broadcastable, op.new_order)(value)
    if model is not inner:
        result = SECOND(DimShuffle(model.type.broadcastable, op.new_order)(model), moved)
    else:
        lengths = inner.owner.inputs[1:]
        result = alloc(moved, *[1 if axis == "x" else lengths[axis] for axis in op.new_order])
    return [patternbroadcast(result, node.outputs[0].type.broadcastable)]  # type: ignore[attr-defined]


def is_zero(variable: Any) -> bool:
    """Say whether every element of a variable is 0."""
    return is_constant(variable, 0)
