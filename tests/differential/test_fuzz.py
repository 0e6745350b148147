"""Random graphs: the reference, the native backend and the interpreter of the loop IR agree, and so do derivatives.

`make fuzz` runs 20,000 of them. A failure prints the shortest program that shows it; it runs by itself.
"""

from __future__ import annotations

import warnings

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from differential.comparison import check
from differential.graphs import programs
from differential.program import Program
from neano.config import config

QUICK, QUICK_SIZE = 20, 100
LONG, LONG_SIZE = 72, 250


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


@pytest.mark.parametrize("seed", range(QUICK))
def test_random_graphs(seed):
    run(seed, QUICK_SIZE)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(QUICK, QUICK + LONG))
def test_more_random_graphs(seed):
    run(seed, LONG_SIZE)
