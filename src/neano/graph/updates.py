"""`OrderedUpdates`: updates of shared variables as a dict that notices contradictions; what `scan` returns."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any

from neano.graph.shared import SharedVariable


class OrderedUpdates(OrderedDict[SharedVariable, Any]):
    """Shared variable -> new value, in the order of insertion.

    Raises:
        TypeError: a key is not a shared variable.
        KeyError: two sources of updates disagree about a variable.

    >>> from neano.graph.shared import shared
    >>> state = shared([])
    >>> len(OrderedUpdates([(state, 1)]) + {state: 1})
    1
    """

    def __setitem__(self, key: SharedVariable, value: Any) -> None:
        if not isinstance(key, SharedVariable):
            raise TypeError(f"OrderedUpdates keys must inherit from SharedVariable: {key!r} of {type(key).__name__}")
        super().__setitem__(key, value)

    def update(self, *others: Any, **named: Any) -> None:
        """Add updates that do not contradict those that are there."""
        for other in others:
            pairs: Iterable[tuple[Any, Any]] = (
                other.items() if isinstance(other, Mapping) else ([] if other is None else other)
            )
            for key, value in pairs:
                if key in self and self[key] is not value and self[key] != value:
                    raise KeyError(f"Collision: {key} has two updates, {self[key]} and {value}")
                self[key] = value
        if named:
            raise TypeError("updates are given by shared variable, not by name")

    def __add__(self, other: Any) -> OrderedUpdates:
        result = OrderedUpdates()
        result.update(self, other)
        return result

    def __radd__(self, other: Any) -> OrderedUpdates:
        result = OrderedUpdates()
        result.update(other, self)
        return result
