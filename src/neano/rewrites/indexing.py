"""Indexing: parts of parts, of filled, set and elementwise arrays, and parts that are the whole."""

from __future__ import annotations

from typing import Any

from neano.graph.fgraph import FunctionGraph
from neano.graph.rewriting.rewriters import rewriter
from neano.graph.variable import Apply, Constant
from neano.rewrites.fill import is_zero, spread
from neano.rewrites.phases import canonicalize, registers, specialize, stabilize, useless
from neano.rewrites.shape_feature import shape_of
from neano.rewrites.values import constant_value, function_of, only_reader
from neano.tensor.creation import Alloc, MakeVector, alloc
from neano.tensor.index_list import fill as fill_index
from neano.tensor.index_list import known_integer
from neano.tensor.join import Join
from neano.tensor.rebroadcast import patternbroadcast
from neano.tensor.subtensor import IncSubtensor, Subtensor
from neano.tensor.take_rows import AdvancedIncSubtensor1, AdvancedSubtensor1


def full_index(node: Apply, rank: int) -> list[Any]:
    """Return the index of a basic indexing node, one entry a dimension: ints, 0-d tensors and slices of them."""
    skip = 1 if isinstance(node.op, Subtensor) else 2
    index = fill_index(node.op.idx_list, node.inputs[skip:], known_integer)  # type: ignore[attr-defined]
    return [*index, *[slice(None)] * (rank - len(index))]


def _parts(entry: slice) -> tuple[Any, Any, Any]:
    return entry.start, entry.stop, entry.step


def _is_whole(entry: Any, length: Any) -> bool:
    """Say whether an entry of an index takes all of a dimension."""
    if not isinstance(entry, slice):
        return False
    start, stop, step = _parts(entry)
    if step not in (None, 1) or start not in (None, 0):
        return False
    if stop is None or stop is length:
        return True
    known = constant_value(length)
    if isinstance(stop, int):
        return stop >= (1 << 62) or (known is not None and stop >= known)
    return False


@registers(useless, canonicalize, tags=["fast_compile"])
@registers(specialize)
@rewriter(Subtensor, name="local_useless_slice", depth=3)
def whole_part(fgraph: FunctionGraph, node: Apply) -> Any:
    """Leave out slices that take all of a dimension, and the indexing where only such are left."""
    x: Any = node.inputs[0]
    given = len(node.op.idx_list)  # type: ignore[attr-defined]
    lengths = shape_of(fgraph, x)
    if lengths is None:
        return None
    index = full_index(node, x.ndim)
    simpler = [slice(None) if _is_whole(entry, n) else entry for entry, n in zip(index, lengths, strict=True)]
    while simpler and isinstance(simpler[-1], slice) and simpler[-1] == slice(None):
        simpler.pop()
    if not simpler:
        return [x] if x.type.broadcastable == node.outputs[0].type.broadcastable else None  # type: ignore[attr-defined]
    changed = len(simpler) < given or any(
        isinstance(new, slice) and new == slice(None) and old != new for new, old in zip(simpler, index, strict=False)
    )
    return _typed(x[tuple(simpler)], node.outputs[0]) if changed else None


def _typed(result: Any, like: Any) -> Any:
    """Return a replacement in the broadcast pattern that is wanted."""
    if result.dtype != like.dtype or result.ndim != like.ndim:
        return None
    return [patternbroadcast(result, like.type.broadcastable)]


