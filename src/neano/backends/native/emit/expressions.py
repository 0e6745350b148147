"""Computes numbered expressions in registers, scalars or vectors, without recursion.

A `Select` whose branches load computes both, but their loads are performed only where the condition holds: each load is
given the guard under which it stands.
"""

from __future__ import annotations

from collections.abc import Callable

from neano.backends.native.emit.casts import convert
from neano.backends.native.emit.numbering import Numbering
from neano.backends.native.emit.scalar_table import SCALAR
from neano.backends.native.emit.text import Builder, Value, constant
from neano.backends.native.ir import Cast, Const, Dim, Load, Ref, Scalar, Select

Leaf = Callable[[int, Value | None], Value | None]
"""Gives the value of a number (a Ref, a Dim, a Load, or anything known) under a guard, None where it is to be computed."""

Shortcut = Callable[[int, list[Value]], Value | None]
"""Computes a scalar function by its number and its operands otherwise than the table does, None where it does not."""


class UnknownFunction(NotImplementedError):
    """The program names a scalar function that has no line in the native table."""


class Evaluator:
    """Computes numbers and remembers them.

    Args:
        b: where instructions are written.
        numbering: of the expressions.
        lanes: of the values.
        leaf: gives what is not computed from operands.
        alias: the number of the expression that a number stands for (a `Let` inside the loop), None for itself.
        through_loads: whether the indices of a load are computed before `leaf` is asked for it.
        shortcut: computes what has a way of its own here.
    """

    def __init__(
        self,
        b: Builder,
        numbering: Numbering,
        lanes: int,
        leaf: Leaf,
        alias: Callable[[int], int | None] = lambda number: None,
        through_loads: bool = True,
        shortcut: Shortcut = lambda number, operands: None,
    ) -> None:
        self.b, self.numbering, self.lanes = b, numbering, lanes
        self.leaf, self.alias, self.through_loads, self.shortcut = leaf, alias, through_loads, shortcut
        self.known: dict[tuple[int, str], Value] = {}
        self._masks: dict[tuple[int, str, bool], Value] = {}

    def get(self, number: int, guard: Value | None = None) -> Value | None:
        """Return a value that is known under a guard, or without any."""
        found = self.known.get((number, ""))
        return found if found is not None or guard is None else self.known.get((number, guard.text))

    def evaluate(self, root: int, root_guard: Value | None = None) -> Value:
        """Return the value of a number."""
        stack: list[tuple[int, Value | None, int]] = [(root, root_guard, 0)]
        while stack:
            number, guard, phase = stack.pop()
            if not self.numbering.loads[number]:
                guard = None
            if self.get(number, guard) is not None:
                continue
            operands = self._operands(number, guard, phase)
            if self.get(number, guard) is not None:
                continue
            if operands:
                stack.append((number, guard, phase + 1))
                stack.extend((operand, its_guard, 0) for operand, its_guard in reversed(operands))
            else:
                self.known[number, "" if guard is None else guard.text] = self._compute(number, guard)
        found = self.get(root, root_guard)
        assert found is not None
        return found

    def _operands(self, number: int, guard: Value | None, phase: int) -> list[tuple[int, Value | None]]:
        """Return what has to be computed next, with the guards, before the number can be."""
        node, kids = self.numbering.nodes[number], self.numbering.kids[number]
        other = self.alias(number)
        if other is not None:
            return [(other, guard)] if phase == 0 else []
        if isinstance(node, Select) and any(self.numbering.loads[k] for k in kids[1:]):
            if phase == 0:
                return [(kids[0], guard)]
            if phase == 1:
                return [(kids[1], self.mask(kids[0], guard, True)), (kids[2], self.mask(kids[0], guard, False))]
            return []
        if phase or (isinstance(node, Load) and not self.through_loads):
            return []
        if self.leaf_known(number, guard):
            return []
        return [(kid, guard) for kid in kids]

    def leaf_known(self, number: int, guard: Value | None) -> bool:
        """Remember and report what `leaf` knows at once about a number that is neither a Ref, a Dim nor a Load."""
        if isinstance(self.numbering.nodes[number], (Load, Ref, Dim, Const)):
            return False
        found = self.leaf(number, guard)
        if found is not None:
            self.known[number, ""] = found
        return found is not None

    def mask(self, condition: int, guard: Value | None, holds: bool) -> Value:
        """Return the guard narrowed to where a condition, which has been computed, holds or does not hold."""
        key = (condition, "" if guard is None else guard.text, holds)
        if key not in self._masks:
            found = self.get(condition, guard)
            assert found is not None
            every = constant(True, "bool", self.lanes)
            narrowed = found if holds else self.b.int_op("xor", found, every)
            self._masks[key] = narrowed if guard is None else self.b.int_op("and", guard, narrowed)
        return self._masks[key]

    def _value(self, number: int, guard: Value | None) -> Value:
        found = self.get(number, guard)
        assert found is not None
        return found

    def _compute(self, number: int, guard: Value | None) -> Value:
        node, kids = self.numbering.nodes[number], self.numbering.kids[number]
        other = self.alias(number)
        if other is not None:
            return self._value(other, guard)
        match node:
            case Const():
                return constant(node.value, node.dtype, self.lanes)
            case Scalar():
                if node.function not in SCALAR:
                    raise UnknownFunction(f"the native backend has no code for the scalar function {node.function!r}")
                operands = [self._value(k, guard) for k in kids]
                result = self.shortcut(number, operands) or SCALAR[node.function](self.b, operands, node.dtype)
                return convert(self.b, result, node.dtype)
            case Cast():
                return convert(self.b, self._value(kids[0], guard), node.dtype)
            case Select():
                condition = self._value(kids[0], guard)
                guards = (guard, guard)
                if any(self.numbering.loads[k] for k in kids[1:]):
                    guards = (self.mask(kids[0], guard, True), self.mask(kids[0], guard, False))
                then, otherwise = (self._value(k, g) for k, g in zip(kids[1:], guards, strict=True))
                return self.b.select(condition, then, otherwise)
            case _:
                found = self.leaf(number, guard)
                if found is None:
                    raise LookupError(f"{node!r} has no value here")
                return found
