"""Random graphs and their gradients: rewriting keeps values and types, no rule fails, none undoes another."""

from __future__ import annotations

import logging
import random

import numpy as np
import pytest

import neano.tensor as T
import neano.tensor.math as M
from neano.autodiff.gradient import grad
from neano.config import config
from neano.graph.fgraph import FunctionGraph
from neano.rewrites import rewrite_graph
from neano.tensor.creation import ones_like, zeros_like
from neano.tensor.nnet.activation import sigmoid, softplus
from neano.tensor.nnet.softmax import softmax_graph
from rewrites.high_precision import evaluate

STEPS = [
    lambda x, y, rng: x + y,
    lambda x, y, rng: x + y,
    lambda x, y, rng: x - y,
    lambda x, y, rng: x * y,
    lambda x, y, rng: x * y,
    lambda x, y, rng: x / (abs(y) + 0.5),
    lambda x, y, rng: -x,
    lambda x, y, rng: x * rng.choice([0, 1, 2, -1, 0.5, -3]),
    lambda x, y, rng: x + rng.choice([0, 1, -1, 2.5]),
    lambda x, y, rng: rng.choice([0, 1, -1, 2]) - x,
    lambda x, y, rng: (abs(x) + 0.1) ** rng.choice([2, 3, 0.5, -1, -2, 0, 1]),
    lambda x, y, rng: rng.choice([M.exp, M.tanh, sigmoid, softplus, M.sqr, M.abs_, M.erf, M.cos])(M.tanh(x)),
    lambda x, y, rng: M.log(1 + M.exp(M.tanh(x))),
    lambda x, y, rng: x.sum(axis=rng.randrange(x.ndim)) if x.ndim else M.log(1 - sigmoid(x)),
    lambda x, y, rng: x.mean(),
    lambda x, y, rng: x.T if x.ndim == 2 else x.dimshuffle("x", *range(x.ndim)),
    lambda x, y, rng: rng.choice([zeros_like, ones_like])(x),
    lambda x, y, rng: M.switch(M.gt(x, 0), y, x),
    lambda x, y, rng: T.dot(x, y),
    lambda x, y, rng: x[rng.choice([0, slice(None, None, -1), slice(0, 2), slice(1, None)])],
    lambda x, y, rng: softmax_graph(x),
    lambda x, y, rng: x.max(axis=0) if rng.random() < 0.5 else M.maximum(x, y),
    lambda x, y, rng: M.log(M.exp(M.tanh(x)).sum()),
]


def random_graph(rng):
    """Return inputs and outputs of a random graph; steps whose ranks do not fit are left out."""
    roots = [T.dmatrix("a"), T.dmatrix("b"), T.dvector("u"), T.dscalar("s"), T.dcol("c")]
    made = []
    for _ in range(rng.randrange(3, 14)):
        x, y = (rng.choice(made[-6:] + roots) for _ in range(2))
        try:
            made.append(rng.choice(STEPS)(x, y, rng))
        except (TypeError, ValueError, IndexError):
            continue
    outputs = rng.sample(made, min(3, len(made)))
    if outputs and rng.random() < 0.6:
        cost = sum(v.sum() if v.ndim else v for v in outputs)
        outputs += grad(cost, roots, disconnected_inputs="ignore")
    return roots, outputs


@pytest.mark.parametrize("block", range(6))
def test_values_and_types_stay(block, caplog):
    for seed in range(block * 40, block * 40 + 40):
        rng = random.Random(seed)
        roots, outputs = random_graph(rng)
        generator = np.random.default_rng(seed)
        values = [
            generator.uniform(-1.5, 1.5, {0: (), 1: (3,)}.get(v.ndim, (3, 1 if v.name == "c" else 3))) for v in roots
        ]
        try:
            before = evaluate(outputs, dict(zip(roots, values, strict=True)))
        except ValueError:
            continue
        graph = FunctionGraph(roots, outputs)
        with config.change_flags(on_opt_error="raise"), caplog.at_level(logging.WARNING):
            rewrite_graph(graph)
        assert not caplog.text, f"seed {seed}"
        graph.check_integrity()
        after = evaluate(graph.outputs, dict(zip(graph.inputs, values, strict=True)))
        for old, new, expected, found in zip(outputs, graph.outputs, before, after, strict=True):
            assert old.type.in_same_class(new.type)
            finite = np.isfinite(expected)
            assert found.shape == expected.shape
            np.testing.assert_allclose(found[finite], expected[finite], rtol=1e-6, atol=1e-8, err_msg=f"seed {seed}")
