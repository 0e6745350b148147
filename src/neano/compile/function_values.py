"""`f.value[...]` and `f.container[...]`: the values of a function's inputs by index, variable or name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neano.compile.linkers import FunctionSpec
from neano.graph.generic import generic
from neano.graph.shared import Container

if TYPE_CHECKING:
    from neano.compile.function_methods import FunctionMethods

AMBIGUOUS = Container(generic, [None], readonly=True, name="ambiguous")
"""Stands in a finder under a name that several inputs have."""


def describe_inputs(spec: FunctionSpec) -> str:
    """Return a sentence that lists the inputs that can be named."""
    names = [each.name for each in spec.inputs if not each.implicit and each.name]
    unnamed = spec.explicit - len(names)
    text = f"The function has {len(names)} named input{'' if len(names) == 1 else 's'}"
    if names:
        text += f" ({', '.join(names)})"
    if unnamed:
        text += (
            f", and {unnamed} unnamed input{'' if unnamed == 1 else 's'} which thus cannot be accessed through keyword "
            f"argument{'' if unnamed == 1 else 's'} (use 'name=...' in a variable's constructor to give it a name)"
        )
    return text


def make_finder(spec: FunctionSpec) -> dict[Any, Container]:
    """Return a dict from index, variable and name to the input's container."""
    finder: dict[Any, Container] = {}
    for k, each in enumerate(spec.inputs):
        finder[k] = finder[each.variable] = each.container
        if each.name is not None:
            finder[each.name] = AMBIGUOUS if each.name in finder else each.container
    return finder


class ContainerView:
    """`f.container`: item -> container."""

    def __init__(self, function: FunctionMethods) -> None:
        self._function = function

    def __getitem__(self, item: Any) -> Container:
        try:
            found = self._function.finder.get(item)
        except TypeError:  # not hashable
            found = None
        if found is None:
            raise TypeError(f"Unknown input or state: {item}")
        if found is AMBIGUOUS:
            raise TypeError(
                f"Ambiguous name: {item} - please check the names of the inputs of your function for duplicates."
            )
        return found

    def __contains__(self, item: Any) -> bool:
        return item in self._function.finder

    def __len__(self) -> int:
        return len(self._function.spec.inputs)


class ValueView(ContainerView):
    """`f.value`: item -> value; assignment sets it."""

    def __getitem__(self, item: Any) -> Any:
        return ContainerView.__getitem__(self, item).value

    def __setitem__(self, item: Any, value: Any) -> None:
        spec = self._function.spec
        if item not in self._function.finder:
            raise TypeError(f"Unknown input or state: {item}. {describe_inputs(spec)}.")
        container = ContainerView.__getitem__(self, item)
        container.value = value
        for each in spec.inputs:
            if each.container is container and each.storage is not None and each.storage is not container.storage:
                each.storage[0] = None  # so that calls ask for the value, which holds for one of them
