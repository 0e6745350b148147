"""Powers: constant exponents become squares, roots and reciprocals; late in the pipeline, a few multiplications."""

from __future__ import annotations

from typing import Any

from neano.graph.rewriting.rewriters import rewriter
from neano.graph.variable import Apply
from neano.rewrites.phases import canonicalize, register_rules, registers, specialize, specialize_device, stabilize
from neano.rewrites.rules import floating, number, rule
from neano.rewrites.values import constant_value, function_of, in_type_of, is_real_float
from neano.scalar.rows import row

_pow, _sqr, _sqrt, _inv, _mul = (row(name) for name in ("pow", "sqr", "sqrt", "inv", "mul"))

x, y, positive = number("x"), floating("y"), floating("positive", 0.01, 5)

SIMPLE = [
    rule("local_pow_canonicalize_0", _pow(x, 0), row("second")(x, 1)),
    rule("local_pow_canonicalize_1", _pow(x, 1), x),
]

SPECIAL = [
    rule("local_pow_specialize_sqr", _pow(x, 2), _sqr(x)),
    rule("local_pow_specialize_sqrt", _pow(positive, 0.5), _sqrt(positive)),
    rule("local_pow_specialize_inv", _pow(positive, -1), _inv(positive)),
    rule("local_pow_specialize_inv_sqr", _pow(positive, -2), _inv(_sqr(positive))),
    rule("local_pow_specialize_inv_sqrt", _pow(positive, -0.5), _inv(_sqrt(positive))),
    rule("local_abs_merge_sgn", positive / abs(positive), row("sgn")(positive)),
]

register_rules(SIMPLE, canonicalize, stabilize, specialize)
register_rules(SPECIAL, specialize)

_MOST = 16
"""The largest whole exponent that becomes multiplications."""


@registers(specialize_device)
@rewriter(_pow, name="local_pow_specialize_device", depth=1)
def few_multiplications(node: Apply) -> Any:
    """Compute a small whole power by squaring and multiplying."""
    like: Any = node.outputs[0]
    if function_of(like) is not _pow or not is_real_float(like):
        return None
    base, exponent = node.inputs
    value = constant_value(exponent)
    if value is None or base.type.dtype != like.dtype or not float(value).is_integer() or not 2 <= abs(value) <= _MOST:  # type: ignore[attr-defined]
        return None
    factors, square, left = [], base, int(abs(value))
    while left:
        if left & 1:
            factors.append(square)
        left >>= 1
        if left:
            square = _sqr(square)
    result = factors[0] if len(factors) == 1 else _mul(*factors)
    result = in_type_of(result if value > 0 else _inv(result), like)
    return None if result is None else [result]


@registers(specialize)
@rewriter(row("true_div"), name="local_div_to_inv", depth=1)
def one_over(node: Apply) -> Any:
    """Write 1 / x as the one function that it is."""
    like: Any = node.outputs[0]
    above, below = node.inputs
    value = constant_value(above)
    if function_of(like) is None or value is None or value != 1 or below.type.dtype != like.dtype:  # type: ignore[attr-defined]
        return None
    result = in_type_of(_inv(below), like)
    return None if result is None else [result]
