"""Equations that keep precision where the written form loses it: logarithms near 1, exponentials near 0, erf's tails."""

from __future__ import annotations

from typing import Any

from neano.rewrites.phases import canonicalize, register_rules, specialize, stabilize
from neano.rewrites.rules import floating, real, rule
from neano.rewrites.values import is_made_by
from neano.scalar.rows import row

_exp, _log, _log1p, _expm1 = row("exp"), row("log"), row("log1p"), row("expm1")
_sqr, _sqrt, _abs = row("sqr"), row("sqrt"), row("abs_")
_erf, _erfc, _erfcx = row("erf"), row("erfc"), row("erfcx")
_switch, _maximum, _minimum, _gt = row("switch"), row("maximum"), row("minimum"), row("gt")

x, wide, real_float = real("x", -3, 3), real("wide", -20, 20), floating("x")
unit, positive, nonzero = real("unit", -0.9, 0.9), floating("positive", 1e-3, 5), floating("nonzero", 0.01, 5)


def _is_not_bounded(wide: Any) -> bool:
    """Say whether the operand is not the one that the rule for log(erfc(x)) itself has made."""
    return not is_made_by(wide, "minimum")


LOGARITHMS = [
    rule("local_log1p", _log(1 + unit), _log1p(unit), tags=["stable"]),
    rule("local_log1p_minus", _log(1 - unit), _log1p(-unit), tags=["stable"]),
    rule("local_log_of_exp", _log(_exp(x)), x, tags=["stable"]),
    rule("local_log_of_product_with_exp", _log(positive * _exp(x)), _log(positive) + x, tags=["stable"]),
    rule("local_log_of_quotient_with_exp", _log(_exp(x) / positive), x - _log(positive), tags=["stable"]),
    rule("local_log_sqrt", _log(_sqrt(positive)), 0.5 * _log(positive), tags=["stable"]),
    rule("local_log_sqr", _log(_sqr(nonzero)), 2 * _log(_abs(nonzero)), tags=["stable"]),
    rule("local_log1p_of_expm1", _log1p(_expm1(x)), x, tags=["stable"]),
]

EXPONENTIALS = [
    rule("local_expm1", _exp(x) - 1, _expm1(x), exclusive=True, tags=["stable"]),
    rule("local_1_minus_exp", 1 - _exp(x), -_expm1(x), exclusive=True, tags=["stable"]),
    rule("local_expm1_of_log1p", _expm1(_log1p(unit)), unit, tags=["stable"]),
]

ERRORS = [
    rule("local_one_minus_erf", 1 - _erf(x), _erfc(x), exclusive=True, tags=["stable"]),
    rule("local_one_plus_erf", 1 + _erf(x), _erfc(-x), exclusive=True, tags=["stable"]),
    rule("local_erf_minus_one", _erf(x) - 1, -_erfc(x), exclusive=True, tags=["stable"]),
    rule("local_one_minus_erfc", 1 - _erfc(x), _erf(x), exclusive=True, tags=["stable"]),
    rule("local_erfc_minus_one", _erfc(x) - 1, _erf(-x), exclusive=True, tags=["stable"]),
    rule(
        "local_log_erfc",
        _log(_erfc(wide)),
        _switch(_gt(wide, 0), _log(_erfcx(_maximum(wide, 0))) - _sqr(wide), _log(_erfc(_minimum(wide, 0)))),
        when=_is_not_bounded,
        tags=["stable"],
    ),
    rule("local_grad_log_erfc_neg", _exp(-_sqr(wide)) / _erfc(wide), 1 / _erfcx(wide), tags=["stable"]),
    rule(
        "local_grad_log_erfc_neg_product",
        [positive * _exp(-_sqr(wide)) / _erfc(wide)],
        positive / _erfcx(wide),
        tags=["stable"],
    ),
]

ROOTS = [
    rule("local_sqrt_sqr", _sqrt(_sqr(real_float)), _abs(real_float), tags=["stable"]),
    rule("local_sqr_abs", _sqr(_abs(real_float)), _sqr(real_float)),
    rule("local_sqr_neg", _sqr(-real_float), _sqr(real_float)),
    rule("local_abs_abs", _abs(_abs(real_float)), _abs(real_float)),
    rule("local_abs_neg", _abs(-real_float), _abs(real_float)),
    rule("local_abs_sqr", _abs(_sqr(real_float)), _sqr(real_float)),
    rule("local_abs_exp", _abs(_exp(real_float)), _exp(real_float)),
    rule("local_abs_sqrt", _abs(_sqrt(positive)), _sqrt(positive)),
]

register_rules(LOGARITHMS, stabilize, specialize)
register_rules(EXPONENTIALS, stabilize, specialize)
register_rules(ERRORS, stabilize, specialize)
register_rules(ROOTS, canonicalize, stabilize)
