"""What `/` means between scalar variables, where both are integers: `config.int_division` decides."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from neano.config import config
from neano.scalar.dtypes import is_discrete
from neano.scalar.rows import row


class IntegerDivisionError(Exception):
    """Two integers are divided with `/` while `config.int_division` is 'raise'."""


def int_or_true_div(x_discrete: bool, y_discrete: bool) -> Any:
    """Return the row that divides operands of these kinds, as `config.int_division` says.

    Raises:
        IntegerDivisionError: both are discrete and the flag is 'raise'.
    """
    if not (x_discrete and y_discrete) or config.int_division == "floatX":
        return row("true_div")
    if config.int_division == "raise":
        raise IntegerDivisionError(
            "`/` between integers is refused by config.int_division='raise': use `//` (or int_div) for a rounded "
            "quotient, true_div for a floating-point one, or cast an operand"
        )
    warnings.warn(
        "`/` between integers means floor division here; write `//` for that, or true_div for a float",
        DeprecationWarning,
        stacklevel=4,
    )
    return row("int_div")


def div_proxy(x: Any, y: Any) -> Any:
    """Return x / y, rounded down between discrete operands where `config.int_division` is 'int'."""
    discrete = [is_discrete(v.dtype if hasattr(v, "dtype") else np.asarray(v).dtype.name) for v in (x, y)]
    return int_or_true_div(*discrete)(x, y)
