"""Shapes as values (`Shape`, `Shape_i`), and arrays in another shape (`Reshape`, `flatten`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.null_type import DisconnectedType
from neano.graph.op import Op
from neano.graph.variable import Apply, Constant, Variable
from neano.scalar.dtypes import is_discrete
from neano.scalar.rows import row
from neano.tensor import static
from neano.tensor.convert import as_tensor_variable, constant
from neano.tensor.creation import MakeVector
from neano.tensor.rebroadcast import addbroadcast
from neano.tensor.static import int64_scalar, static_entries
from neano.tensor.type import TensorType


class Shape(Op):
    """The shape of an array, as an int64 vector."""

    __props__ = ()

    def make_node(self, x: Any) -> Apply:
        x = x if isinstance(x, Variable) else as_tensor_variable(x)
        rank = getattr(x.type, "ndim", None)
        length = rank if rank != 1 else None  # a vector of one length does not broadcast: it is a shape, not a row
        return Apply(self, [x], [TensorType("int64", (length,))()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        output_storage[0][0] = np.asarray(np.shape(inputs[0]), dtype="int64")

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [(constant(np.int64(node.inputs[0].type.ndim)),)]  # type: ignore[attr-defined]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[False]]

    def grad(self, inputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        return [DisconnectedType()()]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None]


shape = Shape()


@static.vector_entries.register(Shape)
def _shape_entries(op: Shape, node: Apply) -> Sequence[int | None] | None:
    return getattr(node.inputs[0].type, "shape", None)


class Shape_i(Op):
    """One length of an array, as an int64 scalar.

    Args:
        i: which dimension.
    """

    __props__ = ("i",)

    def __init__(self, i: int) -> None:
        self.i = int(i)

    def make_node(self, x: Any) -> Apply:
        x = x if isinstance(x, Variable) else as_tensor_variable(x)
        if not 0 <= self.i < x.type.ndim:
            raise TypeError(f"{x} has no dimension {self.i}")
        return Apply(self, [x], [TensorType("int64", ())()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        output_storage[0][0] = np.asarray(inputs[0].shape[self.i], dtype="int64")

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [()]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[False]]

    def grad(self, inputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        return [DisconnectedType()()]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None]

    def __str__(self) -> str:
        return f"Shape_i{{{self.i}}}"


@static.scalar_value.register(Shape_i)
def _shape_i_value(op: Shape_i, node: Apply, index: int, follow: static.Follow) -> Any:
    length = node.inputs[0].type.shape[op.i]  # type: ignore[attr-defined]
    if length is None:
        raise static.NotScalarConstantError(f"the length {op.i} of {node.inputs[0]} is not known")
    return np.asarray(length, dtype="int64")


def shape_i(x: Any, i: int) -> Any:
    """Return one length of an array: a constant where it is known, else `Shape_i`."""
    x = as_tensor_variable(x)
    length = x.type.shape[i]
    return Shape_i(i % x.ndim)(x) if length is None else constant(np.int64(length))


def shape_tuple(x: Any) -> tuple[Any, ...]:
    """Return the lengths of an array as int64 scalars, constants where they are known."""
    x = as_tensor_variable(x)
    return tuple(shape_i(x, i) for i in range(x.ndim))


def as_shape_vector(lengths: Any) -> Any:
    """Return an int64 vector of lengths, given as numbers, scalars, a sequence of them, or a vector.

    Raises:
        TypeError: they are not integers, or not a vector.
    """
    if isinstance(lengths, (int, np.integer)) or (
        isinstance(lengths, Variable) and getattr(lengths.type, "ndim", None) == 0
    ):
        lengths = [lengths]
    if isinstance(lengths, (list, tuple)):
        if all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in lengths):
            return constant(np.asarray(lengths, dtype="int64").reshape(len(lengths)))
        return MakeVector("int64")(*[int64_scalar(n) for n in lengths])
    vector = as_tensor_variable(lengths)
    if vector.ndim != 1:
        raise TypeError(f"a shape is a vector of integers, not {vector} of {vector.ndim} dimensions")
    if not (is_discrete(vector.dtype) and vector.dtype != "bool"):
        if vector.type.shape != (0,):
            raise TypeError(f"a shape is a vector of integers, not {vector} of dtype {vector.dtype}")
        return constant(np.zeros(0, dtype="int64"))
    if vector.dtype == "int64":
        return vector
    return constant(vector.data.astype("int64")) if isinstance(vector, Constant) else vector.astype("int64")


class Reshape(Op):
    """The elements of an array, in C order, as an array of another shape: `Reshape(ndim)(x, shape)`.

    Args:
        ndim: the rank of the result.
        name: how it is printed.

    Raises:
        ValueError: (at run time) the numbers of elements differ.
    """

    __props__ = ("ndim",)
    view_map = {0: [0]}  # noqa: RUF012

    def __init__(self, ndim: int, name: str | None = None) -> None:
        self.ndim = int(ndim)
        if self.ndim < 0:
            raise ValueError(f"the rank of a reshaped array cannot be negative: {ndim}")
        self.name = name

    def make_node(self, x: Any, shp: Any) -> Apply:
        x = as_tensor_variable(x)
        vector = as_shape_vector(shp)
        entries = static_entries(vector)
        if entries is not None and len(entries) != self.ndim:
            raise ValueError(
                f"the shape {shp} has {len(entries)} entries, but the rank of the result is to be {self.ndim}"
            )
        return Apply(self, [x, vector], [TensorType(x.dtype, _reshaped(x.type.shape, entries or [None] * self.ndim))()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        x, wanted = inputs
        if len(wanted) != self.ndim:
            raise ValueError(f"shape argument to Reshape has length {len(wanted)}, {self.ndim} was expected")
        try:
            output_storage[0][0] = np.reshape(x, tuple(int(n) for n in wanted))
        except ValueError as error:
            raise ValueError(
                f"Cannot reshape input of shape {x.shape} to shape {tuple(int(n) for n in wanted)}"
            ) from error

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        """The entries themselves; where one of them may be -1, the number of elements divided by the others."""
        vector = node.inputs[1]
        known = static_entries(vector) or [None] * self.ndim
        entries = entry_variables(vector, known)
        result = node.outputs[0].type.shape  # type: ignore[attr-defined]
        if all(n is not None for n in result):
            return [tuple(constant(np.int64(n)) for n in result)]
        size = product_of(input_shapes[0])
        lengths: list[Any] = []
        for i, (n, length) in enumerate(zip(known, result, strict=True)):
            if length is not None:
                lengths.append(constant(np.int64(length)))
            elif (n is not None and n >= 0) or (n is None and -1 in known):
                lengths.append(entries[i])
            else:
                others = product_of([entries[j] for j in range(self.ndim) if j != i])
                # the product of all entries is negative where one is -1, so the others' is its magnitude
                rest = row("maximum")(row("abs_")(others), constant(np.int64(1)))
                inferred = row("int_div")(size, rest)
                lengths.append(inferred if n == -1 else row("switch")(row("eq")(entries[i], -1), inferred, entries[i]))
        return [tuple(v if v.dtype == "int64" else v.astype("int64") for v in lengths)]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], [False]]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        x, _ = inputs
        (g,) = output_grads
        return [reshape(g, shape(x), ndim=x.ndim), DisconnectedType()()]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None] if eval_points[0] is None else [self(eval_points[0], inputs[1])]

    def __str__(self) -> str:
        return self.name or f"Reshape{{{self.ndim}}}"


def _reshaped(given: Sequence[int | None], entries: Sequence[int | None]) -> list[int | None]:
    """Return the static shape of a reshaped array; a single -1 is worked out where all else is known."""
    lengths = [None if n is None or n < 0 else n for n in entries]
    if sum(n is None for n in lengths) == 1 and all(n is not None for n in given):
        size = int(np.prod([n for n in given if n is not None], dtype=object))
        rest = int(np.prod([n for n in lengths if n is not None], dtype=object))
        missing = lengths.index(None)
        if rest and size % rest == 0:
            lengths[missing] = size // rest
    return lengths


def entry_variables(vector: Any, known: Sequence[int | None]) -> list[Any]:
    """Return the entries of a shape vector as scalars, without going through the vector where it is made of them."""
    if vector.owner is not None and isinstance(vector.owner.op, MakeVector):
        return list(vector.owner.inputs)
    return [vector[i] if n is None else constant(np.int64(n)) for i, n in enumerate(known)]


def product_of(lengths: Sequence[Any]) -> Any:
    """Return the product of int64 scalars."""
    if not lengths:
        return constant(np.int64(1))
    return lengths[0] if len(lengths) == 1 else row("mul")(*lengths)


def reshape(x: Any, newshape: Any, ndim: int | None = None) -> Any:
    """Return `x` in another shape; one entry may be -1, which stands for what is left.

    Args:
        x: a tensor.
        newshape: integers, symbolic scalars, or a vector of them.
        ndim: the rank of the result, needed where `newshape` is a vector of unknown length.

    Raises:
        ValueError: the rank is not known, or more than one entry is -1.
    """
    if ndim is None:
        vector = as_tensor_variable(newshape) if not isinstance(newshape, (list, tuple)) else None
        if vector is not None and vector.ndim == 0:
            ndim = 1
        elif vector is not None and vector.ndim != 1:
            raise TypeError(
                f"newshape must be a vector or a list of scalars, not {newshape} of {vector.ndim} dimensions"
            )
        else:
            try:
                ndim = len(newshape) if vector is None else static.get_vector_length(vector)
            except ValueError as error:
                raise ValueError(
                    f"the length of the shape {newshape} is not known while the graph is built; give the rank as `ndim`"
                ) from error
    entries = static_entries(newshape) if isinstance(newshape, (list, tuple, Constant)) else None
    if entries is not None:
        if sum(n == -1 for n in entries) > 1:
            raise ValueError(f"only one length may be -1: {newshape}")
        if any(n is not None and n < -1 for n in entries):
            raise ValueError(f"a length cannot be negative: {newshape}")
    return Reshape(ndim)(x, newshape)


def flatten(x: Any, ndim: int | None = None, outdim: int | None = None) -> Any:
    """Return `x` with its trailing dimensions made into one, so that `ndim` (by default 1) are left.

    Raises:
        ValueError: `ndim` is less than 1 or more than x has.
    """
    x = as_tensor_variable(x)
    rank = outdim if ndim is None and outdim is not None else (1 if ndim is None else ndim)
    if rank < 1 or (rank > x.ndim and rank != 1):
        raise ValueError(f"ndim {rank} out of bound [1, {x.ndim + 1})")
    if rank == x.ndim == 1 or (rank == x.ndim and rank > 1):
        return x
    kept = [length_entry(x, i) for i in range(rank - 1)]
    result = reshape(x, [*kept, -1], ndim=rank)
    trailing = x.type.shape[rank - 1 :]
    if trailing and all(n == 1 for n in trailing) and not result.broadcastable[-1]:
        return addbroadcast(result, rank - 1)
    return result


def length_entry(x: Any, i: int) -> Any:
    """Return one length of an array as an entry of a shape: a number where it is known, else of its symbolic shape."""
    length = x.type.shape[i]
    return shape(x)[i] if length is None else length


def is_flat(var: Any, ndim: int | None = None, outdim: int | None = None) -> bool:
    """Say whether a tensor has the rank that `flatten` with the same arguments gives."""
    return bool(var.ndim == (ndim or outdim or 1))


@static.scalar_value.register(Reshape)
def _same_value(op: Reshape, node: Apply, index: int, follow: static.Follow) -> Any:
    return follow(node.inputs[0])
