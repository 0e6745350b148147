"""Building loop-IR expressions: interned, so that equal ones are one object, and folded where operands are known.

While a plan is made, loop number t of a nest is always called `i<t>`, so that expressions of two nests that become one need
no renaming. What an expression reads of values that are computed elsewhere in the function stands in it as an `Access`; it
becomes a load, or a name in the same loop, once the loops are settled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neano.backends.native import ir
from neano.backends.native.traverse import operands
from neano.scalar.dtypes import is_discrete

if TYPE_CHECKING:
    from neano.backends.native.schedule.plan import Item, Stored


@dataclass(frozen=True, slots=True, eq=False)
class Access:
    """An element of a stored value."""

    stored: Stored
    index: tuple[Expr, ...]
    dtype: str


Expr = ir.Expr | Access

COSTS = {
    **dict.fromkeys(("true_div", "sqrt", "int_div", "mod", "inv"), 6),
    **dict.fromkeys(
        (
            "exp",
            "exp2",
            "expm1",
            "log",
            "log2",
            "log10",
            "log1p",
            "sin",
            "cos",
            "tan",
            "tanh",
            "sinh",
            "cosh",
            "arcsin",
            "arccos",
            "arctan",
            "arctan2",
            "arcsinh",
            "arccosh",
            "arctanh",
            "sigmoid",
            "softplus",
            "pow",
            "erf",
            "erfc",
        ),
        20,
    ),
}
"""Cost of one scalar function relative to an addition; functions that stand in no table cost 1, special ones 40."""

_SPECIAL = 40
_CHEAP_FUNCTIONS = frozenset(
    [
        "add",
        "sub",
        "mul",
        "neg",
        "abs_",
        "sgn",
        "maximum",
        "minimum",
        "lt",
        "le",
        "gt",
        "ge",
        "eq",
        "neq",
        "and_",
        "or_",
        "xor",
        "invert",
        "sqr",
        "floor",
        "ceil",
        "trunc",
        "isnan",
        "isinf",
        "round_half_to_even",
        "real",
        "imag",
        "conj",
        "complex",
        "clip",
        "identity",
        "second",
        "switch",
    ]
)


MOST_IN_A_ROW = 32
"""A sum or product of more operands is taken in halves, so that expressions stay shallow (and rounding errors small)."""


def cost_of(function: str) -> int:
    """Return the cost of a scalar function relative to an addition."""
    cheap = function in _CHEAP_FUNCTIONS or function.startswith("convert_to_")
    return COSTS.get(function) or (1 if cheap else _SPECIAL)


@dataclass(slots=True)
class Facts:
    """What is known of an expression: the innermost loop that it depends on (-1: none), its cost, what must be done first."""

    depth: int
    cost: int
    needs: frozenset[Item]


_NOTHING: frozenset[Item] = frozenset()

_COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "eq": lambda a, b: a == b,
    "neq": lambda a, b: a != b,
}
_INTEGER_ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "maximum": max,
    "minimum": min,
    "int_div": lambda a, b: a // b,
    "mod": lambda a, b: a % b,
}


class Expressions:
    """Makes the expressions of one function. Equal expressions are the same object, so identity is equality."""

    def __init__(self) -> None:
        self._table: dict[Any, Expr] = {}
        self._facts: dict[int, Facts] = {}

    def facts(self, expr: Expr) -> Facts:
        return self._facts[id(expr)]

    def _intern(self, key: Any, make: Any, children: Sequence[Expr], cost: int, depth: int = -1) -> Any:
        found = self._table.get(key)
        if found is None:
            found = self._table[key] = make()
            needs = _NOTHING
            for child in children:
                facts = self._facts[id(child)]
                depth = max(depth, facts.depth)
                cost += facts.cost
                if facts.needs:
                    needs = needs | facts.needs
            self._facts[id(found)] = Facts(depth, min(cost, 1_000_000), needs)
        return found

    def after(self, expr: Expr, item: Item) -> Expr:
        """Record that the expression may be evaluated only after an item (a guard, a call) is done; return it."""
        facts = self._facts[id(expr)]
        facts.needs = facts.needs | {item}
        return expr

    def const(self, value: Any, dtype: str = "int64") -> ir.Const:
        array = np.asarray(value).astype(dtype)
        key = ("const", dtype, array.tobytes())
        return self._intern(key, lambda: ir.Const(array.item(), dtype), (), 0)  # type: ignore[no-any-return]

    def index(self, depth: int) -> ir.Ref:
        """Return the index of loop number `depth`."""
        return self._intern(("index", depth), lambda: ir.Ref(f"i{depth}", "int64"), (), 0, depth)  # type: ignore[no-any-return]

    def dim(self, buffer: str, axis: int) -> ir.Dim:
        return self._intern(("dim", buffer, axis), lambda: ir.Dim(buffer, axis), (), 0)  # type: ignore[no-any-return]

    def load(self, buffer: str, index: Sequence[Expr], dtype: str) -> Expr:
        key = ("load", buffer, *map(id, index))
        return self._intern(key, lambda: ir.Load(buffer, tuple(index), dtype), index, 1)  # type: ignore[arg-type, no-any-return]

    def access(self, stored: Stored, index: Sequence[Expr], dtype: str) -> Expr:
        key = ("access", id(stored), *map(id, index))
        return self._intern(key, lambda: Access(stored, tuple(index), dtype), index, 1)  # type: ignore[no-any-return]

    def cast(self, value: Expr, dtype: str) -> Expr:
        if value.dtype == dtype:
            return value
        if isinstance(value, ir.Const) and not isinstance(value.value, complex):
            with np.errstate(all="ignore"):
                return self.const(np.asarray(value.value, dtype=value.dtype).astype(dtype), dtype)
        return self._intern(("cast", dtype, id(value)), lambda: ir.Cast(value, dtype), (value,), 1)  # type: ignore[arg-type, no-any-return]

    def select(self, condition: Expr, then: Expr, otherwise: Expr) -> Expr:
        if isinstance(condition, ir.Const):
            return then if condition.value else otherwise
        if then is otherwise:
            return then
        key = ("select", id(condition), id(then), id(otherwise))
        children = (condition, then, otherwise)
        return self._intern(key, lambda: ir.Select(condition, then, otherwise, then.dtype), children, 1)  # type: ignore[arg-type, no-any-return]

    def switch(self, condition: Expr, then: Expr, otherwise: Expr) -> Expr:
        """Return a choice between two values that are both there: unlike those of a `select`, their loads need no guard."""
        if isinstance(condition, ir.Const) or then is otherwise:
            return self.select(condition, then, otherwise)
        return self.scalar("switch", (condition, then, otherwise), then.dtype)

    def scalar(self, function: str, args: Sequence[Expr], dtype: str) -> Expr:
        """Return a row of the scalar table applied to operands of the dtypes that it computes in."""
        if len(args) > 2 and function in ("add", "mul", "maximum", "minimum", "and_", "or_", "xor"):
            if len(args) > MOST_IN_A_ROW:
                halves = (args[: len(args) // 2], args[len(args) // 2 :])
                return self.scalar(function, [self.scalar(function, half, dtype) for half in halves], dtype)
            result = args[0]
            for arg in args[1:]:
                result = self.scalar(function, (result, arg), dtype)
            return result
        if len(args) == 1 and function in ("add", "mul"):
            return args[0]
        folded = self._fold(function, args, dtype)
        if folded is not None:
            return folded
        key = ("scalar", function, dtype, *map(id, args))
        return self._intern(  # type: ignore[no-any-return]
            key,
            lambda: ir.Scalar(function, tuple(args), dtype),  # type: ignore[arg-type]
            args,
            cost_of(function),
        )

    def _fold(self, function: str, args: Sequence[Expr], dtype: str) -> Expr | None:
        """Return a simpler expression for integer index arithmetic, None where there is none."""
        if len(args) == 1 and function == "neg" and dtype == "int64":
            return self._negated(args[0])
        if len(args) != 2 or not is_discrete(args[0].dtype) or args[0].dtype == "bool":
            return None
        a, b = args
        if isinstance(a, ir.Const) and isinstance(b, ir.Const):
            x, y = int(a.value), int(b.value)
            if function in _COMPARISONS:
                return self.const(_COMPARISONS[function](x, y), "bool")
            if function in _INTEGER_ARITHMETIC and (y != 0 or function not in ("int_div", "mod")):
                value = _INTEGER_ARITHMETIC[function](x, y)
                bounds = np.iinfo(dtype)
                return self.const(value, dtype) if bounds.min <= value <= bounds.max else None
            return None
        if a is b:
            if function in ("eq", "le", "ge"):
                return self.const(True, "bool")
            if function in ("neq", "lt", "gt"):
                return self.const(False, "bool")
            if function in ("maximum", "minimum"):
                return a
            if function == "sub":
                return self.const(0, dtype)
        if isinstance(b, ir.Const):
            if (b.value == 0 and function in ("add", "sub")) or (b.value == 1 and function in ("mul", "int_div")):
                return a
        elif isinstance(a, ir.Const) and ((a.value == 0 and function == "add") or (a.value == 1 and function == "mul")):
            return b
        return self._fold_lengths(function, a, b, dtype)

    def _negated(self, expr: Expr) -> Expr | None:
        if isinstance(expr, ir.Const):
            return self.const(-expr.value)
        if isinstance(expr, ir.Scalar) and expr.function == "sub":
            return self.sub(expr.args[1], expr.args[0])
        if isinstance(expr, ir.Scalar) and expr.function == "neg":
            return expr.args[0]
        return None

    def _fold_lengths(self, function: str, a: Expr, b: Expr, dtype: str) -> Expr | None:
        """Use that lengths are never negative."""
        if isinstance(a, ir.Dim) and isinstance(b, ir.Const):
            if b.value <= 0 and function in ("lt", "ge"):
                return self.const(function == "ge", "bool")
            if b.value < 0 and function in ("le", "gt", "eq", "neq"):
                return self.const(function in ("gt", "neq"), "bool")
            if b.value <= 0 and function in ("maximum", "minimum"):
                return a if function == "maximum" else (b if b.value == 0 else None)
        if isinstance(b, ir.Dim) and isinstance(a, ir.Const):
            mirrored = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le"}.get(function, function)
            if mirrored != function or function in ("maximum", "minimum", "eq", "neq"):
                return self._fold_lengths(mirrored, b, a, dtype)
        return None

    # Index arithmetic

    def add(self, a: Expr, b: Expr) -> Expr:
        return self.scalar("add", (a, b), "int64")

    def sub(self, a: Expr, b: Expr) -> Expr:
        return self.scalar("sub", (a, b), "int64")

    def mul(self, a: Expr, b: Expr) -> Expr:
        return self.scalar("mul", (a, b), "int64")

    def compare(self, function: str, a: Expr, b: Expr) -> Expr:
        return self.scalar(function, (a, b), "bool")

    def product(self, factors: Sequence[Expr]) -> Expr:
        """Return the product of int64 expressions, 1 for none."""
        result: Expr = self.const(1)
        for factor in factors:
            result = self.mul(result, factor)
        return result


def children_of(expr: Expr) -> tuple[Expr, ...]:
    """Return the expressions that an expression is made of."""
    return expr.index if isinstance(expr, Access) else operands(expr)


def accesses_in(expr: Expr) -> list[Access]:
    """Return what an expression reads of stored values, each once."""
    found: list[Access] = []
    seen: set[int] = set()
    stack = [expr]
    while stack:
        current = stack.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, Access):
            found.append(current)
        stack.extend(children_of(current))
    return found
