"""Activations of neural networks, to full precision over their whole range."""

from __future__ import annotations

from neano.backends.native.emit import arithmetic as a
from neano.backends.native.emit.casts import convert
from neano.backends.native.emit.functions import call_math
from neano.backends.native.emit.text import Builder, Value, is_complex


@a.widened
def sigmoid(b: Builder, x: Value) -> Value:
    """1 / (1 + exp(-x)), with an exponential that does not overflow."""
    if is_complex(x.dtype):
        return a.true_div(b, a.one(x), a.add(b, a.one(x), call_math(b, "exp", a.neg(b, x))))
    small = call_math(b, "exp", a.neg(b, a.abs_(b, x)))
    above = b.select(b.compare("oge", x, a.zero(x)), a.one(x), small)
    return b.float_op("fdiv", above, b.float_op("fadd", a.one(x), small))


@a.widened
def softplus(b: Builder, x: Value) -> Value:
    """log(1 + exp(x)) as max(x, 0) + log1p(exp(-|x|))."""
    if is_complex(x.dtype):
        return call_math(b, "log1p", call_math(b, "exp", x))
    small = call_math(b, "exp", a.neg(b, a.abs_(b, x)))
    return b.float_op("fadd", a.maximum(b, x, a.zero(x)), call_math(b, "log1p", small))


@a.widened
def softsign(b: Builder, x: Value) -> Value:
    if is_complex(x.dtype):
        below = a.add(b, a.one(x.parts()[0]), a.abs_(b, x))
        return a.true_div(b, x, convert(b, below, x.dtype))
    return b.float_op("fdiv", x, b.float_op("fadd", a.one(x), a.abs_(b, x)))


@a.widened
def hard_pieces(b: Builder, x: Value) -> Value:
    """The "ultra fast" sigmoid: in t = |x| / 2 a hyperbola, a line and a constant, mirrored for negative x."""
    half = b.float_op("fmul", a.number(0.5, x), a.abs_(b, x))
    curve = a.true_div(b, b.float_op("fmul", a.number(1.5, x), half), b.float_op("fadd", a.one(x), half))
    beyond = b.float_op("fsub", half, a.number(1.7, x))
    line = b.float_op(
        "fadd", a.number(0.935409070603099, x), b.float_op("fmul", a.number(0.0458812946797165, x), beyond)
    )
    outer = b.select(b.compare("olt", half, a.number(3.0, x)), line, a.number(0.99505475368673, x))
    size = b.select(b.compare("olt", half, a.number(1.7, x)), curve, outer)
    return b.float_op("fmul", a.number(0.5, x), b.float_op("fadd", b.intrinsic("copysign", size, x), a.one(x)))
