"""Evenly spaced numbers: `ARange`, `arange`, and grids of them (`mgrid`, `ogrid`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.config import config
from neano.graph.null_type import DisconnectedType
from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.dtypes import UNSIGNED_DTYPES, check_dtype, is_complex, is_discrete, upcast
from neano.scalar.rows import row
from neano.tensor.convert import as_tensor_variable, constant
from neano.tensor.static import NotScalarConstantError, get_scalar_constant_value
from neano.tensor.type import TensorType


def range_length(start: Any, stop: Any, step: Any) -> int:
    """Return how many numbers lie from `start` up to and without `stop`, `step` apart.

    Raises:
        ZeroDivisionError: the step is 0.
        ValueError: a bound is not finite.
    """
    numbers = [np.asarray(n)[()].item() for n in (start, stop, step)]
    if numbers[2] == 0:
        raise ZeroDivisionError("the step of a range must not be zero")
    if not all(np.isfinite(n) for n in numbers):
        raise ValueError(f"the bounds and the step of a range must be finite: {numbers}")
    first, last, width = numbers
    length = -((first - last) // width) if all(isinstance(n, int) for n in numbers) else np.ceil((last - first) / width)
    return max(int(length), 0)


class ARange(Op):
    """Numbers from `start` up to and without `stop`, `step` apart: `ARange(dtype)(start, stop, step)`.

    Args:
        dtype: the numbers' dtype.
    """

    __props__ = ("dtype",)

    def __init__(self, dtype: Any) -> None:
        self.dtype = check_dtype(dtype)

    def make_node(self, start: Any, stop: Any, step: Any) -> Apply:
        inputs = [as_tensor_variable(v) for v in (start, stop, step)]
        for v in inputs:
            if v.ndim != 0:
                raise TypeError(f"a range is made of scalars, not of {v} with {v.ndim} dimensions")
            if is_complex(v.dtype):
                raise TypeError(f"a range is made of real numbers, not of {v} of dtype {v.dtype}")
        try:
            length: int | None = range_length(*[get_scalar_constant_value(v) for v in inputs])
        except (NotScalarConstantError, ValueError, ZeroDivisionError):
            length = None
        # a range of one number is a vector that happens to be short, not one that broadcasts
        return Apply(self, inputs, [TensorType(self.dtype, (None if length == 1 else length,))()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        start, stop, step = (v.item() for v in inputs)
        length = range_length(start, stop, step)
        numbers = np.arange(length, dtype="float64" if any(isinstance(n, float) for n in (start, step)) else None)
        output_storage[0][0] = (start + numbers * step).astype(self.dtype) if length else np.empty(0, self.dtype)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        known = node.outputs[0].type.shape[0]  # type: ignore[attr-defined]
        if known is not None:
            return [(constant(np.int64(known)),)]
        start, stop, step = node.inputs
        zero = constant(np.int64(0))
        if all(is_discrete(v.type.dtype) for v in node.inputs):  # type: ignore[attr-defined]
            first, last, width = (_as(v, "int64") for v in (start, stop, step))
            length = row("neg")(row("int_div")(first - last, width))
        else:
            first, last, width = (_as(v, "float64") for v in (start, stop, step))
            length = _as(row("ceil")(row("true_div")(last - first, width)), "int64")
        return [(row("maximum")(length, zero),)]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], [False], [True]]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        start, _, step = inputs
        (g,) = output_grads
        if is_discrete(self.dtype):
            zeros = [v.zeros_like(dtype=config.floatX) for v in (start, step)]
        else:
            zeros = [g.sum(), (g * arange(g.shape[0], dtype=self.dtype)).sum()]
        return [zeros[0], DisconnectedType()(), zeros[1]]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        if is_discrete(self.dtype) or (eval_points[0] is None and eval_points[2] is None):
            return [None]
        count = arange(self(*inputs).shape[0], dtype=self.dtype)
        terms = ([] if eval_points[0] is None else [row("second")(count, eval_points[0])]) + (
            [] if eval_points[2] is None else [count * eval_points[2]]
        )
        return [terms[0] if len(terms) == 1 else terms[0] + terms[1]]


def _as(v: Any, dtype: str) -> Any:
    return v if v.dtype == dtype else row(f"convert_to_{dtype}")(v)


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None) -> Any:
    """Return a vector of numbers from `start` (by default 0) up to and without `stop`, `step` apart.

    Args:
        start, stop, step: scalars; with one argument it is `stop`.
        dtype: by default int64 where all are integers (uint64 where all are unsigned), else what they upcast to.

    Raises:
        ValueError: (at run time) the step is 0.
    """
    if stop is None:
        start, stop = 0, start
    start, stop, step = (as_tensor_variable(v) for v in (start, stop, step))
    if dtype is None:
        dtype = upcast(start.dtype, stop.dtype, step.dtype)
        if is_discrete(dtype):
            dtype = "uint64" if dtype in UNSIGNED_DTYPES else "int64"
        elif config.cast_policy == "numpy" and all(is_discrete(v.dtype) for v in (start, stop, step)):
            dtype = "int64"
    return ARange(dtype)(start, stop, step)


class Grid:
    """Coordinates of the points of a grid: `mgrid[0:2, 0:3]` gives one array for each dimension.

    Args:
        sparse: give arrays that broadcast against each other instead of full ones.
    """

    def __init__(self, sparse: bool) -> None:
        self.sparse = sparse

    def __getitem__(self, slices: Any) -> Any:
        given = slices if isinstance(slices, tuple) else (slices,)
        for part in given:
            if isinstance(part.step, complex):
                raise NotImplementedError("a grid with a number of points as a complex step is not supported")
        ranges = [arange(part.start or 0, part.stop, part.step or 1) for part in given]
        rank = len(ranges)
        sparse = [r.dimshuffle(*["x"] * i, 0, *["x"] * (rank - 1 - i)) for i, r in enumerate(ranges)]
        if self.sparse:
            return sparse
        full = []
        for i, r in enumerate(sparse):
            result = r
            for j, other in enumerate(sparse):
                if j != i:
                    result = row("second")(other, result)
            full.append(result)
        return full

    def __repr__(self) -> str:
        return "ogrid" if self.sparse else "mgrid"


mgrid = Grid(sparse=False)
ogrid = Grid(sparse=True)
