"""Copies a user's graph for compiling: givens put in, shared variables found, updates collected."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from neano.compile.io import SymbolicInput, SymbolicOutput
from neano.graph.shared import SharedVariable, shared
from neano.graph.traverse import ancestors, toposort
from neano.graph.variable import Constant, Variable

Pairs = Mapping[Any, Any] | Iterable[tuple[Any, Any]]


@dataclass
class Rebuilt:
    """A copied graph.

    Attributes:
        copies: each variable of the original -> its copy (itself for inputs, constants and shared variables).
        updates: shared variable -> copy of its new value.
        shared: the shared variables that the graph reads or updates, as first met.
    """

    copies: dict[Variable, Variable] = field(default_factory=dict)
    updates: dict[SharedVariable, Variable] = field(default_factory=dict)
    shared: dict[SharedVariable, None] = field(default_factory=dict)
    strict: bool = True
    takes_default: Callable[[SharedVariable], bool] = lambda variable: True

    def take(self, wanted: Sequence[Variable]) -> list[Variable]:
        """Return copies of variables, made with all that they are computed from."""
        for variable in wanted:
            if variable.owner is None:
                self._take_root(variable)
        for node in toposort(wanted, self.copies):
            for source in node.inputs:
                if source.owner is None:
                    self._take_root(source)
            copied = node.clone_with_new_inputs([self.copies[v] for v in node.inputs], strict=self.strict)
            for old, new in zip(node.outputs, copied.outputs, strict=True):
                self.copies.setdefault(old, new)
        return [self.copies[v] for v in wanted]

    def _take_root(self, variable: Variable) -> None:
        if variable not in self.copies:
            self.copies[variable] = variable
            if isinstance(variable, SharedVariable):
                self.shared[variable] = None

    def take_default_updates(self) -> None:
        """Add the default updates of all shared variables met, until those met in default updates are done as well."""
        done: set[SharedVariable] = set()
        while fresh := [v for v in self.shared if v not in done]:
            done.update(fresh)
            wanted = {
                v: updated_value(v, v.default_update)
                for v in fresh
                if v.default_update is not None and v not in self.updates and self.takes_default(v)
            }
            self.updates.update(zip(wanted, self.take(list(wanted.values())), strict=True))


def updated_value(target: SharedVariable, value: Any) -> Variable:
    """Return the variable that is to replace a shared variable's value.

    Raises:
        TypeError: it has another type; nothing is cast but plain numbers and arrays.
    """
    if not isinstance(value, Variable):
        return target.type.filter_variable(value)
    if value.type == target.type:
        return value
    if target.type.in_same_class(value.type):
        return target.type.filter_variable(value)
    raise TypeError(
        "An update must have the same type as the original shared variable "
        f"(shared_var={target}, shared_var.type={target.type}, update_val={value}, update_val.type={value.type}). "
        "Cast it (cast, astype); if only the broadcast pattern differs, unbroadcast(var, axis) declares dimensions not "
        "to broadcast."
    )


def iterate_pairs(pairs: Pairs | None) -> list[tuple[Any, Any]]:
    """Return the pairs of a dict, or of a list of pairs."""
    if pairs is None:
        return []
    return list(pairs.items()) if isinstance(pairs, Mapping) else [(key, value) for key, value in pairs]


def check_updates(updates: Pairs | None) -> dict[SharedVariable, Variable]:
    """Return the updates as a dict, after checking targets and types.

    Raises:
        TypeError: a target is not shared, or a value of another type.
        ValueError: a target stands there twice.
    """
    if type(updates) is dict and len(updates) > 1:
        warnings.warn(
            "The parameter 'updates' of function() was given a dict of several updates; Theano asks for an OrderedDict "
            "or a list of pairs there.",
            stacklevel=4,
        )
    checked: dict[SharedVariable, Variable] = {}
    for target, value in iterate_pairs(updates):
        if not isinstance(target, SharedVariable):
            raise TypeError(f"update target must be a SharedVariable, not {target!r} of {type(target).__name__}")
        if target in checked:
            raise ValueError(f"this shared variable already has an update expression: {target}, given {value}")
        checked[target] = updated_value(target, value)
    return checked


def check_replacements(replace: Pairs | None, strict: bool) -> dict[Variable, Variable]:
    """Return givens as a dict of variables, of the types that they replace where `strict`.

    Raises:
        TypeError: a key is no variable, or a value's type cannot be converted.
        AssertionError: a value depends on a variable that is replaced as well.
    """
    pairs: dict[Variable, Variable] = {}
    for old, new in iterate_pairs(replace):
        if not isinstance(old, Variable):
            raise TypeError(f"given keys must be Variable, not {old!r}")
        pairs[old] = new if isinstance(new, Variable) else shared(new)
    for old, new in pairs.items():
        if strict and old.type != new.type:
            pairs[old] = old.type.filter_variable(new)
    if len(pairs) > 1:
        for variable in ancestors(pairs.values()):
            if variable in pairs:
                raise AssertionError(
                    "When using 'givens' or 'replace' with several (old_v, new_v) replacement pairs, you can not have "
                    f"a new_v variable depend on an old_v one. Here, the old_v {variable} is used to compute other "
                    f"new_v's, but it is scheduled to be replaced by {pairs[variable]}."
                )
    return pairs


def default_update_filter(no_default_updates: Any) -> Callable[[SharedVariable], bool]:
    """Return the function that says whether a shared variable's default update applies.

    Raises:
        TypeError: `no_default_updates` is neither a bool nor a list.
    """
    if isinstance(no_default_updates, bool):
        return lambda variable: not no_default_updates
    if isinstance(no_default_updates, (list, tuple, set)):
        excluded = set(no_default_updates)
        return lambda variable: variable not in excluded
    raise TypeError("no_default_updates should be either a bool or a list")


def rebuild(
    outputs: Sequence[Variable],
    inputs: Sequence[Variable] = (),
    replace: Pairs | None = None,
    updates: Pairs | None = None,
    rebuild_strict: bool = True,
    no_default_updates: Any = False,
    copy_inputs: bool = False,
) -> tuple[list[Variable], Rebuilt]:
    """Return copies of the outputs and what was found on the way.

    Args:
        outputs: what to copy.
        inputs: what is given from outside; nobody looks behind them.
        replace: variable -> what stands in its place; plain values become shared variables.
        updates: shared variable -> new value.
        rebuild_strict: convert replacements to the types of what they replace; otherwise nodes decide their types anew.
        no_default_updates: True to apply no default updates, or a list of the shared variables whose one is not wanted.
        copy_inputs: let clones stand for the inputs rather than themselves.

    Raises:
        TypeError, ValueError, AssertionError: see `check_updates`, `check_replacements`, `default_update_filter`.
    """
    replaced = check_replacements(replace, rebuild_strict)
    given = check_updates(updates)
    result = Rebuilt(strict=rebuild_strict, takes_default=default_update_filter(no_default_updates))
    for variable in inputs:
        result.copies.setdefault(variable, variable.clone() if copy_inputs else variable)
    replacements = result.take(list(replaced.values()))
    for variable in result.shared:
        if variable in given and variable.default_update is not None and result.takes_default(variable):
            raise ValueError(
                f"{variable} has a default update, is read by a value in givens, and is also among the updates; leave "
                "one out"
            )
    if any(old in result.copies for old in replaced):  # x -> f(x): outside of f(x), f(x) means f(f(x))
        result.copies = {old: new for old, new in result.copies.items() if old.owner is None or old in inputs}
    result.copies.update(zip(replaced, replacements, strict=True))
    wanted = result.take([*outputs, *given.values()])
    for target, value in zip(given, wanted[len(outputs) :], strict=True):
        result.shared.setdefault(target)
        result.updates[target] = value
    result.take_default_updates()
    return wanted[: len(outputs)], result


def rebuild_collect_shared(
    outputs: Any,
    inputs: Sequence[Any] | None = None,
    replace: Pairs | None = None,
    updates: Pairs | None = None,
    rebuild_strict: bool = True,
    copy_inputs_over: bool = True,
    no_default_updates: Any = False,
) -> tuple[list[Variable], Any, list[Any]]:
    """Return `(inputs, copied outputs, [copies, updates, new values, shared variables])`, as Theano's function does.

    Outputs may be a variable, an `Out`, a list of either, or None; their copies have the same form.
    """
    input_variables = [i.variable if isinstance(i, SymbolicInput) else i for i in inputs or ()]
    is_list = isinstance(outputs, (list, tuple))
    given = list(outputs) if is_list else [] if outputs is None else [outputs]
    variables = [o.variable if isinstance(o, SymbolicOutput) else o for o in given]
    for variable in variables:
        if not isinstance(variable, Variable):
            raise TypeError(
                f"Outputs must be theano Variable or Out instances. Received {variable!r} of type {type(variable)}"
            )
    copied, found = rebuild(
        variables, input_variables, replace, updates, rebuild_strict, no_default_updates, not copy_inputs_over
    )
    wrapped = [
        SymbolicOutput(new, old.borrow) if isinstance(old, SymbolicOutput) else new
        for old, new in zip(given, copied, strict=True)
    ]
    result: Any = wrapped if is_list else wrapped[0] if wrapped else []
    values = list(found.updates.values())
    return [found.copies[v] for v in input_variables], result, [found.copies, found.updates, values, list(found.shared)]


def clone(
    output: Any,
    replace: Pairs | None = None,
    strict: bool = True,
    share_inputs: bool = True,
    copy_inputs: bool | None = None,
) -> Any:
    """Return a copy of an expression, or of a list of them, with some variables replaced.

    Args:
        output: a variable or a list of variables.
        replace: variable -> what stands in its place.
        strict: convert replacements to the types of what they replace.
        share_inputs: let the copy depend on the same roots; otherwise they are copied too.
        copy_inputs: an older name of `share_inputs`.
    """
    share_inputs = share_inputs if copy_inputs is None else copy_inputs
    given = list(output) if isinstance(output, (list, tuple)) else [output]
    replaced = check_replacements(replace, strict)
    inputs: list[Variable] = []
    if not share_inputs:
        inputs = [
            v
            for v in ancestors(given)
            if v.owner is None and not isinstance(v, (Constant, SharedVariable)) and v not in replaced
        ]
    copied, _ = rebuild(given, inputs, replaced, None, strict, True, not share_inputs)
    return copied if isinstance(output, (list, tuple)) else copied[0]
