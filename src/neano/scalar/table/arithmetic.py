"""Rows for arithmetic: add, mul, sub, neg, sqr ..."""

from __future__ import annotations

import functools

import numpy as np

from neano.scalar.dtypes import upcast
from neano.scalar.op import scalar_function


def _fold(function: np.ufunc):  # type: ignore[no-untyped-def]
    """Return the n-ary form of a binary ufunc."""
    return lambda *xs: functools.reduce(function, xs)


add = scalar_function(
    "add",
    -1,
    upcast,
    _fold(np.add),
    lambda xs, z, g: [g] * len(xs),
    doc="Sum of the operands.",
    commutative=True,
    associative=True,
)
