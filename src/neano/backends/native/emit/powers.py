"""Powers: of floats by the platform's pow, of integers by repeated squaring (wrapping, as NumPy's)."""

from __future__ import annotations

from neano.backends.native.emit import arithmetic as a
from neano.backends.native.emit.functions import call_math
from neano.backends.native.emit.text import Builder, Value, bits, is_complex, is_float, is_signed


@a.widened
def power(b: Builder, x: Value, y: Value) -> Value:
    """x to the power y; of integers with a negative exponent 0, unless the base is 1 or -1."""
    if is_float(x.dtype) or is_complex(x.dtype):
        return call_math(b, "pow", x, y)
    if x.dtype == "bool":
        return b.int_op("or", x, b.int_op("xor", y, x.same("true") if x.lanes == 1 else x.same("splat (i1 true)")))
    lanes, width, kind = x.lanes, bits(x.dtype), x.type
    helper = f"power.{'s' if is_signed(x.dtype) else 'u'}{width}.{lanes}"
    if helper not in b.module.helpers:
        b.module.helpers[helper] = _helper(helper, kind, width, lanes, is_signed(x.dtype))
    return x.same(b.op(f"call {kind} @{helper}({x.typed}, {y.typed})"))


def _helper(name: str, kind: str, width: int, lanes: int, signed: bool) -> str:
    """Return a function that goes through the bits of the exponents, from the lowest, until none is left in any lane."""

    def all_lanes(value: int) -> str:
        return str(value) if lanes == 1 else f"splat (i{width} {value})"

    truth = "i1" if lanes == 1 else f"<{lanes} x i1>"
    any_left = ["  %any = icmp ne i1 %left, false"]
    if lanes > 1:
        any_left = [f"  %mask = bitcast {truth} %left to i{lanes}", f"  %any = icmp ne i{lanes} %mask, 0"]
    # A negative exponent: only 1 and -1 have an integer inverse, which is the base to the exponent's lowest bit.
    unit = [f"  %is.unit = icmp ult {kind} %shifted, {all_lanes(3)}", f"  %even = and {kind} %y, {all_lanes(1)}"]
    negative = [
        f"  %is.negative = icmp slt {kind} %y, {all_lanes(0)}",
        f"  %e = select {truth} %is.negative, {kind} %even, {kind} %y",
        f"  %start.value = select {truth} %is.negative, {kind} %units, {kind} {all_lanes(1)}",
    ]
    signed_head = [
        f"  %shifted = add {kind} %x, {all_lanes(1)}",
        *unit,
        f"  %is.zero = icmp eq {kind} %x, {all_lanes(0)}",
        f"  %not.zero = xor {truth} %is.zero, {'true' if lanes == 1 else 'splat (i1 true)'}",
        f"  %is.one = and {truth} %is.unit, %not.zero",
        f"  %units = zext {truth} %is.one to {kind}",
        *negative,
    ]
    exponent, start = ("%e", "%start.value") if signed else ("%y", all_lanes(1))
    return "\n".join(
        [
            f"define internal {kind} @{name}({kind} %x, {kind} %y) {{",
            "entry:",
            *(signed_head if signed else []),
            "  br label %loop",
            "loop:",
            f"  %r = phi {kind} [{start}, %entry], [%r.next, %loop]",
            f"  %p = phi {kind} [%x, %entry], [%p.next, %loop]",
            f"  %n = phi {kind} [{exponent}, %entry], [%n.next, %loop]",
            f"  %bit = and {kind} %n, {all_lanes(1)}",
            f"  %odd = icmp ne {kind} %bit, {all_lanes(0)}",
            f"  %product = mul {kind} %r, %p",
            f"  %r.next = select {truth} %odd, {kind} %product, {kind} %r",
            f"  %p.next = mul {kind} %p, %p",
            f"  %n.next = lshr {kind} %n, {all_lanes(1)}",
            f"  %left = icmp ne {kind} %n.next, {all_lanes(0)}",
            *any_left,
            "  br i1 %any, label %loop, label %done",
            "done:",
            f"  ret {kind} %r.next",
            "}",
        ]
    )
