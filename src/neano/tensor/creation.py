"""Arrays made from shapes: `Alloc` and what is built on it, `AllocEmpty`, and vectors and scalars of single numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.config import config
from neano.graph.null_type import DisconnectedType
from neano.graph.op import Op
from neano.graph.variable import Apply, Variable
from neano.scalar.dtypes import check_dtype, is_discrete, upcast
from neano.scalar.rows import row
from neano.tensor import static
from neano.tensor.convert import as_tensor_variable, constant
from neano.tensor.elemwise import pad_left
from neano.tensor.static import int64_scalar, static_entries, static_length
from neano.tensor.type import TensorType
from neano.tensor.variable import TensorVariable


def shape_arguments(shape: Sequence[Any]) -> tuple[list[Any], tuple[int | None, ...]]:
    """Return lengths as int64 scalars, and those that are known.

    Raises:
        TypeError: one of them is no integer scalar.
    """
    lengths = []
    for length in shape:
        try:
            lengths.append(int64_scalar(length))
        except TypeError as error:
            raise TypeError(f"Shape arguments must be integers: {error}") from error
    return lengths, static.lengths_match_broadcast([static_length(v) for v in lengths])


class Alloc(Op):
    """An array of a given shape filled with a value, which broadcasts: `alloc(value, *shape)`.

    Raises:
        TypeError: the value has more dimensions than the shape has entries, or a length is no integer.
        ValueError: (at run time) the value does not fit into the shape.
    """

    __props__ = ()

    def make_node(self, value: Any, *shape: Any) -> Apply:
        value = as_tensor_variable(value)
        lengths, known = shape_arguments(shape)
        if value.ndim > len(lengths):
            raise TypeError(
                "The Alloc value to use has more dimensions than the specified dimensions: "
                f"{value.ndim} against {len(lengths)}"
            )
        return Apply(self, [value, *lengths], [TensorType(value.dtype, known)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        value, shape = inputs[0], tuple(int(n) for n in inputs[1:])
        result = np.empty(shape, dtype=value.dtype)
        result[...] = value
        output_storage[0][0] = result

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [tuple(node.inputs[1:])]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], *[[False] for _ in node.inputs[1:]]]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        value, (g,) = inputs[0], output_grads
        extra = g.ndim - value.ndim
        g = g.sum(axis=list(range(extra))) if extra else g
        stretched = [i for i in range(value.ndim) if value.broadcastable[i] and not g.broadcastable[i]]
        back = g.sum(axis=stretched, keepdims=True) if stretched else g
        return [back, *[DisconnectedType()() for _ in inputs[1:]]]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None] if eval_points[0] is None else [self(eval_points[0], *inputs[1:])]

    def do_constant_folding(self, node: Apply) -> bool:
        """Say no where the result is large: it would be stored in the graph instead of computed in a register."""
        size = 1
        for length in node.outputs[0].type.shape:  # type: ignore[attr-defined]
            size *= 1 if length is None else length
        return size <= 64


alloc = Alloc()


@static.scalar_value.register(Alloc)
def _alloc_value(op: Alloc, node: Apply, index: int, follow: static.Follow) -> Any:
    return follow(node.inputs[0])


class AllocEmpty(Op):
    """An array of a given shape whose elements are whatever the memory held.

    Args:
        dtype: the elements' dtype.
    """

    __props__ = ("dtype",)

    def __init__(self, dtype: Any) -> None:
        self.dtype = check_dtype(dtype)

    def make_node(self, *shape: Any) -> Apply:
        lengths, known = shape_arguments(shape)
        return Apply(self, lengths, [TensorType(self.dtype, known)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        output_storage[0][0] = np.empty(tuple(int(n) for n in inputs), dtype=self.dtype)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [tuple(node.inputs)]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[False] for _ in node.inputs]

    def grad(self, inputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        return [DisconnectedType()() for _ in inputs]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [zeros(inputs, self.dtype)]

    def do_constant_folding(self, node: Apply) -> bool:
        return False


class MakeVector(Op):
    """A vector of scalars: `MakeVector()(a, b, c)`.

    Args:
        dtype: the vector's dtype, to which the scalars must upcast.

    Raises:
        TypeError: an input is not 0-d, or cannot be stored.
    """

    __props__ = ("dtype",)

    def __init__(self, dtype: Any = "int64") -> None:
        self.dtype = check_dtype(dtype)

    def make_node(self, *inputs: Any) -> Apply:
        scalars = [as_tensor_variable(v) for v in inputs]
        for v in scalars:
            if v.ndim != 0:
                raise TypeError(f"MakeVector takes scalars, not {v} of {v.ndim} dimensions")
        if not all(v.dtype == self.dtype for v in scalars):
            common = upcast(self.dtype, *[v.dtype for v in scalars])
            if common != self.dtype:
                raise TypeError(f"MakeVector of dtype {self.dtype} cannot hold dtype {common}")
            scalars = [v if v.dtype == self.dtype else v.astype(self.dtype) for v in scalars]
        return Apply(self, scalars, [TensorType(self.dtype, (len(scalars),))()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        output_storage[0][0] = np.asarray([np.asarray(v)[()] for v in inputs], dtype=self.dtype)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [(constant(np.int64(len(node.inputs))),)]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        if is_discrete(self.dtype):
            return [x.zeros_like(dtype=config.floatX) for x in inputs]
        (g,) = output_grads
        return [g[i] for i in range(len(inputs))]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        if all(e is None for e in eval_points):
            return [None]
        return [self(*[x.zeros_like() if e is None else e for x, e in zip(inputs, eval_points, strict=True)])]


make_vector = MakeVector()


@static.vector_entries.register(MakeVector)
def _make_vector_entries(op: MakeVector, node: Apply) -> Sequence[int | None]:
    return [static_length(v) for v in node.inputs]


@static.scalar_value.register(MakeVector)
def _make_vector_value(op: MakeVector, node: Apply, index: int, follow: static.Follow) -> Any:
    if len(node.inputs) != 1:
        raise static.NotScalarConstantError(f"{op} has {len(node.inputs)} elements")
    return follow(node.inputs[0])


@static.vector_elements.register(MakeVector)
def _make_vector_elements(op: MakeVector, node: Apply) -> Sequence[Variable]:
    return node.inputs


def shape_entries(shape: Any) -> list[Any]:
    """Return the lengths of a shape: given as an int, a sequence, an array or a symbolic vector.

    Raises:
        ValueError: the rank of a symbolic vector is not known.
    """
    if isinstance(shape, Variable):
        if shape.type.ndim == 0:  # type: ignore[attr-defined]
            return [shape]
        entries = static_entries(shape)
        if entries is None:
            raise ValueError(f"the number of lengths in {shape} is not known while the graph is built")
        return [shape[i] if n is None else n for i, n in enumerate(entries)]  # type: ignore[index]
    if isinstance(shape, (list, tuple)):
        return list(shape)
    return [int(n) for n in np.asarray(shape).reshape(-1)]


def zeros(shape: Any, dtype: Any = None) -> TensorVariable:
    """Return zeros of a shape; the dtype is floatX unless given."""
    return alloc(np.array(0, dtype=check_dtype(dtype or "floatX")), *shape_entries(shape))  # type: ignore[no-any-return]


def ones(shape: Any, dtype: Any = None) -> TensorVariable:
    """Return ones of a shape; the dtype is floatX unless given."""
    return alloc(np.array(1, dtype=check_dtype(dtype or "floatX")), *shape_entries(shape))  # type: ignore[no-any-return]


def full(shape: Any, fill_value: Any, dtype: Any = None) -> TensorVariable:
    """Return an array of a shape filled with a value, of the value's dtype unless another is given."""
    value = as_tensor_variable(fill_value)
    return alloc(value if dtype is None else value.astype(dtype), *shape_entries(shape))  # type: ignore[no-any-return]


