"""Random graphs: the reference, the native backend and the interpreter of the loop IR agree, and so do derivatives.

`make fuzz` runs 20,000 of them, and 3,500 in pieces so small that every path is taken. A failure prints the shortest
program that shows it; it runs by itself.
"""

from __future__ import annotations

import warnings

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from differential.comparison import check
from differential.graphs import programs
from differential.program import Program
from neano.backends.native.emit import chunks, kernel_calls, ranges
from neano.config import config

QUICK, QUICK_SIZE = 20, 100
LONG, LONG_SIZE = 72, 250
PIECES, PIECES_SIZE = 5, 100
MORE_PIECES, MORE_PIECES_SIZE = 12, 250


def run(seed: int, count: int) -> None:
    """Check so many random programs; the same ones for the same seed."""

    @hypothesis.seed(seed)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(programs())
    def agree(program: Program) -> None:
        hypothesis.note(f"\n{program}")
        check(program)

    # Nothing of it is ever compiled again, and writing to a cache takes longer than it would save.
    with config.change_flags(cache_size=0), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        agree()


@pytest.fixture
def small_pieces(monkeypatch):
    """Hand every nest of a few elements to threads, in pieces of a few, and reduce in chunks of a row."""
    monkeypatch.setattr(kernel_calls, "GRAIN_WORK", 1)
    monkeypatch.setattr(kernel_calls, "ELEMENTS", 8)
    monkeypatch.setattr(chunks, "LEAST_ROWS", 1)
    monkeypatch.setattr(ranges, "PIECE", 0)
    monkeypatch.setattr(ranges, "LEAST_PIECES", 1)
    with config.change_flags(cache_functions=False):
        yield


@pytest.mark.parametrize("seed", range(QUICK))
def test_random_graphs(seed):
    run(seed, QUICK_SIZE)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(QUICK, QUICK + LONG))
def test_more_random_graphs(seed):
    run(seed, LONG_SIZE)


@pytest.mark.parametrize("seed", range(1000, 1000 + PIECES))
def test_random_graphs_in_small_pieces(small_pieces, seed):
    run(seed, PIECES_SIZE)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1000 + PIECES, 1000 + PIECES + MORE_PIECES))
def test_more_random_graphs_in_small_pieces(small_pieces, seed):
    run(seed, MORE_PIECES_SIZE)
