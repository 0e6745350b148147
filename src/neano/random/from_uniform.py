"""Draws of outcomes by probabilities, from uniform numbers: with replacement (counts) and without (choices)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.null_type import DisconnectedType, undefined_gradient
from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.dtypes import check_dtype, is_discrete, is_float
from neano.tensor.convert import as_tensor_variable
from neano.tensor.static import int64_scalar, static_length
from neano.tensor.type import TensorType


class FromUniform(Op):
    """What both draws share: `op(pvals, unis, n=1)`.

    `pvals` is a matrix with a distribution in each row, `unis` a vector of uniform numbers, n for each row; number
    `c * rows + row` belongs to draw c of that row.

    Raises:
        NotImplementedError: `pvals` is no matrix of floats, or `unis` no vector of floats.
        TypeError: `n` is no integer.
    """

    odtype: str

    def _inputs(self, given: Sequence[Any]) -> tuple[Any, Any, Any]:
        pvals, unis = as_tensor_variable(given[0]), as_tensor_variable(given[1])
        if pvals.ndim != 2 or not is_float(pvals.dtype):
            raise NotImplementedError(f"pvals ndim should be 2, of floats, got {pvals.type}")
        if unis.ndim != 1 or not is_float(unis.dtype):
            raise NotImplementedError(f"unis ndim should be 1, of floats, got {unis.type}")
        return pvals, unis, int64_scalar(given[2] if len(given) > 2 else 1)

    def _result_dtype(self, pvals: Any) -> str:
        return str(pvals.dtype) if self.odtype == "auto" else check_dtype(self.odtype)

    def grad(self, inputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        null = [undefined_gradient(self, i, x, "outcomes are not differentiable") for i, x in enumerate(inputs[:2])]
        return [*null, DisconnectedType()()]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], [True], [False]]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None]


def _check(pvals: Any, unis: Any, n: int) -> None:
    if n < 0:
        raise ValueError(f"negative numbers of draws are not allowed: {n}")
    if len(unis) != len(pvals) * n:
        raise ValueError(f"unis.shape[0] != pvals.shape[0] * n_samples: {len(unis)} != {len(pvals)} * {n}")


class MultinomialFromUniform(FromUniform):
    """How often each outcome is drawn, for each row of probabilities: a matrix of counts like `pvals`.

    A number u draws the first outcome up to which the probabilities sum to more than u (in float64).

    Args:
        odtype: the dtype of the counts; "auto" for that of `pvals`.
    """

    __props__ = ("odtype",)

    def __init__(self, odtype: str) -> None:
        self.odtype = odtype

    def make_node(self, *inputs: Any) -> Apply:
        pvals, unis, n = self._inputs(inputs)
        return Apply(self, [pvals, unis, n], [TensorType(self._result_dtype(pvals), pvals.type.shape)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        pvals, unis, n = inputs[0], inputs[1], int(inputs[2])
        _check(pvals, unis, n)
        rows, outcomes = pvals.shape
        counts = np.zeros((rows, outcomes), dtype=np.int64)
        if unis.size:
            if outcomes == 0:
                raise ValueError("nothing can be drawn: there are no outcomes")
            drawn = np.empty((n, rows), dtype=np.int64)
            for row, sums in enumerate(np.cumsum(pvals, axis=1, dtype=np.float64)):
                drawn[:, row] = np.searchsorted(sums, unis[row::rows].astype(np.float64), side="right")
            np.minimum(drawn, outcomes - 1, out=drawn)  # where rounding leaves the sum of all below u
            np.add.at(counts, (np.arange(rows), drawn), 1)
        output_storage[0][0] = counts.astype(node.outputs[0].type.dtype)  # type: ignore[attr-defined]

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [input_shapes[0]]

    def __str__(self) -> str:
        return f"MultinomialFromUniform{{{self.odtype}}}"


class ChoiceFromUniform(FromUniform):
    """Which outcomes are drawn, none twice, for each row of probabilities: a matrix with n columns.

    After each draw the probability of what was drawn becomes 0, and the row is scaled to sum to 1 again.

    Args:
        odtype: the dtype of the outcomes; "auto" for int64.
        replace: whether an outcome may be drawn twice.
    """

    __props__ = ("odtype", "replace")

    def __init__(self, odtype: str, replace: bool = False) -> None:
        self.odtype = odtype
        self.replace = replace

    def _result_dtype(self, pvals: Any) -> str:
        return "int64" if self.odtype == "auto" else check_dtype(self.odtype)

    def make_node(self, *inputs: Any) -> Apply:
        pvals, unis, n = self._inputs(inputs)
        dtype = self._result_dtype(pvals)
        if not is_discrete(dtype):
            raise TypeError(f"outcomes are integers, not {dtype}")
        draws = static_length(n)
        shape = (pvals.type.shape[0], None if draws is None or draws < 0 else draws)
        return Apply(self, [pvals, unis, n], [TensorType(dtype, shape)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        pvals, unis, n = inputs[0].copy(), inputs[1], int(inputs[2])
        _check(pvals, unis, n)
        rows, outcomes = pvals.shape
        if n > outcomes and not self.replace:
            raise ValueError("Cannot sample without replacement n samples bigger than the size of the distribution.")
        result = np.empty((rows, n), dtype=node.outputs[0].type.dtype)  # type: ignore[attr-defined]
        for draw in range(n):
            for row in range(rows):
                number = unis[draw * rows + row]
                place = int(np.searchsorted(np.cumsum(pvals[row], dtype=np.float64), number, side="right"))
                place = min(place, outcomes - 1)
                result[row, draw] = place
                if not self.replace:
                    pvals[row, place] = 0
                    with np.errstate(all="ignore"):
                        pvals[row] /= pvals[row].sum()
        output_storage[0][0] = result

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [(input_shapes[0][0], node.inputs[2])]

    def __str__(self) -> str:
        return f"ChoiceFromUniform{{odtype={self.odtype!r}, replace={self.replace}}}"
