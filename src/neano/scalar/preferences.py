"""Dtype rules in the form in which users' own scalar Ops name them: from `Scalar` types to a tuple of them.

`UnaryScalarOp(upgrade_to_float, name="my_function")` reads: the result has the operand's type, made floating-point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from neano.scalar import dtype_rules as rules
from neano.scalar.dtypes import ALL_DTYPES, COMPLEX_DTYPES, FLOAT_DTYPES, INTEGER_DTYPES, UNSIGNED_DTYPES
from neano.scalar.type import Scalar, get_scalar_type

Preference = Callable[..., tuple[Scalar, ...]]

SCALAR_TYPES: dict[str, Scalar] = {dtype: get_scalar_type(dtype) for dtype in ALL_DTYPES}
"""The type of one number of each dtype."""

int_types = tuple(SCALAR_TYPES[d] for d in INTEGER_DTYPES)
uint_types = tuple(SCALAR_TYPES[d] for d in UNSIGNED_DTYPES)
float_types = tuple(SCALAR_TYPES[d] for d in FLOAT_DTYPES)
complex_types = tuple(SCALAR_TYPES[d] for d in COMPLEX_DTYPES)
integer_types = int_types + uint_types
discrete_types = (SCALAR_TYPES["bool"], *integer_types)
continuous_types = float_types + complex_types
all_types = discrete_types + continuous_types


def _of_types(rule: Callable[..., str]) -> Preference:
    """Return the rule on names as one on types."""

    def preference(*types: Scalar) -> tuple[Scalar, ...]:
        return (get_scalar_type(rule(*[t.dtype for t in types])),)

    preference.__name__ = preference.__qualname__ = rule.__name__
    preference.__doc__ = (rule.__doc__ or "").split("\n")[0]
    return preference


upcast_out = _of_types(rules.upcast)
upcast_out_nobool = _of_types(rules.upcast_no_bool)
upcast_out_min8 = _of_types(rules.upcast_min_int8)
upcast_out_no_complex = _of_types(rules.upcast_no_complex)
upgrade_to_float = _of_types(rules.float_upcast)
upgrade_to_float_no_complex = _of_types(rules.float_upcast_no_complex)
upgrade_to_float64 = _of_types(rules.float64)
same_out = _of_types(rules.same)
same_out_nobool = _of_types(rules.same_no_bool)
same_out_min8 = _of_types(rules.same_min_int8)
same_out_float_only = _of_types(rules.same_float_only)
same_out_nocomplex = _of_types(rules.same_no_complex)
real_out = _of_types(rules.real_part)
int_out = _of_types(rules.always("int64"))
float_out = _of_types(rules.always("float64"))


def _without_complex(rule: Preference) -> Preference:
    def preference(*types: Scalar) -> tuple[Scalar, ...]:
        rules.upcast_no_complex(*[t.dtype for t in types])
        return rule(*types)

    return preference


int_out_nocomplex = _without_complex(int_out)
float_out_nocomplex = _without_complex(float_out)


class specific_out:
    """The rule that gives these types whatever the operands' are."""

    def __init__(self, *types: Scalar) -> None:
        self.types = types

    def __call__(self, *operands: Scalar) -> tuple[Scalar, ...]:
        return self.types

    def __eq__(self, other: object) -> bool:
        return isinstance(other, specific_out) and self.types == other.types

    def __hash__(self) -> int:
        return hash((specific_out, self.types))


class transfer_type:
    """The rule that gives each result the type of the operand at this position, or the common type for None.

    Args:
        positions: for each result the position of an operand, or None.
    """

    def __init__(self, *positions: int | None) -> None:
        self.positions = positions

    def __call__(self, *operands: Scalar) -> tuple[Scalar, ...]:
        common = upcast_out(*operands)[0]
        return tuple(common if position is None else operands[position] for position in self.positions)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, transfer_type) and self.positions == other.positions

    def __hash__(self) -> int:
        return hash((transfer_type, self.positions))


class unary_out_lookup:
    """The rule that looks the result's type up in a table; an operand type that is not there is refused.

    Args:
        type_table: operand type -> result type (or a tuple of them).
    """

    def __init__(self, type_table: Mapping[Any, Any]) -> None:
        self.table = dict(type_table)

    def __call__(self, operand: Scalar) -> tuple[Scalar, ...]:
        try:
            found = self.table[operand]
        except KeyError as error:
            raise TypeError(f"not defined on {operand}; known are {', '.join(map(str, self.table))}") from error
        return found if isinstance(found, tuple) else (found,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, unary_out_lookup) and self.table == other.table

    def __hash__(self) -> int:
        return hash((unary_out_lookup, frozenset(self.table.items())))
