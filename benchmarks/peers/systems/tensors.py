"""PyTorch, eager and compiled: derivatives by autograd, or by torch.func inside one compiled function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.peers.processors import avx512_is_left_out
from benchmarks.peers.row import Row


class Torch:
    """What rows need, from torch."""

    exp, log, log1p, sqrt, tanh = (staticmethod(f) for f in (torch.exp, torch.log, torch.log1p, torch.sqrt, torch.tanh))
    where, arange, batched_product = staticmethod(torch.where), staticmethod(torch.arange), staticmethod(torch.bmm)
    functional = torch.nn.functional
    wait: Callable[[Any], Any] | None = None

    def __init__(self, name: str) -> None:
        self.name, self.compiled = name, name == "torch-compile"

    def sum(self, x: Any, axis: int | None = None) -> Any:
        return x.sum() if axis is None else x.sum(axis)

    def mean(self, x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
        return x.mean() if axis is None else x.mean(axis, keepdim=keepdims)

    def max(self, x: Any, axis: int) -> Any:
        return x.amax(axis)

    def transpose(self, x: Any, axes: tuple[int, ...]) -> Any:
        return x.permute(axes)

    def astype(self, x: Any, dtype: str) -> Any:
        return x.to(getattr(torch, dtype))

    def take(self, x: Any, indices: Any) -> Any:
        return x[indices]

    def like(self, value: float, x: Any) -> float:
        return value

    def softplus(self, x: Any) -> Any:
        return torch.logaddexp(x, torch.zeros((), dtype=x.dtype))

    def softmax(self, x: Any) -> Any:
        return torch.softmax(x, -1)

    def logsumexp(self, x: Any) -> Any:
        return torch.logsumexp(x, 1)

    def cross_entropy(self, logits: Any, labels: Any) -> Any:
        return self.functional.cross_entropy(logits, labels)

    def value_and_gradient(self, loss: Any, params: Any, *rest: Any) -> Any:
        if self.compiled:
            gradients, value = torch.func.grad_and_value(lambda p: loss(self, p, *rest))(list(params))
            return value, gradients
        leaves = [p.detach().requires_grad_() for p in params]
        value = loss(self, leaves, *rest)
        return value.detach(), list(torch.autograd.grad(value, leaves))

    def put(self, arrays: tuple[np.ndarray, ...]) -> tuple[Any, ...]:
        return tuple(torch.from_numpy(np.array(a)) for a in arrays)

    def compile(self, row: Row) -> tuple[Callable[..., Any], Callable[[], Any]]:
        """Return a call, and a function that returns the state's arrays."""
        compute = row.forms.get("torch", row.compute)

        def eager(*inputs: Any) -> Any:
            return compute(self, *inputs)

        torch.compiler.reset()  # each row is compiled for itself, as in a program of its own
        if self.compiled and avx512_is_left_out():
            torch._inductor.config.cpp.simdlen = 256
        work: Callable[..., Any] = torch.compile(eager, fullgraph=True) if self.compiled else eager
        if row.state is None:
            return work, list
        state = list(self.put(row.first_state()))

        def call(*inputs: Any) -> Any:
            outputs, state[:] = work(state, *inputs)
            return outputs

        return call, lambda: state


def make(name: str) -> Any:
    """Return the system of this name."""
    return Torch(name)
