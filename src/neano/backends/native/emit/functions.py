"""Transcendental and special functions: which code computes them for a dtype and a number of lanes.

`call_math` asks, in this order: the engine's own vector kernels (`providers.PROVIDERS`), the platform's vector functions
(libmvec), libm lane by lane, the inner loop of NumPy's or SciPy's ufunc by its pointer. float16 computes in float32.
"""

from __future__ import annotations

from dataclasses import dataclass

from neano.backends.native.emit.casts import convert
from neano.backends.native.emit.lanes import join, resize, split
from neano.backends.native.emit.libm import libm_call
from neano.backends.native.emit.platform_vectors import platform_vector
from neano.backends.native.emit.providers import PROVIDERS
from neano.backends.native.emit.text import Builder, Value, constant, is_float, words
from neano.backends.native.emit.ufunc_call import ufunc_call
from neano.backends.native.emit.vector_math import exponential


@dataclass(frozen=True)
class MathFunction:
    """Where a function is found: its name in libm (and libmvec), "" where it has none there, and its ufunc."""

    libm: str
    module: str
    ufunc: str


def _numpy(libm: str, ufunc: str) -> MathFunction:
    return MathFunction(libm, "numpy", ufunc)


def _special(name: str, libm: str = "", module: str = "scipy.special") -> MathFunction:
    return MathFunction(libm, module, name)


MATH = {
    **{name: _numpy(name, name) for name in words("exp exp2 expm1 log log2 log10 log1p sin cos tan sinh cosh tanh")},
    **{f"arc{name}": _numpy(f"a{name}", f"arc{name}") for name in words("sin cos tan tan2 sinh cosh tanh")},
    "pow": _numpy("pow", "power"),
    "hypot": _numpy("hypot", "hypot"),
    "fmod": _numpy("fmod", "fmod"),
    "sqrt": _numpy("sqrt", "sqrt"),
    "erf": _special("erf", "erf"),
    "erfc": _special("erfc", "erfc"),
    "zeta": _special("_zeta", module="scipy.special._ufuncs"),
    **{
        name: _special(name)
        for name in (
            words("erfcx erfinv erfcinv gamma gammaln loggamma psi gammainc gammaincc chdtrc jv j0 j1 iv i0 i1 xlogy")
        )
    },
}
"""Every function that `call_math` knows, by name."""


def call_math(b: Builder, function: str, *values: Value) -> Value:
    """Return a function of `MATH` at values, lane by lane.

    Args:
        values: of equal lanes and of floating-point or complex dtypes (which differ only for Bessel functions of complex
            arguments, whose order is real); the result has the dtype of the last.
    """
    if values[-1].dtype == "float16":
        return convert(b, call_math(b, function, *[convert(b, v, "float32") for v in values]), "float16")
    found = MATH[function]
    if all(is_float(v.dtype) for v in values):
        own = provided(b, function, *values)
        if own is not None:
            return own
        if found.libm:
            return _vector_call(b, function, values) or libm_call(b, found.libm, *values)
    return ufunc_call(b, found.module, found.ufunc, *values)


def provided(b: Builder, function: str, *values: Value) -> Value | None:
    """Return a function of real values (float32 or float64) by a kernel of the engine's own, None where there is none."""
    results = (provider(b, function, values) for provider in PROVIDERS)
    return next((result for result in results if result is not None), None)


ZERO_BELOW = {("exp", dtype): lowest for dtype, lowest in exponential.LOWEST.items()}
"""Where a function is 0 without looking. libmvec takes such arguments one by one, which is four times as slow; minus infinity, of
which masked softmaxes are full, is such."""


def _vector_call(b: Builder, function: str, values: tuple[Value, ...]) -> Value | None:
    """Call the platform's vector function, None where it has none; wide vectors in pieces, narrow ones padded."""
    dtype, lanes = values[0].dtype, values[0].lanes
    name, call_lanes = platform_vector(b.target, MATH[function].libm, dtype, lanes)
    if not name:
        return None
    if (function, dtype) not in ZERO_BELOW:
        return _in_vectors(b, name, call_lanes, values)
    zero, lowest = (b.splat(constant(number, dtype), lanes) for number in (0.0, ZERO_BELOW[function, dtype]))
    vanishes = b.compare("olt", values[0], lowest)
    result = _in_vectors(b, name, call_lanes, (b.select(vanishes, zero, values[0]),))
    return b.select(vanishes, zero, result)


def _in_vectors(b: Builder, name: str, call_lanes: int, values: tuple[Value, ...]) -> Value:
    lanes = values[0].lanes
    if lanes < call_lanes:
        padded = tuple(resize(b, v, call_lanes) for v in values)
        return resize(b, _plain_call(b, name, padded), lanes)
    pieces = [
        _plain_call(b, name, tuple(v)) for v in zip(*[split(b, v, lanes // call_lanes) for v in values], strict=True)
    ]
    return join(b, pieces)


def _plain_call(b: Builder, name: str, values: tuple[Value, ...]) -> Value:
    return values[0].same(b.call(name, values[0].type, *[(v.type, v.text) for v in values]))
