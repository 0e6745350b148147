"""The kinds of reductions: `Sum`, `Prod`, `Max`, `Min`, with their gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.config import config
from neano.scalar.dtypes import is_discrete
from neano.scalar.rows import row
from neano.tensor.reduce import CAReduce, CAReduceDtype


class Sum(CAReduceDtype):
    """Sum over axes; 0 of nothing."""

    __props__ = ("axis", "dtype", "acc_dtype")

    def __init__(self, axis: Any = None, dtype: Any = None, acc_dtype: Any = None) -> None:
        super().__init__(row("add"), axis, dtype, acc_dtype)

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        (x,), (y,), (g,) = inputs, outputs, output_grads
        if is_discrete(y.dtype):
            return [x.zeros_like(dtype=config.floatX)]
        return [row("second")(x, self.spread(g, x))]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None] if eval_points[0] is None else [self(eval_points[0])]

    def __str__(self) -> str:
        axis = "" if self.axis is None else f"axis=[{', '.join(map(str, self.axis))}], "
        return f"Sum{{{axis}acc_dtype={self.acc_dtype}}}"


class Prod(CAReduceDtype):
    """Product over axes; 1 of nothing.

    Args:
        axis, dtype, acc_dtype: see `CAReduceDtype`.
        no_zeros_in_input: promise that no element is 0, for a simpler gradient.
    """

    __props__ = ("axis", "dtype", "acc_dtype", "no_zeros_in_input")

    def __init__(
        self, axis: Any = None, dtype: Any = None, acc_dtype: Any = None, no_zeros_in_input: bool = False
    ) -> None:
        super().__init__(row("mul"), axis, dtype, acc_dtype)
        self.no_zeros_in_input = bool(no_zeros_in_input)

    def resolved(self, axes: tuple[int, ...] | None, dtype: str | None, accumulator: str | None) -> Prod:
        return Prod(axes, dtype, accumulator, self.no_zeros_in_input)

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        """The product of all other elements: at the only zero of a group that of the rest, 0 beside it."""
        (x,), (y,), (g,) = inputs, outputs, output_grads
        if is_discrete(y.dtype):
            return [x.zeros_like(dtype=config.floatX)]
        if self.no_zeros_in_input:
            return [self.spread(g * y, x) / x]
        is_zero = row("eq")(x, 0)
        zeros = self.spread(Sum(self.axis)(is_zero), x)
        rest = self.spread(ProdWithoutZeros(self.axis, self.dtype, self.acc_dtype)(x), x)
        beside = row("switch")(row("eq")(zeros, 0), rest / row("switch")(is_zero, row("second")(x, 1), x), 0)
        at_zero = row("switch")(row("eq")(zeros, 1), rest, 0)
        return [self.spread(g, x) * row("switch")(is_zero, at_zero, beside)]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        (x,), (e,) = inputs, eval_points
        if e is None:
            return [None]
        (others,) = self.L_op([x], [self(x)], [row("second")(self(x), np.asarray(1, dtype=e.dtype))])
        return [Sum(self.axis)(others * e)]

    def __str__(self) -> str:
        return f"Prod{{axis={self.axis}, dtype={self.dtype!r}, acc_dtype={self.acc_dtype!r}}}"


class ProdWithoutZeros(CAReduceDtype):
    """Product over axes of the elements that are not 0; 1 where there are none."""

    __props__ = ("axis", "dtype", "acc_dtype")

    def __init__(self, axis: Any = None, dtype: Any = None, acc_dtype: Any = None) -> None:
        super().__init__(row("mul_without_zeros"), axis, dtype, acc_dtype)

    def __str__(self) -> str:
        return f"ProdWithoutZeros{{axis={self.axis}, dtype={self.dtype!r}, acc_dtype={self.acc_dtype!r}}}"

    def fold(self, x: np.ndarray[Any, Any], axes: tuple[int, ...], dtype: str) -> np.ndarray[Any, Any]:
        if not axes:
            return x.astype(dtype)
        with np.errstate(all="ignore"):
            operand = np.where(x == 0, 1, x).astype(self.accumulator_dtype(x.dtype.name))
            return np.asarray(np.multiply.reduce(operand, axis=axes)).astype(dtype)

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        (x,), (y,), (g,) = inputs, outputs, output_grads
        if is_discrete(y.dtype):
            return [x.zeros_like(dtype=config.floatX)]
        is_zero = row("eq")(x, 0)
        share = self.spread(g * y, x) / row("switch")(is_zero, row("second")(x, 1), x)
        return [row("switch")(is_zero, 0, share)]


class Extremum(CAReduce):
    """What `Max` and `Min` share: every element that equals the result receives the whole gradient."""

    __props__ = ("axis",)
    scalar_name = "maximum"
    neutral = -np.inf

    def __init__(self, axis: Any = None) -> None:
        super().__init__(row(self.scalar_name), axis)

    def fold(self, x: np.ndarray[Any, Any], axes: tuple[int, ...], dtype: str) -> np.ndarray[Any, Any]:
        if any(x.shape[i] == 0 for i in axes):
            if self.accepts_nothing:
                return np.full([n for i, n in enumerate(x.shape) if i not in axes], self.neutral, dtype)
            raise ValueError(f"{self} of nothing is not defined: the input has shape {x.shape}")
        return super().fold(x, axes, dtype)

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        (x,), (y,), (g,) = inputs, outputs, output_grads
        if is_discrete(y.dtype):
            return [x.zeros_like(dtype=config.floatX)]
        return [row("eq")(self.spread(y, x), x) * self.spread(g, x)]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        """The derivative in a direction: the extreme tangent among the elements that equal the result."""
        (x,), (e,) = inputs, eval_points
        if e is None:
            return [None]
        if is_discrete(e.dtype):
            e = e.astype(config.floatX)
        return [self(row("switch")(row("eq")(x, self.spread(self(x), x)), e, np.asarray(self.neutral, dtype=e.dtype)))]


class Max(Extremum):
    """Maximum over axes. NaN wins."""


class MaxOrLowest(Max):
    """Maximum over axes of floats; -inf of nothing. It keeps exponentials small, in sums that may be empty."""

    accepts_nothing = True


class Min(Extremum):
    """Minimum over axes. NaN wins."""

    scalar_name = "minimum"
    neutral = np.inf
