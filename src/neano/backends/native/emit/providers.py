"""The seam for vector kernels of the engine's own: who is asked first for a transcendental function.

A provider is a function `(builder, function, values) -> Value | None`. It gets the name of a function of
`functions.MATH` and real operands of one dtype (float32 or float64) and of equal lanes (1: a scalar), and returns the
result, or None where it has nothing better than the platform for this function, dtype and number of lanes. It may write
instructions in line through the builder, or add a helper to `builder.module.helpers` and call that.
"""

from __future__ import annotations

from collections.abc import Callable

from neano.backends.native.emit.text import Builder, Value
from neano.backends.native.emit.vector_math import own_kernel

Provider = Callable[[Builder, str, tuple[Value, ...]], Value | None]

PROVIDERS: tuple[Provider, ...] = (own_kernel,)
"""Asked in this order, before the platform's vector functions."""
