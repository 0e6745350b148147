"""NumPy and numexpr: what they can do, as people write it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.peers.row import Row


class Unsupported(Exception):
    """The system has nothing for this work."""


class NumPy:
    """NumPy's functions under the names that rows use."""

    exp, log, log1p, sqrt, tanh = np.exp, np.log, np.log1p, np.sqrt, np.tanh
    sum, mean, max = staticmethod(np.sum), staticmethod(np.mean), staticmethod(np.max)
    where, arange, transpose = staticmethod(np.where), staticmethod(np.arange), staticmethod(np.transpose)
    batched_product = staticmethod(np.matmul)
    wait: Callable[[Any], Any] | None = None
    name = "numpy"

    def astype(self, x: Any, dtype: str) -> Any:
        return x.astype(dtype)

    def take(self, x: Any, indices: Any) -> Any:
        return x[indices]

    def like(self, value: float, x: Any) -> Any:
        return x.dtype.type(value)

    def logsumexp(self, x: Any) -> Any:
        largest = x.max(axis=1)
        return largest + np.log(np.exp(x - largest[:, None]).sum(axis=1))

    def value_and_gradient(self, loss: Any, params: Any, *rest: Any) -> Any:
        raise Unsupported("no derivatives")

    def put(self, arrays: tuple[np.ndarray, ...]) -> tuple[Any, ...]:
        return arrays

    def form(self, row: Row) -> Callable[..., Any]:
        return row.forms.get(self.name, row.compute)

    def compile(self, row: Row) -> tuple[Callable[..., Any], Callable[[], Any]]:
        """Return a call, and a function that returns the state's arrays."""
        compute = self.form(row)
        if row.state is None:
            return (np.add if row.name == "scalar" else lambda *inputs: compute(self, *inputs)), list
        state = list(self.put(row.first_state()))

        def call(*inputs: Any) -> Any:
            outputs, state[:] = compute(self, state, *inputs)
            return outputs

        return call, lambda: state


class NumExpr(NumPy):
    """numexpr evaluates an expression given as text."""

    name = "numexpr"

    def __init__(self) -> None:
        import numexpr

        self.evaluate = numexpr.evaluate

    def form(self, row: Row) -> Callable[..., Any]:
        if self.name not in row.forms:
            raise Unsupported("no expression of elements")
        return row.forms[self.name]


def make(name: str) -> Any:
    """Return the system of this name."""
    return NumExpr() if name == "numexpr" else NumPy()
