"""Builds a random program statement by statement; every expression is also computed, so that the next ones can fit it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from differential import values
from differential.choices import Choices
from differential.program import NAMES, Input, Program, Statement
from neano.backends.reference.run_node import run_node
from neano.graph.errors import MethodNotDefined
from neano.graph.traverse import ancestors, toposort
from neano.graph.variable import Constant, Variable
from neano.tensor.type import TensorType

LENGTHS = {0: 4, 1: 10, 2: 22, 3: 22, 4: 8, 5: 8, 7: 4, 17: 3, 33: 2}
RANKS = {2: 34, 1: 34, 0: 16, 3: 12, 4: 2}
MOST_ELEMENTS = 400


class Refused(Exception):
    """An expression that the program cannot have: too large, wrongly typed, or failing at run time."""


class Builder:
    """A program in the making.

    Attributes:
        pool: names of tensors, oldest first.
        values: what each variable is, by reference.
        failing: an expression that fails at run time was taken as an output; nothing may follow it.
    """

    def __init__(self, choices: Choices) -> None:
        self.choices = choices
        self.wild = choices.chance(25)
        self.inputs: list[Input] = []
        self.statements: list[Statement] = []
        self.names: dict[str, Any] = dict(NAMES)
        self.pool: list[str] = []
        self.values: dict[Variable, Any] = {}
        self.failing: str | None = None
        self.lengths = [choices.weighted(LENGTHS) for _ in range(3)]
        self.dtypes = [choices.weighted(values.DTYPES) for _ in range(choices.integer(1, 3))]

    # what is there

    def variable(self, name: str) -> Any:
        return self.names[name]

    def value(self, name: str) -> Any:
        return self.values[self.names[name]]

    def rank(self, name: str) -> int:
        return int(self.names[name].ndim)

    def dtype(self, name: str) -> str:
        return str(self.names[name].dtype)

    def kind(self, name: str) -> str:
        """Return the dtype's kind: b, i, u, f or c."""
        return np.dtype(self.dtype(name)).kind

    def any_name(self, kinds: str = "biufc", least: int = 0, most: int = 5) -> str:
        """Return a tensor of some kinds of dtype and ranks; newer ones oftener.

        Raises:
            Refused: there is none.
        """
        found = [n for n in reversed(self.pool) if self.kind(n) in kinds and least <= self.rank(n) <= most]
        if not found:
            raise Refused("no such tensor")
        return self.choices.pick(found[:4] if self.choices.chance(60) else found)

    # what is added

    def shape(self, rank: int) -> tuple[int, ...]:
        """Return a shape of the program's few lengths."""
        return tuple(self.choices.pick(self.lengths) for _ in range(rank))

    def array(self, shape: tuple[int, ...], dtype: str) -> np.ndarray[Any, Any]:
        kind = self.choices.weighted(values.KINDS) if self.wild else "tame"
        return values.random_array(shape, dtype, kind, self.choices.integer(0, 10_000))

    def add_input(self, shared: bool = False) -> str:
        """Add an input of a random type and return its name."""
        rank = self.choices.weighted(RANKS)
        shape = self.shape(rank)
        dtype = self.choices.pick(self.dtypes)
        return self.input_like(self.array(shape, dtype), shared)

    def input_like(self, array: np.ndarray[Any, Any], shared: bool = False) -> str:
        name = f"{'s' if shared else 'x'}{len(self.inputs)}"
        stretches = not shared and self.choices.chance(60)
        broadcastable = tuple(n == 1 and stretches for n in array.shape)
        layout = "C" if shared else values.layout_of(self.choices, array)
        made = Input(name, array.dtype.name, broadcastable, values.literal(array), layout, shared)
        self.inputs.append(made)
        exec(made.declaration, self.names)
        self.values[self.names[name]] = array
        self.pool.append(name)
        return name

    def bind(self, text: str, fresh: bool = True) -> str:
        """Add a statement and return the name of its value (of the first of several).

        Args:
            fresh: whether the value joins the pool.

        Raises:
            Refused: it is no valid expression.
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                made = eval(text, self.names)
        except (TypeError, ValueError, IndexError, NotImplementedError, MethodNotDefined) as error:
            raise Refused(f"{text}: {error}") from error
        several = list(made) if isinstance(made, (list, tuple)) else [made]
        if not several or not all(isinstance(getattr(v, "type", None), TensorType) for v in several):
            raise Refused(f"{text} is no tensor")
        self._compute(text, several)
        first = len(self.statements)
        names = [f"v{first}{'abcdefgh'[i] if len(several) > 1 else ''}" for i in range(len(several))]
        self.statements.append(Statement(tuple(names), text, isinstance(made, (list, tuple))))
        self.names.update(zip(names, several, strict=True))
        if self.failing:
            raise Refused("nothing can follow what fails")
        if fresh:
            self.pool.extend(names)
        return names[0]

    def _compute(self, text: str, variables: list[Any]) -> None:
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for node in toposort(variables, list(self.values)):
                    inputs = [v.data if isinstance(v, Constant) else self.values[v] for v in node.inputs]
                    computed = run_node(node, inputs, False)
                    if any(np.size(x) > MOST_ELEMENTS for x in computed):
                        raise Refused("too large")
                    self.values.update(zip(node.outputs, computed, strict=True))
        except (ValueError, IndexError, TypeError, AssertionError, ZeroDivisionError, OverflowError) as error:
            if not self.choices.chance(12):
                raise Refused(f"{text}: {error}") from error
            self.failing = f"v{len(self.statements)}{'a' if len(variables) > 1 else ''}"
        for variable in variables:
            if isinstance(variable, Constant):
                self.values[variable] = variable.data

    # the whole

    def finish(self) -> Program:
        """Choose outputs and updates."""
        choices = self.choices
        derivative = self._derivative() if choices.chance(35) else None
        recent = self.pool[-6:]
        outputs = choices.some(recent, 3)
        if self.failing:
            outputs.append(self.failing)
        elif self.pool[-1] not in outputs:
            outputs.append(self.pool[-1])
        if derivative:
            outputs = [*dict.fromkeys([*outputs, derivative[0], *derivative[2]])]
        updates = []
        for each in self.inputs:
            if not each.shared:
                continue
            fitting = [n for n in self.pool if n != each.name and self._updates(n, each.name)]
            if fitting and choices.chance(75):
                updates.append((each.name, choices.pick(fitting[::-1])))
        return Program(
            tuple(self.inputs),
            tuple(self.statements),
            tuple(outputs),
            tuple(updates),
            () if derivative else self._givens(),
            self.wild,
            derivative,
        )

    def _derivative(self) -> tuple[str, tuple[str, ...], tuple[str, ...]] | None:
        """Differentiate a number that comes from a tensor of floats by one or two inputs."""
        choices = self.choices
        inner = [n for n in self.pool if n.startswith("v") and self.kind(n) == "f"][::-1]
        inputs = [each.name for each in self.inputs if self.kind(each.name) == "f"]
        if not inner or not inputs or self.failing:
            return None
        x = choices.pick(inner)
        weights = values.literal(self.array(self.value(x).shape, self.dtype(x)))
        forms = (f"T.sum({x})", f"T.sum(T.sqr({x}))", f"T.sum({x} * T.constant({weights}))", f"T.mean(T.sin({x}))")
        by = tuple(choices.some(inputs, 2))
        try:
            cost = self.bind(choices.pick(forms))
            first = self.bind(f"neano.grad({cost}, [{', '.join(by)}], disconnected_inputs='ignore')")
        except Refused:
            return None
        return cost, by, self.statements[-1].names if first else ()

    def _updates(self, name: str, shared: str) -> bool:
        new, old = self.names[name], self.names[shared]
        return bool(new.dtype == old.dtype and new.ndim == old.ndim and not any(new.broadcastable))

    def _givens(self) -> tuple[tuple[str, str], ...]:
        inner = [n for n in self.names if n.startswith("v") and n in self.pool]
        inputs = [each for each in self.inputs if not each.shared]
        if len(inner) < 2 or len(inputs) < 2 or not self.choices.chance(6):
            return ()
        pairs = [
            (a, each.name)
            for a in inner
            for each in inputs
            if self.names[a].type == self.names[each.name].type
            and np.shape(self.value(a)) == np.shape(self.value(each.name))
            and self.names[each.name] not in ancestors([self.names[a]])
        ]
        return (self.choices.pick(pairs),) if pairs else ()
