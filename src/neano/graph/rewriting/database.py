"""Databases of rewriters: each is registered with a name and tags; a `Query` by tags makes a pass of those it selects.

An `EquilibriumDB` gives a pass that applies its node rewriters until nothing changes; a `SequenceDB` gives its members
in the order of their positions. Databases are members of databases: a query goes down into those that it selects.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from neano.config import config
from neano.graph.rewriting.driver import Equilibrium
from neano.graph.rewriting.groups import NodeRewriterGroup, TopologicalRewriter
from neano.graph.rewriting.rewriters import GraphRewriter, NodeRewriter, Phases

_KEPT = 64
"""How many queries' results a sequence keeps: making the passes of all rules anew would cost each function some time."""


@dataclass(frozen=True, init=False)
class Query:
    """Which rewriters are wanted: those with any tag of `include`, all of `require`, none of `exclude`.

    Args:
        include, require, exclude: names and tags.
        subquery: name of a database inside -> the query that it gets instead.
        position_cutoff: members of a sequence from this position on are left out.
        extra: (rewriter, position) pairs that are added to a sequence.
    """

    include: frozenset[str]
    require: frozenset[str]
    exclude: frozenset[str]
    subquery: Mapping[str, Query] = field(hash=False)
    position_cutoff: float
    extra: tuple[tuple[Any, float], ...]

    def __init__(
        self,
        include: Iterable[str | None],
        require: Iterable[str] | None = None,
        exclude: Iterable[str] | None = None,
        subquery: Mapping[str, Query] | None = None,
        position_cutoff: float = float("inf"),
        extra_optimizations: Iterable[tuple[Any, float]] = (),
    ) -> None:
        values = {
            "include": frozenset(tag for tag in include if tag is not None),
            "require": frozenset(require or ()),
            "exclude": frozenset(exclude or ()),
            "subquery": dict(subquery or {}),
            "position_cutoff": position_cutoff,
            "extra": tuple(extra_optimizations),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def extra_optimizations(self) -> list[tuple[Any, float]]:
        return list(self.extra)

    def _with(self, **changes: Any) -> Query:
        given: dict[str, Any] = {
            "include": self.include,
            "require": self.require,
            "exclude": self.exclude,
            "subquery": self.subquery,
            "position_cutoff": self.position_cutoff,
            "extra_optimizations": self.extra,
        }
        return Query(**{**given, **changes})

    def including(self, *tags: str) -> Query:
        """Return the query with more tags included."""
        return self._with(include=self.include | set(tags))

    def excluding(self, *tags: str) -> Query:
        """Return the query with more tags excluded."""
        return self._with(exclude=self.exclude | set(tags))

    def requiring(self, *tags: str) -> Query:
        """Return the query with more tags required."""
        return self._with(require=self.require | set(tags))

    def register(self, *rewriters: tuple[Any, float]) -> Query:
        """Return the query with rewriters added at positions of the sequence."""
        return self._with(extra_optimizations=(*self.extra, *rewriters))

    def inner(self) -> Query:
        """Return the query that databases inside get: additions and the cutoff belong to the outer sequence."""
        return self._with(extra_optimizations=(), position_cutoff=float("inf"))

    def selects(self, tags: Iterable[str]) -> bool:
        """Say whether something with these tags (its name among them) is wanted."""
        given = set(tags)
        return bool(given & self.include) and self.require <= given and not given & self.exclude


def query_of(*tags: Any, **subquery: Any) -> Query:
    """Return a query from Theano's forms: a `Query`, or strings '+include', '-exclude', '&require'."""
    if len(tags) == 1 and not subquery and not isinstance(tags[0], str):
        given: Query = tags[0]
        return given
    marks: dict[str, list[str]] = {"+": [], "-": [], "&": []}
    for tag in tags:
        if not isinstance(tag, str) or tag[:1] not in marks:
            raise ValueError(f"a tag is '+name', '-name' or '&name' (include, exclude, require), not {tag!r}")
        marks[tag[0]].append(tag[1:])
    below = {name: query_of(*(q if isinstance(q, (list, tuple)) else [q])) for name, q in subquery.items()}
    return Query(marks["+"], marks["&"], marks["-"], below)


@dataclass
class Entry:
    """A member of a database with its tags, its name among them."""

    name: str
    member: Any
    tags: set[str]


class Database:
    """Named and tagged rewriters and databases.

    Attributes:
        version: grows with each change of it or of a database inside, so that what queries gave can be kept.
    """

    def __init__(self, name: str | None = None) -> None:
        self.name = name
        self._entries: dict[str, Entry] = {}
        self._changes = 0

    @property
    def version(self) -> int:
        inside = (entry.member for entry in self._entries.values() if isinstance(entry.member, Database))
        return self._changes + sum(member.version for member in inside)

    def register(self, name: str, member: Any, *tags: Any, use_db_name_as_tag: bool = True, **options: Any) -> Any:
        """Add a rewriter or a database.

        Args:
            name: unique in this database; a tag as well.
            member: a node rewriter, a graph rewriter or a database.
            tags: what else selects it.
            use_db_name_as_tag: let this database's own name select it, too.

        Raises:
            ValueError: the name is there already.
        """
        if name in self._entries:
            raise ValueError(f"the name {name!r} is registered already; choose another")
        if not isinstance(member, (NodeRewriter, GraphRewriter, Database)):
            raise TypeError(f"{member!r} is neither a rewriter nor a database of rewriters")
        if getattr(member, "name", None) is None:
            member.name = name
        own = {self.name} if use_db_name_as_tag and self.name is not None else set()
        classes = {cls.__name__ for cls in type(member).__mro__[:-1]}
        self._entries[name] = Entry(name, member, {name, *tags, *own, *classes} - {None})
        self._changes += 1
        return member

    def add_tags(self, name: str, *tags: str) -> None:
        """Let more tags select a member."""
        self._entries[name].tags |= set(tags)
        self._changes += 1

    def remove_tags(self, name: str, *tags: str) -> None:
        """Let tags select a member no longer."""
        self._entries[name].tags -= set(tags)
        self._changes += 1

    def remove(self, name: str) -> None:
        """Take a member out."""
        del self._entries[name]
        self._changes += 1

    def entries(self) -> list[Entry]:
        """Return all members with their tags."""
        return list(self._entries.values())

    def __getitem__(self, name: str) -> Any:
        if name in self._entries:
            return self._entries[name].member
        tagged = [entry.member for entry in self._entries.values() if name in entry.tags]
        if len(tagged) != 1:
            count = "nothing" if not tagged else "more than one member"
            raise KeyError(f"{name!r} names {count} of {self.name or 'the database'}")
        return tagged[0]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def selected(self, query: Query) -> list[tuple[str, Any]]:
        """Return the names and rewriters that a query selects; databases inside are queried in their turn."""
        found = []
        for entry in self._entries.values():
            if not query.selects(entry.tags):
                continue
            member = entry.member
            if isinstance(member, Database):
                member = member.query(query.subquery.get(entry.name, query.inner()))
                member.name = entry.name
            found.append((entry.name, member))
        return found

    def query(self, *tags: Any, **subquery: Any) -> Any:
        """Return a rewriter made of what a query selects."""
        raise NotImplementedError(f"{type(self).__name__} does not define query")

    def print_summary(self, stream: IO[str] | None = None) -> None:
        """Print the members and their tags."""
        for entry in self._entries.values():
            print(f"{self.name}: {entry.name}: {', '.join(sorted(entry.tags))}", file=stream or sys.stdout)
            if isinstance(entry.member, Database):
                entry.member.print_summary(stream)

    def __str__(self) -> str:
        text = io.StringIO()
        self.print_summary(text)
        return text.getvalue()


class EquilibriumDB(Database):
    """Node rewriters that are applied together until nothing changes.

    Args:
        ignore_newtrees, tracks_on_change_inputs: taken for compatibility; the worklist looks at all that changed.
    """

    def __init__(
        self, ignore_newtrees: bool = True, tracks_on_change_inputs: bool = False, name: str | None = None
    ) -> None:
        super().__init__(name)
        self._final: set[str] = set()

    def register(
        self, name: str, member: Any, *tags: Any, final_opt: bool = False, cleanup: bool = False, **options: Any
    ) -> Any:
        """Add a rewriter; with `final_opt` it runs when the others have nothing more to do."""
        registered = super().register(name, member, *tags, **options)
        if final_opt:
            self._final.add(name)
        return registered

    def query(self, *tags: Any, **subquery: Any) -> Equilibrium:
        chosen = self.selected(query_of(*tags, **subquery))
        return Equilibrium(
            [member for name, member in chosen if name not in self._final],
            name=self.name,
            final=[member for name, member in chosen if name in self._final],
        )


class LocalGroupDB(Database):
    """Node rewriters of which the first that has an answer is taken (all, in turn, with `apply_all_opts`)."""

    def __init__(
        self, apply_all_opts: bool = False, profile: bool = False, local_opt: Callable[..., Any] = NodeRewriterGroup
    ) -> None:
        super().__init__()
        self.apply_all_opts = apply_all_opts
        self.local_opt = local_opt
        self._positions: dict[str, float] = {}

    def register(self, name: str, member: Any, *tags: Any, position: float | str = "last", **options: Any) -> Any:
        """Add a node rewriter at a position ('last' by default)."""
        registered = super().register(name, member, *tags, **options)
        last = max(self._positions.values(), default=0.0) + 1
        self._positions[name] = last if position == "last" else float(position)
        return registered

    def query(self, *tags: Any, **subquery: Any) -> Any:
        chosen = sorted(self.selected(query_of(*tags, **subquery)), key=lambda pair: self._positions[pair[0]])
        group = self.local_opt(*[member for _, member in chosen])
        group.apply_all_opts = self.apply_all_opts
        return group


class TopoDB(Database):
    """A database whose selection is applied in one walk over the graph."""

    def __init__(
        self, db: Database, order: str = "in_to_out", ignore_newtrees: bool = False, failure_callback: Any = None
    ) -> None:
        super().__init__()
        self.db = db
        self.order = order

    def query(self, *tags: Any, **subquery: Any) -> TopologicalRewriter:
        return TopologicalRewriter(self.db.query(*tags, **subquery), order=self.order)


class ProxyDB(Database):
    """Another database, to be registered a second time."""

    def __init__(self, db: Database) -> None:
        super().__init__()
        self.db = db

    @property
    def version(self) -> int:
        return self.db.version

    def query(self, *tags: Any, **subquery: Any) -> Any:
        return self.db.query(*tags, **subquery)


class SequenceDB(Database):
    """Rewriters that run one after the other, by position."""

    def __init__(self, failure_callback: Any = None, name: str | None = None) -> None:
        super().__init__(name)
        self.failure_callback = failure_callback
        self.__position__: dict[str, float] = {}
        self._queried: dict[Any, Phases] = {}

    def register(self, name: str, member: Any, position: float | str = "last", *tags: Any, **options: Any) -> Any:
        """Add a rewriter or database at a position of the sequence ('last': after all that are there)."""
        registered = super().register(name, member, *tags, **options)
        last = max(self.__position__.values(), default=0.0) + 1
        self.__position__[name] = last if position == "last" else float(position)
        return registered

    def position(self, name: str) -> float:
        """Return where a member stands."""
        return self.__position__[name]

    def query(self, *tags: Any, **subquery: Any) -> Phases:
        """Return the selected rewriters in order; `position_cutoff` (of the query, else of the flags) ends it."""
        position_cutoff = subquery.pop("position_cutoff", None)
        wanted = query_of(*tags, **subquery)
        cutoff = wanted.position_cutoff if position_cutoff is None else float(position_cutoff)
        if cutoff == float("inf"):
            cutoff = config.optdb.position_cutoff
        key = (self.version, wanted, tuple(wanted.subquery.items()), cutoff)
        if key not in self._queried:
            if len(self._queried) > _KEPT:
                self._queried.clear()
            self._queried[key] = self._sequence(wanted, cutoff)
        return self._queried[key]

    def _sequence(self, wanted: Query, cutoff: float) -> Phases:
        placed = [(self.__position__[name], name, member) for name, member in self.selected(wanted)]
        placed += [(float(position), str(member), member) for member, position in wanted.extra]
        placed = sorted((p for p in placed if p[0] < cutoff), key=lambda p: (p[0], p[1]))
        return Phases([_as_pass(member) for _, _, member in placed], failure_callback=self.failure_callback)


def _as_pass(member: Any) -> GraphRewriter:
    """Return a graph rewriter; a node rewriter is applied until nothing changes."""
    return member if isinstance(member, GraphRewriter) else Equilibrium([member], name=str(member))


def tag_sets(groups: Sequence[Database]) -> set[str]:
    """Return every name and tag that databases know, those inside included."""
    found: set[str] = set()
    for group in groups:
        for entry in group.entries():
            found |= entry.tags
            if isinstance(entry.member, Database):
                found |= tag_sets([entry.member])
    return found
