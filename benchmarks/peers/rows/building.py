"""Rows whose building alone is measured: a first function, after which a system has started, and an unrolled network."""

from __future__ import annotations

from typing import Any

from benchmarks.peers.row import Row, floats, integers, together, zeros
from benchmarks.peers.rows.learning import descend

STEPS = 25


def first_product(m: Any, x: Any, w: Any) -> Any:
    return m.sum(m.exp(x @ w) * 3.0)


def recurrent_loss(m: Any, params: Any, x: Any, y: Any) -> Any:
    """An Elman network (1990) over the steps of a sequence, written out one after the other; the last state is classified."""
    inward, across, bias, outward, offset = params
    state = m.tanh(m.take(x, 0) @ inward + bias)
    for step in range(1, STEPS):
        state = m.tanh(m.take(x, step) @ inward + state @ across + bias)
    return m.cross_entropy(state @ outward + offset, y)


def recurrent_step(m: Any, params: Any, x: Any, y: Any) -> Any:
    return descend(m, recurrent_loss, params, x, y)


ROWS = (
    Row("first", first_product, together(floats(3, 2), floats(2, 3))),
    Row(
        "rnn",
        recurrent_step,
        together(floats(STEPS, 16, 32), integers(10, 16)),
        together(floats(32, 64, scale=0.1), floats(64, 64, scale=0.1), zeros(64), floats(64, 10, scale=0.1), zeros(10)),
    ),
)
