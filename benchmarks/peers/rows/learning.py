"""Steps of training: logistic regression, networks, Adam."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.peers.row import SINGLE, Row, floats, integers, number, together, zeros

RATE = 1e-3
ADAM_SHAPES = tuple(shape for n in range(1, 11) for shape in ((10 * n,), (64, 8 * n), (32 * n, 48)))


def logistic_loss(m: Any, params: Any, x: Any, y: Any) -> Any:
    w, b = params
    p = 1 / (1 + m.exp(-(x @ w) - b))
    return m.mean(-y * m.log(p) - (1 - y) * m.log(1 - p)) + 0.01 * m.sum(w**2)


def network_loss(m: Any, params: Any, x: Any, y: Any) -> Any:
    hidden = m.tanh(x @ params[0] + params[1])
    return m.cross_entropy(hidden @ params[2] + params[3], y)


def descend(m: Any, loss: Any, params: Any, x: Any, y: Any) -> Any:
    value, gradients = m.value_and_gradient(loss, params, x, y)
    return value, [p - m.like(RATE, p) * g for p, g in zip(params, gradients, strict=True)]


def logistic_step(m: Any, params: Any, x: Any, y: Any) -> Any:
    return descend(m, logistic_loss, params, x, y)


def network_step(m: Any, params: Any, x: Any, y: Any) -> Any:
    return descend(m, network_loss, params, x, y)


def adam(m: Any, state: Any, *gradients: Any) -> Any:
    """Kingma & Ba (2015), algorithm 1, over thirty arrays."""
    count = len(gradients)
    step, params, means, squares = (
        state[0] + 1.0,
        state[1 : 1 + count],
        state[1 + count : 1 + 2 * count],
        state[1 + 2 * count :],
    )
    rate = RATE * m.sqrt(1 - 0.999**step) / (1 - 0.9**step)
    means = [0.9 * mean + 0.1 * g for mean, g in zip(means, gradients, strict=True)]
    squares = [0.999 * square + 0.001 * g**2 for square, g in zip(squares, gradients, strict=True)]
    params = [p - rate * mean / (m.sqrt(square) + 1e-8) for p, mean, square in zip(params, means, squares, strict=True)]
    return step, [step, *params, *means, *squares]


def adam_state(random: np.random.RandomState) -> tuple[np.ndarray, ...]:
    params = tuple(random.random_sample(shape) for shape in ADAM_SHAPES)
    return (np.array(0.0), *params, *(np.zeros(s) for s in ADAM_SHAPES), *(np.zeros(s) for s in ADAM_SHAPES))


def zero_or_one(random: np.random.RandomState) -> np.ndarray:
    return (random.random_sample(400) > 0.5).astype("float64")


def large_step(name: str, batch: int, dtype: str) -> Row:
    """Return a step of a network from 1024 numbers over 1024 hidden units to 10 classes."""
    return Row(
        name,
        network_step,
        together(floats(batch, 1024, dtype=dtype), integers(10, batch)),
        together(
            floats(1024, 1024, dtype=dtype, scale=0.01),
            zeros(1024, dtype=dtype),
            floats(1024, 10, dtype=dtype, scale=0.01),
            zeros(10, dtype=dtype),
        ),
        goal=1.0,
        tolerance=SINGLE if dtype == "float32" else 1e-7,
    )


ROWS = (
    Row(
        "logistic",
        logistic_step,
        together(floats(400, 784), zero_or_one),
        together(floats(784, scale=0.01), number(0.0)),
    ),
    Row(
        "mlp",
        network_step,
        together(floats(20, 784), integers(10, 20)),
        together(floats(784, 500, scale=0.01), zeros(500), floats(500, 10, scale=0.01), zeros(10)),
    ),
    large_step("mlp-float32-512x1024", 512, "float32"),
    Row("adam-30-arrays", adam, together(*(floats(*shape) for shape in ADAM_SHAPES)), adam_state),
)

LARGE_STEPS = tuple(
    large_step(f"mlp-{dtype}-{batch}x1024", batch, dtype) for dtype in ("float32", "float64") for batch in (512, 4096)
)
