"""How many elements a slice takes and where it begins, as numbers where they are known and expressions where not.

All functions take and give Python ints for what is known when the graph is built, and 0-d int64 tensors otherwise; what
can be worked out at once is, so that static shapes stay static.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from neano.scalar.rows import row
from neano.tensor.static import int64_scalar

Number = Any
"""An int, or a 0-d int64 tensor."""


@dataclass(frozen=True)
class Extent:
    """The elements `first, first + step, ...` of a dimension, `count` of them.

    `first` may lie outside the dimension where `count` is 0.
    """

    first: Number
    step: Number
    count: Number


def slice_extent(bounds: slice, length: Number) -> Extent:
    """Return which elements of a dimension of some length a slice takes.

    Args:
        bounds: start, stop and step: None, ints or 0-d int64 tensors.
        length: the dimension's.

    Raises:
        ValueError: the step is known to be zero.

    >>> slice_extent(slice(None, None, -2), 5)
    Extent(first=4, step=-2, count=3)
    """
    start, stop, step = bounds.start, bounds.stop, 1 if bounds.step is None else bounds.step
    if _known(step, length) and all(part is None or _known(part) for part in (start, stop)):
        taken = range(*slice(start, stop, step).indices(length))
        return Extent(taken.start, step, len(taken))
    if not _known(step):
        forward, backward = _forward(start, stop, length), _backward(start, stop, length)
        first = choose(row("gt")(step, 0), forward[0], backward[0])
        span = choose(row("gt")(step, 0), forward[1], backward[1])
        return Extent(first, step, not_negative(_quotient_up(span, row("abs_")(step))))
    if step == 0:
        raise ValueError("slice step cannot be zero")
    if step > 0:
        first, span = _forward(start, stop, length)
        never_negative = first == 0 if _known(first) else False
        never_negative = never_negative and (stop is None or (_known(stop) and stop >= 0))
        if start is not None and _known(start) and start < 0 and stop is None:
            span, never_negative = least(-start, length), True
    else:
        first, span = _backward(start, stop, length)
        never_negative = start is None and stop is None
    count = _quotient_up(span, abs(step))
    return Extent(first, step, count if never_negative else not_negative(count))


def _forward(start: Number, stop: Number, length: Number) -> tuple[Number, Number]:
    """Return the first element and the distance to the end, which may be negative, for steps above zero."""
    if start is None or (_known(start) and start == 0):
        first: Number = 0
    elif _known(start):
        first = start if start > 0 else not_negative(plus(length, start))
    else:
        first = choose(row("lt")(start, 0), not_negative(plus(start, length)), start)
    if stop is None or (_known(stop) and stop >= sys.maxsize):
        last = length
    elif _known(stop):
        last = least(stop, length) if stop >= 0 else plus(length, stop)
    else:
        last = choose(row("lt")(stop, 0), plus(stop, length), least(stop, length))
    return first, minus(last, first)


def _backward(start: Number, stop: Number, length: Number) -> tuple[Number, Number]:
    """Return the first element and the distance to the end, which may be negative, for steps below zero."""
    if start is None:
        first = plus(length, -1)
        if stop is None:
            return first, length
    elif _known(start):
        first = least(start, plus(length, -1)) if start >= 0 else plus(length, start)
    else:
        first = choose(row("lt")(start, 0), plus(start, length), least(start, plus(length, -1)))
    if stop is None:
        return first, plus(first, 1)
    if _known(stop):
        last = stop if stop >= 0 else greatest(plus(length, stop), -1)
    else:
        last = choose(row("lt")(stop, 0), greatest(plus(stop, length), -1), stop)
    return first, minus(first, last)


def _known(*numbers: Number) -> bool:
    return all(isinstance(number, int) for number in numbers)


def plus(a: Number, b: Number) -> Number:
    """Return a + b."""
    if _known(a, b):
        return a + b
    if _known(b) and b == 0:
        return a
    if _known(a) and a == 0:
        return b
    return row("add")(a, b)


def minus(a: Number, b: Number) -> Number:
    """Return a - b."""
    if _known(a, b):
        return a - b
    if a is b:
        return 0
    if _known(b):
        return plus(a, -b)
    return row("sub")(a, b)


def least(a: Number, b: Number) -> Number:
    """Return the smaller of two numbers."""
    if _known(a, b):
        return min(a, b)
    return a if a is b else row("minimum")(a, b)


def greatest(a: Number, b: Number) -> Number:
    """Return the larger of two numbers."""
    if _known(a, b):
        return max(a, b)
    return a if a is b else row("maximum")(a, b)


def not_negative(a: Number) -> Number:
    """Return a number, or 0 where it is negative."""
    return greatest(a, 0)


def choose(condition: Any, yes: Number, no: Number) -> Number:
    """Return one of two numbers, by a condition that is known at run time only."""
    if yes is no or (_known(yes, no) and yes == no):
        return yes
    return row("switch")(condition, int64_scalar(yes), int64_scalar(no))


def _quotient_up(a: Number, b: Number) -> Number:
    """Return a / b rounded up, for b above zero."""
    if _known(b) and b == 1:
        return a
    if _known(a, b):
        return -(-a // b)
    return row("int_div")(plus(a, minus(b, 1)), b)
