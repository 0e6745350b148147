"""Arrays put together and taken apart: `Join` and `Split`, and `stack` and its relatives, which are made of them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.null_type import DisconnectedType
from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.dtypes import is_discrete, upcast
from neano.scalar.op import onto, zeros_of
from neano.scalar.rows import row
from neano.tensor import convert, static
from neano.tensor.convert import as_tensor_variable
from neano.tensor.creation import MakeVector
from neano.tensor.rebroadcast import patternbroadcast
from neano.tensor.shape import entry_variables, shape_i
from neano.tensor.slices import choose
from neano.tensor.static import int64_scalar, static_length
from neano.tensor.type import TensorType


def _axis_input(axis: Any) -> Any:
    """Return an axis as a 0-d integer tensor.

    Raises:
        TypeError: it is none.
    """
    variable = as_tensor_variable(axis)
    if variable.ndim != 0 or not is_discrete(variable.dtype) or variable.dtype == "bool":
        raise TypeError(f"the axis must be an integer scalar, not {variable} of type {variable.type}")
    return variable


def known_axis(axis: Any, rank: int) -> int | None:
    """Return an axis as a number from 0 on, None where it is decided at run time.

    Raises:
        AxisError: (an IndexError and a ValueError) it is known and there is no such dimension.
    """
    known = static_length(axis)
    return None if known is None else normal_axis(known, rank)


def normal_axis(axis: int, rank: int) -> int:
    """Return an axis counted from 0.

    Raises:
        AxisError: (an IndexError and a ValueError) there is no such dimension.
    """
    if not -rank <= axis < rank:
        raise np.exceptions.AxisError(f"axis {axis} is out of bounds for tensors of {rank} dimensions")
    return axis % rank


def joined_shape(shapes: Sequence[Sequence[int | None]], axis: int | None) -> tuple[int | None, ...]:
    """Return the lengths that are known of arrays joined along an axis (None: it is not known).

    Raises:
        ValueError: lengths other than along the axis disagree.
    """
    if axis is None:
        return (None,) * len(shapes[0])
    result: list[int | None] = []
    for i, lengths in enumerate(zip(*shapes, strict=True)):
        known = [n for n in lengths if n is not None]
        if i == axis:
            total = sum(known) if len(known) == len(lengths) else None
            result.append(None if total == 1 else total)  # what is joined does not broadcast, whatever its length
        elif len(set(known)) > 1:
            raise ValueError(f"lengths must agree but along axis {axis} to join; along dimension {i} they are {known}")
        else:
            result.append(known[0] if known else None)
    return tuple(result)


def _total(lengths: Sequence[Any]) -> Any:
    """Return the sum of int64 scalars."""
    return lengths[0] if len(lengths) == 1 else row("add")(*lengths)


class Join(Op):
    """Arrays one after the other along a dimension: `Join()(axis, *tensors)`.

    The dtype is their upcast. A dimension other than the axis broadcasts where it does in any of them.

    Args:
        view: the position of a tensor whose memory the result may take, as all others are empty; -1 for none.

    Raises:
        TypeError: the ranks differ or are zero, or the axis is no integer.
        AxisError: (an IndexError and a ValueError) there is no such axis.
        ValueError: lengths other than along the axis disagree.
    """

    __props__ = ("view",)

    def __init__(self, view: int = -1) -> None:
        self.view = view
        if view != -1:
            self.view_map = {0: [1 + view]}

    def make_node(self, *inputs: Any) -> Apply:
        axis, *given = inputs
        tensors = [as_tensor_variable(t) for t in given]
        if not tensors:
            raise ValueError("Cannot join an empty list of tensors")
        rank = tensors[0].ndim
        if any(t.ndim != rank for t in tensors):
            ranks = [t.ndim for t in tensors]
            raise TypeError(f"Join() can only join tensors with the same number of dimensions, not {ranks}")
        if rank == 0:
            raise TypeError("Join cannot handle arguments of dimension 0. Use stack to join scalar values.")
        axis = _axis_input(axis)
        known = known_axis(axis, rank)
        if known is not None:
            axis = as_tensor_variable(known)
        shape = joined_shape([t.type.shape for t in tensors], known)
        return Apply(self, [axis, *tensors], [TensorType(upcast(*[t.dtype for t in tensors]), shape)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        axis, tensors = int(inputs[0]), inputs[1:]
        if self.view != -1 and all(t.shape[axis] == 0 for i, t in enumerate(tensors) if i != self.view):
            output_storage[0][0] = tensors[self.view]
            return
        dtype = node.outputs[0].type.dtype  # type: ignore[attr-defined]
        output_storage[0][0] = np.concatenate([t.astype(dtype, copy=False) for t in tensors], axis=axis)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        axis, shapes = node.inputs[0], input_shapes[1:]
        rank = len(shapes[0])
        known = known_axis(axis, rank)
        fixed = node.outputs[0].type.shape  # type: ignore[attr-defined]
        lengths = []
        for i in range(rank):
            if fixed[i] is not None:
                lengths.append(int64_scalar(fixed[i]))
            elif known is None:
                here = row("eq")(row("mod")(axis, rank), i)
                lengths.append(choose(here, _total([s[i] for s in shapes]), shapes[0][i]))
            else:
                lengths.append(_total([s[i] for s in shapes]) if i == known else shapes[0][i])
        return [tuple(lengths)]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[False], *[[True] for _ in node.inputs[1:]]]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        (axis, *tensors), (g,) = inputs, output_grads
        if is_discrete(outputs[0].type.dtype):
            return [DisconnectedType()(), *[zeros_of(t) for t in tensors]]
        known = known_axis(axis, tensors[0].ndim)
        lengths = [t.shape[axis] if known is None else shape_i(t, known) for t in tensors]
        pieces = Split(len(tensors))(g, axis, lengths, return_list=True)
        return [DisconnectedType()(), *[_in_form_of(piece, t) for piece, t in zip(pieces, tensors, strict=True)]]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        if all(point is None for point in eval_points[1:]):
            return [None]
        moved = [zeros_of(t) if point is None else point for t, point in zip(inputs[1:], eval_points[1:], strict=True)]
        return [self(inputs[0], *moved)]

    def __str__(self) -> str:
        return "Join" if self.view == -1 else f"Join{{view={self.view}}}"


def _in_form_of(piece: Any, tensor: Any) -> Any:
    """Return a cotangent in the broadcast pattern and dtype of what it is the cotangent of."""
    if is_discrete(tensor.dtype):
        return zeros_of(tensor)
    piece = onto(tensor, patternbroadcast(piece, tensor.type.broadcastable))
    return piece if piece.dtype == tensor.dtype else piece.astype(tensor.dtype)


class Split(Op):
    """An array cut along a dimension into parts of given lengths: `Split(n)(x, axis, lengths)`, views.

    Args:
        len_splits: the number of parts.

    Raises:
        TypeError: the axis or the lengths are no integers.
        AxisError: (an IndexError and a ValueError) there is no such axis.
        ValueError: the number of lengths is not that of the parts; (at run time) one is negative, or their sum is not
            the length of the dimension.
    """

    __props__ = ("len_splits",)

    def __init__(self, len_splits: int) -> None:
        self.len_splits = int(len_splits)
        self.view_map = {i: [0] for i in range(self.len_splits)}

    def make_node(self, *inputs: Any) -> Apply:
        given, where, sizes = inputs
        x, axis, lengths = as_tensor_variable(given), _axis_input(where), as_tensor_variable(sizes)
        if lengths.ndim != 1 or not is_discrete(lengths.dtype) or lengths.dtype == "bool":
            raise TypeError(f"the parts' lengths must be a vector of integers, not {lengths} of type {lengths.type}")
        if x.ndim == 0:
            raise TypeError("a tensor of no dimensions cannot be split")
        known = known_axis(axis, x.ndim)
        entries = static.static_entries(lengths)
        if entries is not None and len(entries) != self.len_splits:
            raise ValueError(f"{len(entries)} lengths were given for {self.len_splits} parts")
        outputs = []
        for length in entries or [None] * self.len_splits:
            shape: list[int | None] = [None] * x.ndim if known is None else list(x.type.shape)
            if known is not None:
                shape[known] = None if length is None or length < 0 or length == 1 else length
            outputs.append(TensorType(x.dtype, shape)())
        return Apply(self, [x, axis, lengths], outputs)

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        x, axis, lengths = inputs[0], normal_axis(int(inputs[1]), inputs[0].ndim), [int(n) for n in inputs[2]]
        if len(lengths) != self.len_splits:
            raise ValueError(f"In Split.perform(), {len(lengths)} lengths were given for {self.len_splits} parts")
        if sum(lengths) != x.shape[axis]:
            raise ValueError(f"The splits sum to {sum(lengths)}, expected {x.shape[axis]}")
        if min(lengths, default=0) < 0:
            raise ValueError("Split: you tried to make an ndarray with a negative number of elements.")
        for storage, part in zip(output_storage, np.split(x, np.cumsum(lengths)[:-1], axis=axis), strict=True):
            storage[0] = part

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        x, axis, lengths = node.inputs
        rank = x.type.ndim  # type: ignore[attr-defined]
        known = known_axis(axis, rank)
        sizes = entry_variables(lengths, static.static_entries(lengths) or [None] * self.len_splits)
        shapes = []
        for size in sizes:
            shape = list(input_shapes[0])
            for i in range(rank) if known is None else (known,):
                here = int64_scalar(size)
                shape[i] = choose(row("eq")(row("mod")(axis, rank), i), here, shape[i]) if known is None else here
            shapes.append(tuple(shape))
        return shapes

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True] * self.len_splits, [False] * self.len_splits, [False] * self.len_splits]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        x, axis, _ = inputs
        if is_discrete(x.dtype):
            return [zeros_of(x), DisconnectedType()(), DisconnectedType()()]
        parts = [
            zeros_of(part) if isinstance(g.type, DisconnectedType) else g
            for part, g in zip(outputs, output_grads, strict=True)
        ]
        return [_in_form_of(join(axis, *parts), x), DisconnectedType()(), DisconnectedType()()]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        if eval_points[0] is None:
            return [None] * self.len_splits
        return list(self(eval_points[0], *inputs[1:], return_list=True))

    def __str__(self) -> str:
        return f"Split{{{self.len_splits}}}"


_join = Join()


def join(axis: Any, *tensors: Any) -> Any:
    """Return tensors one after the other along a dimension; a single one as it is.

    Args:
        axis: the dimension, an integer or an integer scalar.
        tensors: of equal rank, at least 1; their lengths may differ along the axis only.

    Raises:
        TypeError, IndexError, ValueError: see `Join`.
    """
    if len(tensors) == 1:
        return as_tensor_variable(tensors[0])
    return _join(axis, *tensors)


def concatenate(tensor_list: Sequence[Any], axis: Any = 0) -> Any:
    """Return the tensors of a list one after the other along a dimension.

    Raises:
        TypeError: `tensor_list` is neither a list nor a tuple, or the ranks differ.
    """
    if not isinstance(tensor_list, (list, tuple)):
        raise TypeError(
            "The 'tensors' argument must be either a tuple or a list, make sure you did not forget () or [] around "
            f"arguments of concatenate. It was {tensor_list!r}"
        )
    return join(axis, *tensor_list)


def split(x: Any, splits_size: Any, n_splits: int, axis: Any = 0) -> Any:
    """Return a tensor cut along a dimension into parts.

    Args:
        x: the tensor.
        splits_size: the parts' lengths, a vector of integers.
        n_splits: how many parts there are.
        axis: the dimension.

    Raises:
        TypeError, IndexError, ValueError: see `Split`.
    """
    return Split(n_splits)(x, axis, splits_size)


def stack(*tensors: Any, **kwargs: Any) -> Any:
    """Return tensors of one rank put beside each other along a new dimension: `stack(tensors, axis=0)`.

    Args:
        tensors: a list or tuple (Theano's older `stack(a, b, c)` is understood, with a warning).
        axis: the place of the new dimension in the result.

    Raises:
        Exception: there are none.
        TypeError: the ranks differ.
        AxisError: (an IndexError and a ValueError) there is no such place.
    """
    if not tensors and "tensors" not in kwargs:
        raise TypeError("stack needs a list of tensors: stack(tensors, axis=0)")
    axis = kwargs.pop("axis", 0)
    given = kwargs.pop("tensors", None)
    if kwargs:
        raise TypeError(f"stack got unexpected keyword arguments {sorted(kwargs)}")
    if given is None and isinstance(tensors[0], (list, tuple)):
        given = tensors[0]
        if len(tensors) > 1:
            axis = tensors[1]
    elif given is None:
        warnings.warn(
            "stack(*tensors) interface is deprecated, use stack(tensors, axis=0) instead.",
            DeprecationWarning,
            stacklevel=2,
        )
        given = tensors
    if len(given) == 0:
        raise Exception("tensors is empty. You should at least provide one tensor to stack(tensors, axis).")
    return _stack([as_tensor_variable(t) for t in given], axis)


def stack_list(arg: Sequence[Any]) -> Any:
    """Return the tensor that nested lists of variables and numbers stand for; it is how a list becomes a tensor."""
    return _stack([stack_list(v) if isinstance(v, (list, tuple)) else as_tensor_variable(v) for v in arg], 0)


convert.stack_nested = stack_list


def _stack(tensors: list[Any], axis: Any) -> Any:
    rank = tensors[0].ndim
    known = known_axis(axis, rank + 1)
    if known is None:
        raise TypeError(f"the place of a new dimension must be known, not {axis}")
    if all(t.ndim == 0 for t in tensors):
        return MakeVector(upcast(*[t.dtype for t in tensors]))(*tensors)
    return join(known, *[_with_new_axis(t, min(known, t.ndim)) for t in tensors])


def _with_new_axis(tensor: Any, axis: int) -> Any:
    order: list[Any] = list(range(tensor.ndim))
    return tensor.dimshuffle(*order[:axis], "x", *order[axis:])


def horizontal_stack(*matrices: Any) -> Any:
    """Return matrices side by side: joined along their second dimension.

    Raises:
        ValueError: there are fewer than two.
        AssertionError: one is not a matrix.
    """
    return _stack_matrices(1, matrices)


def vertical_stack(*matrices: Any) -> Any:
    """Return matrices one below the other: joined along their first dimension.

    Raises:
        ValueError: there are fewer than two.
        AssertionError: one is not a matrix.
    """
    return _stack_matrices(0, matrices)


def _stack_matrices(axis: int, matrices: Sequence[Any]) -> Any:
    if len(matrices) < 2:
        raise ValueError("Too few arguments")
    tensors = [as_tensor_variable(m) for m in matrices]
    for tensor in tensors:
        if tensor.ndim != 2:
            raise AssertionError(f"matrices are stacked, not {tensor} of {tensor.ndim} dimensions")
    return join(axis, *tensors)


def roll(x: Any, shift: Any, axis: int | None = None) -> Any:
    """Return a tensor whose elements are moved along a dimension, those pushed out coming in at the other end.

    Args:
        x: the tensor.
        shift: by how many places; negative: towards the front.
        axis: the dimension; None: the flattened tensor, given back in its own shape.
    """
    x = as_tensor_variable(x)
    if axis is None:
        return x if x.ndim == 0 else roll(x.flatten(), shift, 0).reshape(x.shape, ndim=x.ndim)
    place = normal_axis(axis, x.ndim)
    begin = row("neg")(row("mod")(shift, shape_i(x, place)))
    before = (slice(None),) * place
    return join(place, x[(*before, slice(begin, None))], x[(*before, slice(0, begin))])
