"""Logical reductions: `All` and `Any`. Here `Any` is the reduction; typing's is `typing.Any`."""

from __future__ import annotations

import typing
from collections.abc import Sequence

from neano.config import config
from neano.scalar.rows import row
from neano.tensor.reduce import CAReduce


class Logical(CAReduce):
    """What `All` and `Any` share: any dtype in, bool out, no gradient."""

    __props__ = ("axis",)
    scalar_name = "and_"

    def __init__(self, axis: typing.Any = None) -> None:
        super().__init__(row(self.scalar_name), axis)

    def output_dtype(self, dtype: str) -> str:
        return "bool"

    def prepare(self, x: typing.Any) -> typing.Any:
        return x if x.dtype == "bool" else row("neq")(x, 0)

    def grad(self, inputs: Sequence[typing.Any], output_grads: Sequence[typing.Any]) -> Sequence[typing.Any]:
        return [inputs[0].zeros_like(dtype=config.floatX)]

    def R_op(self, inputs: Sequence[typing.Any], eval_points: Sequence[typing.Any]) -> Sequence[typing.Any]:
        return [None]

    def __str__(self) -> str:
        label = type(self).__name__
        return label if self.axis is None else f"{label}{{{', '.join(map(str, self.axis))}}}"


class All(Logical):
    """Whether all elements along axes are true (not zero); True of none."""


class Any(Logical):
    """Whether any element along axes is true (not zero); False of none."""

    scalar_name = "or_"
