"""The phases of rewriting, in order, as one database (`optdb`); rules and functions register themselves in a phase.

Names and positions are Theano's, so that its programs find and select what they know: `merge1` (0), `ShapeOpt` (0.1),
`useless` (0.6), `canonicalize` (1), `stabilize` (1.5), `local_log_sum_exp` (1.6), `BlasOpt` (1.7), `specialize` (2),
`uncanonicalize` (3), `specialize_device` (48.6), `merge2` (49), `merge3` (100). "fast_run" selects all, "fast_compile"
merging and the simplifications of shapes and useless nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from neano.graph.rewriting.database import Database, EquilibriumDB, SequenceDB
from neano.graph.rewriting.folding import constant_folding
from neano.graph.rewriting.merge import MergeRewriter
from neano.graph.rewriting.rewriters import GraphRewriter, NodeRewriter
from neano.graph.rewriting.rule import Rule

optdb = SequenceDB(name="optdb")

useless = EquilibriumDB(name="useless")
canonicalize = EquilibriumDB(name="canonicalize")
stabilize = EquilibriumDB(name="stabilize")
specialize = EquilibriumDB(name="specialize")
uncanonicalize = EquilibriumDB(name="uncanonicalize")
specialize_device = EquilibriumDB(name="specialize_device")

optdb.register("merge1", MergeRewriter(), 0, "fast_run", "fast_compile", "merge")
optdb.register("useless", useless, 0.6, "fast_run", "fast_compile")
optdb.register("merge1.1", MergeRewriter(), 0.65, "fast_run", "fast_compile_gpu", "merge")
optdb.register("canonicalize", canonicalize, 1, "fast_run", "fast_compile")
optdb.register("merge1.2", MergeRewriter(), 1.2, "fast_run", "fast_compile", "merge")
optdb.register("stabilize", stabilize, 1.5, "fast_run")
optdb.register("specialize", specialize, 2, "fast_run", "fast_compile_gpu")
optdb.register("uncanonicalize", uncanonicalize, 3, "fast_run")
optdb.register("specialize_device", specialize_device, 48.6, "fast_run")
optdb.register("merge2", MergeRewriter(), 49, "fast_run", "merge")
optdb.register("merge3", MergeRewriter(), 100, "fast_run", "merge")

RULES: list[Rule] = []
"""Every equation that is registered, for the test that evaluates both sides."""


def register(database: Database, rewriter: Any, *tags: str, name: str | None = None, **options: Any) -> Any:
    """Add a rewriter to a phase; "fast_run" selects it, as do its name, the phase's, and more tags."""
    label = name or getattr(rewriter, "name", None) or getattr(rewriter, "__name__", None)
    own = getattr(rewriter, "tags", ())
    database.register(label or str(rewriter), rewriter, "fast_run", *own, *tags, **options)
    return rewriter


def register_rules(rules: Iterable[Rule], *databases: Database) -> None:
    """Add equations to phases."""
    for rule in rules:
        if rule not in RULES:
            RULES.append(rule)
        for database in databases:
            register(database, rule)


def registers(*databases: Database, tags: Iterable[str] = ()) -> Callable[[Any], Any]:
    """Return a decorator that adds a rewriter to phases."""

    def add(rewriter: Any) -> Any:
        for database in databases:
            register(database, rewriter, *tags)
        return rewriter

    return add


def _registration(database: Database) -> Callable[..., Any]:
    """Return Theano's function that registers in a phase: a call, or a decorator with more tags."""

    def register_in_phase(lopt: Any, *tags: str, **options: Any) -> Any:
        if isinstance(lopt, str):
            return lambda rewriter: register_in_phase(rewriter, lopt, *tags, **options)
        name = options.pop("name", None)
        if not isinstance(lopt, (NodeRewriter, GraphRewriter, Database)):
            raise TypeError(f"{lopt!r} is no rewriter; decorate it with local_optimizer first")
        return register(database, lopt, *tags, name=name, **options)

    register_in_phase.__doc__ = f"Register a rewriter in the phase {database.name}; also a decorator, given more tags."
    return register_in_phase


register_useless = _registration(useless)
register_canonicalize = _registration(canonicalize)
register_stabilize = _registration(stabilize)
register_specialize = _registration(specialize)
register_uncanonicalize = _registration(uncanonicalize)
register_specialize_device = _registration(specialize_device)

for _phase in (useless, canonicalize, stabilize, specialize):
    register(_phase, constant_folding, "fast_compile", name="constant_folding")
