"""Shapes: of computed arrays in terms of inputs, vectors of lengths taken apart, reshapes and dimshuffles made one."""

from __future__ import annotations

from typing import Any

from neano.graph.fgraph import FunctionGraph
from neano.graph.rewriting.rewriters import rewriter
from neano.graph.variable import Apply
from neano.rewrites.phases import canonicalize, registers, specialize, stabilize, useless
from neano.rewrites.shape_feature import feature_of, shape_of
from neano.rewrites.values import constant_value, function_of, in_type_of, only_reader, scalar_constant
from neano.scalar.dtypes import is_discrete
from neano.scalar.rows import row
from neano.tensor.creation import MakeVector
from neano.tensor.elemwise import DimShuffle
from neano.tensor.index_list import fill as fill_index
from neano.tensor.index_list import known_integer
from neano.tensor.rebroadcast import Rebroadcast, patternbroadcast
from neano.tensor.scalar_bridge import ScalarFromTensor, TensorFromScalar
from neano.tensor.shape import Reshape, Shape, Shape_i
from neano.tensor.specify import SpecifyShape
from neano.tensor.static import static_entries
from neano.tensor.subtensor import Subtensor
from neano.tensor.type import TensorType


@registers(canonicalize, useless, tags=["fast_compile"])
@registers(specialize)
@rewriter(Shape, name="local_shape_to_shape_i", depth=2)
def shape_to_lengths(fgraph: FunctionGraph, node: Apply) -> Any:
    """Give a shape as the vector of its lengths."""
    lengths = shape_of(fgraph, node.inputs[0])
    if lengths is None:
        return None
    return [patternbroadcast(MakeVector("int64")(*lengths), node.outputs[0].type.broadcastable)]  # type: ignore[attr-defined]


@registers(canonicalize, tags=["fast_compile"])
@registers(specialize)
@rewriter(Shape_i, name="local_shape_i_lift", depth=2)
def length_of_computed(fgraph: FunctionGraph, node: Apply) -> Any:
    """Give a length of a computed array in terms of what it is computed from."""
    source, op = node.inputs[0], node.op
    if not isinstance(source.type, TensorType):
        return None
    length = feature_of(fgraph).get_shape(source, op.i)  # type: ignore[attr-defined]
    if length.owner is not None and length.owner.op == op and length.owner.inputs[0] is source:
        return None
    return [length]


@registers(canonicalize, useless, tags=["fast_compile"])
@registers(specialize)
@rewriter(Subtensor, name="local_subtensor_make_vector", depth=2)
def part_of_vector(node: Apply) -> Any:
    """Take elements of a vector that is made of scalars."""
    vector, op = node.inputs[0], node.op
    if vector.owner is not None and isinstance(vector.owner.op, Rebroadcast):
        vector = vector.owner.inputs[0]
    if vector.owner is None or not isinstance(vector.owner.op, MakeVector) or len(op.idx_list) != 1:  # type: ignore[attr-defined]
        return None
    (index,) = fill_index(op.idx_list, node.inputs[1:], known_integer)  # type: ignore[attr-defined]
    scalars = vector.owner.inputs
    if isinstance(index, int):
        if not -len(scalars) <= index < len(scalars):
            return None
        return [_as(scalars[index], vector.owner.op.dtype)]
    if isinstance(index, slice) and all(
        part is None or isinstance(part, int) for part in (index.start, index.stop, index.step)
    ):
        chosen = vector.owner.op(*scalars[index])
        return [patternbroadcast(chosen, node.outputs[0].type.broadcastable)]  # type: ignore[attr-defined]
    return None


def _as(scalar: Any, dtype: str) -> Any:
    return scalar if scalar.dtype == dtype else scalar.astype(dtype)


def is_not_negative(length: Any, depth: int = 4) -> bool:
    """Say whether an integer expression is one that lengths are made of, and so is not negative."""
    value = constant_value(length)
    if value is not None:
        return bool(value >= 0)
    node = length.owner
    if node is None or depth == 0:
        return False
    if isinstance(node.op, (Shape_i, DimShuffle)):
        return isinstance(node.op, Shape_i) or is_not_negative(node.inputs[0], depth - 1)
    function = function_of(length)
    if function is row("maximum"):
        return any(is_not_negative(v, depth - 1) for v in node.inputs)
    if function in (row("add"), row("mul"), row("minimum"), row("convert_to_int64")):
        return all(is_not_negative(v, depth - 1) for v in node.inputs)
    return function is row("switch") and all(is_not_negative(v, depth - 1) for v in node.inputs[1:])


