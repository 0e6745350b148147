"""Elements chosen by a condition or an index array: `choose`, `compress`, `searchsorted`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.config import config
from neano.graph.null_type import DisconnectedType, missing_gradient
from neano.graph.op import Op
from neano.graph.variable import Apply, Variable
from neano.scalar.dtypes import is_discrete
from neano.tensor.convert import as_tensor_variable
from neano.tensor.elemwise import broadcast_static
from neano.tensor.join import stack
from neano.tensor.nonzero import flatnonzero
from neano.tensor.take import take
from neano.tensor.type import TensorType


class Choose(Op):
    """For each element of an integer array, that of the choice which it names: `Choose(mode)(a, choices)`.

    Args:
        mode: what to do with numbers that name no choice: 'raise', 'wrap' or 'clip'.

    Raises:
        ValueError: (at run time) such a number, with 'raise'.
    """

    __props__ = ("mode",)

    def __init__(self, mode: str = "raise") -> None:
        if mode not in ("raise", "wrap", "clip"):
            raise ValueError(f"unknown mode {mode!r}; use 'raise', 'wrap' or 'clip'")
        self.mode = mode

    def make_node(self, a: Any, choices: Any) -> Apply:
        a = as_tensor_variable(a)
        if not is_discrete(a.dtype):
            raise TypeError(f"choose's first argument must be of an integer dtype, not {a.dtype}")
        options = stack(choices) if isinstance(choices, (list, tuple)) else as_tensor_variable(choices)
        if options.ndim < 1:
            raise TypeError(f"the choices have at least one dimension, that of the choices, not {options}")
        rank = max(a.ndim, options.ndim - 1)
        padded = [(1,) * (rank - len(s)) + tuple(s) for s in (a.type.shape, options.type.shape[1:])]
        return Apply(self, [a, options], [TensorType(options.dtype, broadcast_static(padded))()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        a, options = inputs
        index = np.asarray(a, dtype="int64")
        if self.mode == "raise" and index.size and not (index.min() >= 0 and index.max() < len(options)):
            raise ValueError("invalid entry in choice array")
        index = index % len(options) if self.mode == "wrap" else np.clip(index, 0, len(options) - 1)
        wide = np.broadcast_to(index, np.broadcast_shapes(index.shape, options.shape[1:]))
        table = np.broadcast_to(
            options.reshape(len(options), *(1,) * (wide.ndim - options.ndim + 1), *options.shape[1:]),
            (len(options), *wide.shape),
        )
        output_storage[0][0] = np.take_along_axis(table, wide[None], axis=0)[0]

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        index, options = input_shapes[0], input_shapes[1][1:]
        rank = max(len(index), len(options))
        known = node.outputs[0].type.shape  # type: ignore[attr-defined]
        pattern = node.inputs[0].type.broadcastable  # type: ignore[attr-defined]
        result = []
        for i in range(rank):
            own = i - (rank - len(index))
            if known[i] is not None:
                result.append(as_tensor_variable(np.int64(known[i])))
            elif own >= 0 and not pattern[own]:
                result.append(index[own])
            else:
                result.append(options[i - (rank - len(options))])
        return [tuple(result)]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[False], [True]]

    def grad(self, inputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        return [DisconnectedType()(), missing_gradient(self, 1, inputs[1])]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None] if eval_points[1] is None else [self(inputs[0], eval_points[1])]


def choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    """Return for each element of an integer array that of the choice which it names.

    Args:
        a: integers.
        choices: a list of tensors, or one whose first axis is the choices'.
        out: must be None; there for NumPy's signature.
        mode: what to do with numbers that name no choice: 'raise', 'wrap' or 'clip'.
    """
    if out is not None:
        raise ValueError("choose has no place for `out`: expressions make their own results")
    return Choose(mode)(a, choices)


def compress(condition: Any, x: Any, axis: int | None = None) -> Any:
    """Return the slices of `x` along an axis (None: the elements of the flattened array) where a condition is true."""
    return take(x, flatnonzero(condition), axis)


class SearchsortedOp(Op):
    """Where elements would have to be put into a sorted vector to keep it sorted.

    Args:
        side: 'left' for before equal elements, 'right' for after them.
    """

    __props__ = ("side",)

    def __init__(self, side: str = "left") -> None:
        if side not in ("left", "right"):
            raise ValueError(f"the side must be 'left' or 'right', not {side!r}")
        self.side = side

    def make_node(self, x: Any, v: Any, sorter: Any = None) -> Apply:
        x, v = as_tensor_variable(x, ndim=1), as_tensor_variable(v)
        inputs: list[Variable] = [x, v]
        if sorter is not None:
            sorter = as_tensor_variable(sorter, ndim=1)
            if not is_discrete(sorter.dtype):
                raise TypeError(f"the sorter must be integers, not {sorter.dtype}")
            inputs.append(sorter)
        return Apply(self, inputs, [TensorType("int64", v.type.shape)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        x, v, *sorter = inputs
        found = np.searchsorted(x, v, side=self.side, sorter=sorter[0] if sorter else None)  # type: ignore[call-overload]
        output_storage[0][0] = np.asarray(found, dtype="int64")

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [input_shapes[1]]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], [True], [False]][: len(node.inputs)]

    def grad(self, inputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        zeros = [x.zeros_like(dtype=config.floatX if is_discrete(x.dtype) else None) for x in inputs[:2]]
        return [*zeros, *[DisconnectedType()() for _ in inputs[2:]]]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None]


def searchsorted(x: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    """Return where the elements of `v` would have to be put into the sorted vector `x` to keep it sorted.

    Args:
        x: a vector in increasing order, or one that `sorter` puts in order.
        v: a tensor.
        side: 'left' for before equal elements, 'right' for after them.
        sorter: indices that put `x` in order.
    """
    return SearchsortedOp(side)(x, v) if sorter is None else SearchsortedOp(side)(x, v, sorter)
