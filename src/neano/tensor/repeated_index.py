"""Indices that name an element more than once: which of the values that are written there stays.

Of values that one element is set to the last stays (NumPy's rule, which both backends follow), so only that one has a
derivative. Theano's gradient gives every one of them that of the element.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neano.graph.variable import Apply, Constant
from neano.scalar.rows import row
from neano.tensor.convert import as_tensor_variable
from neano.tensor.creation import zeros
from neano.tensor.nonzero import Nonzero
from neano.tensor.ranges import ARange, arange
from neano.tensor.rearrange import dimshuffle
from neano.tensor.shape import product_of, reshape, shape_tuple
from neano.tensor.subtensor import Subtensor

Read = Callable[[Any], Any]
Write = Callable[[Any, Any], Any]


def names_once(indices: Sequence[Any]) -> bool:
    """Say whether it is certain that index tensors, taken together, name no element twice."""
    makers, first = {_maker(index) for index in indices}, indices[0]
    if len(indices) == 1 and isinstance(first, Constant):
        data = np.asarray(first.data)
        return data.size < 2 or bool((data >= 0).all() and np.unique(data).size == data.size)
    if len(makers) > 1:
        return False
    (maker,) = makers
    if maker is None:
        return False
    if isinstance(maker.op, Nonzero):
        return bool(len(set(indices)) == as_tensor_variable(maker.inputs[0]).ndim)
    return isinstance(maker.op, ARange) and len(indices) == 1


def _maker(index: Any) -> Apply | None:
    """Return the node that made an index tensor, or the matrix of which it is a row."""
    node: Apply | None = index.owner
    if node is not None and isinstance(node.op, Subtensor) and isinstance(node.inputs[0].owner, Apply):
        source = node.inputs[0].owner
        return source if isinstance(source.op, Nonzero) else node
    return node


def last_written(part: Any, lengths: Sequence[Any], order: Any, read: Read, write: Write) -> Any:
    """Return a part's cotangent with zeros where what was written to an element was written over later.

    Args:
        part: the cotangent.
        lengths: of a tensor of int64 whose part `read` returns, and `write` sets.
        order: of the shape of that part, greater for what is written later; its dimensions are the first ones of `part`.
    """
    wins = row("eq")(read(write(zeros(lengths, "int64"), order)), order)
    wins = dimshuffle(wins, *range(wins.ndim), *["x"] * (part.ndim - wins.ndim))
    return row("switch")(wins, part, np.zeros((), part.dtype))


def last_written_part(part: Any, x: Any, read: Read, write: Write) -> Any:
    """Return `last_written` for a part of any form of a tensor `x`."""
    lengths = shape_tuple(part)
    order = reshape(arange(product_of(lengths)), lengths, ndim=part.ndim)
    return last_written(part, shape_tuple(x), order, read, write)


def last_written_rows(part: Any, x: Any, rows: Any, read: Read, write: Write) -> Any:
    """Return `last_written` for rows of a tensor `x`."""
    return last_written(part, [shape_tuple(x)[0]], arange(shape_tuple(rows)[0]), read, write)
