"""The comparison with the same work in C."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from benchmarks.limit import build
from benchmarks.limit.compare import BY_NAME, FUNCTIONS, GOAL, OWN, Result, check, main, measure, prepare, table
from benchmarks.peers.systems import system

HAS_COMPILER = shutil.which("gcc") is not None
SMALL = [
    (name, row)
    for name, rows in FUNCTIONS
    for row in rows
    if not row.name.endswith("1e8") and sum(a.size for a in row.first_inputs()) < 300_000
]


def test_the_extension_gives_the_same_results_and_takes_arguments_in_any_form(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "FOLDER", tmp_path)
    if not HAS_COMPILER:
        with pytest.raises(build.NoCompiler):
            build.load("C")
        return
    extension = build.load("C")
    assert {name for name, _ in SMALL} >= {
        "scalar",
        "formula",
        "radon",
        "logistic",
        "softmax",
        "standardise",
        "column_sums",
        "sum_first",
        "sum_middle",
        "sum_last",
        "sum_all",
    }
    for name, row in SMALL:
        own, _ = system("neano").compile(row)
        for inputs in (row.first_inputs(), row.second_inputs()):
            check(row, own(*inputs), getattr(extension, name)(*inputs), "C")
    a = np.arange(20.0)
    np.testing.assert_array_equal(
        extension.formula(a[::2], list(a[1::2])), extension.formula(a[::2].copy(), a[1::2].copy())
    )
    with pytest.raises(TypeError):
        extension.formula(a)
    with pytest.raises(ValueError, match="lengths differ"):
        extension.formula(a, a[1:])
    for name, expected in (("first", 0), ("middle", 1), ("last", 2), ("all", None)):
        for dtype in ("float64", "float32"):
            value = np.random.default_rng(0).random((19, 21, 23)).astype(dtype)
            np.testing.assert_allclose(getattr(extension, f"sum_{name}")(value), value.sum(expected), rtol=1e-5)
    value = np.arange(70.0 * 33).reshape(70, 33)
    np.testing.assert_array_equal(extension.transposed(value, value.T), value.T + 2 * value.T)
    np.testing.assert_array_equal(extension.strided(a, a), a[::2] * a[1::2] + a[1::2])
    np.testing.assert_array_equal(extension.gather(value, np.array([3, -1, 0])), value[[3, -1, 0]])
    target = np.zeros(20)
    assert extension.copy(a, target) is target
    np.testing.assert_array_equal(target, a)
    with pytest.raises(IndexError):
        extension.gather(value, np.array([70]))
    with pytest.raises(IndexError):
        extension.softmax(np.ones((2, 2)), np.array([0, 2]))


def test_a_row_is_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "FOLDER", tmp_path)
    if HAS_COMPILER:
        extensions = {column: build.load(column) for column in build.COLUMNS}
        (result,) = measure({"scalar": prepare("scalar", BY_NAME["scalar"], extensions)}, 2, 2)
        assert set(result.seconds) == {OWN, *build.COLUMNS}
        assert result.against_best > 0


def test_the_table_marks_what_reaches_the_goal():
    result = Result("row", {OWN: 1.1e-6, **{column: k * 1e-6 for k, column in enumerate(build.COLUMNS, 1)}})
    assert result.against_best == pytest.approx(1.1)
    assert result.against_best < GOAL
    slow = Result("slow", {OWN: 2e-6, **dict.fromkeys(build.COLUMNS, 1e-6)})
    lines = list(table([result, slow]))
    assert len(lines) == 4
    assert "| **1.10** |" in lines[2]
    assert lines[3].endswith("| 2.00 | 2.00 |")


def test_other_results_are_told():
    row = BY_NAME["scalar"]
    check(row, np.array(1.0), np.array(1.0), "C")
    for wrong in (np.array(1.1), np.array(1), [np.array(1.0)] * 2):
        with pytest.raises(AssertionError):
            check(row, np.array(1.0), wrong, "C")


def test_without_a_compiler_the_command_says_so(monkeypatch, capsys):
    monkeypatch.setattr(build.shutil, "which", lambda name: None)
    assert main([]) == 2
    assert "gcc" in capsys.readouterr().err
