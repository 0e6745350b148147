"""`Mode`: how a function is compiled, as a linker (what runs it) and an optimizer (which rewriters); modes by name."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from neano.config import config
from neano.graph.fgraph import FunctionGraph
from neano.graph.rewriting.database import Query
from neano.rewrites import optdb

Watch = Callable[[int, Any, Any], None]
"""Called with the position of a node in the order of execution, the node, and a `fn` that computes it when called;
`fn.inputs` and `fn.outputs` are lists of lists of one value."""


@dataclass(frozen=True)
class Linker:
    """What runs a function.

    Attributes:
        name: Theano's name for it.
        backend: 'reference', 'native' ...; None for `config.backend`.
        allow_gc: whether intermediate values are freed during a call; None for `config.allow_gc`.
        watch: runs each node on the reference backend in its own way (to look at the values); None for no such thing.
        exact_outputs: whether an Op that gives a value which is not quite of its output's type is an error.
        check_native: whether DebugMode compares with the backend of the flags.
    """

    name: str
    backend: str | None = None
    allow_gc: bool | None = None
    watch: Watch | None = None
    exact_outputs: bool = False
    check_native: bool = False

    @property
    def collects_garbage(self) -> bool:
        return config.allow_gc if self.allow_gc is None else self.allow_gc

    def clone(self, **changes: Any) -> Linker:
        """Return the linker with other options; those that have no meaning here are taken without effect."""
        known = {field.name for field in dataclasses.fields(self)}
        return dataclasses.replace(self, **{name: value for name, value in changes.items() if name in known})

    def __str__(self) -> str:
        return self.name


predefined_linkers: dict[str, Linker] = {
    "py": Linker("py", backend="reference"),
    "c": Linker("c"),
    "c|py": Linker("c|py"),
    "c|py_nogc": Linker("c|py_nogc", allow_gc=False),
    "vm": Linker("vm"),
    "cvm": Linker("cvm"),
    "vm_nogc": Linker("vm_nogc", allow_gc=False),
    "cvm_nogc": Linker("cvm_nogc", allow_gc=False),
}
"""Theano's names for its ways to run a graph. 'py' runs op by op with NumPy; all others, the backend of the flags."""

OPT_NONE = Query(include=[])
OPT_MERGE = Query(include=["merge"])
OPT_FAST_RUN = Query(include=["fast_run"])
OPT_FAST_RUN_STABLE = OPT_FAST_RUN.requiring("stable")
OPT_FAST_COMPILE = Query(include=["fast_compile"])
OPT_STABILIZE = Query(include=["fast_run"], position_cutoff=1.5000001)
OPT_O2 = OPT_FAST_COMPILE.including("fusion")
OPT_O3 = OPT_FAST_RUN.excluding("inplace")
OPT_UNSAFE = OPT_O3.including("unsafe")

predefined_optimizers: dict[Any, Query] = {
    None: OPT_NONE,
    "None": OPT_NONE,
    "merge": OPT_MERGE,
    "o4": OPT_FAST_RUN,
    "o3": OPT_O3,
    "o2": OPT_O2,
    "o1": OPT_FAST_COMPILE,
    "unsafe": OPT_UNSAFE,
    "fast_compile": OPT_FAST_COMPILE,
    "fast_run": OPT_FAST_RUN,
    "fast_run_stable": OPT_FAST_RUN_STABLE,
    "stabilize": OPT_STABILIZE,
}


def register_linker(name: str, linker: Linker) -> None:
    """Let a linker be named.

    Raises:
        ValueError: the name is taken.
    """
    if name in predefined_linkers:
        raise ValueError(f"Linker name already taken: {name}")
    predefined_linkers[name] = linker


def register_optimizer(name: str, optimizer: Query) -> None:
    """Let a query be named.

    Raises:
        ValueError: the name is taken.
    """
    if name in predefined_optimizers:
        raise ValueError(f"Optimizer name already taken: {name}")
    predefined_optimizers[name] = optimizer


_queried: list[tuple[Any, Any]] = [(None, None)]
"""The latest query and its rewriter: most functions of a program have the same."""


