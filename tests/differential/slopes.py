"""Gradients against finite differences along a random direction, where the function is smooth enough to tell."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from differential import noise
from differential.mismatch import Mismatch
from differential.program import Program

STEP = 1e-4
JITTER = 1e-3
"""Arguments are moved by so much first, off the kinks and ties that round numbers sit on."""

Errors = (ValueError, IndexError, TypeError, AssertionError)


def check(program: Program, function: Any) -> None:
    """Check the gradients that a program returns.

    Args:
        function: the program's function on the reference backend.

    Raises:
        Mismatch: they are not the slope.
    """
    assert program.derivative is not None
    cost_name, by, gradient_names = program.derivative
    arguments = program.without_layouts().arguments()
    places = {each.name: i for i, each in enumerate(program.explicit)}
    if not all(name in places and arguments[places[name]].dtype == "float64" for name in by):
        return
    if cost_name not in program.outputs or not set(gradient_names) <= set(program.outputs):
        return
    rng = np.random.default_rng(0)
    base = list(arguments)
    for name in by:
        base[places[name]] = base[places[name]] + JITTER * rng.uniform(-1, 1, base[places[name]].shape)
    direction = {name: rng.normal(size=base[places[name]].shape) for name in by}
    fgraph = function.maker.fgraph
    graph = list(fgraph.inputs), list(fgraph.outputs)
    names = program.build()
    shared = [names[v.name].get_value() for v in fgraph.inputs[len(arguments) :]]
    cost_at = program.outputs.index(cost_name)

    def values(t: float, seed: int | None = None) -> list[Any]:
        given = list(base)
        for name in by:
            given[places[name]] = base[places[name]] + t * direction[name]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return noise.evaluate(*graph, [*given, *shared], seed).outputs

    def cost(t: float, seed: int | None = None) -> float:
        return float(values(t, seed)[cost_at])

    try:
        results = values(0.0)
        gradients = [results[program.outputs.index(name)] for name in gradient_names]
        claimed = float(sum(np.sum(g * direction[n]) for g, n in zip(gradients, by, strict=True)))
        near, far = ((cost(h) - cost(-h)) / (2 * h) for h in (STEP, 2 * STEP))
        middle = float(results[cost_at])
        bends = [(cost(h) - 2 * middle + cost(-h)) / h for h in (STEP, 2 * STEP)]
        rounding = max(abs(cost(0.0, seed) - middle) for seed in (1, 2, 3))
    except Errors:
        return
    slope = (4 * near - far) / 3
    size = abs(near) + abs(claimed)
    unsure = 50 * rounding / STEP
    if not np.isfinite([claimed, slope, size, unsure]).all() or unsure > 0.1 * size + 1e-6:
        return  # beyond the range, or hidden by rounding
    is_smooth = abs(near - far) <= 1e-4 * size + unsure and abs(2 * bends[0] - bends[1]) <= 1e-4 * size + 4 * unsure
    if is_smooth and abs(claimed - slope) > 1e-3 * size + 2 * unsure + 1e-9:
        raise Mismatch("gradient", f"by {by}: {claimed} along a direction, the slope is {slope}")
