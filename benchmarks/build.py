"""How long graphs take to become functions: `python -m benchmarks build [SYSTEM=PYTHON]`; beside a peer where one is given."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import theano
import theano.tensor as T
from benchmarks.build_peers import against
from benchmarks.measuring import Figure, processor, report

Build = Callable[[], tuple[Any, list[np.ndarray], Any]]
"""Returns a compiled function, arguments, and the result that it must give."""


def chain(nodes: int) -> Build:
    """A chain of elementwise operations, each on the result of the one before."""

    def build() -> tuple[Any, list[np.ndarray], Any]:
        x = T.dvector("x")
        value, expected = x, np.array([0.5, 1.0])
        for i in range(nodes // 2):
            value = (value * x) + (i % 3)
            expected = expected * [0.5, 1.0] + (i % 3)
        return theano.function([x], value), [np.array([0.5, 1.0])], expected

    return build


def tree(nodes: int) -> Build:
    """A balanced tree of products and sums over many inputs."""

    def build() -> tuple[Any, list[np.ndarray], Any]:
        x = T.dvector("x")
        leaves = [T.sin(x + float(i)) for i in range(nodes // 3)]
        expected = np.sin(0.5 + np.arange(nodes // 3)).sum()
        while len(leaves) > 1:
            leaves = [a + b for a, b in zip(leaves[::2], leaves[1::2], strict=False)] + leaves[len(leaves) // 2 * 2 :]
        return theano.function([x], leaves[0]), [np.array([0.5])], [expected]

    return build


def mixed(nodes: int) -> Build:
    """Layers of products, sums over rows, indexing and elementwise operations, and the derivative of it all."""

    def build() -> tuple[Any, list[np.ndarray], Any]:
        x, w = T.dmatrix("x"), T.dmatrix("w")
        hidden, start = x, np.full((3, 3), 0.1)
        for i in range(nodes // 30):
            hidden = T.tanh(T.dot(hidden, w) + hidden[:, ::-1] / (i + 1.0) + hidden.mean(axis=0))
        gradient = theano.grad(hidden.sum(), w)
        expected = start
        for i in range(nodes // 30):
            expected = np.tanh(expected @ np.eye(3) + expected[:, ::-1] / (i + 1.0) + expected.mean(axis=0))
        return theano.function([x, w], [hidden, gradient]), [start, np.eye(3)], expected

    return build


def logistic() -> tuple[Any, list[np.ndarray], Any]:
    """The first model of Theano's tutorial, with its training step."""
    x, y = T.dmatrix("x"), T.dvector("y")
    w, b = theano.shared(np.zeros(784)), theano.shared(0.0)
    p = 1 / (1 + T.exp(-T.dot(x, w) - b))
    loss = (-y * T.log(p) - (1 - y) * T.log(1 - p)).mean() + 0.01 * (w**2).sum()
    gw, gb = T.grad(loss, [w, b])
    step = theano.function([x, y], loss, updates=[(w, w - 0.1 * gw), (b, b - 0.1 * gb)])
    return step, [np.ones((20, 784)), np.ones(20)], np.log(2)


def mlp() -> tuple[Any, list[np.ndarray], Any]:
    """A hidden layer and a softmax, with the training step."""
    x, y = T.dmatrix("x"), T.lvector("y")
    params = [theano.shared(np.zeros(shape)) for shape in ((784, 500), (500,), (500, 10), (10,))]
    hidden = T.tanh(T.dot(x, params[0]) + params[1])
    loss = T.nnet.categorical_crossentropy(T.nnet.softmax(T.dot(hidden, params[2]) + params[3]), y).mean()
    updates = [(p, p - 0.1 * g) for p, g in zip(params, T.grad(loss, params), strict=True)]
    return theano.function([x, y], loss, updates=updates), [np.ones((20, 784)), np.zeros(20, "int64")], np.log(10)


GRAPHS: dict[str, tuple[Build, float]] = {
    "logistic regression, training step": (logistic, 2.0),
    "hidden layer and softmax, training step": (mlp, 2.0),
    "chain of 10,000 nodes": (chain(10_000), 10.0),
    "tree of 10,000 nodes": (tree(10_000), 10.0),
    "5,000 nodes of all kinds, with derivatives": (mixed(5_000), 5.0),
}
"""What is built -> how, and the seconds that it may take from symbols to the first result, nothing cached."""


def measure(name: str) -> Figure:
    """Build a graph of the table, check its result, and return how long that took; infinity where it cannot be built."""
    build, bound = GRAPHS[name]
    started, processor_started = time.perf_counter(), time.process_time()
    try:
        compiled, arguments, expected = build()
        result = compiled(*arguments)
    except Exception as error:
        return Figure(name, math.inf, bound, " s", f"{type(error).__name__}: {str(error).splitlines()[0]}")
    elapsed, busy = time.perf_counter() - started, time.process_time() - processor_started
    first = result[0] if isinstance(result, list) else result
    nodes = len(compiled.maker.fgraph.apply_nodes)
    assert np.allclose(first, expected), f"{name}: {first}, not {expected}"
    return Figure(name, elapsed, bound, " s", f"{busy:.2f} s of processor time, {nodes} nodes after rewriting")


def run(systems: Sequence[str] = ()) -> int:
    """Print the figures, then those beside other systems, given as SYSTEM=PYTHON; return 1 where one is missed."""
    print(f"{processor()}; from symbols to the first result, nothing cached")
    with tempfile.TemporaryDirectory() as folder, theano.config.change_flags(cache_dir=folder):
        missed = report(measure(name) for name in GRAPHS)
    for system, python in (given.split("=", 1) for given in systems):
        missed |= report(against(system, python))
    return missed
