"""Pickling of compiled functions: the maker with its finished graph, and the inputs' values; code is made anew."""

from __future__ import annotations

import warnings
from typing import Any

from neano.config import config


class AliasedMemoryError(Exception):
    """Two values of a function share memory, which its pickle would not keep.

    Args:
        a, b: the values.
    """

    def __init__(self, a: Any, b: Any) -> None:
        super().__init__("two values of the function share memory; in its pickle they would not")
        self.a = a
        self.b = b


def reduce_function(function: Any) -> tuple[Any, ...]:
    """Return how a function is pickled.

    Raises:
        AliasedMemoryError: where `function.pickle_aliased_memory_strategy` is 'raise'.
    """
    spec = function.spec
    strategy = function.pickle_aliased_memory_strategy
    if strategy not in ("warn", "raise", "ignore"):
        raise ValueError(f"pickle_aliased_memory_strategy is 'warn', 'raise' or 'ignore', not {strategy!r}")
    if strategy != "ignore":
        _look_for_aliases(spec, strategy)
    values = [None if each.implicit else each.container.storage[0] for each in spec.inputs]
    containers = [each.container if each.implicit else None for each in spec.inputs]
    extra = {"trust_input": True} if function.trust_input else {}
    return (load_function, (function.maker, values, containers, extra))


def _look_for_aliases(spec: Any, strategy: str) -> None:
    held = [(each, each.container.storage[0]) for each in spec.inputs]
    for i, (one, a) in enumerate(held):
        for other, b in held[i + 1 :]:
            if a is None or b is None or one.container is other.container:
                continue
            if one.variable.type.may_share_memory(a, b):
                if strategy == "raise":
                    raise AliasedMemoryError(a, b)
                warnings.warn(
                    "aliased relationship between Function arguments will not be preserved by de-pickling operation: "
                    f"{one.variable} and {other.variable}",
                    stacklevel=5,
                )


def load_function(maker: Any, values: list[Any], containers: list[Any], extra: dict[str, Any]) -> Any:
    """Return a function from its pickle, or None where `config.unpickle_function` says so."""
    if not config.unpickle_function:
        return None
    function = maker.create(values, containers)
    function.__dict__.update(extra)
    return function
