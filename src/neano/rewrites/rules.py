"""Writing rules: placeholders of several kinds, and `rule`, an equation between expressions of them.

>>> from neano.tensor.math import exp, log1p
>>> from neano.tensor.nnet.activation import softplus
>>> x = real("x")
>>> rule("softplus", log1p(exp(x)), softplus(x)).name
'softplus'
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from neano.graph.rewriting.pattern import Hole
from neano.graph.rewriting.rule import Rule
from neano.graph.traverse import ancestors
from neano.graph.variable import Constant, Variable
from neano.rewrites.language import language
from neano.rewrites.values import constant_value
from neano.scalar.dtypes import is_complex, is_discrete, is_float
from neano.tensor.type import TensorType

Range = tuple[float, float]

HOLES: dict[Variable, Hole] = {}
"""Every placeholder -> the hole that it is."""

RANGES: dict[Variable, Range] = {}
"""Every placeholder -> the interval from which tests draw its values; rules hold in it."""


def _placeholder(
    name: str, accepts: Callable[[Any], bool], dtype: str = "float64", rank: int = 0, low: float = -4, high: float = 4
) -> Any:
    variable = TensorType(dtype, (None,) * rank)(name)
    HOLES[variable] = Hole(name, accepts)
    RANGES[variable] = (low, high)
    return variable


def _dtype(variable: Any) -> str:
    return getattr(variable.type, "dtype", "")


def real(name: str, low: float = -4, high: float = 4) -> Any:
    """Return a placeholder for real tensors: floats, integers and bools.

    Args:
        name: what conditions call it.
        low, high: from where tests draw its values; give them where the equation does not hold for all numbers.
    """
    return _placeholder(name, lambda v: bool(_dtype(v)) and not is_complex(_dtype(v)), low=low, high=high)


def floating(name: str, low: float = -4, high: float = 4) -> Any:
    """Return a placeholder for tensors of real floating-point numbers; see `real`."""
    return _placeholder(name, lambda v: is_float(_dtype(v)), low=low, high=high)


def number(name: str, low: float = -4, high: float = 4) -> Any:
    """Return a placeholder for tensors of any numbers, complex ones included, but no bools; see `real`."""
    return _placeholder(name, lambda v: bool(_dtype(v)) and _dtype(v) != "bool", low=low, high=high)


def anything(name: str, low: float = -4, high: float = 4) -> Any:
    """Return a placeholder for tensors of any dtype; see `real`."""
    return _placeholder(name, lambda v: bool(_dtype(v)), low=low, high=high)


def integral(name: str, low: float = -4, high: float = 4) -> Any:
    """Return a placeholder for tensors of integers; see `real`."""
    return _placeholder(
        name, lambda v: bool(_dtype(v)) and is_discrete(_dtype(v)) and _dtype(v) != "bool", "int64", low=low, high=high
    )


def number_constant(name: str, low: float = -4, high: float = 4) -> Any:
    """Return a placeholder for constants whose elements are all one real number; see `real`."""
    return _placeholder(
        name,
        lambda v: isinstance(v, Constant) and constant_value(v) is not None and not is_complex(_dtype(v)),
        low=low,
        high=high,
    )


def float_matrix(name: str) -> Any:
    """Return a placeholder for matrices of floats."""
    return _placeholder(name, lambda v: v.type.ndim == 2 and is_float(_dtype(v)), rank=2)


def rule(
    name: str,
    patterns: Any,
    replacement: Any,
    when: Callable[..., bool] | None = None,
    exclusive: bool = False,
    tags: Sequence[str] = (),
) -> Rule:
    """Return a rule that puts the replacement where a pattern stands.

    Args:
        name: what it is called, and a tag that selects it.
        patterns: an expression of placeholders, or several that mean the same.
        replacement: an expression of the same placeholders.
        when: a condition, called with the variables of the placeholders that its parameters name.
        exclusive: apply only where no other node reads what the pattern computes on its way.
        tags: what else selects it; "stable" for rules whose right side is exact where the left one is not.
    """
    given = list(patterns) if isinstance(patterns, (list, tuple)) else [patterns]
    used = [v for v in ancestors([*given, replacement]) if v in HOLES]
    return Rule(name, given, replacement, {v: HOLES[v] for v in used}, language, when, exclusive, tags)