class Mode:
    """How a function is compiled.

    Args:
        linker: a name of `predefined_linkers` or a `Linker`; None for `config.linker`.
        optimizer: a name of `predefined_optimizers`, a `Query` or a rewriter; "default" for `config.optimizer`, None
            for no rewriting.
        backend: what runs functions, whatever the linker says.

    Raises:
        KeyError: a name is unknown.
    """

    def __init__(self, linker: Any = None, optimizer: Any = "default", backend: str | None = None) -> None:
        if linker is None:
            linker = config.linker
        if isinstance(optimizer, str) and optimizer == "default":
            optimizer = config.optimizer
        self.provided_linker = linker
        self.provided_optimizer = optimizer
        chosen: Linker = _by_name(predefined_linkers, linker, "linker") if isinstance(linker, str) else linker
        self.linker = chosen if backend is None else chosen.clone(backend=backend)
        by_name = optimizer is None or isinstance(optimizer, str)
        self._optimizer = _by_name(predefined_optimizers, optimizer, "optimizer") if by_name else optimizer

    @property
    def backend(self) -> str:
        """The name of the backend that functions of this mode get."""
        return self.linker.backend or str(config.backend)

    @property
    def query(self) -> Query:
        """The query that selects the rewriters.

        Raises:
            TypeError: the mode was made with a rewriter of its own.
        """
        if not isinstance(self._optimizer, Query):
            raise TypeError(f"{self} has no tags: it was made with the rewriter {self._optimizer}")
        return self._optimizer

    @property
    def optimizer(self) -> Any:
        """The rewriter."""
        if not isinstance(self._optimizer, Query):
            return self._optimizer
        key = (self._optimizer, optdb.version, config.optdb.position_cutoff)
        known, rewriter = _queried[0]
        if known != key:
            rewriter = optdb.query(self._optimizer)
            _queried[0] = (key, rewriter)
        return rewriter

    def rewrite(self, fgraph: FunctionGraph) -> None:
        """Rewrite a graph as this mode says."""
        if self._optimizer != OPT_NONE:
            self.optimizer.rewrite(fgraph)

    def get_linker_optimizer(self, linker: Any, optimizer: Any) -> tuple[Any, Any]:
        """Return linker and query for names."""
        made = Mode(linker, optimizer)
        return made.linker, made._optimizer

    def _with(self, query: Query) -> Mode:
        return self.clone(optimizer=query)

    def including(self, *tags: str) -> Mode:
        """Return the mode with rewriters of more tags."""
        return self._with(self.query.including(*_flat(tags)))

    def excluding(self, *tags: str) -> Mode:
        """Return the mode without rewriters of some tags."""
        return self._with(self.query.excluding(*_flat(tags)))

    def requiring(self, *tags: str) -> Mode:
        """Return the mode with only those rewriters that have all of some tags."""
        return self._with(self.query.requiring(*_flat(tags)))

    def register(self, *optimizations: tuple[Any, float]) -> Mode:
        """Return the mode with rewriters added: pairs of a rewriter and its position in the sequence."""
        return self._with(self.query.register(*optimizations))

    def clone(self, link_kwargs: dict[str, Any] | None = None, optimizer: Any = "", **kwargs: Any) -> Mode:
        """Return a copy, with other options of the linker or another optimizer."""
        made = Mode.__new__(type(self))
        made.__dict__.update(self.__dict__)
        if link_kwargs or kwargs:
            made.linker = self.linker.clone(**{**(link_kwargs or {}), **kwargs})
        if not (isinstance(optimizer, str) and optimizer == ""):
            named = Mode(made.linker, optimizer)
            made.provided_optimizer, made._optimizer = named.provided_optimizer, named._optimizer
        return made

    def __str__(self) -> str:
        return f"{type(self).__name__}(linker = {self.provided_linker}, optimizer = {self.provided_optimizer})"


def _by_name(table: dict[Any, Any], name: Any, kind: str) -> Any:
    if name not in table:
        raise KeyError(f"there is no {kind} {name!r}; there are {', '.join(sorted(map(str, table)))}")
    return table[name]


def _flat(tags: tuple[Any, ...]) -> list[str]:
    """Return tags that may stand in lists."""
    return [tag for item in tags for tag in (item if isinstance(item, (list, tuple)) else [item])]


FAST_RUN = Mode("cvm", "fast_run")
FAST_COMPILE = Mode("vm", "fast_compile")

predefined_modes: dict[str, Mode] = {"FAST_RUN": FAST_RUN, "FAST_COMPILE": FAST_COMPILE}

mode_factories: dict[str, Callable[[], Mode]] = {}
"""Modes that are made when first named: 'DebugMode', 'NanGuardMode'."""

_default_modes: dict[tuple[Any, ...], Mode] = {}


def get_mode(orig_string: Any = None) -> Any:
    """Return the mode that a name means; a mode is returned as it is.

    Args:
        orig_string: a name, a `Mode`, or None for `config.mode`.

    Raises:
        ValueError: there is no mode of that name.
    """
    name = config.mode if orig_string is None else orig_string
    if not isinstance(name, str):
        return name
    if name in predefined_modes:
        return predefined_modes[name]
    if name == "Mode":
        return _default_mode()
    if name in mode_factories:
        return mode_factories[name]()
    raise ValueError(f"No predefined mode exist for string: {name}")


def _default_mode() -> Mode:
    """Return the mode of the flags linker, optimizer, and the three with tags."""
    changes = (config.optimizer_including, config.optimizer_excluding, config.optimizer_requiring)
    key = (config.linker, config.optimizer, *changes)
    mode = _default_modes.get(key)
    if mode is None:
        including, excluding, requiring = ([tag for tag in text.split(":") if tag] for text in changes)
        mode = Mode(config.linker, config.optimizer)
        if including or excluding or requiring:
            mode = mode.including(*including).excluding(*excluding).requiring(*requiring)
        _default_modes[key] = mode
    return mode


def get_default_mode() -> Any:
    """Return the mode of functions that name none."""
    return get_mode(None)


def register_mode(name: str, mode: Mode) -> None:
    """Let a mode be named.

    Raises:
        ValueError: the name is taken.
    """
    if name in predefined_modes:
        raise ValueError(f"Mode name already taken: {name}")
    predefined_modes[name] = mode
