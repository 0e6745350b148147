"""`Function`: compiled functions as Python objects, which run a backend's `run(values)`."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Callable
from typing import Any

from neano.compile.function_methods import FunctionMethods
from neano.compile.linkers import FunctionSpec

Run = Callable[[list[Any]], list[Any]]
"""From a value for each of `fgraph.inputs` to a value for each of `fgraph.outputs`."""


class Function(FunctionMethods, metaclass=ABCMeta):  # backends register callable types of their own as subclasses
    """A compiled function that runs in Python.

    Args:
        spec: what the function is.
        run: computes the values of all outputs from the values of all inputs.
    """

    def __init__(self, spec: FunctionSpec, run: Run) -> None:
        self._run = run
        self._stored = [each.container.storage for each in spec.inputs[spec.explicit :]]
        self._updates = [spec.inputs[k].container.storage for k in spec.updates]
        self._returned = spec.returned

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        values = self.convert_arguments(args, kwargs)
        if isinstance(values, tuple):
            return values[0]
        values.extend(storage[0] for storage in self._stored)
        outputs = self._run(values)
        for storage, new_value in zip(self._updates, outputs[self._returned :], strict=True):
            storage[0] = new_value
        return self.spec.result(outputs[: self._returned])
