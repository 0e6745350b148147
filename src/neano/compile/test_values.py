"""Test values: each new node is computed at once on example values, so that a mistake fails on the line that makes it.

Importing this module makes `config.compute_test_value` work: "off"; "ignore" and "warn" pass over nodes whose inputs
lack a value; "raise" and "pdb" stop there. Errors of the computation itself always pass to the user.
"""

from __future__ import annotations

import copy
import pdb
import warnings
from typing import Any

import neano.graph.op as graph_op
from neano.config.rewriting import test_value_action
from neano.graph.trace import creation_text
from neano.graph.variable import Apply, Variable


def get_test_value(v: Any) -> Any:
    """Return the test value of a variable: a constant's or shared variable's own value, or `v.tag.test_value`.

    What is no variable is its own test value.

    Raises:
        AttributeError: there is none.
    """
    if not isinstance(v, Variable):
        return v
    try:
        return v.get_test_value()
    except AttributeError as error:
        error.args = (f"{error}{creation_text(v)}",)
        raise


def get_debug_values(*args: Any) -> list[tuple[Any, ...]]:
    """Return a list of one tuple of the arguments' test values; an empty list where test values are off or one lacks.

    Raises:
        AttributeError: one is missing and `config.compute_test_value` says "raise".
    """
    action = test_value_action()
    if action == "off":
        return []
    try:
        return [tuple(get_test_value(arg) for arg in args)]
    except AttributeError as error:
        if action == "raise":
            raise
        if action == "warn":
            warnings.warn(str(error), stacklevel=2)
        return []


def compute_test_values(node: Apply) -> None:
    """Compute a node on its inputs' test values and attach the results to its outputs.

    Raises:
        ValueError: an input has no test value and `config.compute_test_value` says "raise".
        TypeError, ValueError: a test value does not fit its variable's type.
    """
    values = []
    for i, variable in enumerate(node.inputs):
        try:
            values.append(variable.get_test_value())
        except AttributeError:
            _missing(node, i)
            return
        except (TypeError, ValueError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(
                "For compute_test_value, one input test value does not have the requested type.\n"
                f"{creation_text(variable)}\nThe error when converting the test value to that variable type:\n{error}"
            ) from error
    for sources in node.op.destroy_map.values():
        for i in sources:
            values[i] = copy.deepcopy(values[i])
    storage: list[list[Any]] = [[None] for _ in node.outputs]
    node.op.perform(node, values, storage)
    for output, (value,) in zip(node.outputs, storage, strict=True):
        output.tag.test_value = value


def _missing(node: Apply, position: int) -> None:
    """Do what `config.compute_test_value` says about an input without a test value."""
    action = test_value_action()
    if action == "ignore":
        return
    variable = node.inputs[position]
    message = f"Cannot compute test value: input {position} ({variable}) of Op {node} missing default value"
    if action == "warn":
        warnings.warn(f"Warning, {message}", stacklevel=4)
    elif action == "pdb":
        pdb.set_trace()
    else:
        raise ValueError(f"{message}. {creation_text(variable)}")


graph_op.test_value_hook = compute_test_values
