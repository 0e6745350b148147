"""`function()`: from symbols to something that can be called."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping, Sequence
from typing import Any

from neano.compile.function_maker import FunctionMaker, check_all_inputs_used
from neano.compile.io import In, SymbolicInput, SymbolicOutput, convert_function_input
from neano.compile.rebuild import Pairs, iterate_pairs, rebuild
from neano.graph.errors import UnusedInputError
from neano.graph.shared import SharedVariable
from neano.graph.variable import Constant, Variable, user_trace


def function(
    inputs: Sequence[Any],
    outputs: Any = None,
    mode: Any = None,
    updates: Pairs | None = None,
    givens: Pairs | None = None,
    no_default_updates: bool | list[Any] = False,
    accept_inplace: bool = False,
    name: str | None = None,
    rebuild_strict: bool = True,
    allow_input_downcast: bool | None = None,
    profile: Any = None,
    on_unused_input: str | None = None,
) -> Any:
    """Compile a graph into a callable.

    Args:
        inputs: a list of variables or `In`, in the order of positional arguments.
        outputs: a variable or `Out` (a call returns its value), a list (a call returns a list), a dict with string keys
            (a call returns a dict), or None (a call returns an empty list).
        mode: a `Mode` or its name; None for `config.mode`.
        updates: shared variable -> expression, as a dict or pairs. All expressions are computed with the old values,
            then stored together; outputs see the old values.
        givens: variable -> what stands in its place in this function, as a dict or pairs.
        no_default_updates: True to leave out the default updates of shared variables, or a list of those to leave out.
        accept_inplace: let the graph have nodes that overwrite their inputs.
        name: the function's name in messages; by default the line where it was made.
        rebuild_strict: convert givens to the types that they replace; otherwise nodes decide their types anew.
        allow_input_downcast: whether arguments may lose precision; None: only Python floats for floatX inputs.
        profile: True, a name or a profile: measure the calls.
        on_unused_input: 'raise', 'warn' or 'ignore' an input that nothing reads; None for `config.on_unused_input`.

    Returns:
        a callable with the methods of `FunctionMethods`.

    Raises:
        TypeError, UnusedInputError, MissingInputError, ValueError, RuntimeError: the parts do not fit together; the
            text says which.

    >>> from neano.tensor.type import TensorType
    >>> x = TensorType("float64", ())("x")
    >>> f = function([x, In(TensorType("float64", ())("y"), value=1)], x, mode="FAST_COMPILE", on_unused_input="ignore")
    >>> f(2)
    array(2.)
    """
    if not isinstance(inputs, (list, tuple)):
        raise TypeError(
            "Input variables of a Theano function should be contained in a list, even when there is a single input."
        )
    started = time.perf_counter()
    if name is None:
        trace = user_trace(2)
        name = f"{trace[0][0].co_filename}:{trace[0][1]}" if trace else None
    if any(isinstance(each, (list, tuple)) for each in inputs):
        if updates or givens:
            raise NotImplementedError(
                "In() instances and tuple inputs trigger the old semantics, which disallow using updates and givens"
            )
        return orig_function(inputs, outputs, mode, accept_inplace, name, profile, on_unused_input)
    made = [_as_input(each, allow_input_downcast) for each in inputs]
    _check_inputs(made, givens)
    results, keys, form = _as_outputs(outputs)
    check_all_inputs_used(made, [], "ignore" if on_unused_input is None else on_unused_input)
    own_updates = [each.update for each in made if each.update is not None]
    variables = [each.variable for each in made]
    copied, found = rebuild(
        [*(o.variable for o in results), *own_updates], variables, givens, updates, rebuild_strict, no_default_updates
    )
    new_results = [SymbolicOutput(new, old.borrow) for old, new in zip(results, copied, strict=False)]
    values = iter(copied[len(results) :])
    for each in made:
        if each.update is not None:
            each.update = next(values)
    for variable in found.shared:
        if variable in variables:
            continue
        new_value = found.updates.get(variable)
        made.append(
            In(
                variable,
                value=variable.container,
                update=new_value,
                mutable=new_value is not None,
                borrow=True,
                shared=True,
            )
        )
    maker = FunctionMaker(
        made,
        new_results if form == "list" else new_results[0] if form == "single" else None,
        mode,
        accept_inplace,
        profile=profile,
        on_unused_input=on_unused_input,
        output_keys=keys,
        name=name,
        owns_graph=True,
    )
    compiled = maker.create()
    if maker.profile is not None:
        maker.profile.compile_time += time.perf_counter() - started
    return compiled


def pfunc(params: Sequence[Any], *args: Any, output_keys: Sequence[str] | None = None, **kwargs: Any) -> Any:
    """Compile as `function` does; the older name, in which the keys of a dict of outputs may come apart from them."""
    compiled_outputs = kwargs.pop("outputs", args[0] if args else None)
    if output_keys is not None:
        compiled_outputs = dict(zip(output_keys, compiled_outputs, strict=True))
    return function(params, compiled_outputs, *args[1:], **kwargs)


def orig_function(
    inputs: Sequence[Any],
    outputs: Any,
    mode: Any = None,
    accept_inplace: bool = False,
    name: str | None = None,
    profile: Any = None,
    on_unused_input: str | None = None,
    output_keys: Sequence[str] | None = None,
) -> Any:
    """Compile a graph whose shared variables, updates and givens are all told by `In`; see `function`."""
    if isinstance(outputs, Mapping):
        results, output_keys, _ = _as_outputs(outputs)
        outputs = results
    return FunctionMaker(
        [convert_function_input(each) for each in inputs],
        outputs,
        mode,
        accept_inplace,
        profile=profile,
        on_unused_input=on_unused_input,
        output_keys=output_keys,
        name=name,
    ).create()


def _as_input(given: Any, allow_downcast: bool | None) -> In:
    """Return a fresh `In` for what stands among the inputs of `function`.

    Raises:
        TypeError: a constant, a shared variable, or no variable at all.
    """
    if isinstance(given, SymbolicInput):
        if isinstance(given.variable, Constant):
            raise TypeError(f"Constants not allowed in param list: {given.variable}")
        converted = convert_function_input(given)
        return copy.copy(converted)
    if isinstance(given, Constant):
        raise TypeError(f"Constants not allowed in param list: {given}")
    if isinstance(given, SharedVariable):
        raise TypeError(
            f"Cannot use a shared variable ({given}) as explicit input. Consider substituting a non-shared variable "
            "via the `givens` parameter"
        )
    if isinstance(given, Variable):
        return In(given, allow_downcast=allow_downcast)
    raise TypeError(f"Unknown parameter type: {type(given)}")


def _check_inputs(made: Sequence[In], givens: Pairs | None) -> None:
    """Raise where an input stands twice, or is also among the givens.

    Raises:
        UnusedInputError: twice.
        RuntimeError: among the givens.
    """
    position: dict[Variable, int] = {}
    for k, each in enumerate(made):
        first = position.setdefault(each.variable, k)
        if first != k:
            raise UnusedInputError(
                f"Variable {each.variable} is used twice in inputs to theano.function, at indices {first} and {k}.  "
                "This would result in values provided for it being ignored. Please do not duplicate variables in the "
                "inputs list."
            )
    for old, _ in iterate_pairs(givens):
        if isinstance(old, Variable) and old in position:
            raise RuntimeError(
                f"You are trying to replace variable '{old}' through the `givens` parameter, but this variable is an "
                "input to your function. Replacing inputs is currently forbidden because it has no effect. One way to "
                "modify an input `x` to a function evaluating f(x) is to define a new input `y` and use "
                "`theano.function([y], f(x), givens={x: g(y)})`. Another solution consists in using `theano.clone`, "
                "e.g. like this: `theano.function([x], theano.clone(f(x), replace={x: g(x)}))`."
            )


def _as_outputs(outputs: Any) -> tuple[list[SymbolicOutput], list[str] | None, str]:
    """Return the outputs as `Out`, the keys of a dict, and the form: 'single', 'list' or 'none'.

    Raises:
        TypeError: an output is no variable.
        AssertionError: a key of a dict is no string.
    """
    keys: list[str] | None = None
    if isinstance(outputs, Mapping):
        for key in outputs:
            if not isinstance(key, str):
                raise AssertionError(f"the keys of outputs given as a dict must be strings, not {key!r}")
        keys = sorted(outputs)
        outputs = [outputs[key] for key in keys]
    if outputs is None:
        return [], keys, "none"
    is_list = isinstance(outputs, (list, tuple))
    made = [o if isinstance(o, SymbolicOutput) else SymbolicOutput(o) for o in (outputs if is_list else [outputs])]
    return made, keys, "list" if is_list else "single"
