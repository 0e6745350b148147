"""Rows picked by one vector of integers, read (`AdvancedSubtensor1`) and set or raised (`AdvancedIncSubtensor1`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.dtypes import is_discrete
from neano.scalar.op import zeros_of
from neano.tensor.convert import as_tensor_variable
from neano.tensor.repeated_index import last_written_rows, names_once
from neano.tensor.subtensor import check_new_value, cotangent_of_value, disconnected, tangent_of_update, zero_like
from neano.tensor.type import TensorType


def _rows(x: Any, rows: Any) -> tuple[Any, Any]:
    """Return an array and a vector of integers as variables.

    Raises:
        TypeError: the array has no dimensions, or `rows` is not a vector of integers.
    """
    x, rows = as_tensor_variable(x), as_tensor_variable(rows)
    if not is_discrete(rows.dtype) or rows.dtype == "bool":
        raise TypeError(f"index must be integers, not {rows} of dtype {rows.dtype}")
    if rows.ndim != 1:
        raise TypeError(f"the index must be a vector, not {rows} of {rows.ndim} dimensions")
    if x.ndim == 0:
        raise TypeError(f"cannot index into a scalar: {x}")
    return x, rows


class AdvancedSubtensor1(Op):
    """Rows of an array: `AdvancedSubtensor1()(x, rows)`, where negative numbers count from the end.

    Args:
        sparse_grad: kept from Theano's programs, for gradients as sparse matrices.

    Raises:
        IndexError: (at run time) a row does not exist.
    """

    __props__ = ("sparse_grad",)

    def __init__(self, sparse_grad: bool = False) -> None:
        self.sparse_grad = sparse_grad

    def make_node(self, *inputs: Any) -> Apply:
        x, rows = _rows(*inputs)
        return Apply(self, [x, rows], [TensorType(x.dtype, (*rows.type.shape, *x.type.shape[1:]))()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        x, rows = inputs
        output_storage[0][0] = x[rows]

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        x_shape, rows_shape = input_shapes
        return [(*rows_shape, *x_shape[1:])]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], *[[False] for _ in node.inputs[1:]]]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        x, rows = inputs
        zeros = zeros_of(x)
        g_x = zeros if is_discrete(x.dtype) else advanced_inc_subtensor1(zeros, output_grads[0], rows)
        return [g_x, *disconnected(1)]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None if eval_points[0] is None else self(eval_points[0], inputs[1])]

    def __str__(self) -> str:
        return "AdvancedSubtensor1"


class AdvancedIncSubtensor1(Op):
    """An array with rows set or raised: `AdvancedIncSubtensor1()(x, y, rows)`.

    Increments of a row that is named more than once add up; of values that it is set to, the last stays.

    Args:
        inplace: write into `x` itself.
        set_instead_of_inc: set rather than add.
    """

    __props__ = ("inplace", "set_instead_of_inc")

    def __init__(self, inplace: bool = False, set_instead_of_inc: bool = False) -> None:
        self.inplace = inplace
        self.set_instead_of_inc = set_instead_of_inc
        if inplace:
            self.destroy_map = {0: [0]}

    def clone_inplace(self) -> AdvancedIncSubtensor1:
        """Return the Op that writes into `x` itself."""
        return AdvancedIncSubtensor1(inplace=True, set_instead_of_inc=self.set_instead_of_inc)

    def make_node(self, *inputs: Any) -> Apply:
        given, value, index = inputs
        (x, rows), y = _rows(given, index), as_tensor_variable(value)
        check_new_value(x, y, (*rows.type.shape, *x.type.shape[1:]))
        return Apply(self, [x, y, rows], [x.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        x, y, rows = inputs
        result = x if self.inplace else x.copy()
        value = np.asarray(y).astype(result.dtype, copy=False)
        if self.set_instead_of_inc:
            result[rows] = value
        else:
            np.add.at(result, rows, np.broadcast_to(value, (len(rows), *result.shape[1:])))
        output_storage[0][0] = result

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [input_shapes[0]]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], [True], [False]]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        x, y, rows = inputs
        (g,) = output_grads
        if is_discrete(x.dtype):
            return [zeros_of(x), zeros_of(y), *disconnected(1)]
        g_x, part = g, advanced_subtensor1(g, rows)
        if self.set_instead_of_inc:
            g_x = advanced_set_subtensor1(g, zero_like(g), rows)
            if not names_once([rows]):
                part = last_written_rows(
                    part,
                    x,
                    rows,
                    lambda a: advanced_subtensor1(a, rows),
                    lambda a, v: advanced_set_subtensor1(a, v, rows),
                )
        return [g_x, cotangent_of_value(part, y), *disconnected(1)]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [tangent_of_update(self, inputs, eval_points)]

    def __str__(self) -> str:
        place = "inplace" if self.inplace else "no_inplace"
        return f"AdvancedIncSubtensor1{{{place},{'set' if self.set_instead_of_inc else 'inc'}}}"


advanced_subtensor1 = AdvancedSubtensor1()
advanced_inc_subtensor1 = AdvancedIncSubtensor1()
advanced_set_subtensor1 = AdvancedIncSubtensor1(set_instead_of_inc=True)
