"""Draws against the numbers that Theano 1.0.5 drew from the same seeds (`theano_draws.json`, two calls of each)."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neano.compile.function import function
from neano.compile.mode import Mode
from neano.random import MRG_RandomStreams, RandomStreams
from neano.tensor.convert import constant
from tensor.op_checks import check_shapes, evaluate

GOLDEN = json.loads((Path(__file__).parent / "theano_draws.json").read_text())
PROBABILITIES = np.array([[0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1], [0.25, 0.25, 0.25, 0.25]])

MRG: dict[str, tuple[int, Callable[[Any], Any]]] = {
    "u22": (12345, lambda g: g.uniform((2, 2))),
    "u34": (12345, lambda g: g.uniform((3, 4))),
    "u234": (234, lambda g: g.uniform((2, 2))),
    "u_f32": (12345, lambda g: g.uniform((2, 3), dtype="float32")),
    "u_f16": (12345, lambda g: g.uniform((2, 3), dtype="float16")),
    "u_lowhigh": (5, lambda g: g.uniform((5,), low=-2, high=3.5)),
    "u_n3": (5, lambda g: g.uniform((7,), nstreams=3)),
    "u_0d": (5, lambda g: g.uniform(())),
    "u_100": (5, lambda g: g.uniform((100,))),
    "n22": (234, lambda g: g.normal((2, 2))),
    "n33": (234, lambda g: g.normal((3, 3))),
    "n_n": (234, lambda g: g.normal((5,), avg=2, std=3, nstreams=2)),
    "n_f32": (234, lambda g: g.normal((2, 2), dtype="float32")),
    "n_trunc": (234, lambda g: g.normal((40,), truncate=True)),
    "n_trunc2": (1, lambda g: g.normal((5, 7), truncate=True, avg=1, std=2, nstreams=4)),
    "tn": (234, lambda g: g.truncated_normal((9,), avg=1, std=2)),
    "b": (234, lambda g: g.binomial((3, 4), p=0.3)),
    "b32": (234, lambda g: g.binomial((3, 4), p=0.3, dtype="float32")),
    "m1": (234, lambda g: g.multinomial(pvals=PROBABILITIES)),
    "m5": (234, lambda g: g.multinomial(pvals=PROBABILITIES, n=5)),
    "m5f": (234, lambda g: g.multinomial(pvals=PROBABILITIES.astype("float32"), n=50, dtype="float32")),
    "c2": (234, lambda g: g.choice(size=2, p=PROBABILITIES, replace=False)),
    "c4": (234, lambda g: g.choice(size=4, p=PROBABILITIES, replace=False)),
    "c1": (234, lambda g: g.choice(p=PROBABILITIES, replace=False)),
    "wo": (234, lambda g: g.multinomial_wo_replacement(pvals=PROBABILITIES, n=3)),
}
ROUNDED = {"u_f32": 1.2e-7, "u_f16": 2e-3, "n_f32": 1e-5}
"""Relative errors where Theano's numbers came from Python code that rounds elsewhere than its C code; 1e-13 for others."""

NUMPY: dict[str, Callable[[Any], Any]] = {
    "uniform": lambda s: s.uniform((2, 3)),
    "uniform32": lambda s: s.uniform((2, 3), dtype="float32"),
    "uniform_args": lambda s: s.uniform(low=np.array([0.0, 10.0]), high=np.array([[1.0], [20.0]])),
    "normal": lambda s: s.normal((3,), avg=1, std=2),
    "normal_none": lambda s: s.normal(),
    "binomial": lambda s: s.binomial((4,), n=10, p=0.3),
    "binomial_args": lambda s: s.binomial(n=np.array([1, 10, 100]), p=0.5),
    "ri": lambda s: s.random_integers((2, 3), 1, 6),
    "ri_args": lambda s: s.random_integers(low=np.array([0, 10]), high=np.array([5, 20])),
    "choice": lambda s: s.choice((4,), a=5),
    "choice_p": lambda s: s.choice((4,), a=3, p=[0.1, 0.2, 0.7]),
    "choice_wo": lambda s: s.choice((4,), a=5, replace=False),
    "choice_v": lambda s: s.choice((2, 2), a=[3, 5, 9]),
    "poisson": lambda s: s.poisson((2, 3), lam=4.5),
    "perm": lambda s: s.permutation((2,), n=5),
    "perm1": lambda s: s.permutation(n=5),
    "multi": lambda s: s.multinomial((3,), n=10, pvals=[0.2, 0.3, 0.5]),
    "multi_args": lambda s: s.multinomial(n=np.array([5, 10]), pvals=np.array([[0.2, 0.8], [0.5, 0.5]])),
    "multi_round": lambda s: s.multinomial((3,), n=1000, pvals=np.array([0.5, 0.49999, 0.00001])),
    "multi32": lambda s: s.multinomial((3,), n=1000, pvals=np.array([0.1] * 10, dtype="float32")),
    "shuffle": lambda s: s.shuffle_row_elements(constant(np.arange(12).reshape(3, 4))),
}


