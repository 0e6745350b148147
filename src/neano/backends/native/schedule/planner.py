"""Making a plan from a graph: what each variable is worth as an expression, and which variables get a place of their own.

A value that is a function of elements (`element`) is written into the loops of whatever reads it, unless that would repeat
costly work: then it becomes a root, which `fuse` brings into its readers' loops where it can, so that it costs a register.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from neano.backends.native import ir
from neano.backends.native.schedule.expressions import Expr
from neano.backends.native.schedule.lengths import Lengths
from neano.backends.native.schedule.plan import Invocation, Item, Operand, Plan, Root, Stored, StoredKind, Window
from neano.backends.native.schedule.registry import (
    bounds,
    element,
    is_fusible,
    needs_buffers,
    own_cost,
    plan_node,
    window,
)
from neano.graph.fgraph import FunctionGraph
from neano.graph.variable import Apply, Constant, Variable
from neano.tensor.elemwise import DimShuffle, Elemwise
from neano.tensor.type import TensorType

CHEAP = 6
"""Up to this cost (an addition or a load is 1) an expression is computed again rather than kept."""

MAX_INLINE_DEPTH = 40
"""How many operations may be written into one expression: bounds recursion and the size of a loop's body."""


class Planner(Lengths):
    """Builds the plan of one function graph.

    Args:
        fgraph: the rewritten graph; not changed.
        updates: by the position of an output, the input whose value it replaces after the call and that no caller gives.

    Attributes:
        x: makes expressions.
        plan: what has been planned so far.
        stored: the places of variables that have one.
        notes: what lowering functions want to remember of a node.
        fallbacks: the nodes that run in Python.
        last: outputs that are handed over when all else is done, and what does that for the output of a position.
    """

    def __init__(self, fgraph: FunctionGraph, updates: Mapping[int, Variable] | None = None) -> None:
        super().__init__()
        self.fgraph = fgraph
        self.updates = updates or {}
        self.stored: dict[Variable, Stored] = {}
        self._values: dict[Variable, dict[tuple[int, ...], Expr]] = {}
        self._costs: dict[Variable, int] = {}
        self._inlined: dict[Variable, int] = {}
        self.notes: dict[Any, Any] = {}
        self.fallbacks: list[Apply] = []
        self.last: dict[Variable, Callable[[int], Stored]] = {}
        self._demanded: set[Variable] = set()
        self._uses: dict[Variable, int] = {}
        self._outputs: set[Variable] = set(fgraph.outputs)
        self._order = fgraph.toposort()

    def run(self) -> Plan:
        """Return the plan."""
        self._find_demands()
        for variable in self.fgraph.inputs:
            self.plan.inputs.append(self._declare_input(variable))
        for node in self._order:
            self.plan_node(node)
        outputs = list(enumerate(self.fgraph.outputs))
        results = {k: self.result(variable) for k, variable in outputs if variable not in self.last}
        results.update((k, self.last[variable](k)) for k, variable in outputs if variable in self.last)
        self.plan.results = [results[k] for k, _ in outputs]
        for stored in self.plan.values:
            stored.lengths = tuple(self._settled(stored, length) for length in stored.lengths)
        for item in self.plan.items:  # lengths that were found to be equal later count as one now
            if isinstance(item, Root):
                item.loops = tuple(map(self.find, item.loops))
        return self.plan

    def _settled(self, stored: Stored, length: Expr) -> Expr:
        """Return a length of a place as the one that it was found equal to.

        What comes from outside keeps a length of its own where the other is a number: the check that they are equal reads
        it, and would find nothing to check in a buffer that is declared to have that length.
        """
        found = self.find(length)
        foreign = stored.kind in ("input", "view") and isinstance(found, ir.Const)
        return length if foreign else found

    # Preparation

    def _find_demands(self) -> None:
        """Find which variables must lie in memory because a call reads them, and how often each value is read."""
        clients = self.fgraph.clients
        for node in reversed(self._order):
            for i in needs_buffers(node.op, node):
                source = node.inputs[i]
                while source.owner is not None and window.dispatch(type(source.owner.op)) is not window.dispatch(
                    object
                ):
                    source = source.owner.inputs[0]
                self._demanded.add(source)
            for output in node.outputs:
                uses = 0
                for client, _ in clients(output):
                    through = not isinstance(client, str) and isinstance(client.op, DimShuffle)
                    uses += self._uses.get(client.outputs[0], 1) if through else 1  # type: ignore[union-attr]
                self._uses[output] = uses

    def _declare_input(self, variable: Variable) -> Stored:
        type_ = variable.type
        name = f"in{len(self.plan.inputs)}"
        if not isinstance(type_, TensorType):
            stored = Stored(name, "object", (), "input")
        else:
            lengths = tuple(
                self.x.dim(name, axis) if n is None else self.x.const(n) for axis, n in enumerate(type_.shape)
            )
            stored = Stored(name, type_.dtype, lengths, "input", contiguous=not lengths)
        return self.own(variable, stored)

    def own(self, variable: Variable, stored: Stored) -> Stored:
        """Make a place that something else fills the place of a variable."""
        self.stored[variable] = stored
        self._lengths[variable] = stored.lengths
        if stored.kind not in ("input", "constant"):
            self._made[stored.name] = len(self.plan.values)
        self.plan.values.append(stored)
        return stored

    def range_of(self, variable: Variable) -> tuple[Expr, Expr] | None:
        """Return the least and greatest element of an integer array where its Op says so, else None."""
        node = variable.owner
        while node is not None and isinstance(node.op, DimShuffle):
            node = node.inputs[0].owner
        return None if node is None else bounds(node.op, node, self)

    # Values

    def value(self, variable: Variable, index: Sequence[Expr]) -> Expr:
        """Return the element of a variable at an index, as an expression."""
        known = self._values.setdefault(variable, {})
        key = tuple(map(id, index))
        found = known.get(key)
        if found is None:
            found = known[key] = self._value(variable, index)
        return found

    def _value(self, variable: Variable, index: Sequence[Expr]) -> Expr:
        stored = self.stored.get(variable)
        if stored is not None:
            return self.read(stored, index)
        if variable in self._defined:
            return self._defined[variable](index)
        if isinstance(variable, Constant):
            return self._constant(variable, index)
        self.lengths(variable)
        if variable in self.stored or variable in self._defined:
            return self._value(variable, index)
        node = variable.owner
        assert node is not None, f"{variable} has no value"
        return element(node.op, node, index, self)

    def read(self, stored: Stored, index: Sequence[Expr]) -> Expr:
        """Return the element of a stored value at an index."""
        if stored.writers:
            return self.x.access(stored, index, stored.dtype)
        return self.x.load(stored.name, index, stored.dtype)

    def _constant(self, variable: Constant, index: Sequence[Expr]) -> Expr:
        data = np.asarray(variable.data)
        if data.size and (data.size == 1 or _is_uniform(data)):
            return self.x.const(data.reshape(-1)[0], data.dtype.name)
        known = [i.value for i in index if isinstance(i, ir.Const)]
        if len(known) == len(index):
            inside = all(0 <= i < n for i, n in zip(known, data.shape, strict=True))
            return self.x.const(data[tuple(known)] if inside else 0, data.dtype.name)  # outside: a check fails before
        return self.read(self.store(variable), index)

    def define(self, variable: Variable, lengths: Sequence[Expr], value: Callable[[Sequence[Expr]], Expr]) -> None:
        """Say what a variable's elements are, in place of its Op's `element`."""
        self._lengths[variable] = tuple(lengths)
        self._defined[variable] = value
        self._costs[variable] = 1
        self._inlined[variable] = 0
        if variable in self._outputs or variable in self._demanded:
            self.store(variable)

    # Places

    def is_read_as_array(self, variable: Variable) -> bool:
        """Say whether a vector is more than a list of scalars that are read one by one."""
        if variable in self._outputs or variable in self._demanded:
            return True
        clients = [client for client, _ in self.fgraph.clients(variable)] if variable in self.fgraph else []
        return any(isinstance(client, str) or is_fusible(client.op, client) for client in clients)

    def kind_for(self, variable: Variable) -> StoredKind:
        """Return where a variable's value is to be kept."""
        return "output" if variable in self._outputs else "scratch"

    def new_stored(self, dtype: str, lengths: Sequence[Expr], kind: StoredKind = "scratch") -> Stored:
        """Return a new place, without owner."""
        stored = Stored(f"v{len(self.plan.values)}", dtype, tuple(map(self.find, lengths)), kind)
        self._made[stored.name] = len(self.plan.values)
        self.plan.values.append(stored)
        return stored

    def place(self, variable: Variable, lengths: Sequence[Expr], kind: StoredKind | None = None) -> Stored:
        """Give a variable a place of its own and return it; the caller adds what fills it."""
        stored = self.new_stored(variable.type.dtype, lengths, kind or self.kind_for(variable))  # type: ignore[attr-defined]
        self.stored[variable] = stored
        self._lengths[variable] = stored.lengths
        return stored

    def store(self, variable: Variable) -> Stored:
        """Return the place of a variable's value, computing it there if it has none yet."""
        stored = self.stored.get(variable)
        if stored is not None:
            return stored
        if isinstance(variable, Constant):
            return self._store_constant(variable)
        lengths = self.lengths(variable)
        if variable in self.stored:
            return self.stored[variable]
        index = self.loop_index(lengths)
        value = self.value(variable, index)
        target = self.place(variable, lengths)
        self._values.pop(variable, None)  # later readers read the place
        self.fill(target, value)
        return target

    def _store_constant(self, variable: Constant) -> Stored:
        name = f"const{len(self.plan.constants)}"
        if isinstance(variable.type, TensorType):
            data = np.ascontiguousarray(variable.data).reshape(np.shape(variable.data))
            lengths = tuple(self.x.const(n) for n in data.shape)
            stored = Stored(name, data.dtype.name, lengths, "constant")
            self.plan.constants[name] = data
        else:
            stored = Stored(name, "object", (), "constant")
            self.plan.constants[name] = variable.data
        return self.own(variable, stored)

    def loop_index(self, lengths: Sequence[Expr]) -> list[Expr]:
        """Return an index that runs over all elements: loop t along axis t, 0 where the length is 1."""
        index: list[Expr] = []
        loops = 0
        for length in map(self.find, lengths):
            if isinstance(length, ir.Const) and length.value == 1:
                index.append(self.x.const(0))
            else:
                index.append(self.x.index(loops))
                loops += 1
        return index

    def loop_extents(self, lengths: Sequence[Expr]) -> tuple[Expr, ...]:
        """Return the extents of the loops that `loop_index` runs over."""
        return tuple(n for n in map(self.find, lengths) if not (isinstance(n, ir.Const) and n.value == 1))

    def fill(self, target: Stored, value: Expr, index: Sequence[Expr] | None = None, **kwargs: Any) -> Root:
        """Add the nest that stores a value at every point of a place, or at `index` of it."""
        own = self.loop_index(target.lengths) if index is None else index
        loops = kwargs.pop("loops", None)
        root = Root(target, self.loop_extents(target.lengths) if loops is None else loops, tuple(own), value, **kwargs)
        self.add(root)
        return root

    def add(self, item: Item) -> None:
        """Append an item to the plan, after every late check on lengths."""
        item.deps.update(self._late_guards)
        self.plan.add(item)

    def copy_of(self, node: Apply) -> Stored:
        """Return a place for a node's output that holds a copy of its first input, which may be that input's own place."""
        source, output = node.inputs[0], node.outputs[0]
        stored = self.stored.get(source)
        if (
            stored is not None
            and stored.kind == "scratch"
            and self._uses.get(source) == 1
            and source not in self._outputs
        ):
            stored.kind = self.kind_for(output)
            self.stored[output] = stored
            self._lengths[output] = stored.lengths
            self._values.pop(source, None)
            return stored
        lengths = self.lengths(source)
        value = self.value(source, self.loop_index(lengths))
        target = self.place(output, lengths)
        self.fill(target, self.x.cast(value, target.dtype))
        return target

    def operand(self, variable: Variable) -> Operand:
        """Return a variable as an operand of a library call: its place, or a window on another's where that is possible."""
        if variable not in self.stored and variable.owner is not None:
            self.lengths(variable)
            if variable not in self.stored and variable not in self._defined:
                view = window(variable.owner.op, variable.owner, self)
                if view is not None:
                    return view
        return self.store(variable)

    def as_window(self, operand: Operand) -> Window:
        """Return an operand as a window, of all of a stored value where it is one."""
        if isinstance(operand, Window):
            return operand
        whole = tuple(range(operand.ndim))
        zeros, ones = tuple(self.x.const(0) for _ in whole), tuple(self.x.const(1) for _ in whole)
        return Window(operand, zeros, operand.lengths, whole, ones, operand.dtype)

    def with_axis(self, operand: Operand, axis: int) -> Window:
        """Return an operand with a new axis of length 1."""
        view = self.as_window(operand)
        one = self.x.const(1)

        def inserted(entries: tuple[Any, ...], entry: Any) -> tuple[Any, ...]:
            return (*entries[:axis], entry, *entries[axis:])

        lengths, axes, steps = inserted(view.lengths, one), inserted(view.axes, None), inserted(view.steps, one)
        return Window(view.base, view.start, lengths, axes, steps, view.dtype)

    def result(self, variable: Variable) -> Stored:
        """Return the place of an output, which is an array of its own or an input."""
        stored = self.store(variable)
        if stored.kind in ("output", "array", "input") or stored.dtype == "object":
            return stored
        copy = self.new_stored(stored.dtype, stored.lengths, "output")
        self.fill(copy, self.read(stored, self.loop_index(stored.lengths)))
        return copy

    # Nodes

    def plan_node(self, node: Apply) -> None:
        """Take a node into the plan."""
        if all(output in self._lengths for output in node.outputs):
            return
        if not is_fusible(node.op, node):
            plan_node(node.op, node, self)
            return
        plan_node(node.op, node, self)  # lengths
        inputs = [v for v in node.inputs if v not in self.stored]
        cost = own_cost(node.op) + sum(self._cost_in(v, node) for v in node.inputs)
        deep = 1 + max((self._inlined.get(v, 0) for v in inputs), default=0)
        for output in node.outputs:
            if output in self.stored or output in self._defined:
                continue
            self._costs[output], self._inlined[output] = cost, deep
            if self._wants_place(output, cost, deep):
                self.store(output)
                self._costs[output], self._inlined[output] = 1, 0

    def _cost_in(self, variable: Variable, node: Apply) -> int:
        """Return what an operand costs for one element of a node's output."""
        if isinstance(variable, Constant):
            return 0
        cost = self._costs.get(variable, 1)
        if cost > 1 and isinstance(node.op, Elemwise):
            lengths = node.outputs[0].type.shape  # type: ignore[attr-defined]
            inner = max((axis for axis, n in enumerate(lengths) if n != 1), default=-1)
            if inner >= 0 and variable.type.shape[inner] == 1:  # type: ignore[attr-defined]
                return 1  # it does not change in the innermost loop, and is a register there
        return cost

    def _wants_place(self, variable: Variable, cost: int, deep: int) -> bool:
        if variable in self._outputs or variable in self._demanded or deep > MAX_INLINE_DEPTH:
            return True
        if cost <= CHEAP or variable not in self._uses:
            return False
        return self._uses[variable] > 1 or self._is_stretched(variable)

    def _is_stretched(self, variable: Variable) -> bool:
        """Say whether a reader would compute a value once for each element of a larger array, inside its innermost loop."""
        for client, _ in self.fgraph.clients(variable):
            if isinstance(client, str):
                continue
            if isinstance(client.op, DimShuffle):
                if self._is_stretched(client.outputs[0]):
                    return True
            elif isinstance(client.op, Elemwise):
                pattern = [n == 1 for n in variable.type.shape]  # type: ignore[attr-defined]
                wide = [n == 1 for n in client.outputs[0].type.shape]  # type: ignore[attr-defined]
                stretched = [i for i, (own, out) in enumerate(zip(pattern, wide, strict=True)) if own and not out]
                real = [i for i, own in enumerate(pattern) if not own]
                if stretched and real and min(stretched) < max(real):
                    return True
        return False


def _is_uniform(data: np.ndarray[Any, Any]) -> bool:
    """Say whether all elements of an array are the same bits."""
    flat = np.ascontiguousarray(data).reshape(-1)
    return flat.tobytes() == flat[:1].tobytes() * flat.size


__all__ = ["Invocation", "Planner"]
