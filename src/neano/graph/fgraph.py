"""`FunctionGraph`: a closed graph from inputs to outputs that knows who uses each variable and may be changed safely."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from neano.graph.errors import InconsistencyError, MissingInputError
from neano.graph.printing import graph_texts
from neano.graph.traverse import clone_get_equiv, toposort
from neano.graph.variable import Apply, Constant, Variable

Client = tuple[Apply | str, int]
"""Who reads a variable: a node and the position among its inputs, or ("output", position among the graph's outputs)."""


class Feature:
    """Something that watches a `FunctionGraph`; attach it with `attach_feature`. All methods are optional."""

    def on_attach(self, fgraph: FunctionGraph) -> None: ...
    def on_detach(self, fgraph: FunctionGraph) -> None: ...
    def on_import(self, fgraph: FunctionGraph, node: Apply, reason: Any) -> None: ...
    def on_prune(self, fgraph: FunctionGraph, node: Apply, reason: Any) -> None: ...
    def on_change_input(
        self, fgraph: FunctionGraph, node: Apply | str, i: int, old: Variable, new: Variable, reason: Any
    ) -> None: ...


class AlreadyThere(Exception):
    """A feature refuses to be attached because its like already is."""


class FunctionGraph:
    """A graph with fixed inputs whose nodes may be replaced.

    Args:
        inputs: the root variables that are given.
        outputs: what is computed; depends on inputs and constants alone.
        features: watchers to attach.
        clone: work on a copy, so that the variables given stay as they are.

    Raises:
        MissingInputError: an output depends on a root that is neither an input nor a constant.
    """

    def __init__(
        self,
        inputs: Sequence[Variable],
        outputs: Sequence[Variable],
        features: Iterable[Any] | None = None,
        clone: bool = True,
        update_mapping: dict[int, int] | None = None,
    ) -> None:
        if clone:
            copies = clone_get_equiv(inputs, outputs)
            inputs, outputs = [copies[v] for v in inputs], [copies[v] for v in outputs]
        self.inputs: list[Variable] = list(inputs)
        self.outputs: list[Variable] = list(outputs)
        self.update_mapping = update_mapping
        self._features: list[Any] = []
        self._clients: dict[Variable, dict[Client, None]] = {v: {} for v in self.inputs}
        self._input_set = set(self.inputs)
        self.apply_nodes: set[Apply] = set()
        self.destroyers: dict[Apply, None] = {}  # the nodes that overwrite an input, in the order of their import
        for i, variable in enumerate(self.outputs):
            self._import(variable, "init")
            self._clients[variable]["output", i] = None
        for feature in features or ():
            self.attach_feature(feature)

    @property
    def variables(self) -> set[Variable]:
        """All variables of the graph."""
        return set(self._clients)

    def clients(self, variable: Variable) -> list[Client]:
        """Return who reads a variable, as (node, input position) and ("output", output position) pairs."""
        return list(self._clients[variable])

    def __contains__(self, item: object) -> bool:
        return item in self.apply_nodes if isinstance(item, Apply) else item in self._clients

    # Features

    def attach_feature(self, feature: Any) -> None:
        """Let a feature watch the graph from now on."""
        if feature in self._features:
            return
        if hasattr(feature, "on_attach"):
            try:
                feature.on_attach(self)
            except AlreadyThere:
                return
        self._features.append(feature)

    def remove_feature(self, feature: Any) -> None:
        """Let a feature watch no longer."""
        self._features.remove(feature)
        if hasattr(feature, "on_detach"):
            feature.on_detach(self)

    def execute_callbacks(self, name: str, *args: Any) -> None:
        """Call a method of every feature that has it."""
        for feature in self._features:
            method = getattr(feature, name, None)
            if method is not None:
                method(self, *args)

    def collect_callbacks(self, name: str, *args: Any) -> dict[Any, Any]:
        """Call a method of every feature that has it and return what each gave."""
        return {f: getattr(f, name)(self, *args) for f in self._features if hasattr(f, name)}

    # Change

    def _import(self, variable: Variable, reason: Any) -> None:
        """Take a variable and all that it is computed from into the graph."""
        if variable in self._clients:
            return
        if variable.owner is None:
            if not isinstance(variable, Constant):
                raise MissingInputError(_missing_input_message(variable))
            self._clients[variable] = {}
            return
        added = toposort([variable], self._clients)
        for node in added:  # check all before changing anything
            for source in node.inputs:
                if source.owner is None and source not in self._clients and not isinstance(source, Constant):
                    raise MissingInputError(_missing_input_message(source, node))
        for node in added:
            if node in self.apply_nodes:
                continue
            self.apply_nodes.add(node)
            if node.op.destroy_map:
                self.destroyers[node] = None
            for output in node.outputs:
                self._clients.setdefault(output, {})
            for i, source in enumerate(node.inputs):
                self._clients.setdefault(source, {})[node, i] = None
            if self._features:
                self.execute_callbacks("on_import", node, reason)

    def _release(self, variable: Variable, reason: Any) -> None:
        """Drop what nobody reads any more, starting at a variable that lost a client."""
        pending = deque([variable])
        while pending:
            current = pending.popleft()
            if self._clients.get(current) or current in self._input_set:
                continue
            node = current.owner
            if node is None:
                self._clients.pop(current, None)
                continue
            if node not in self.apply_nodes or any(self._clients.get(out) for out in node.outputs):
                continue
            self.apply_nodes.discard(node)
            self.destroyers.pop(node, None)
            for output in node.outputs:
                self._clients.pop(output, None)
            for i, source in enumerate(node.inputs):
                del self._clients[source][node, i]
                pending.append(source)
            if self._features:
                self.execute_callbacks("on_prune", node, reason)

    def change_input(self, node: Apply | str, i: int, new_r: Variable, reason: Any = None) -> None:
        """Let input `i` of a node (or output `i` of the graph, for "output") be another variable."""
        target = self.outputs if isinstance(node, str) else node.inputs
        old = target[i]
        if old is new_r:
            return
        self._import(new_r, reason)
        target[i] = new_r
        del self._clients[old][node, i]
        self._clients[new_r][node, i] = None
        if self._features:
            self.execute_callbacks("on_change_input", node, i, old, new_r, reason)
        self._release(old, reason)

    def replace(self, r: Variable, new_r: Variable, reason: Any = None, verbose: bool | None = None) -> None:
        """Let everything that reads `r` read `new_r` instead.

        Args:
            r, new_r: the old variable and the new one.
            reason: why; features are told.
            verbose: taken for compatibility.

        Raises:
            TypeError: the types differ in more than static lengths.
        """
        old, new = r, new_r
        if old is new or old not in self._clients:
            return
        if not old.type.in_same_class(new.type):
            converted = old.type.convert_variable(new)
            if converted is None:
                raise TypeError(
                    f"cannot replace {old} of type {old.type} by {new} of type {new.type} (reason: {reason})"
                )
            new = converted
        readers = list(self._clients[old])  # before the import: the new expression may itself read the old variable
        self._import(new, reason)
        for node, i in readers:
            self.change_input(node, i, new, reason)

    def replace_all(self, pairs: Iterable[tuple[Variable, Variable]], reason: Any = None) -> None:
        """Replace several variables."""
        for old, new in pairs:
            self.replace(old, new, reason)

    def replace_validate(self, r: Variable, new_r: Variable, reason: Any = None, verbose: bool | None = None) -> None:
        """Replace a variable and undo it if the graph would then be inconsistent."""
        self.replace_all_validate([(r, new_r)], reason)

    def replace_all_validate(
        self, replacements: Iterable[tuple[Variable, Variable]], reason: Any = None, verbose: bool | None = None
    ) -> None:
        """Replace several variables and undo all of it if the graph would then be inconsistent.

        Raises:
            InconsistencyError: the replacement was undone.
        """
        undo: list[tuple[Apply | str, int, Variable]] = []
        for old, new in list(replacements):
            readers = list(self._clients.get(old, ()))
            undo.extend((node, i, old) for node, i in readers)
            self.replace(old, new, reason)
        try:
            self.validate()
        except InconsistencyError:
            for node, i, old in reversed(undo):
                if isinstance(node, str) or node in self.apply_nodes:
                    self.change_input(node, i, old, "undo")
            raise

    def validate(self) -> None:
        """Ask every feature whether the graph is consistent."""
        self.execute_callbacks("validate")

    # Views

    def toposort(self) -> list[Apply]:
        """Return the nodes in an order in which each comes after its inputs, and after every reader of what it destroys."""
        extra: Callable[[FunctionGraph], dict[Apply, list[Apply]]] | None = next(
            (f.orderings for f in self._features if hasattr(f, "orderings")), None
        )
        constraints = extra(self) if extra is not None else {}
        return toposort_with(self.outputs, constraints)

    def clone(self, check_integrity: bool = True) -> FunctionGraph:
        """Return a copy of the graph, by default after verifying it."""
        if check_integrity:
            self.check_integrity()
        return self.clone_get_equiv()[0]

    def clone_get_equiv(self, attach_features: bool = True) -> tuple[FunctionGraph, dict[Any, Any]]:
        """Return a copy of the graph and a dict from each variable and node to its copy."""
        copies = clone_get_equiv(self.inputs, self.outputs)
        copied = FunctionGraph(
            [copies[v] for v in self.inputs],
            [copies[v] for v in self.outputs],
            clone=False,
            update_mapping=self.update_mapping,
        )
        if attach_features:
            for feature in self._features:
                copied.attach_feature(feature.clone() if hasattr(feature, "clone") else feature)
        return copied, copies

    def check_integrity(self) -> None:
        """Verify that clients, nodes and variables agree; run by tests after each pass.

        Raises:
            InconsistencyError: they do not.
        """
        nodes = set(toposort(self.outputs))
        if nodes != self.apply_nodes:
            raise InconsistencyError(f"apply_nodes and the outputs disagree about {nodes ^ self.apply_nodes}")
        expected: dict[Variable, set[Client]] = {v: set() for v in self.inputs}
        for node in nodes:
            for output in node.outputs:
                expected.setdefault(output, set())
            for i, source in enumerate(node.inputs):
                expected.setdefault(source, set()).add((node, i))
        for i, output in enumerate(self.outputs):
            expected.setdefault(output, set()).add(("output", i))
        if {v: set(c) for v, c in self._clients.items()} != expected:
            raise InconsistencyError("the clients of the graph's variables are not those that its nodes read")

    def __str__(self) -> str:
        return f"[{', '.join(graph_texts(self.outputs))}]"

    __repr__ = __str__


def toposort_with(outputs: Sequence[Variable], constraints: dict[Apply, list[Apply]]) -> list[Apply]:
    """Return nodes in topological order with extra constraints: node -> nodes that must come before it.

    Raises:
        InconsistencyError: the constraints contradict the graph.
    """
    if not constraints:
        return toposort(outputs)
    order = toposort(outputs)
    position = {node: i for i, node in enumerate(order)}
    before = {
        node: {v.owner for v in node.inputs if v.owner is not None}
        | {n for n in constraints.get(node, ()) if n in position}
        for node in order
    }
    after: dict[Apply, list[Apply]] = {node: [] for node in order}
    for node, earlier in before.items():
        for other in earlier:
            after[other].append(node)
    waiting = {node: len(earlier) for node, earlier in before.items()}
    ready = deque(node for node in order if not waiting[node])
    result: list[Apply] = []
    while ready:
        node = ready.popleft()
        result.append(node)
        for later in after[node]:
            waiting[later] -= 1
            if not waiting[later]:
                ready.append(later)
    if len(result) != len(order):
        raise InconsistencyError("a value would be read after it was overwritten: the graph has a cycle of such orders")
    return result


def _missing_input_message(variable: Variable, node: Apply | None = None) -> str:
    where = f", which is read by {node}," if node is not None else ""
    return (
        f"the graph depends on {variable} ({variable.type}){where} but it is neither an input of the function, nor a "
        "constant, nor a shared variable; give it as an input or replace it with `givens`"
    )
