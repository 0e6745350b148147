"""Neano and PyTensor: graphs of symbols, compiled by `function`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.peers.row import Row


class Symbolic:
    """What rows need, over a package with Theano's interface."""

    wait: Callable[[Any], Any] | None = None

    def __init__(self, name: str) -> None:
        self.name = name
        if name == "neano":
            import theano as package
            import theano.tensor as T

            self.options: dict[str, Any] = {}
        else:
            import pytensor as package
            import pytensor.tensor as T

            self.options = {"mode": {"pytensor-c": "CVM", "pytensor-numba": "NUMBA"}[name]}
        self.package, self.T = package, T
        self.exp, self.log, self.log1p, self.sqrt, self.tanh = T.exp, T.log, T.log1p, T.sqrt, T.tanh
        self.sum, self.mean, self.max, self.arange = T.sum, T.mean, T.max, T.arange
        self.where = T.switch

    def astype(self, x: Any, dtype: str) -> Any:
        return x.astype(dtype)

    def transpose(self, x: Any, axes: tuple[int, ...]) -> Any:
        return x.dimshuffle(*axes)

    def take(self, x: Any, indices: Any) -> Any:
        return x[indices]

    def like(self, value: float, x: Any) -> Any:
        return np.asarray(value, x.dtype)

    def batched_product(self, a: Any, b: Any) -> Any:
        return self.T.batched_dot(a, b) if self.name == "neano" else a @ b

    def softplus(self, x: Any) -> Any:
        return self.T.nnet.softplus(x) if self.name == "neano" else self.T.softplus(x)

    def logsumexp(self, x: Any) -> Any:
        return self.T.log(self.T.exp(x).sum(axis=1)) if self.name == "neano" else self.T.logsumexp(x, axis=1)

    def softmax(self, x: Any) -> Any:
        """Return the softmax along the last axis."""
        if self.name != "neano":
            return self.T.special.softmax(x, axis=-1)
        rows = x if x.ndim == 2 else x.reshape((-1, x.shape[-1]), ndim=2)
        result = self.T.nnet.softmax(rows)
        return result if x.ndim == 2 else result.reshape(x.shape, ndim=x.ndim)

    def cross_entropy(self, logits: Any, labels: Any) -> Any:
        return -self.T.mean(self.T.log(self.softmax(logits))[self.T.arange(labels.shape[0]), labels])

    def value_and_gradient(self, loss: Any, params: Any, *rest: Any) -> Any:
        value = loss(self, params, *rest)
        return value, self.package.grad(value, list(params))

    def variable(self, array: np.ndarray) -> Any:
        return self.T.TensorType(str(array.dtype), (None,) * array.ndim)()

    def put(self, arrays: tuple[np.ndarray, ...]) -> tuple[Any, ...]:
        return arrays

    def compile(self, row: Row) -> tuple[Callable[..., Any], Callable[[], Any]]:
        """Return a call, and a function that returns the state's arrays."""
        variables = [self.variable(a) for a in row.first_inputs()]
        compute = row.forms.get(self.name, row.compute)
        if row.state is None:
            state, updates, outputs = [], [], compute(self, *variables)
        else:
            state = [self.package.shared(a) for a in row.first_state()]
            outputs, new = compute(self, state, *variables)
            updates = list(zip(state, new, strict=True))
        call = self.package.function(variables, flat(outputs), updates=updates, **self.options)
        call.trust_input = True
        return call, lambda: [s.get_value() for s in state]


def flat(outputs: Any) -> Any:
    """Return a variable, or a flat list of variables."""
    if not isinstance(outputs, (list, tuple)):
        return outputs
    return [v for part in outputs for v in (flat(part) if isinstance(part, (list, tuple)) else [part])]


def make(name: str) -> Any:
    """Return the system of this name."""
    return Symbolic(name)
