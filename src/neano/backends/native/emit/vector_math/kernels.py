"""Which functions have kernels of the engine's own, and when these are used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from neano.backends.native.emit.casts import convert
from neano.backends.native.emit.platform_vectors import platform_vector
from neano.backends.native.emit.target import Options
from neano.backends.native.emit.text import Builder, Module, Value
from neano.backends.native.emit.vector_math import (
    circular,
    error_functions,
    exponential,
    gamma_functions,
    hyperbolic,
    logarithm,
    power,
)
from neano.backends.native.emit.vector_math.number import Number

Formula = Callable[..., Number]


@dataclass(frozen=True)
class Kernel:
    """A function with code of our own.

    Attributes:
        libm: the platform's name of it, "" where it has none.
        float64: the formula.
        float32: the formula that computes in float32; None: `widened` or else the one of float64 is used, in float64.
        widened: a formula in float64 with the digits of float32.
        preferred: dtypes and widths of vectors (bytes) for which it is used although the platform has a vector function, because
            it is faster by more than compiling it costs (`python -m benchmarks.vector_math`: glibc 2.36 on AMD's Zen 4).
        scalars: whether it serves scalars, too.
        inlined: whether it is so short that a call, which empties all vector registers, costs more than a copy of it.
    """

    libm: str
    float64: Formula
    float32: Formula | None = None
    widened: Formula | None = None
    preferred: frozenset[tuple[str, int]] = frozenset()
    scalars: bool = False
    inlined: bool = False

    def __call__(self, x: Number, *more: Number) -> Number:
        """Return the result for numbers of float64 or float32."""
        formula = self.float64 if x.dtype == "float64" else self.float32
        if formula is not None:
            return formula(x, *more)
        b = x.b
        wide = [Number(b, convert(b, each.value, "float64")) for each in (x, *more)]
        return Number(b, convert(b, (self.widened or self.float64)(*wide).value, "float32"))


def _same(libm: str, formula: Formula, preferred: str = "", *, inlined: bool = False) -> Kernel:
    """A formula that serves both dtypes, preferred as in "float64:32 float64:64"."""
    pairs = (each.split(":") for each in preferred.split())
    better = frozenset((dtype, int(width)) for dtype, width in pairs)
    return Kernel(libm, formula, formula, preferred=better, inlined=inlined)


KERNELS = {
    "exp": _same("exp", exponential.exp, "float64:64 float32:64", inlined=True),
    "exp2": _same("exp2", exponential.exp2, inlined=True),
    "expm1": _same("expm1", exponential.expm1, "float32:32 float32:16"),
    "log": _same("log", logarithm.log),
    "log2": _same("log2", logarithm.log2),
    "log10": _same("log10", logarithm.log10),
    "log1p": _same("log1p", logarithm.log1p),
    "tanh": _same("tanh", hyperbolic.tanh, "float64:64 float64:32 float64:16 float32:32"),
    "sinh": _same("sinh", hyperbolic.sinh),
    "cosh": _same("cosh", hyperbolic.cosh),
    **{
        name: Kernel(name, circular.circular(name, "float64"), widened=circular.circular(name, "float32"))
        for name in ("sin", "cos", "tan")
    },
    "pow": Kernel("pow", power.power, widened=power.power_in_float64),
    "erf": Kernel("erf", error_functions.erf, error_functions.erf_of_float32, preferred=frozenset([("float32", 64)])),
    "erfc": Kernel("erfc", error_functions.erfc),
    "gammaln": Kernel("", gamma_functions.loggamma, scalars=True),
    "psi": Kernel("", gamma_functions.digamma, scalars=True),
    "trigamma": Kernel("", gamma_functions.trigamma, scalars=True),
}
"""Every kernel, by the name of its function in `functions.MATH`, or of one that only kernels compute."""


def own_kernel(b: Builder, function: str, values: tuple[Value, ...]) -> Value | None:
    """Return a function at values by its kernel, in a helper if it is long; None where there is none, or a better one."""
    kernel, first = KERNELS.get(function), values[0]
    if kernel is None or not b.target.own_functions or (first.lanes == 1 and not kernel.scalars):
        return None
    preferred = (first.dtype, b.target.vector_bytes) in kernel.preferred
    if not preferred and platform_vector(b.target, kernel.libm, first.dtype, first.lanes)[0]:
        return None
    if kernel.inlined:
        return kernel(*[Number(b, value) for value in values]).value
    name = f"own.{function}.{first.dtype}.{first.lanes}"

    def write(module: Module) -> str:
        inner = Builder(module, b.target, Options(contract=False))
        parameters = [value.same(f"%x{k}") for k, value in enumerate(values)]
        inner.do(f"ret {kernel(*[Number(inner, p) for p in parameters]).value.typed}")
        return inner.text(f"define {first.type} @{name}({', '.join(p.typed for p in parameters)}) nounwind")

    called = b.module.share(name, first.type, [value.type for value in values], write)
    return first.same(b.op(f"call {first.type} {called}({', '.join(value.typed for value in values)})"))
