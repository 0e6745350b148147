"""Rare lanes: what they need is computed only where there are any."""

from __future__ import annotations

from collections.abc import Callable

from neano.backends.native.emit.libm import libm_call
from neano.backends.native.emit.ufunc_call import ufunc_call
from neano.backends.native.emit.vector_math.number import Mask, Number, where


def unless(rare: Mask, usual: Number, careful: Callable[[], Number]) -> Number:
    """Return `usual`, or where some lane is rare, for all lanes what is computed with care, equal to `usual` in other lanes."""
    b, value = usual.b, usual.value
    some, after, before = b.label("rare"), b.label("all"), b.label("usual")
    b.jump(before)
    b.place(before)
    b.branch(rare.any(), some, after)
    b.place(some)
    chosen = careful().value
    end = b.current
    b.jump(after)
    b.place(after)
    phi = b.op(f"phi {value.type} [{value.text}, %{before}], [{chosen.text}, %{end}]")
    return Number(b, value.same(phi))


def where_rarely(rare: Mask, usual: Number, function: str, *arguments: Number) -> Number:
    """Return `usual` but in rare lanes, which a function of libm computes, or a ufunc, named `module:ufunc`."""

    def careful() -> Number:
        b, values = usual.b, [argument.value for argument in arguments]
        module, _, ufunc = function.partition(":")
        found = ufunc_call(b, module, ufunc, *values) if ufunc else libm_call(b, function, *values)
        return where(rare, Number(b, found), usual)

    return unless(rare, usual, careful)
