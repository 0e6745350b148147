"""How each row of the table of scalar functions is computed natively: one line a row, by the row's name.

`SCALAR[name](builder, values, dtype)` takes values of equal lanes, already of the dtypes that the row computes in, and
returns the result in the row's dtype.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from neano.backends.native.emit import arithmetic as a
from neano.backends.native.emit.activations import hard_pieces, sigmoid, softplus, softsign
from neano.backends.native.emit.casts import convert, to_bool
from neano.backends.native.emit.functions import call_math, provided
from neano.backends.native.emit.powers import power
from neano.backends.native.emit.text import ELEMENT, PART, Builder, Value, is_complex, is_float, join_parts, words

Lowering = Callable[[Builder, Sequence[Value], str], Value]


def plain(function: Callable[..., Value]) -> Lowering:
    """Return the lowering of a function that takes a builder and its operands."""
    return lambda b, xs, dtype: function(b, *xs)


def folded(function: a.Binary) -> Lowering:
    """Return the lowering of an associative function of any number of operands."""

    def lower(b: Builder, xs: Sequence[Value], dtype: str) -> Value:
        result = xs[0]
        for x in xs[1:]:
            result = function(b, result, x)
        return result

    return lower


def math_function(name: str) -> Lowering:
    return lambda b, xs, dtype: call_math(b, name, *xs)


def bitwise(instruction: str) -> Lowering:
    return lambda b, xs, dtype: b.int_op(instruction, xs[0], xs[1])


def cast(dtype: str) -> Lowering:
    return lambda b, xs, _: convert(b, xs[0], dtype)


def _sqrt(b: Builder, x: Value) -> Value:
    return call_math(b, "sqrt", x) if is_complex(x.dtype) else b.intrinsic("sqrt", x)


def _square(b: Builder, x: Value) -> Value:
    return a.mul(b, x, x)


def _inverse(b: Builder, x: Value) -> Value:
    if is_complex(x.dtype) or is_float(x.dtype):
        return a.true_div(b, a.one(x), x)
    return a.integer_divmod(b, a.one(x), x)[0]


def _invert(b: Builder, x: Value) -> Value:
    return b.int_op("xor", x, x.same("true" if x.dtype == "bool" else "-1") if x.lanes == 1 else _ones(x))


def _ones(x: Value) -> Value:
    return x.same(f"splat ({ELEMENT[x.dtype]} {'true' if x.dtype == 'bool' else '-1'})")


def _switch(b: Builder, condition: Value, then: Value, otherwise: Value) -> Value:
    return b.select(to_bool(b, condition), then, otherwise)


def _in_range(compare: a.Binary) -> Callable[..., Value]:
    def lower(b: Builder, x: Value, low: Value, high: Value) -> Value:
        return b.int_op("and", compare(b, low, x), compare(b, x, high))

    return lower


def _mul_without_zeros(b: Builder, x: Value, y: Value) -> Value:
    product = b.select(a.eq(b, y, a.zero(y)), x, a.mul(b, x, y))
    return b.select(a.eq(b, x, a.zero(x)), y, product)


def _scaled(factor: float) -> Callable[..., Value]:
    return lambda b, x: a.mul(b, x, a.number(factor, x))


def _real(b: Builder, x: Value) -> Value:
    return x.parts()[0] if is_complex(x.dtype) else x


def _imaginary(b: Builder, x: Value) -> Value:
    return x.parts()[1] if is_complex(x.dtype) else a.zero(x)


def _conjugate(b: Builder, x: Value) -> Value:
    return join_parts(x.parts()[0], a.neg(b, x.parts()[1])) if is_complex(x.dtype) else x


def _angle(b: Builder, xs: Sequence[Value], dtype: str) -> Value:
    (x,) = xs
    if is_complex(x.dtype):
        real, imaginary = (convert(b, part, dtype) for part in x.parts())
    else:
        real = convert(b, x, dtype)
        imaginary = a.zero(real)
    return call_math(b, "arctan2", imaginary, real)


def _complex(b: Builder, xs: Sequence[Value], dtype: str) -> Value:
    real, imaginary = (convert(b, x, PART[dtype]) for x in xs)
    return join_parts(real, imaginary)


def _complex_from_polar(b: Builder, xs: Sequence[Value], dtype: str) -> Value:
    radius, angle = (convert(b, x, PART[dtype]) for x in xs)
    real, imaginary = (b.float_op("fmul", radius, call_math(b, name, angle)) for name in ("cos", "sin"))
    return join_parts(real, imaginary)


def _gammaln(b: Builder, x: Value) -> Value:
    return call_math(b, "loggamma" if is_complex(x.dtype) else "gammaln", x)


@a.widened
def _zeta_at(b: Builder, order: Value, x: Value) -> Value:
    """The polygamma function of an order above 0: (-1)**(order + 1) order! zeta(order + 1, x)."""
    above = a.add(b, order, a.one(order))
    half = b.float_op("fmul", above, a.number(0.5, order))
    even = b.compare("oeq", b.intrinsic("floor", half), half)
    size = a.mul(b, call_math(b, "gamma", above), call_math(b, "zeta", above, x))
    return b.select(even, size, a.neg(b, size))


@a.widened
def _trigamma(b: Builder, x: Value) -> Value:
    return provided(b, "trigamma", x) or _zeta_at(b, a.one(x), x)


@a.widened
def _polygamma(b: Builder, order: Value, x: Value) -> Value:
    found = b.select(a.eq(b, order, a.zero(order)), call_math(b, "psi", x), _zeta_at(b, order, x))
    return b.select(b.compare("oeq", b.intrinsic("floor", order), order), found, a.number(math.nan, order))


def _incomplete(name: str) -> Callable[..., Value]:
    return a.widened(lambda b, k, x: a.mul(b, call_math(b, name, k, x), call_math(b, "gamma", k)))


def _of_integer_order(name: str, general: str, order: int) -> Callable[..., Value]:
    def lower(b: Builder, x: Value) -> Value:
        if is_complex(x.dtype):
            return call_math(b, general, a.number(order, x.parts()[0]), x)
        return call_math(b, name, x)

    return lower


def _xlogy(b: Builder, x: Value, y: Value) -> Value:
    return call_math(b, "xlogy", x, y)


SCALAR: dict[str, Lowering] = {
    # arithmetic
    "add": folded(a.add),
    "mul": folded(a.mul),
    "sub": plain(a.sub),
    "neg": plain(a.neg),
    "true_div": plain(a.true_div),
    "int_div": plain(a.int_div),
    "mod": plain(a.mod),
    "pow": plain(power),
    "sqr": plain(_square),
    "inv": plain(_inverse),
    "abs_": plain(a.abs_),
    "sgn": plain(a.sgn),
    "mul_without_zeros": plain(_mul_without_zeros),
    "deg2rad": plain(_scaled(math.pi / 180)),
    "rad2deg": plain(_scaled(180 / math.pi)),
    # comparison and logic
    "lt": plain(a.lt),
    "gt": plain(a.gt),
    "le": plain(a.le),
    "ge": plain(a.ge),
    "eq": plain(a.eq),
    "neq": plain(a.neq),
    "isnan": plain(a.isnan),
    "isinf": plain(a.isinf),
    "inopenrange": plain(_in_range(a.lt)),
    "inclosedrange": plain(_in_range(a.le)),
    "and_": bitwise("and"),
    "or_": bitwise("or"),
    "xor": bitwise("xor"),
    "invert": plain(_invert),
    # choice
    "switch": plain(_switch),
    "maximum": folded(a.maximum),
    "minimum": folded(a.minimum),
    "clip": plain(a.clip),
    "second": lambda b, xs, dtype: xs[1],
    "identity": lambda b, xs, dtype: xs[0],
    # rounding
    "floor": plain(a.rounding("floor")),
    "ceil": plain(a.rounding("ceil")),
    "trunc": plain(a.rounding("trunc")),
    "round_half_to_even": plain(a.rounding("rint")),
    "round_half_away_from_zero": plain(a.rounding("round")),
    # exponentials and powers
    "sqrt": plain(a.widened(_sqrt)),
    **{name: math_function(name) for name in words("exp exp2 expm1 log log2 log10 log1p")},
    # circular and hyperbolic functions
    **{name: math_function(name) for name in words("sin cos tan sinh cosh tanh arcsin arccos arctan arctan2")},
    **{name: math_function(name) for name in words("arcsinh arccosh arctanh")},
    # special functions
    **{name: math_function(name) for name in words("erf erfc erfcx erfinv erfcinv gamma psi gammainc gammaincc jv iv")},
    "gammaln": plain(_gammaln),
    "tri_gamma": plain(_trigamma),
    "polygamma": plain(_polygamma),
    "chi2sf": lambda b, xs, dtype: call_math(b, "chdtrc", xs[1], xs[0]),
    "gammau": plain(_incomplete("gammaincc")),
    "gammal": plain(_incomplete("gammainc")),
    "j0": plain(_of_integer_order("j0", "jv", 0)),
    "j1": plain(_of_integer_order("j1", "jv", 1)),
    "i0": plain(_of_integer_order("i0", "iv", 0)),
    "i1": plain(_of_integer_order("i1", "iv", 1)),
    "scalar_xlogx": lambda b, xs, dtype: _xlogy(b, xs[0], xs[0]),
    "scalar_xlogy0": plain(_xlogy),
    # complex numbers
    "real": plain(_real),
    "imag": plain(_imaginary),
    "conj": plain(_conjugate),
    "angle": _angle,
    "complex": _complex,
    "complex_from_polar": _complex_from_polar,
    # activations
    "scalar_sigmoid": plain(sigmoid),
    "scalar_softplus": plain(softplus),
    "scalar_softsign": plain(softsign),
    "ultra_fast_scalar_sigmoid": plain(hard_pieces),
    # casts
    **{f"convert_to_{dtype}": cast(dtype) for dtype in ELEMENT},
}
