"""Random graphs made twice: a function that comes from the cache does what the one made anew does, to the bit."""

from __future__ import annotations

import copy
import gc
import warnings
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from differential.graphs import programs
from differential.program import Program
from neano.backends.native import function_memory
from neano.compile.mode import get_mode
from neano.config import config

COUNT, PARTS = 40, 4


def outcome(program: Program) -> tuple[Any, Any, list[bytes]]:
    """Build a program, call it, and return the function, the results or the error, and the shared values afterwards."""
    names = program.build()
    function = program.function(names, get_mode("FAST_RUN"))
    known = function.maker._fgraph is None
    try:
        with np.errstate(all="ignore"):
            results: Any = [
                (np.asarray(r).dtype, np.shape(r), np.asarray(r).tobytes()) for r in function(*program.arguments())
            ]
    except (ValueError, IndexError, TypeError, AssertionError, ZeroDivisionError, OverflowError) as error:
        results = type(error), error.args[0].split("\nBacktrace")[0] if error.args else ""
    after = [np.asarray(names[each.name].get_value()).tobytes() for each in program.shared]
    return known, results, after


@pytest.mark.parametrize("part", range(PARTS))
def test_functions_from_the_cache(part: int, tmp_path: Path) -> None:
    counts = {True: 0, False: 0}

    @hypothesis.seed(part)
    @settings(
        max_examples=COUNT,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(programs())
    def agree(program: Program) -> None:
        hypothesis.note(f"\n{program}")
        _, first, shared = outcome(copy.deepcopy(program))
        gc.collect(0)
        function_memory._known.clear()
        known, second, shared_too = outcome(program)
        counts[known] += 1
        assert first == second
        assert shared == shared_too

    with config.change_flags(cache_dir=tmp_path / "cache", backend="native"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        agree()
    assert counts[True] > 0.9 * COUNT, counts
