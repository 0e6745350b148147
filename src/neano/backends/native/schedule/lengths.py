"""Lengths while a plan is made: expressions for them, which of them are one, and checks that those that must agree do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neano.backends.native import ir
from neano.backends.native.schedule.expressions import Access, Expr, Expressions, children_of
from neano.backends.native.schedule.plan import Guard, Plan
from neano.graph.traverse import toposort
from neano.graph.variable import Apply, Constant, Variable
from neano.tensor.convert import constant
from neano.tensor.type import TensorType


class Lengths(ABC):
    """What a planner knows of lengths. Those that were found to be equal are one expression (`find`).

    Attributes:
        x: makes expressions.
        plan: takes the checks.
    """

    def __init__(self) -> None:
        self.x = Expressions()
        self.plan = Plan(self.x)
        self._lengths: dict[Variable, tuple[Expr, ...]] = {}
        self._defined: dict[Variable, Callable[[Sequence[Expr]], Expr]] = {}
        self._parents: dict[int, Expr] = {}
        self._made: dict[str, int] = {}
        self._bound: dict[int, Variable] = {}
        self._node_numbers: dict[Apply, int] = {}
        self._late_guards: list[Guard] = []

    @abstractmethod
    def plan_node(self, node: Apply) -> None:
        """Take a node into the plan."""

    @abstractmethod
    def value(self, variable: Variable, index: Sequence[Expr]) -> Expr:
        """Return the element of a variable at an index, as an expression."""

    def find(self, length: Expr) -> Expr:
        """Return the one expression that stands for a length and all that are known to equal it."""
        while (parent := self._parents.get(id(length))) is not None:
            length = parent
        return length

    def lengths(self, variable: Variable) -> tuple[Expr, ...]:
        """Return the length of each dimension of a variable."""
        found = self._lengths.get(variable)
        if found is None:
            if isinstance(variable, Constant):
                found = tuple(self.x.const(n) for n in np.shape(variable.data))
            else:
                for node in toposort([variable], self._lengths):
                    self.plan_node(node)
                found = self._lengths[variable]
            self._lengths[variable] = found
        return tuple(self.find(length) for length in found)

    def set_lengths(self, variable: Variable, lengths: Sequence[Expr]) -> None:
        """Record the lengths of a variable."""
        self._lengths[variable] = tuple(lengths)

    def unify(self, a: Expr, b: Expr, exception: str, template: str, node: Apply) -> Expr:
        """Demand that two lengths are equal, at run time where it is not known, and return the one to use for both."""
        a, b = self.find(a), self.find(b)
        if a is b:
            return a
        self.guard(self.x.compare("eq", a, b), exception, template, node, (a, b))
        if self._moment(b) < self._moment(a):
            a, b = b, a
        if not isinstance(b, ir.Const):
            self._parents[id(b)] = a
        return a

    def _moment(self, length: Expr) -> int:
        """Return from when on a length is known: -1 for a number, 0 where it comes from inputs, else the last value's number.

        What was planned before two lengths were found to be equal may use the one that stands for both: it must be there.
        """
        if isinstance(length, ir.Const):
            return -1
        moment = 0
        stack: list[Expr] = [length]
        while stack:
            expr = stack.pop()
            if isinstance(expr, ir.Dim):
                moment = max(moment, self._made.get(expr.buffer, 0))
            elif isinstance(expr, Access):
                moment = max(moment, self._made.get(expr.stored.name, 0))
            stack.extend(children_of(expr))
        return moment

    def guard(
        self,
        condition: Expr,
        exception: str,
        template: str,
        node: Apply,
        args: Sequence[Expr] = (),
        everywhere: bool = True,
    ) -> Guard | None:
        """Demand that a condition holds at run time; None where it certainly does.

        Args:
            condition: what must hold.
            exception, template: the error's class and message.
            node: which is to blame.
            args: numbers for the message.
            everywhere: whether all that is planned later waits for it; otherwise only what says so (`Expressions.after`).
        """
        if isinstance(condition, ir.Const) and condition.value:
            return None
        number = self._node_numbers.get(node)
        if number is None:
            number = self._node_numbers[node] = len(self.plan.nodes)
            self.plan.nodes.append(node)
        self.plan.errors.append((exception, template, number))
        guard = Guard(condition, len(self.plan.errors) - 1, tuple(args))
        self.plan.add(guard)
        if guard.deps and everywhere:
            self._late_guards.append(guard)
        return guard

    def infer_lengths(self, node: Apply) -> list[tuple[Expr, ...]]:
        """Return the lengths of each output of a node by its `infer_shape`."""
        shapes = node.op.infer_shape(node, [self._shape_variables(v) for v in node.inputs])
        return [
            ()
            if shape is None
            else tuple(self.static_or(output, axis, self.scalar(length)) for axis, length in enumerate(shape))
            for output, shape in zip(node.outputs, shapes, strict=True)
        ]

    def static_or(self, variable: Variable, axis: int, length: Expr) -> Expr:
        """Return a length as its type states it, or the expression where it does not."""
        static = variable.type.shape[axis]  # type: ignore[attr-defined]
        return self.find(length) if static is None else self.x.const(static)

    def _shape_variables(self, variable: Variable) -> tuple[Any, ...] | None:
        """Return stand-ins for the lengths of a variable, for an Op's `infer_shape`."""
        if not isinstance(variable.type, TensorType):
            return None
        return tuple(map(self.length_variable, self.lengths(variable)))

    def length_variable(self, length: Expr) -> Any:
        if isinstance(length, ir.Const):
            return constant(np.int64(length.value))
        stand_in = self._bound.get(id(length))
        if stand_in is None:
            stand_in = self._bound[id(length)] = TensorType("int64", ())()
            self._defined[stand_in] = lambda index: length
            self._lengths[stand_in] = ()
        return stand_in

    def length_number(self, length: Expr) -> Any:
        """Return a length as an int where it is known, else as a 0-d variable that stands for it."""
        return length.value if isinstance(length, ir.Const) else self.length_variable(length)

    def scalar(self, variable: Any) -> Expr:
        """Return an int64 expression for a 0-d integer variable or a plain int."""
        if not isinstance(variable, Variable):
            return self.x.const(int(variable))
        self.lengths(variable)
        return self.x.cast(self.value(variable, ()), "int64")
