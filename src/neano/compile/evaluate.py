"""`variable.eval({x: 1.0})`: compile and compute at once. Importing this module makes it and `verify_grad` work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import neano.autodiff.verify as verify
import neano.graph.variable as graph_variable
from neano.compile.function import function
from neano.graph.traverse import roots
from neano.graph.variable import Variable


def evaluate(variable: Variable, inputs_to_values: Mapping[Any, Any] | None = None) -> Any:
    """Return the value of a variable from values of its inputs, given by variable or by name.

    What was compiled is kept on the variable, for each set of inputs.

    Raises:
        KeyError: no input has a name that is given.
        TypeError: the values are no dict; and what calling a function raises.
    """
    given = {} if inputs_to_values is None else inputs_to_values
    if not isinstance(given, Mapping):
        raise TypeError(f"eval takes a dict from variables to values, not {given!r}")
    if any(isinstance(key, str) for key in given):
        given = {_named(variable, key) if isinstance(key, str) else key: value for key, value in given.items()}
    inputs = tuple(sorted(given, key=id))
    cache: dict[tuple[Variable, ...], Any] = variable.__dict__.setdefault("_fn_cache", {})
    compiled = cache.get(inputs)
    if compiled is None:
        compiled = cache[inputs] = function(list(inputs), variable, name=f"eval of {variable}")
    return compiled(*(given[each] for each in inputs))


def _named(variable: Variable, name: str) -> Variable:
    found = [root for root in roots([variable]) if root.name == name]
    if len(found) != 1:
        raise KeyError(f"{variable} depends on {len(found) or 'no'} inputs named {name!r}")
    return found[0]


graph_variable.evaluate_hook = evaluate
verify.compile_function = function