@registers(canonicalize, useless, tags=["fast_compile"])
@registers(specialize)
@rewriter(row("maximum"), row("minimum"), name="local_bound_of_length", depth=4)
def bound_of_length(node: Apply) -> Any:
    """Leave out the comparison of a length with 0."""
    function = function_of(node.outputs[0])
    for bound, length in (node.inputs, node.inputs[::-1]):
        value = constant_value(bound)
        if function is None or value is None or value > 0 or not is_discrete(length.type.dtype):  # type: ignore[attr-defined]
            continue
        if is_not_negative(length):
            result = in_type_of(length if function is row("maximum") else bound, node.outputs[0])
            return None if result is None else [result]
    return None


@registers(canonicalize, useless, tags=["fast_compile"])
@registers(specialize, stabilize)
@rewriter(DimShuffle, name="local_useless_dimshuffle", depth=2)
def dimshuffle_of_dimshuffle(node: Apply) -> Any:
    """Make two dimshuffles one, and leave out one that changes nothing."""
    source: Any = node.inputs[0]
    order: tuple[Any, ...] = node.op.new_order  # type: ignore[attr-defined]
    if source.owner is not None and isinstance(source.owner.op, DimShuffle):
        inner = source.owner.op.new_order
        source = source.owner.inputs[0]
        order = tuple("x" if axis == "x" else inner[axis] for axis in order)
        if order != tuple(range(source.ndim)):
            return [DimShuffle(source.type.broadcastable, order)(source)]
    return [source] if order == tuple(range(source.ndim)) else None


@registers(canonicalize, tags=["fast_compile"])
@registers(specialize)
@rewriter(DimShuffle, name="local_dimshuffle_lift", depth=2)
def lift_dimshuffle(fgraph: FunctionGraph, node: Apply) -> Any:
    """Move a dimshuffle to the operands of an elementwise function that nothing else reads."""
    source: Any = node.inputs[0]
    if function_of(source) is None or only_reader(fgraph, source) is None:
        return None
    op, order = source.owner.op, node.op.new_order  # type: ignore[attr-defined]
    if len(source.owner.outputs) != 1:
        return None
    moved = [DimShuffle(v.type.broadcastable, order)(v) for v in source.owner.inputs]
    return [patternbroadcast(op(*moved), node.outputs[0].type.broadcastable)]  # type: ignore[attr-defined]


@registers(canonicalize, useless, stabilize, tags=["fast_compile"])
@registers(specialize)
@rewriter(Reshape, name="local_useless_reshape", depth=3)
def useless_reshape(fgraph: FunctionGraph, node: Apply) -> Any:
    """Leave out a reshape to the shape that is there."""
    source, shape = node.inputs
    like: Any = node.outputs[0]
    if source.type.ndim != like.type.ndim:  # type: ignore[attr-defined]
        return None
    if like.type.ndim == 1 and source.type.broadcastable == like.type.broadcastable:  # type: ignore[attr-defined]
        return [source]
    wanted = _entries(shape)
    lengths = shape_of(fgraph, source)
    if wanted is None or lengths is None or source.type.broadcastable != like.type.broadcastable:  # type: ignore[attr-defined]
        return None
    different = sum(
        not (a is b or (constant_value(a) is not None and constant_value(a) == constant_value(b)))
        for a, b in zip(wanted, lengths, strict=True)
    )
    free = sum(constant_value(a) == -1 for a in wanted if constant_value(a) is not None)
    return [source] if different == 0 or (different == 1 and free == 1) else None


def _entries(shape: Any) -> list[Any] | None:
    """Return the entries of a shape vector as variables, where it is made of scalars or constant."""
    if shape.owner is not None and isinstance(shape.owner.op, MakeVector):
        return list(shape.owner.inputs)
    entries = static_entries(shape)
    if entries is None or any(n is None for n in entries):
        return None
    return [scalar_constant(n, "int64") for n in entries]


