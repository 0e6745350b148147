"""The benchmarks themselves: ratios, sections of documents, the comparison of results, and every row on Neano against NumPy."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import memory, scaling
from benchmarks.build import Build, chain, logistic, mixed, mlp, tree
from benchmarks.document import write_section
from benchmarks.measuring import Call, Figure, interleaved, median_ratio, processor, report
from benchmarks.peers import compare
from benchmarks.peers.asking import Peer
from benchmarks.peers.compare import Results, document, measure
from benchmarks.peers.memory import forget_peak, peak, resident
from benchmarks.peers.processors import leave_out_avx512
from benchmarks.peers.row import Row
from benchmarks.peers.rows import MEMORY, ROWS, SCALING
from benchmarks.peers.systems import system
from benchmarks.peers.systems.arrays import Unsupported
from benchmarks.peers.threads import rate
from benchmarks.peers.timing import microseconds, summary

LARGE = ("1e8", "10000000")


def test_interleaved_times_and_ratios() -> None:
    times = interleaved({"add": Call(np.add, (1.0, 2.0)), "twice": Call(lambda a: (a + a, a + a), (2.0,))}, 3, 1e-4)
    assert {len(found) for found in times.values()} == {3}
    assert all(0 < t < 1e-2 for found in times.values() for t in found)
    assert median_ratio([1, 2, 3], [2, 2, 2]) == 1


def test_figures_are_judged(capsys: pytest.CaptureFixture[str]) -> None:
    assert report([Figure("good", 1.0, 2.0)]) == 0
    assert report([Figure("good", 1.0, 2.0), Figure("bad", 3.0, 2.0, " ms", "why")]) == 1
    assert "MISSED" in capsys.readouterr().out.splitlines()[-1]
    assert processor().count(",") == 2


def test_sections_are_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- x: begin -->\nold\n<!-- x: end -->\nb\n")
    write_section(page, "x", "new")
    write_section(page, "x", "newer")
    assert page.read_text() == "a\n<!-- x: begin -->\nnewer\n<!-- x: end -->\nb\n"
    with pytest.raises(ValueError, match="no section"):
        write_section(page, "y", "new")


def test_the_order_of_elements_counts() -> None:
    array = np.arange(5.0)
    assert summary([array, (array, 2)]) == [*summary(array), *summary(array), *summary(2)]
    assert summary(array)[0][1] != summary(array[::-1])[0][1]
    assert len(summary(array * 1j)) == 2


def test_microseconds_take_the_loop_off() -> None:
    assert 0 <= microseconds(lambda a: a, None, (1,), (2,), 0.01) < 10


def test_a_result_that_disagrees_loses_its_row() -> None:
    row = Row("row", lambda m, x: x, lambda random: (np.ones(3),), goal=2.0)
    results = Results()
    for name, taken, value in (("neano", 1.0, 2.0), ("numpy", 3.0, 2.0), ("jax", 0.5, 2.1)):
        results.add(row, name, {"build": 1.0, "check": summary(np.full(3, value))})
        results.add(row, name, {"microseconds": taken + 1})
        results.add(row, name, {"microseconds": taken})
    results.add(row, "torch", {"error": "RuntimeError: no"})
    assert results.agrees(row, "neano")
    assert not results.agrees(row, "jax")
    assert results.ratio(row) == 3.0
    text = document(results, [row], ["neano", "numpy", "jax", "torch"], 1)
    assert "| row | 1 µs | 3 µs | 0.5 µs (wrong) | error | **3.00** | 2 |" in text
    assert "RuntimeError: no" in text


def test_a_system_is_asked_in_its_own_interpreter() -> None:
    row = next(row for row in ROWS if row.name == "formula-10")
    results = Results()
    with Peer("numpy", sys.executable) as peer:
        measure(row, [peer], 1, results)
        assert "no derivatives" in peer.ask("build radon")["error"]
        assert peer.process is not None
        peer.process.kill()
        assert "ended with" in peer.ask("time")["error"]
        assert "build" in peer.ask("build scalar")
    assert results.microseconds[row.name, "numpy"] > 0
    assert not results.errors


def test_names_of_rows_differ() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS) >= 40
    for rows in (SCALING, MEMORY):
        assert len({row.name for row in rows}) == len(rows) >= 4


def test_rates_of_several_threads() -> None:
    called = set()

    def call(a: float) -> None:
        called.add(a)
        time.sleep(0.005)

    one, four = (rate(call, None, (1.0,), (2.0,), threads, 0.1) for threads in (1, 4))
    assert 50 < one.calls <= 200
    assert 1.5 < four.calls / one.calls < 5
    assert called == {1.0, 2.0}
    rates = {("row", "neano", n): 100.0 * min(n, 2) for n in scaling.THREADS}
    assert scaling.table(rates, ["row"], ["neano", "jax"])[2:] == [
        "| row | Neano | 100 | 200 | 200 | 200 | 2.00 | 2.00 |"
    ]


def test_scaling_is_measured_in_other_interpreters(capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setattr(scaling, "THREADS", (1, 2))
    assert scaling.main([f"numpy={sys.executable}", "--rows", "transcendental-2000", "--rounds", "1"]) == 0
    assert "| transcendental-2000 | NumPy |" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform != "linux", reason="peaks of memory are Linux's")
def test_peaks_of_memory() -> None:
    forget_peak()
    before = resident()
    array = np.ones(8_000_000)
    assert peak() - before >= array.nbytes
    del array
    forget_peak()
    assert peak() - before < 32_000_000
    lines = memory.table({("row", "neano"): (2.0**20, 2.0**21)}, ["row"], ["neano"])
    assert lines[2] == "| row | 1.0 MiB | 2.0 MiB |"


@pytest.mark.skipif(sys.platform != "linux", reason="peaks of memory are Linux's")
def test_memory_is_measured_in_a_process_of_its_own() -> None:
    building, steps = memory.measure("mlp-float32-512x1024", "neano", sys.executable, 1)
    assert 10 * 2**20 < building < 2**30
    assert 10 * 2**20 < steps < 2**30
    with pytest.raises(RuntimeError, match="KeyError"):
        memory.measure("nothing", "neano", sys.executable, 1)


@pytest.mark.parametrize("row", [row for row in ROWS if not row.name.endswith(LARGE)], ids=lambda row: row.name)
def test_rows_agree_with_numpy(row: Row) -> None:
    results: dict[str, Any] = {}
    for name in ("neano", "numpy"):
        m = system(name)
        call, state = m.compile(row)
        try:
            results[name] = summary([call(*inputs) for inputs in (row.first_inputs(), row.second_inputs())]) + summary(
                state()
            )
        except Unsupported:
            results[name] = results["neano"]  # NumPy has no derivatives
    assert np.isfinite(np.array(results["neano"])).all()
    for (size, total, scale), (other_size, other_total, _) in zip(results["neano"], results["numpy"], strict=True):
        assert size == other_size
        assert abs(total - other_total) <= row.tolerance * max(scale, 1e-30)


@pytest.mark.parametrize(
    "build", [chain(300), tree(3000), mixed(150), logistic, mlp], ids=["chain", "tree", "mixed", "logistic", "mlp"]
)
def test_graphs_compute_what_they_must(build: Build) -> None:
    compiled, arguments, expected = build()
    result = compiled(*arguments)
    np.testing.assert_allclose(result[0] if isinstance(result, list) else result, expected, rtol=1e-9)


def test_a_system_that_is_unknown_is_an_error(capsys):
    with pytest.raises(SystemExit):
        compare.main([f"pytensor={sys.executable}"])
    assert "with a known system: pytensor;" in capsys.readouterr().err


def test_systems_are_told_to_leave_avx512_out():
    variables = {"NEANO_FLAGS": "threads=1", "OPENBLAS_CORETYPE": "SkylakeX"}
    leave_out_avx512(variables)
    assert variables["NEANO_FLAGS"] == "threads=1,vector_bits=256"
    assert variables["OPENBLAS_CORETYPE"] == "Haswell"
    found = subprocess.run(
        [sys.executable, "-c", "from neano.backends.native.emit.target import host; print(host().vector_bytes)"],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(found.stdout) <= 32
