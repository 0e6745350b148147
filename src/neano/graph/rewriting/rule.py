"""`Rule`: an equation between two expressions of placeholders, applied from left to right."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from neano.graph.fgraph import FunctionGraph
from neano.graph.rewriting.pattern import (
    REST,
    Application,
    Bindings,
    Hole,
    Language,
    Template,
    compile_pattern,
    depth,
    solutions,
)
from neano.graph.rewriting.rewriters import NodeRewriter, Replacement
from neano.graph.variable import Apply, Variable


class Rule(NodeRewriter):
    """An equation: where one of the patterns stands, the replacement may stand as well.

    Args:
        name: what it is called in traces, and to select it.
        patterns: expressions of the placeholders.
        replacement: the expression that takes their place.
        holes: placeholder -> hole; each placeholder of the replacement is in every pattern.
        language: what the expressions mean.
        when: a condition, called with the variables of the holes that its parameters name.
        exclusive: apply only where nothing else reads what the pattern computes on its way, so that no work is added.
        tags: what selects the rule.

    Raises:
        ValueError: a pattern is not the application of a function.
    """

    def __init__(
        self,
        name: str,
        patterns: Sequence[Variable],
        replacement: Variable,
        holes: Mapping[Variable, Hole],
        language: Language,
        when: Callable[..., bool] | None = None,
        exclusive: bool = False,
        tags: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.expressions = list(patterns)
        self.replacement = replacement
        self.holes = dict(holes)
        self.language = language
        self.when = when
        self.exclusive = exclusive
        self.tags = tuple(tags)
        self._condition_names = [] if when is None else list(inspect.signature(when).parameters)
        self.patterns: list[Application] = []
        for expression in self.expressions:
            pattern = compile_pattern(expression, self.holes, language)
            if not isinstance(pattern, Application):
                raise ValueError(f"the pattern of {name} must be the application of a function")
            self.patterns.append(pattern)
        self.depth = max(map(depth, self.patterns))
        self._template = Template(replacement, self.holes, language)
        self._keys = list(dict.fromkeys(k for pattern in self.patterns for k in language.tracked(pattern.key)))

    def tracks(self) -> Sequence[Any] | None:
        return self._keys

    def rewrite_node(self, fgraph: FunctionGraph, node: Apply) -> Replacement:
        for pattern in self.patterns:
            if pattern.index >= len(node.outputs):
                continue
            old = node.outputs[pattern.index]
            for bound in solutions(pattern, old, self.language):
                if not self._holds(fgraph, bound):
                    continue
                new = self._replacement(pattern, bound, old)
                if new is not None:
                    return [new if output is old else None for output in node.outputs]
        return None

    def _holds(self, fgraph: FunctionGraph, bound: Bindings) -> bool:
        """Say whether the conditions of the rule hold for a match."""
        if self.when is not None and not self.when(**{name: bound[name] for name in self._condition_names}):
            return False
        if not self.exclusive:
            return True
        inside = [v for label, v in bound.items() if label.startswith("@")]
        return all(len(fgraph._clients.get(v, ())) <= 1 for v in inside)

    def _replacement(self, pattern: Application, bound: Bindings, old: Variable) -> Variable | None:
        new: Variable | None
        try:
            new = self._template.build(bound, old)
        except TypeError:  # not defined on what the holes stand for, as -x is not on bools
            new = None
        if new is None or not self.language.fits(new, old):
            wide = {hole.name: self.language.widen(bound[hole.name], old) for hole in self.holes.values()}
            new = self._template.build({**bound, **wide}, old)
            if not self.language.fits(new, old) and REST not in bound:
                return None
        if REST in bound:
            new = self.language.combine(pattern.key, [new, *bound[REST]])
        return self.language.conform(new, old)

    def __str__(self) -> str:
        return self.name or "rule"
