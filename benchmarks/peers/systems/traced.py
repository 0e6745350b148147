"""JAX: functions of arrays, traced and compiled by XLA; states are donated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.peers.row import Row

jax.config.update("jax_enable_x64", True)


class Jax:
    """What rows need, from `jax.numpy` and `jax.nn`."""

    name = "jax"
    exp, log, log1p, sqrt, tanh = (staticmethod(f) for f in (jnp.exp, jnp.log, jnp.log1p, jnp.sqrt, jnp.tanh))
    sum, mean, max = staticmethod(jnp.sum), staticmethod(jnp.mean), staticmethod(jnp.max)
    where, arange, transpose = staticmethod(jnp.where), staticmethod(jnp.arange), staticmethod(jnp.transpose)
    batched_product, softplus, softmax = (
        staticmethod(jnp.matmul),
        staticmethod(jax.nn.softplus),
        staticmethod(jax.nn.softmax),
    )
    wait = staticmethod(jax.block_until_ready)

    def astype(self, x: Any, dtype: str) -> Any:
        return x.astype(dtype)

    def take(self, x: Any, indices: Any) -> Any:
        return x[indices]

    def like(self, value: float, x: Any) -> Any:
        return jnp.asarray(value, x.dtype)

    def logsumexp(self, x: Any) -> Any:
        return jax.nn.logsumexp(x, axis=1)

    def cross_entropy(self, logits: Any, labels: Any) -> Any:
        return -jax.nn.log_softmax(logits)[jnp.arange(labels.shape[0]), labels].mean()

    def value_and_gradient(self, loss: Any, params: Any, *rest: Any) -> Any:
        return jax.value_and_grad(lambda p: loss(self, p, *rest))(list(params))

    def put(self, arrays: tuple[np.ndarray, ...]) -> tuple[Any, ...]:
        return tuple(jax.device_put(a) for a in arrays)

    def compile(self, row: Row) -> tuple[Callable[..., Any], Callable[[], Any]]:
        """Return a call, and a function that returns the state's arrays."""
        compute = row.forms.get(self.name, row.compute)
        if row.state is None:
            return jax.jit(lambda *inputs: compute(self, *inputs)), list
        # A state whose old value is an output cannot be given away.
        donated = () if row.name == "accumulator" else (0,)
        step = jax.jit(lambda state, *inputs: compute(self, state, *inputs), donate_argnums=donated)
        state = list(self.put(row.first_state()))

        def call(*inputs: Any) -> Any:
            outputs, state[:] = step(state, *inputs)
            return outputs

        return call, lambda: state


def make(name: str) -> Any:
    """Return the system of this name."""
    return Jax()