@registers(canonicalize, stabilize)
@rewriter(Reshape, name="local_reshape_chain", depth=2)
def reshape_of_reshape(node: Apply) -> Any:
    """Make two reshapes one."""
    source = node.inputs[0]
    if source.owner is None or not isinstance(source.owner.op, Reshape):
        return None
    result = node.op(source.owner.inputs[0], node.inputs[1])
    return [patternbroadcast(result, node.outputs[0].type.broadcastable)]  # type: ignore[attr-defined]


@registers(canonicalize, tags=["fast_compile"])
@registers(specialize)
@rewriter(Reshape, name="local_useless_dimshuffle_in_reshape", depth=2)
def dimshuffle_in_reshape(node: Apply) -> Any:
    """Leave out a dimshuffle that only adds or drops dimensions of length 1 before a reshape."""
    source = node.inputs[0]
    if source.owner is None or not isinstance(source.owner.op, DimShuffle):
        return None
    order = [axis for axis in source.owner.op.new_order if axis != "x"]
    inner: Any = source.owner.inputs[0]
    kept = [axis for axis in order if not inner.type.broadcastable[axis]]
    if kept != sorted(kept):
        return None
    result = node.op(inner, node.inputs[1])
    return [patternbroadcast(result, node.outputs[0].type.broadcastable)]  # type: ignore[attr-defined]


@registers(canonicalize)
@rewriter(Reshape, name="local_reshape_to_dimshuffle", depth=2)
def reshape_to_dimshuffle(fgraph: FunctionGraph, node: Apply) -> Any:
    """Make a reshape that only adds or drops dimensions of length 1 a dimshuffle, which is known to be a view."""
    source, shape = node.inputs
    like: Any = node.outputs[0]
    if not (any(source.type.broadcastable) or any(like.type.broadcastable)):  # type: ignore[attr-defined]
        return None
    wanted, lengths = _entries(shape), shape_of(fgraph, source)
    if wanted is None or lengths is None:
        return None
    kept = [i for i, one in enumerate(source.type.broadcastable) if not one]  # type: ignore[attr-defined]
    order: list[Any] = []
    remaining = list(kept)
    for axis, one in enumerate(like.type.broadcastable):
        if one:
            order.append("x")
        elif remaining and _is_equal_or_rest(wanted[axis], lengths[remaining[0]]):
            order.append(remaining.pop(0))
        else:
            return None
    return None if remaining else [DimShuffle(source.type.broadcastable, order)(source)]  # type: ignore[attr-defined]


def _is_equal_or_rest(entry: Any, length: Any) -> bool:
    """Say whether an entry of a shape is a length, or the constant that is equal to it."""
    if entry is length:
        return True
    value = constant_value(entry)
    return value is not None and value == constant_value(length)


@registers(useless, canonicalize, specialize)
@rewriter(Rebroadcast, name="local_useless_rebroadcast", depth=2)
def useless_rebroadcast(node: Apply) -> Any:
    """Leave out a change of the broadcast pattern that changes nothing."""
    source: Any = node.inputs[0]
    if source.type.broadcastable == node.outputs[0].type.broadcastable:  # type: ignore[attr-defined]
        return [source]
    if source.owner is not None and isinstance(source.owner.op, Rebroadcast):
        inner = source.owner.inputs[0]
        if inner.type.broadcastable == node.outputs[0].type.broadcastable:  # type: ignore[attr-defined]
            return [inner]
    return None


@registers(canonicalize, specialize)
@rewriter(SpecifyShape, name="local_useless_specify_shape", depth=2)
def specify_known_shape(node: Apply) -> Any:
    """Leave out an assertion of a shape that the type knows already."""
    source, shape = node.inputs
    entries = static_entries(shape)
    return [source] if entries is not None and None not in entries and tuple(entries) == source.type.shape else None  # type: ignore[attr-defined]


@registers(canonicalize, useless, tags=["fast_compile"])
@registers(specialize)
@rewriter(TensorFromScalar, ScalarFromTensor, name="local_tensor_scalar_tensor", depth=2)
def there_and_back(node: Apply) -> Any:
    """Leave out a conversion to a scalar and back."""
    source = node.inputs[0]
    if source.owner is None:
        return None
    pair = (type(node.op), type(source.owner.op))
    if pair in ((TensorFromScalar, ScalarFromTensor), (ScalarFromTensor, TensorFromScalar)):
        return [source.owner.inputs[0]]
    return None
