"""What in-place ops overwrite: the order that it forces on a graph, and whether a graph with such ops can run at all.

An op says in `view_map` which outputs share memory with which inputs and in `destroy_map` which inputs it overwrites.
All variables that share memory in this way have one root. A node that overwrites a value must come after every other
reader of the root's views; where that cannot be, the graph is inconsistent.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from neano.graph.errors import InconsistencyError
from neano.graph.fgraph import AlreadyThere, Feature, FunctionGraph, toposort_with
from neano.graph.variable import Apply, Constant, Variable


def destroyed_inputs(node: Apply) -> list[int]:
    """Return the positions of the inputs that a node overwrites."""
    return [i for inputs in node.op.destroy_map.values() for i in inputs]


def has_destroyers(fgraph: FunctionGraph) -> bool:
    """Say whether any node overwrites an input."""
    return bool(fgraph.destroyers)


def viewed_input(node: Apply, output: int) -> Variable | None:
    """Return the input whose memory an output shares (seen or overwritten), or None where the output is new memory."""
    for shared in (node.op.view_map, node.op.destroy_map):
        sources = shared.get(output)
        if sources:
            return node.inputs[sources[0]]
    return None


def alias_root(variable: Variable) -> Variable:
    """Return the variable whose memory a variable shares in the end: itself where its memory is its own."""
    while variable.owner is not None and variable.index is not None:
        source = viewed_input(variable.owner, variable.index)
        if source is None:
            return variable
        variable = source
    return variable


def view_root(variable: Variable) -> Variable:
    """Return the variable that a variable is a view of in the end; an overwritten value counts as a new one."""
    while variable.owner is not None and variable.index is not None:
        sources = variable.owner.op.view_map.get(variable.index)
        if not sources:
            return variable
        variable = variable.owner.inputs[sources[0]]
    return variable


class DestroyHandler(Feature):
    """Gives a graph with in-place ops its order, and finds those that cannot be ordered.

    Outputs of the graph that are overwritten are no fault here: compiling puts a copy between.
    """

    def on_attach(self, fgraph: FunctionGraph) -> None:
        if any(isinstance(feature, DestroyHandler) for feature in fgraph._features):
            raise AlreadyThere("the graph has a DestroyHandler already")

    def clone(self) -> DestroyHandler:
        return DestroyHandler()

    def orderings(self, fgraph: FunctionGraph) -> dict[Apply, list[Apply]]:
        """Return node -> nodes that must come before it: readers of memory before the node that overwrites it.

        Raises:
            InconsistencyError: two nodes overwrite one value, or a constant or its view is overwritten.
        """
        destroyers = list(fgraph.destroyers)
        if not destroyers:
            return {}
        overwritten: dict[Variable, Apply] = {}
        for node in destroyers:
            for i in destroyed_inputs(node):
                root = view_root(node.inputs[i])
                if isinstance(root, Constant):
                    raise InconsistencyError(f"{node} would overwrite the constant {root}")
                if overwritten.setdefault(root, node) is not node:
                    raise InconsistencyError(f"{root} would be overwritten twice: by {overwritten[root]} and by {node}")
        before: dict[Apply, list[Apply]] = {node: [] for node in destroyers}
        for root, destroyer in overwritten.items():
            views = self._views(fgraph, root)
            self._refuse_aliased_reads(destroyer, views)
            for view in views:
                for reader, _ in fgraph.clients(view):
                    if not isinstance(reader, str) and reader is not destroyer:
                        before[destroyer].append(reader)
        return before

    @staticmethod
    def _views(fgraph: FunctionGraph, root: Variable) -> set[Variable]:
        """Return the root and all variables that are views of it."""
        found = {root}
        pending = [root]
        while pending:
            for reader, i in fgraph.clients(pending.pop()):
                if isinstance(reader, str):
                    continue
                for output, sources in reader.op.view_map.items():
                    view = reader.outputs[output]
                    if i in sources and view not in found:
                        found.add(view)
                        pending.append(view)
        return found

    @staticmethod
    def _refuse_aliased_reads(destroyer: Apply, views: set[Variable]) -> None:
        """Raise where a node reads the memory that it overwrites through another input, unless its Op allows that."""
        op: Any = destroyer.op
        destroyed = set(destroyed_inputs(destroyer))
        tolerated = set(getattr(op, "destroyhandler_tolerate_aliased", ()))
        same = set(getattr(op, "destroyhandler_tolerate_same", ()))
        for i, source in enumerate(destroyer.inputs):
            if i in destroyed or source not in views:
                continue
            for d in destroyed:
                if view_root(destroyer.inputs[d]) is not view_root(source) or (d, i) in tolerated:
                    continue
                if (d, i) in same and destroyer.inputs[d] is source:
                    continue
                raise InconsistencyError(f"{destroyer} overwrites its input {d} and reads the same memory as input {i}")

    def validate(self, fgraph: FunctionGraph) -> None:
        """Raise InconsistencyError where the graph cannot be ordered."""
        constraints = self.orderings(fgraph)
        if constraints:
            toposort_with(fgraph.outputs, constraints)


class Supervisor(Feature):
    """Refuses graphs that overwrite what must stay as it is.

    Args:
        protected: the variables, most often the inputs that are not declared mutable.
    """

    def __init__(self, protected: Iterable[Variable]) -> None:
        self.protected = list(protected)

    def validate(self, fgraph: FunctionGraph) -> None:
        """Raise InconsistencyError where a protected variable, or a view of one, is overwritten."""
        protected = set(self.protected) if fgraph.destroyers else set()
        for node in fgraph.destroyers:
            for i in destroyed_inputs(node):
                if view_root(node.inputs[i]) in protected or node.inputs[i] in protected:
                    raise InconsistencyError(f"{node} would overwrite {node.inputs[i]}, which is not declared mutable")
