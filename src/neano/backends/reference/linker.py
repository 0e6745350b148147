"""The reference backend: nodes run one after the other by `perform`, with NumPy; the oracle of the other backends."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neano.backends.reference.errors import annotate
from neano.backends.reference.run_node import run_node
from neano.backends.reference.thunk import has_own_thunk, own_thunk
from neano.compile.function_object import Function
from neano.compile.linkers import FunctionSpec, register_backend
from neano.compile.mode import Linker
from neano.graph.destroy import alias_root, destroyed_inputs
from neano.graph.fgraph import FunctionGraph
from neano.graph.variable import Apply, Constant, Variable


@dataclass(frozen=True)
class Step:
    """One node of a program.

    Attributes:
        node: the node.
        inputs, outputs: places of the values.
        last: places that nobody reads after it.
        compute: from the values of the inputs to those of the outputs.
    """

    node: Apply
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    last: tuple[int, ...]
    compute: Callable[[list[Any]], list[Any]]


class Program:
    """A graph in the order of execution. A call takes values for its inputs and returns values for its outputs.

    Calls share nothing but the thunks that some Ops bring, so that threads and nested calls do not disturb each other.

    Args:
        spec: the function. Values of implicit inputs that a node overwrites are copied first: an error half-way must
            leave them as they were.
    """

    def __init__(self, spec: FunctionSpec) -> None:
        fgraph = spec.fgraph
        self.fgraph = fgraph
        places: dict[Variable, int] = {}
        for variable in fgraph.inputs:
            places[variable] = len(places)
        self.initial: list[tuple[int, Any]] = []
        order = fgraph.toposort()
        for variable in [v for node in order for v in node.inputs] + fgraph.outputs:
            if isinstance(variable, Constant) and variable not in places:
                places[variable] = len(places)
                self.initial.append((places[variable], variable.data))
        for node in order:
            for output in node.outputs:
                places.setdefault(output, len(places))
        self.size = len(places)
        self.outputs = [places[v] for v in fgraph.outputs]
        last = _last_readers(order, fgraph) if spec.allow_gc else {}
        linker = spec.linker if isinstance(spec.linker, Linker) else Linker("py")
        self.steps = [
            Step(
                node,
                tuple(places[v] for v in node.inputs),
                tuple(places[v] for v in node.outputs),
                tuple(places[v] for v in last.get(node, ())),
                _computation(node, i, linker),
            )
            for i, node in enumerate(order)
        ]
        overwritten = {alias_root(node.inputs[i]) for node in order for i in destroyed_inputs(node)}
        self.copied_first = [
            places[variable]
            for variable, each in zip(fgraph.inputs, spec.inputs, strict=True)
            if each.implicit and variable in overwritten
        ]
        borrowed = {i for i, borrow in enumerate(spec.borrow) if borrow}
        self.own_memory = [i for i in range(len(fgraph.outputs)) if i not in borrowed]
        # an input that is overwritten or updated may be handed out
        self.gives_memory_away = {i for i, v in enumerate(fgraph.outputs) if alias_root(v) in set(fgraph.inputs)}

    def __call__(self, values: Sequence[Any]) -> list[Any]:
        places: list[Any] = [None] * self.size
        places[: len(values)] = values
        for place in self.copied_first:
            places[place] = copy.deepcopy(places[place])
        for place, data in self.initial:
            places[place] = data
        for step in self.steps:
            inputs = [places[place] for place in step.inputs]
            try:
                computed = step.compute(inputs)
            except Exception as error:
                annotate(error, step.node, inputs, self.fgraph)
                raise
            for place, value in zip(step.outputs, computed, strict=True):
                places[place] = value
            for place in step.last:
                places[place] = None
        results = [places[place] for place in self.outputs]
        self._separate(results, values)
        return results

    def _separate(self, results: list[Any], values: Sequence[Any]) -> None:
        """Copy results that share memory with an input, a constant or another result although no Op said so."""
        given = [x for x in [*values, *(data for _, data in self.initial)] if isinstance(x, np.ndarray)]
        for i in self.own_memory:
            result = results[i]
            if not isinstance(result, np.ndarray) or result.size == 0:
                continue
            others = [x for k, x in enumerate(results) if k != i and isinstance(x, np.ndarray)]
            if i not in self.gives_memory_away:
                others += given
            if any(np.may_share_memory(result, x) for x in others):
                results[i] = result.copy()


def _last_readers(order: Sequence[Apply], fgraph: FunctionGraph) -> dict[Apply, list[Variable]]:
    """Return node -> the computed variables that no later node reads."""
    last: dict[Variable, Apply] = {}
    for node in order:
        for variable in [*node.outputs, *node.inputs]:
            if variable.owner is not None:
                last[variable] = node
    kept = set(fgraph.outputs) | set(fgraph.inputs)
    found: dict[Apply, list[Variable]] = {}
    for variable, node in last.items():
        if variable not in kept:
            found.setdefault(node, []).append(variable)
    return found


class _WatchedNode:
    """A node as `Mode.linker.watch` sees it: one-element lists, and a call that computes."""

    def __init__(self, compute: Callable[[list[Any]], list[Any]], inputs: list[Any], outputs: int) -> None:
        self._compute = compute
        self.inputs = [[x] for x in inputs]
        self.outputs: list[list[Any]] = [[None] for _ in range(outputs)]

    def __call__(self) -> None:
        for cell, value in zip(self.outputs, self._compute([cell[0] for cell in self.inputs]), strict=True):
            cell[0] = value


def _computation(node: Apply, position: int, linker: Linker) -> Callable[[list[Any]], list[Any]]:
    watch, exact = linker.watch, linker.exact_outputs
    compute = own_thunk(node) if has_own_thunk(node.op) else lambda inputs: run_node(node, inputs, exact)
    if watch is None:
        return compute

    def watched(inputs: list[Any]) -> list[Any]:
        fn = _WatchedNode(compute, inputs, len(node.outputs))
        watch(position, node, fn)
        return [cell[0] for cell in fn.outputs]

    return watched


def link(spec: FunctionSpec) -> Function:
    """Return a function that runs on the reference backend."""
    return Function(spec, Program(spec))


register_backend("reference", link)
