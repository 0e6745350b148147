"""The shape of a draw: given by the user in many forms, completed from the shapes of the distribution's parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.variable import Variable
from neano.scalar.dtypes import is_discrete
from neano.tensor import static
from neano.tensor.convert import as_tensor_variable, constant
from neano.tensor.creation import MakeVector
from neano.tensor.shape import shape_i
from neano.tensor.static import int64_scalar, static_length


def draw_shape(ndim: int | None, size: Any, *parameters: Any) -> tuple[Any, tuple[int | None, ...]]:
    """Return the shape of a draw as an int64 vector, and what is known of its lengths.

    Args:
        ndim: the draw's rank, needed where `size` is a vector whose length is unknown.
        size: None: the shape to which the parameters broadcast; a sequence of integers, integer scalars and -1 (the
            length that the parameters have there); or a vector of integers.
        parameters: the distribution's, as tensor variables.

    Raises:
        TypeError: `size` is no vector of integers, or None without parameters.
        ValueError: ranks disagree, a -1 meets no parameter, or the rank is unknown.
    """
    if size is None:
        if not parameters:
            raise TypeError("the shape of a draw cannot be told without either its size or parameters")
        rank = max(p.ndim for p in parameters) if ndim is None else ndim
        lengths: list[Any] = [_length_of_parameters(parameters, rank, axis) for axis in range(rank)]
    elif isinstance(size, (list, tuple)) or (isinstance(size, np.ndarray) and size.ndim == 1):
        if ndim is not None and len(size) != ndim:
            raise ValueError(f"ndim should be equal to len(size), but ndim = {ndim} and size = {size}")
        rank = len(size)
        lengths = [_length(entry, parameters, rank, axis) for axis, entry in enumerate(size)]
    else:
        return _vector_size(ndim, size, parameters)
    _check_rank(rank, parameters)
    known = static.lengths_match_broadcast([static_length(n) for n in lengths])
    if all(n is not None for n in known):
        return constant(np.asarray(known, dtype="int64").reshape(rank)), known
    return MakeVector("int64")(*[int64_scalar(n) for n in lengths]), known


def _vector_size(ndim: int | None, size: Any, parameters: Sequence[Any]) -> tuple[Any, tuple[int | None, ...]]:
    vector = as_tensor_variable(size)
    if vector.ndim != 1:
        raise TypeError(f"the size must be a vector or list of integers, got {size!r}")
    if not is_discrete(vector.dtype) or vector.dtype == "bool":
        raise TypeError(f"the size must be an integer vector or list, not of dtype {vector.dtype}")
    entries = static.static_entries(vector)
    if entries is None:
        if ndim is None:
            raise ValueError(f"the length of the size {size} is not known: give the rank of the draw, ndim=")
        entries = [None] * ndim
    if ndim is not None and len(entries) != ndim:
        raise ValueError(f"ndim should be equal to len(size), but ndim = {ndim} and len(size) = {len(entries)}")
    _check_rank(len(entries), parameters)
    known = static.lengths_match_broadcast(entries)
    return (vector if vector.dtype == "int64" else vector.astype("int64")), known


def _check_rank(rank: int, parameters: Sequence[Any]) -> None:
    wanted = max((p.ndim for p in parameters), default=0)
    if rank < wanted:
        raise ValueError(f"ndim should be at least as big as required by args value: {rank} dimensions, not {wanted}")


def _length(entry: Any, parameters: Sequence[Any], rank: int, axis: int) -> Any:
    """Return one length of a draw, from an entry of its size.

    Raises:
        TypeError: it is not an integer.
        ValueError: it is negative, and not -1 where a parameter has a dimension that does not broadcast.
    """
    if not isinstance(entry, Variable) and (isinstance(entry, bool) or not isinstance(entry, (int, np.integer))):
        if not (isinstance(entry, np.ndarray) and entry.ndim == 0 and entry.dtype.kind in "iu"):
            raise TypeError(f"the size must be a vector or list of integers, got the entry {entry!r}")
        entry = int(entry)
    if isinstance(entry, Variable):
        return int64_scalar(entry)
    if entry >= 0:
        return int(entry)
    if entry != -1:
        raise ValueError(f"a length must be -1 or at least 0, got {entry}")
    _check_rank(rank, parameters)
    length = _length_of_parameters(parameters, rank, axis, None)
    if length is None:
        raise ValueError("Auto-shape of -1 must overlap with the shape of one of the broadcastable inputs")
    return length


def _length_of_parameters(parameters: Sequence[Any], rank: int, axis: int, default: int | None = 1) -> Any:
    """Return the length of the first parameter that does not broadcast in a dimension of the draw."""
    for parameter in parameters:
        own = axis - (rank - parameter.ndim)
        if own >= 0 and not parameter.broadcastable[own]:
            return shape_i(parameter, own)
    return default