@registers(useless, canonicalize, specialize)
@rewriter(Subtensor, name="local_subtensor_of_alloc", depth=2)
def part_of_spread(fgraph: FunctionGraph, node: Apply) -> Any:
    """Give a part of a filled array as a smaller filled array."""
    x: Any = node.inputs[0]
    found = spread(x) if x.owner is not None else None
    lengths = None if found is None else shape_of(fgraph, node.outputs[0])
    if found is None or lengths is None:
        return None
    value = found[0]
    index = full_index(node, x.ndim)
    if not isinstance(x.owner.op, Alloc) and not all(isinstance(entry, slice) for entry in index):
        return None
    if any(not isinstance(entry, slice) and not isinstance(entry, int) for entry in index):
        return None  # a symbolic index may be out of range, which must be told
    if any(isinstance(entry, int) and not _is_inside(entry, n) for entry, n in zip(index, x.type.shape, strict=True)):
        return None
    on_value = tuple(
        (0 if not isinstance(entry, slice) else slice(None)) if one else entry
        for entry, one in zip(index, value.type.broadcastable, strict=True)
    )
    part = value[on_value] if on_value else value
    return _typed(part if not lengths else alloc(part, *lengths), node.outputs[0])


def _is_inside(entry: int, length: int | None) -> bool:
    return length is not None and -length <= entry < length


@registers(canonicalize, tags=["fast_compile"])
@rewriter(Subtensor, name="local_subtensor_lift", depth=2)
def part_of_elementwise(fgraph: FunctionGraph, node: Apply) -> Any:
    """Index the operands of an elementwise function that nothing else reads, so that it computes only what is taken."""
    x: Any = node.inputs[0]
    if function_of(x) is None or len(x.owner.outputs) != 1 or only_reader(fgraph, x) is None:
        return None
    if any(not isinstance(v, Constant) for v in node.inputs[1:]) and len(x.owner.inputs) > 1:
        return None
    index = full_index(node, x.ndim)
    parts = []
    for operand in x.owner.inputs:
        on_operand = tuple(
            (0 if not isinstance(entry, slice) else slice(None)) if one and not whole else entry
            for entry, one, whole in zip(index, operand.type.broadcastable, x.type.broadcastable, strict=True)
        )
        parts.append(operand[on_operand])
    return _typed(x.owner.op(*parts), node.outputs[0])


@registers(canonicalize, specialize)
@rewriter(Subtensor, name="local_subtensor_merge", depth=2)
def part_of_part(fgraph: FunctionGraph, node: Apply) -> Any:
    """Make two indexings one where the first takes whole dimensions, or counts from the start, where the second cuts."""
    x: Any = node.inputs[0]
    if x.owner is None or not isinstance(x.owner.op, Subtensor):
        return None
    source: Any = x.owner.inputs[0]
    first, second = full_index(x.owner, source.ndim), full_index(node, x.ndim)
    merged, remaining = [], iter(second)
    for entry in first:
        if not isinstance(entry, slice):
            merged.append(entry)
            continue
        one = _merged(entry, next(remaining))
        if one is None:
            return None
        merged.append(one)
    return _typed(source[tuple(merged)], node.outputs[0])


def _merged(first: slice, second: Any) -> Any:
    """Return one index entry for two in a row; None where that is not simple."""
    if isinstance(second, slice) and second == slice(None):
        return first
    if first == slice(None):
        return second
    start, stop, step = _parts(first)
    if (
        step not in (None, 1)
        or not isinstance(start, int)
        or start < 0
        or stop is not None
        or not isinstance(second, slice)
    ):
        if first == slice(None, None, -1) and isinstance(second, slice) and second == slice(None, None, -1):
            return slice(None)
        return None
    begin, end, stride = _parts(second)
    if not (begin is None or (isinstance(begin, int) and begin >= 0)) or not (
        end is None or (isinstance(end, int) and end >= 0)
    ):
        return None
    if not (stride is None or (isinstance(stride, int) and stride > 0)):
        return None
    return slice(start + (begin or 0), None if end is None else start + end, stride)


@registers(canonicalize, specialize)
@rewriter(Subtensor, name="local_subtensor_inc_subtensor", depth=2)
def part_that_was_set(node: Apply) -> Any:
    """Give the value that a part was just set to."""
    x: Any = node.inputs[0]
    if (
        x.owner is None
        or not isinstance(x.owner.op, IncSubtensor)
        or not x.owner.op.set_instead_of_inc
        or x.owner.op.inplace
    ):
        return None
    if x.owner.op.key != node.op.key or x.owner.inputs[2:] != node.inputs[1:]:  # type: ignore[attr-defined]
        return None
    value: Any = x.owner.inputs[1]
    like: Any = node.outputs[0]
    return [value] if value.type.broadcastable == like.type.broadcastable and value.dtype == like.dtype else None


