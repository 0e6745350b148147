"""Value numbering: expressions of equal structure get one number, operands lower numbers than what uses them.

The emitter works on numbers: each is computed once a block, and questions about it are answered in one pass upward.
"""

from __future__ import annotations

from collections.abc import Hashable

from neano.backends.native.ir import Cast, Const, Dim, Expr, Load, Ref, Scalar, Select
from neano.backends.native.traverse import operands, postorder


class Numbering:
    """Numbers of expressions; `nodes[n]` is an expression with number n, `kids[n]` are its operands' numbers."""

    def __init__(self) -> None:
        self.nodes: list[Expr] = []
        self.kids: list[tuple[int, ...]] = []
        self.loads: list[bool] = []
        self._by_id: dict[int, int] = {}
        self._by_key: dict[Hashable, int] = {}
        self._kept: list[Expr] = []

    def number(self, expr: Expr) -> int:
        """Return the number of an expression."""
        known = self._by_id.get(id(expr))
        if known is not None:
            return known
        for item in postorder((expr,)):
            if id(item) in self._by_id:
                continue
            kids = tuple(self._by_id[id(operand)] for operand in operands(item))
            key = _key(item, kids)
            number = self._by_key.get(key)
            if number is None:
                number = self._by_key[key] = len(self.nodes)
                self.nodes.append(item)
                self.kids.append(kids)
                self.loads.append(isinstance(item, Load) or any(self.loads[k] for k in kids))
            self._by_id[id(item)] = number
            self._kept.append(item)
        return self._by_id[id(expr)]


def _key(expr: Expr, kids: tuple[int, ...]) -> Hashable:
    match expr:
        case Const():
            return ("const", repr(expr.value), expr.dtype)
        case Ref():
            return ("ref", expr.name, expr.dtype)
        case Dim():
            return ("dim", expr.buffer, expr.axis)
        case Load():
            return ("load", expr.buffer, kids)
        case Scalar():
            return (expr.function, expr.dtype, kids)
        case Cast():
            return ("cast to", expr.dtype, kids)
        case Select():
            return ("select of", kids)
