"""Dimensions moved, added, dropped and repeated: `transpose`, `swapaxes`, `shape_padleft`, `squeeze`, `moveaxis` ..."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.variable import Constant
from neano.scalar.rows import row
from neano.tensor import convert
from neano.tensor.convert import as_tensor_variable
from neano.tensor.creation import alloc, shape_entries
from neano.tensor.elemwise import DimShuffle


def dimshuffle(x: Any, *pattern: Any) -> Any:
    """Return `x` with dimensions reordered, added ('x') or dropped (those left out, which must broadcast).

    >>> from neano.tensor.constructors import dmatrix
    >>> dimshuffle(dmatrix(), 1, "x", 0).broadcastable
    (False, True, False)
    """
    x = as_tensor_variable(x)
    if len(pattern) == 1 and isinstance(pattern[0], (list, tuple)):
        pattern = tuple(pattern[0])
    return DimShuffle(x.type.broadcastable, list(pattern))(x)


def transpose(x: Any, axes: Any = None) -> Any:
    """Return `x` with its dimensions in another order, by default reversed; it is then named `<name>.T`."""
    x = as_tensor_variable(x)
    result = dimshuffle(x, *(range(x.ndim - 1, -1, -1) if axes is None else axes))
    if x.name and result.ndim and list(result.owner.op.new_order) == list(range(x.ndim - 1, -1, -1)):
        result.name = f"{x.name}.T"
    return result


def matrix_transpose(x: Any) -> Any:
    """Return `x` with its last two dimensions exchanged."""
    return dimshuffle(x, *range(x.ndim - 2), x.ndim - 1, x.ndim - 2)


def normalize_axes(axes: Any, rank: int) -> list[int]:
    """Return axes counted from 0.

    Raises:
        ValueError: one does not exist or is there twice.
    """
    given = [int(i) for i in np.atleast_1d(np.asarray(axes.data if isinstance(axes, Constant) else axes, dtype=int))]
    for axis in given:
        if not -rank <= axis < rank:
            raise ValueError(f"axis {axis} is out of bounds for {rank} dimensions")
    found = [axis % rank for axis in given]
    if len(set(found)) != len(found):
        raise ValueError(f"the same axis stands more than once in {axes!r}")
    return found


def swapaxes(y: Any, axis1: int, axis2: int) -> Any:
    """Return a tensor with two axes exchanged.

    Raises:
        IndexError: one of them does not exist.
    """
    y = as_tensor_variable(y)
    order = list(range(y.ndim))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return dimshuffle(y, *order)


def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """Return a tensor with axes moved to new places; the others keep their order.

    Raises:
        ValueError: axes do not exist, repeat, or differ in number.
    """
    a = as_tensor_variable(a)
    origins, targets = normalize_axes(source, a.ndim), normalize_axes(destination, a.ndim)
    if len(origins) != len(targets):
        raise ValueError(f"source {source!r} and destination {destination!r} name different numbers of axes")
    order = [i for i in range(a.ndim) if i not in origins]
    for target, origin in sorted(zip(targets, origins, strict=True)):
        order.insert(target, origin)
    return dimshuffle(a, *order)


def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """Return a tensor with one axis moved before the one that is at `start`."""
    a = as_tensor_variable(a)
    (axis,) = normalize_axes(axis, a.ndim)
    start = start + a.ndim if start < 0 else start
    return moveaxis(a, axis, start - 1 if axis < start else start)


def shape_padleft(t: Any, n_ones: int = 1) -> Any:
    """Return `t` with `n_ones` dimensions of length 1 added before its own."""
    t = as_tensor_variable(t)
    return dimshuffle(t, *["x"] * n_ones, *range(t.ndim))


def shape_padright(t: Any, n_ones: int = 1) -> Any:
    """Return `t` with `n_ones` dimensions of length 1 added after its own."""
    t = as_tensor_variable(t)
    return dimshuffle(t, *range(t.ndim), *["x"] * n_ones)


def shape_padaxis(t: Any, axis: int) -> Any:
    """Return `t` with a dimension of length 1 added at `axis` of the result.

    Raises:
        IndexError: the result has no such axis.
    """
    t = as_tensor_variable(t)
    rank = t.ndim + 1
    if not -rank <= axis < rank:
        raise IndexError(f"axis {axis} is out of bounds [-{rank}, {rank})")
    order: list[Any] = list(range(t.ndim))
    order.insert(axis % rank, "x")
    return dimshuffle(t, *order)


def expand_dims(a: Any, axis: Any) -> Any:
    """Return a tensor with dimensions of length 1 at the given axes of the result."""
    a = as_tensor_variable(a)
    rank = a.ndim + len(np.atleast_1d(np.asarray(axis)))
    new = normalize_axes(axis, rank)
    own = iter(range(a.ndim))
    return dimshuffle(a, *["x" if i in new else next(own) for i in range(rank)])


def squeeze(x: Any, axis: Any = None) -> Any:
    """Return `x` without its dimensions that are declared to broadcast, or without those given.

    Raises:
        ValueError: a given dimension does not broadcast.
    """
    x = as_tensor_variable(x)
    dropped = [i for i in range(x.ndim) if x.broadcastable[i]] if axis is None else normalize_axes(axis, x.ndim)
    return dimshuffle(x, *[i for i in range(x.ndim) if i not in dropped])


def _at_least(rank: int, tensors: Sequence[Any], left: bool) -> Any:
    pad = shape_padleft if left else shape_padright
    results = [t if t.ndim >= rank else pad(t, rank - t.ndim) for t in map(as_tensor_variable, tensors)]
    return results[0] if len(results) == 1 else results


def atleast_1d(*tensors: Any) -> Any:
    """Return tensors with at least one dimension."""
    return _at_least(1, tensors, left=True)


def atleast_2d(*tensors: Any) -> Any:
    """Return tensors with at least two dimensions; new ones are added on the left."""
    return _at_least(2, tensors, left=True)


def atleast_3d(*tensors: Any, left: bool = True) -> Any:
    """Return tensors with at least three dimensions; new ones are added on the left, or on the right."""
    return _at_least(3, tensors, left)


def broadcast_to(x: Any, shape: Any) -> Any:
    """Return `x` stretched to a shape; only dimensions declared to broadcast stretch."""
    return alloc(x, *shape_entries(shape))


def broadcast_arrays(*tensors: Any) -> list[Any]:
    """Return the tensors, each stretched to the shape that all broadcast to."""
    operands = [as_tensor_variable(t) for t in tensors]
    return [stretched_to_all(operands, i) for i in range(len(operands))]


def stretched_to_all(operands: Sequence[Any], i: int) -> Any:
    """Return one operand stretched to the shape of all of them."""
    result = operands[i]
    for j, other in enumerate(operands):
        if j != i:
            result = row("second")(other, result)
    return result


def with_rank(x: Any, ndim: int) -> Any:
    """Return `x` with dimensions that broadcast added on the left, or leading ones dropped, to reach a rank.

    Raises:
        ValueError: a dimension to be dropped does not broadcast.
    """
    if x.ndim < ndim:
        return shape_padleft(x, ndim - x.ndim)
    extra = x.ndim - ndim
    if not all(x.broadcastable[:extra]):
        raise ValueError(f"cannot make {x} of {x.ndim} dimensions one of {ndim}: the leading ones do not broadcast")
    return dimshuffle(x, *range(extra, x.ndim))


convert.change_rank = with_rank
