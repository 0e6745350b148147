"""The functions of the scalar table on tensors, one `Elemwise` a row, and what is made of them (`cast`, `round` ...).

The names of the rows are the names here; users may look at `exp.scalar_op` or call `exp.make_node(x)` as of any op.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

import neano.scalar.table  # noqa: F401 - declares the rows
from neano.graph.variable import Constant
from neano.scalar.division import int_or_true_div
from neano.scalar.dtypes import check_dtype, is_complex, is_discrete
from neano.scalar.rows import ROWS, row
from neano.tensor import static
from neano.tensor.convert import as_tensor_variable
from neano.tensor.elemwise import DimShuffle, Elemwise
from neano.tensor.statistics import is_infinite, is_nan

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...


CAST_PREFIX = "convert_to_"


def _operation(op: Any) -> Elemwise:
    """Return the operation of a row on tensors, printed as Theano prints it."""
    if op.name.startswith(CAST_PREFIX):
        return Elemwise(op, name=f"Elemwise{{Cast{{{op.name.removeprefix(CAST_PREFIX)}}}}}")
    return Elemwise(op, name="Elemwise{identity}" if op.name == "identity" else f"Elemwise{{{op},no_inplace}}")


ELEMENTWISE: dict[str, Elemwise] = {name: _operation(op) for name, op in ROWS.items() if not name.startswith("scalar_")}
"""The operation of each row on tensors, by the row's name."""

ALIASES = {
    "bitwise_and": "and_",
    "bitwise_or": "or_",
    "bitwise_xor": "xor",
    "bitwise_not": "invert",
    "fill": "second",
    "square": "sqr",
    "where": "switch",
    "floor_div": "int_div",
    "tensor_copy": "identity",
    "power": "pow",
    "sign": "sgn",
    "reciprocal": "inv",
}
"""Further names of rows: NumPy's and Theano's."""

ELEMENTWISE.update({alias: ELEMENTWISE[name] for alias, name in ALIASES.items()})

globals().update(ELEMENTWISE)

isnan = is_nan
isinf = is_infinite


def cast(x: Any, dtype: Any) -> Any:
    """Return `x` in a dtype; the very same variable where it has it.

    Raises:
        TypeError: a complex tensor would become real.
    """
    x = as_tensor_variable(x)
    wanted = check_dtype(dtype)
    if x.dtype == wanted:
        return x
    if is_complex(x.dtype) and not is_complex(wanted):
        raise TypeError(
            f"casting {x.dtype} to {wanted} would drop the imaginary part: take real, imag, abs or angle of it"
        )
    return ELEMENTWISE[CAST_PREFIX + wanted](x)


def round(a: Any, mode: str | None = None) -> Any:
    """Return `a` rounded to integers, in its own (floating-point) dtype.

    Args:
        a: a tensor of floats.
        mode: 'half_to_even' (the default) or 'half_away_from_zero'.

    Raises:
        TypeError: the elements are not floats.
        ValueError: there is no such mode.
    """
    mode = mode or "half_to_even"
    if mode not in ("half_to_even", "half_away_from_zero"):
        raise ValueError(f"round mode {mode!r} does not exist; use 'half_to_even' or 'half_away_from_zero'")
    return ELEMENTWISE[f"round_{mode}"](a)


def iround(a: Any, mode: str | None = None) -> Any:
    """Return `a` rounded to int64; see `round`."""
    return cast(round(a, mode), "int64")


def divmod(x: Any, y: Any) -> tuple[Any, Any]:
    """Return the quotient rounded down and the remainder, which has the divisor's sign."""
    return ELEMENTWISE["int_div"](x, y), ELEMENTWISE["mod"](x, y)


def mod_check(x: Any, y: Any) -> Any:
    """Return the remainder; see `mod`.

    Raises:
        ComplexError: an operand is complex.
    """
    return ELEMENTWISE["mod"](x, y)


def ceil_intdiv(a: Any, b: Any) -> Any:
    """Return the quotient of integers rounded up."""
    quotient = ELEMENTWISE["int_div"](a, b)
    return quotient + cast(ELEMENTWISE["neq"](ELEMENTWISE["mod"](a, b), 0), quotient.dtype)


def div_proxy(x: Any, y: Any) -> Any:
    """Return the quotient, of integers as `config.int_division` says."""
    x, y = as_tensor_variable(x), as_tensor_variable(y)
    chosen = int_or_true_div(is_discrete(x.dtype), is_discrete(y.dtype))
    return ELEMENTWISE[chosen.name](x, y)


def smallest(*args: Any) -> Any:
    """Return the elementwise minimum of tensors."""
    return _fold("minimum", args)


def largest(*args: Any) -> Any:
    """Return the elementwise maximum of tensors."""
    return _fold("maximum", args)


def _fold(name: str, operands: Sequence[Any]) -> Any:
    if not operands:
        raise TypeError(f"{name} of no tensors is not defined")
    result = as_tensor_variable(operands[0])
    for operand in operands[1:]:
        result = row(name)(result, operand)
    return result


# What the operations say of constants behind them

_ARITHMETIC = (
    "add",
    "sub",
    "mul",
    "true_div",
    "int_div",
    "floor_div",
    "mod",
    "pow",
    "sqr",
    "neg",
    "abs_",
    "ceil",
    "floor",
)
_CHOICES = ("identity", "second", "switch", "minimum", "maximum")
_CONDITIONS = ("eq", "neq", "lt", "le", "gt", "ge", "and_", "or_", "invert")
_FOLDED = frozenset([*_ARITHMETIC, *_CHOICES, *_CONDITIONS])
"""The rows through which a constant is computed while the graph is built: those that shapes are written in."""


@static.scalar_value.register(Elemwise)
def _elementwise_value(op: Elemwise, node: Any, index: int, follow: static.Follow) -> Any:
    name = op.scalar_op.name or ""
    if name == "second":
        return np.asarray(follow(node.inputs[1]), dtype=node.outputs[0].type.dtype)
    if name == "switch" and isinstance(node.inputs[0], Constant):
        chosen = node.inputs[1] if follow(node.inputs[0]) else node.inputs[2]
        return np.asarray(follow(chosen), dtype=node.outputs[0].type.dtype)
    if name not in _FOLDED and not name.startswith(CAST_PREFIX):
        raise static.NotScalarConstantError(f"{op} is not computed while the graph is built")
    values = [follow(v) for v in node.inputs]
    return np.asarray(op.scalar_op.reference(values, [v.type.dtype for v in node.outputs])[index])


@static.scalar_value.register(DimShuffle)
def _dimshuffle_value(op: DimShuffle, node: Any, index: int, follow: static.Follow) -> Any:
    return follow(node.inputs[0])


@static.vector_entries.register(Elemwise)
def _elementwise_entries(op: Elemwise, node: Any) -> Sequence[int | None] | None:
    """A cast of a shape keeps what is known of it."""
    name = op.scalar_op.name or ""
    if (name.startswith(CAST_PREFIX) or name == "identity") and is_discrete(node.outputs[0].type.dtype):
        return static.static_entries(node.inputs[0])
    return None