def calls(draw: Any, streams: Any, count: int) -> list[Any]:
    """Return what calls of a function would give, with the states advanced after each."""
    results = []
    for _ in range(count):
        states = [update[:2] for update in streams.state_updates]
        value, *moved = evaluate([draw, *[new for _, new in states]], {})
        results.append(value)
        for (state, _), new in zip(states, moved, strict=True):
            state.set_value(new)
    return results


@pytest.mark.parametrize("name", MRG)
def test_mrg_streams(name: str) -> None:
    seed, make = MRG[name]
    streams = MRG_RandomStreams(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        draw = make(streams)
    for got, wanted in zip(calls(draw, streams, 2), GOLDEN["mrg"][name], strict=True):
        assert got.shape == np.shape(wanted)
        if draw.dtype.startswith("int") or (name.startswith("u") and name not in ROUNDED):
            np.testing.assert_array_equal(got, wanted)
        else:
            np.testing.assert_allclose(got, wanted, rtol=ROUNDED.get(name, 1e-13), atol=ROUNDED.get(name, 0))
    check_shapes(draw.owner, {})


@pytest.mark.parametrize("name", NUMPY)
def test_numpy_streams(name: str) -> None:
    streams = RandomStreams(42)
    draw = NUMPY[name](streams)
    for got, wanted in zip(calls(draw, streams, 2), GOLDEN["numpy"][name], strict=True):
        np.testing.assert_array_equal(got, wanted)
        assert got.dtype == draw.dtype
    check_shapes(draw.owner, {})


def test_several_draws_and_seeding_of_mrg() -> None:
    streams = MRG_RandomStreams(77)
    draws = {"g_a": streams.uniform((2,)), "g_b": streams.normal((2,)), "g_c": streams.uniform((8, 8))}

    def check(suffix: str, names: list[str]) -> None:
        for name in names:
            for got, wanted in zip(calls(draws[name], streams, 2), GOLDEN["mrg"][name + suffix], strict=True):
                np.testing.assert_allclose(got, wanted, rtol=1e-13)
            # each golden draw came from a function of its own, which moved only its own states
            streams.seed() if suffix == "" else streams.seed(5) if suffix == "5" else None

    check("", ["g_a", "g_b", "g_c"])
    streams.seed(5)
    check("5", ["g_a", "g_b", "g_c"])
    streams.seed()
    check("0", ["g_a"])
    assert [int(word) for word in streams.rstate] == GOLDEN["mrg"]["rstate"]


def test_states_of_mrg() -> None:
    streams = MRG_RandomStreams(234)
    np.testing.assert_array_equal(streams.get_substream_rstates(4), GOLDEN["mrg"]["sub"])
    streams = MRG_RandomStreams(234)
    streams.inc_rstate()
    assert [int(word) for word in streams.rstate] == GOLDEN["mrg"]["inc"]


@pytest.mark.parametrize("backend", ["native", "reference"])
@pytest.mark.parametrize("name", [*MRG, *NUMPY])
def test_compiled_draws(name: str, backend: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        draw = MRG[name][1](MRG_RandomStreams(MRG[name][0])) if name in MRG else NUMPY[name](RandomStreams(42))
    compiled = function([], draw, mode=Mode(backend=backend))
    for wanted in (GOLDEN["mrg"] | GOLDEN["numpy"])[name]:
        np.testing.assert_allclose(compiled(), wanted, rtol=ROUNDED.get(name, 1e-12), atol=ROUNDED.get(name, 0))