def empty(shape: Any, dtype: Any = None) -> TensorVariable:
    """Return an array of a shape whose elements are arbitrary; the dtype is floatX unless given."""
    return AllocEmpty(dtype or "floatX")(*shape_entries(shape))  # type: ignore[no-any-return]


def _like(model: Any, value: int, dtype: Any, opt: bool) -> TensorVariable:
    model = as_tensor_variable(model)
    wanted = check_dtype(model.dtype if dtype is None else dtype)
    single = constant(np.asarray(value, dtype=wanted))
    if opt and all(model.broadcastable):
        return pad_left(single, model.ndim)  # type: ignore[no-any-return]
    return row("second")(model, single)  # type: ignore[no-any-return]


def zeros_like(model: Any, dtype: Any = None, opt: bool = False) -> TensorVariable:
    """Return zeros of the shape of `model`, and of its dtype unless another is given.

    Args:
        model: a tensor.
        dtype: the result's dtype.
        opt: return a constant where every length is known to be 1.
    """
    return _like(model, 0, dtype, opt)


def ones_like(model: Any, dtype: Any = None, opt: bool = False) -> TensorVariable:
    """Return ones of the shape of `model`, and of its dtype unless another is given; see `zeros_like`."""
    return _like(model, 1, dtype, opt)


def full_like(model: Any, fill_value: Any, dtype: Any = None) -> TensorVariable:
    """Return an array of the shape of `model`, and of its dtype unless another is given, filled with a value."""
    model = as_tensor_variable(model)
    return row("second")(model, as_tensor_variable(fill_value).astype(dtype or model.dtype))  # type: ignore[no-any-return]
