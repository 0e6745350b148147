"""What stands between a finished graph and something that runs: a function's description, and the backends by name.

A backend registers one function, `link(spec)`, which returns a callable object with the methods of `FunctionMethods`
(`neano.compile.function_methods`). Positional arguments that already have the exact form may go straight to its code;
whatever else a call brings goes through `convert_arguments` of that class.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from neano.graph.fgraph import FunctionGraph
from neano.graph.shared import Container
from neano.graph.variable import Variable

Form = Literal["single", "list", "dict"]


@dataclass(frozen=True, eq=False)
class InputSpec:
    """One input of a function.

    Attributes:
        variable: the variable of the user's graph (that of `fgraph.inputs` may be a clone).
        name: the keyword that passes it.
        container: where `f[name]` finds the value. For a shared variable its own.
        storage: a list of one element, which gives the value where the caller gives none (None inside it means: ask
            `convert_arguments`), and where updates are stored; None where there is no such value.
        required: whether each call must give a value.
        implicit: whether the caller cannot give it.
        update: position among `fgraph.outputs` of the value that replaces the container's after a call; None for none.
        mutable: whether a call may overwrite the array.
        borrow: whether results may be the very array.
        strict, allow_downcast: how a given value is filtered.
    """

    variable: Variable
    name: str | None
    container: Container
    storage: list[Any] | None
    implicit: bool
    update: int | None
    mutable: bool
    borrow: bool
    strict: bool
    allow_downcast: bool | None
    required: bool


@dataclass(frozen=True, eq=False)
class FunctionSpec:
    """All that a backend needs to know of a function.

    Attributes:
        graph: the graph, ready to run, or what makes it when somebody asks for `fgraph`: copies stand in it wherever a
            result would share memory with an input, a constant or another result and must not.
        inputs: explicit ones in the order of positional arguments, then implicit ones; in step with `fgraph.inputs`.
        returned: how many of `fgraph.outputs` are results; the others are new values of inputs.
        form: what a call returns: the one result, a list, or a dict by `keys`.
        keys: the keys of a dict, in step with the outputs.
        borrow: for each result whether it may be memory that the function uses again.
        allow_gc: whether intermediate values are freed during a call.
        name: for error messages.
        linker: the options of the mode's linker.
        like: a function of an equal graph, of which this one differs in its containers only; its code may be used again.
        profile: the `ProfileStats` that a backend which measures hands its meter to; None where nothing is measured.
        key: what a backend may know the function's code by; None where it must be made (see `function_key`).
    """

    graph: FunctionGraph | Callable[[], FunctionGraph]
    inputs: tuple[InputSpec, ...]
    returned: int
    form: Form
    keys: tuple[str, ...] = ()
    borrow: tuple[bool, ...] = ()
    allow_gc: bool = True
    name: str | None = None
    linker: Any = None
    like: Any = None
    profile: Any = None
    key: str | None = None

    @property
    def fgraph(self) -> FunctionGraph:
        """The graph, ready to run."""
        return self.graph if isinstance(self.graph, FunctionGraph) else self.graph()

    @property
    def explicit(self) -> int:
        """How many inputs a caller can give."""
        return sum(not each.implicit for each in self.inputs)

    @property
    def updates(self) -> tuple[int, ...]:
        """For each of `fgraph.outputs` after the results, the position of the input whose value it replaces."""
        by_output = {each.update: k for k, each in enumerate(self.inputs) if each.update is not None}
        return tuple(by_output[i] for i in range(self.returned, self.returned + len(by_output)))

    def result(self, outputs: Sequence[Any]) -> Any:
        """Return what a call returns, from the values of the results."""
        if self.form == "single":
            return outputs[0]
        if self.form == "dict":
            return dict(zip(self.keys, outputs, strict=True))
        return list(outputs)


Link = Callable[[FunctionSpec], Any]

_backends: dict[str, Link] = {}
_measuring: set[str] = set()
_remembering: set[str] = set()
_prepare: dict[str, Callable[[], None]] = {}


def register_backend(
    name: str,
    link: Link,
    measures: bool = False,
    prepare: Callable[[], None] | None = None,
    remembers: bool = False,
) -> None:
    """Let functions of modes with this backend be made by `link`.

    Args:
        measures: whether functions measure themselves where `FunctionSpec.profile` is set.
        prepare: begins with what any function needs; called before a graph is rewritten.
        remembers: whether functions may be known by `FunctionSpec.key`.
    """
    _backends[name] = link
    if measures:
        _measuring.add(name)
    if prepare is not None:
        _prepare[name] = prepare
    if remembers:
        _remembering.add(name)


def prepare(name: str) -> None:
    """Let a backend begin with what any function needs."""
    if name in _prepare:
        _prepare[name]()


def measures(name: str) -> bool:
    """Say whether the functions of a backend measure themselves."""
    return name in _measuring


def remembers(name: str) -> bool:
    """Say whether a backend may know functions by their keys."""
    return name in _remembering


def is_registered(name: str) -> bool:
    """Say whether there is a backend of this name."""
    return name in _backends


def backend(name: str) -> Link:
    """Return what makes functions of a backend.

    Raises:
        ValueError: there is no such backend.
    """
    found = _backends.get(name)
    if found is None:
        raise ValueError(f"there is no backend {name!r}; there are {', '.join(sorted(_backends)) or 'none'}")
    return found
