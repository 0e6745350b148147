"""`as_op`: a Python function on arrays as an Op."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

from neano.graph.op import Op
from neano.graph.type import Type
from neano.graph.variable import Apply


class FromFunctionOp(Op):
    """An Op that calls a Python function. It has no derivative.

    Args:
        fn: the function, from arrays to one array, or to a list of them where there are several outputs.
        itypes, otypes: the types of its arguments and results.
        infer_shape: from (node, input shapes) to output shapes; None where nothing is known.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        itypes: Sequence[Type],
        otypes: Sequence[Type],
        infer_shape: Callable[..., Any] | None = None,
    ) -> None:
        self.itypes = list(itypes)
        self.otypes = list(otypes)
        self._fn = fn
        if infer_shape is not None:
            self.infer_shape = infer_shape  # type: ignore[method-assign]

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        results = self._fn(*inputs)
        if not isinstance(results, (list, tuple)):
            results = (results,)
        if len(results) != len(output_storage):
            raise ValueError(f"{self} gave {len(results)} results where {len(output_storage)} are declared")
        for storage, value in zip(output_storage, results, strict=True):
            storage[0] = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FromFunctionOp) and type(self) is type(other) and self._fn == other._fn

    def __hash__(self) -> int:
        return hash((type(self), self._fn))

    def __str__(self) -> str:
        return f"FromFunctionOp{{{getattr(self._fn, '__name__', self._fn)}}}"

    def __reduce__(self) -> Any:
        """Refer to the Op by name where its module has it under the function's; else pickle the function."""
        module, name = getattr(self._fn, "__module__", None), getattr(self._fn, "__name__", None)
        if module and name:
            try:
                found = load_back(module, name)
            except (ImportError, AttributeError):
                found = None
            if found is self:
                return (load_back, (module, name))
        shape = self.__dict__.get("infer_shape")
        return (type(self), (self._fn, self.itypes, self.otypes, shape))


def load_back(module: str, name: str) -> Any:
    """Return what a module calls by a name."""
    return getattr(importlib.import_module(module), name)


def _types(given: Type | Sequence[Type]) -> list[Type]:
    if isinstance(given, Type):
        return [given]
    if not isinstance(given, (list, tuple)) or not all(isinstance(each, Type) for each in given):
        raise TypeError("itypes and otypes have to be Type instances or lists of them")
    return list(given)


def as_op(
    itypes: Type | Sequence[Type], otypes: Type | Sequence[Type], infer_shape: Callable[..., Any] | None = None
) -> Callable[[Callable[..., Any]], FromFunctionOp]:
    """Return a decorator that makes an Op of a Python function.

    Args:
        itypes, otypes: the type, or the types, of arguments and results.
        infer_shape: from (node, input shapes) to output shapes.

    Raises:
        TypeError: something there is no type.

    >>> from neano.tensor.type import TensorType
    >>> vector = TensorType("float64", (None,))
    >>> @as_op(itypes=[vector], otypes=[vector])
    ... def reversed_copy(x):
    ...     return x[::-1].copy()
    >>> reversed_copy(vector("x"))
    FromFunctionOp{reversed_copy}.0
    """
    inputs, outputs = _types(itypes), _types(otypes)

    def make_op(fn: Callable[..., Any]) -> FromFunctionOp:
        return FromFunctionOp(fn, inputs, outputs, infer_shape)

    return make_op