@registers(canonicalize, useless, specialize)
@rewriter(IncSubtensor, AdvancedIncSubtensor1, name="local_useless_inc_subtensor", depth=2)
def useless_increment(fgraph: FunctionGraph, node: Apply) -> Any:
    """Leave out an increment by zeros, and set or raise the whole of zeros by giving the value."""
    op: Any = node.op
    x, y = node.inputs[:2]
    like: Any = node.outputs[0]
    if op.inplace:
        return None
    if not op.set_instead_of_inc and is_zero(y):
        return [x]
    if not isinstance(op, IncSubtensor):
        return None
    lengths = shape_of(fgraph, x)
    if lengths is None or not all(
        _is_whole(e, n) for e, n in zip(full_index(node, len(lengths)), lengths, strict=True)
    ):
        return None
    if y.type.broadcastable != like.type.broadcastable or y.type.dtype != like.dtype:  # type: ignore[attr-defined]
        return None
    return [y] if op.set_instead_of_inc or is_zero(x) else None


@registers(canonicalize, specialize)
@rewriter(IncSubtensor, name="local_incsubtensor_of_zeros_to_setsubtensor", depth=2)
def increment_of_zeros(node: Apply) -> Any:
    """Set a part of zeros rather than raise it: nothing is read."""
    op: Any = node.op
    if op.inplace or op.set_instead_of_inc or not is_zero(node.inputs[0]):
        return None
    return IncSubtensor(op.idx_list, set_instead_of_inc=True).make_node(*node.inputs).outputs


@registers(canonicalize, specialize, stabilize)
@rewriter(AdvancedSubtensor1, name="local_adv_sub1_adv_inc_sub1", depth=2)
def rows_that_were_set(node: Apply) -> Any:
    """Give the rows that an array was just set to at the same places."""
    x, rows = node.inputs
    if x.owner is None or not isinstance(x.owner.op, AdvancedIncSubtensor1) or x.owner.inputs[2] is not rows:
        return None
    data = getattr(rows, "data", None)
    if not x.owner.op.set_instead_of_inc or data is None or len(set(data.tolist())) != data.size:
        return None  # of rows that are named twice, the last value stays
    value: Any = x.owner.inputs[1]
    like: Any = node.outputs[0]
    return [value] if value.type.broadcastable == like.type.broadcastable and value.dtype == like.dtype else None


@registers(useless, canonicalize, specialize)
@rewriter(Join, name="local_join_1", depth=2)
def join_of_one(node: Apply) -> Any:
    """Leave out the join of a single tensor."""
    return [node.inputs[1]] if len(node.inputs) == 2 else None


@registers(useless, canonicalize, specialize)
@rewriter(Join, name="local_join_make_vector", depth=2)
def join_of_vectors(node: Apply) -> Any:
    """Make neighbouring vectors of scalars one before they are joined."""
    if node.outputs[0].type.ndim != 1:  # type: ignore[attr-defined]
        return None
    joined: list[Any] = []
    for part in node.inputs[1:]:
        previous: Any = joined[-1] if joined else None
        if _is_vector(part) and _is_vector(previous) and part.owner.op == previous.owner.op:  # type: ignore[union-attr]
            joined[-1] = part.owner.op(*previous.owner.inputs, *part.owner.inputs)  # type: ignore[union-attr]
        else:
            joined.append(part)
    if len(joined) == len(node.inputs) - 1:
        return None
    return _typed(joined[0] if len(joined) == 1 else node.op(node.inputs[0], *joined), node.outputs[0])


def _is_vector(variable: Any) -> bool:
    return variable is not None and variable.owner is not None and isinstance(variable.owner.op, MakeVector)
