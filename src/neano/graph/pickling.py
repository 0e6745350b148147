"""Pickling and deep copying of graphs of any depth.

Python's pickle goes down into what an object refers to, and would exhaust the stack on a chain of ten thousand nodes.
So a variable is pickled after a list of all that it is computed from, inputs first, handed to pickle one by one: by the
time that a node is reached, its inputs have been written, and are only referred to. `copy.deepcopy` goes the same way.

Importing this module makes it so; `neano.graph` does.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from neano.config import config
from neano.graph.fgraph import FunctionGraph
from neano.graph.traverse import ancestors
from neano.graph.variable import Apply, Variable

_NOT_KEPT = ("_fn_cache",)
"""Attributes of variables that are made again when they are needed."""


class _Plans(threading.local):
    """The sets of variables that are being written one by one, in this thread."""

    def __init__(self) -> None:
        self.active: list[set[Variable]] = []

    def has(self, variable: Variable) -> bool:
        return any(variable in planned for planned in self.active)


_plans = _Plans()


class Ahead:
    """Is pickled as the list of some variables and all that they are computed from, inputs before what uses them."""

    def __init__(self, variables: Sequence[Variable]) -> None:
        self.variables = variables

    def __iter__(self) -> Iterator[Variable | None]:
        order = ancestors(self.variables)
        planned = set(order)
        for variable in order:
            if variable.owner is not None:
                planned.update(variable.owner.outputs)
        _plans.active.append(planned)
        try:
            yield from order
            yield None  # pickle may look one item ahead; the last variable must still be written under the plan
        finally:
            _plans.active = [other for other in _plans.active if other is not planned]

    def __reduce__(self) -> Any:
        return (list, (), None, iter(self))


@dataclass(frozen=True)
class SavedCode:
    """What a trace needs of a code object, which cannot be pickled."""

    co_filename: str
    co_name: str


def saved_trace(trace: Any) -> Any:
    """Return a trace in a form that can be pickled."""
    return tuple((SavedCode(code.co_filename, code.co_name), line) for code, line in trace)


def _new(cls: type, ahead: list[Any] | None = None) -> Any:
    """Return an object without attributes; those that it refers to were read before, with `ahead`."""
    return object.__new__(cls)


def _saved_tag(tag: Any) -> Any:
    kept = dict(vars(tag))
    if not config.pickle_test_value:
        kept.pop("test_value", None)
    if "trace" in kept:
        kept["trace"] = saved_trace(kept["trace"])
    return SimpleNamespace(**kept)


def reduce_variable(variable: Variable) -> Any:
    """Return how a variable is pickled: after all that it is computed from."""
    state = {name: value for name, value in vars(variable).items() if name not in _NOT_KEPT}
    if "_tag" in state:
        state["_tag"] = _saved_tag(state["_tag"])
    if variable.owner is None or _plans.has(variable):
        return (_new, (type(variable),), state)
    return (_new, (type(variable), Ahead(variable.owner.inputs)), state)


def reduce_node(node: Apply) -> Any:
    """Return how a node is pickled: after its inputs."""
    state = dict(vars(node))
    state["trace"] = saved_trace(node.trace)
    if all(_plans.has(v) or v.owner is None for v in node.inputs):
        return (_new, (Apply,), state)
    return (_new, (Apply, Ahead(node.inputs)), state)


def reduce_graph(fgraph: FunctionGraph) -> Any:
    """Return how a graph is pickled: its inputs and outputs; features are attached anew by who needs them."""
    parts = (Ahead(fgraph.outputs), fgraph.inputs, fgraph.outputs, fgraph.update_mapping)
    return (load_graph, (type(fgraph), *parts))


def load_graph(
    cls: type[FunctionGraph],
    ahead: list[Any],
    inputs: list[Variable],
    outputs: list[Variable],
    update_mapping: dict[int, int] | None,
) -> FunctionGraph:
    """Return a graph from its pickle."""
    return cls(inputs, outputs, clone=False, update_mapping=update_mapping)


Variable.__reduce__ = reduce_variable  # type: ignore[method-assign, assignment]
Apply.__reduce__ = reduce_node  # type: ignore[method-assign, assignment]
FunctionGraph.__reduce__ = reduce_graph  # type: ignore[method-assign, assignment]
