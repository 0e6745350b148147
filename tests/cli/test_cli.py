"""The command `neano`: what it prints, and its exit status."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from neano.cli import main
from neano.cli.cache import report_text, size_text
from neano.cli.doctor import changed_flags, check_theano
from neano.cli.explain import STAGES
from neano.cli.target import TargetError, find_function
from neano.config import config

PROGRAM = """
import numpy as np
import neano.tensor as T
from neano import shared
from neano.compile.function import function
from neano.graph.op import Op

x = T.dvector("x")


class Reversed(Op):
    __props__ = ()
    itypes = [T.dvector]
    otypes = [T.dvector]

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0][::-1].copy()


compiled = function([x], T.exp(x) * 2)
number = 3


def make():
    return function([x], Reversed()(x) + 1)


def running():
    return function([x], T.cumsum(x))


def step():
    state, w = shared(np.array([1.0, 2.0]), name="state"), T.dmatrix("w")
    return function([x, w], T.sort(x), updates=[(state, state + T.dot(w, x))])


class Inner:
    compiled = compiled
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(sys, "path", list(sys.path))
    path = tmp_path / "shown_program.py"
    path.write_text(PROGRAM)
    yield path
    for name in [name for name, module in sys.modules.items() if getattr(module, "__file__", None) == str(path)]:
        del sys.modules[name]


def test_doctor_shows_the_environment(capsys: pytest.CaptureFixture[str]) -> None:
    with config.change_flags(threads=3):
        status = main(["doctor"])
    text = capsys.readouterr().out
    assert status == 0, text
    for word in ("Python:", "NumPy:", "LLVM:", "Processor:", "BLAS:", "Cache:", "Self-test:"):
        assert word in text
    assert "Threads:    3 (" in text
    assert "threads=3" in text


def test_doctor_lists_what_runs_in_python(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", f"{program}:compiled"]) == 0
    assert "All of it is machine code." in capsys.readouterr().out
    assert main(["doctor", f"{program}:make"]) == 0
    text = capsys.readouterr().out
    assert "1 run in Python" in text
    assert "Reversed" in text
    assert "return function([x], Reversed()(x) + 1)" in text
    with config.change_flags(backend="reference"):
        assert main(["doctor", f"{program}:make"]) == 0
    assert "node by node with NumPy" in capsys.readouterr().out


def test_explain_prints_every_stage(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", f"{program}:compiled"]) == 0
    text = capsys.readouterr().out
    assert text.count("\n== ") + 1 == len(STAGES)
    assert "Elemwise{" in text
    assert "define " in text
    assert main(["explain", f"{program}:compiled", "--stage", "loops", "--stage", "graph"]) == 0
    text = capsys.readouterr().out
    assert text.index("== Graph") < text.index("== Loop IR")
    assert "== Assembly" not in text


def test_explain_tells_of_each_kernel(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", f"{program}:compiled", "--stage", "kernels"]) == 0
    text = capsys.readouterr().out
    for part in (
        "in0: x\n", ": output 0\n", " = exp, mul of in0", "vectors of ", "threads share its iterations",
        "reads in0 (8 * in0.0 bytes)", "writes ",
    ):  # fmt: skip
        assert part in text
    assert "operations: 17 * in0.0" in text
    assert main(["explain", f"{program}:make", "--stage", "kernels"]) == 0
    text = capsys.readouterr().out
    assert " = Reversed of in0" in text
    assert "Python code, which holds the GIL" in text
    assert main(["explain", f"{program}:running", "--stage", "kernels"]) == 0
    text = capsys.readouterr().out
    assert "scalar code, for an iteration may read or write what another writes" in text
    assert "one thread, for iterations depend on each other" in text
    assert main(["explain", f"{program}:step", "--stage", "kernels"]) == 0
    text = capsys.readouterr().out
    for part in (": the new state\n", " = gemv of ", "SciPy's BLAS", " = sort of ", "NumPy's or of the runtime"):
        assert part in text


def test_explain_of_a_function_without_stages(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with config.change_flags(backend="reference"):
        assert main(["explain", f"{program}:make", "--stage", "graph"]) == 0
        assert "Reversed" in capsys.readouterr().out
        assert main(["explain", f"{program}:make"]) == 2
    assert "does not run natively" in capsys.readouterr().err


def test_functions_are_found(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(program.parent)
    assert find_function("shown_program:compiled") is sys.modules["shown_program"].compiled
    assert find_function("shown_program:Inner.compiled") is sys.modules["shown_program"].compiled
    for target, message in [
        ("shown_program", "MODULE:FUNCTION"),
        ("shown_program:", "MODULE:FUNCTION"),
        ("shown_program:nothing", "has no nothing"),
        ("shown_program:number", "a int"),
        ("missing_program:f", "no module missing_program"),
        ("missing.py:f", "no file missing.py"),
    ]:
        with pytest.raises(TargetError, match=message):
            find_function(target)


def test_cache(tmp_path: Path, capsys: pytest.CaptureFixture[str], program: Path) -> None:
    with config.change_flags(cache_dir=tmp_path / "cache"):
        find_function(f"{program}:compiled")
        assert main(["cache"]) == 0
        shown = capsys.readouterr().out
        assert "1 functions" in shown
        assert " 0 objects" not in shown
        assert main(["cache", "prune"]) == 0
        assert "Freed 0 B" in capsys.readouterr().out
        assert main(["cache", "clear"]) == 0
        text = capsys.readouterr().out
        assert "Freed" in text
        assert "0 functions, 0 objects, 0 B of 512.0 MB" in text
    with config.change_flags(cache_size=0):
        assert main(["cache", "show"]) == 0
        assert "in memory only" in capsys.readouterr().out


def test_an_unusable_cache_is_a_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "open"
    (folder / "objects").mkdir(parents=True)
    (folder / "objects").chmod(0o777)
    with config.change_flags(cache_dir=folder):
        assert main(["cache"]) == 1
    assert capsys.readouterr().out.startswith("not used: ")


def test_sizes() -> None:
    assert [size_text(n) for n in (0, 1023, 1024, 3 * 2**30)] == ["0 B", "1023 B", "1.0 kB", "3.0 GB"]
    report = SimpleNamespace(problem="", folder=Path("/x"), entries=2, functions=1, size=2048, limit=2**20)
    assert report_text(report) == f"{Path('/x')}: 1 functions, 2 objects, 2.0 kB of 1.0 MB"  # type: ignore[arg-type]


def test_another_theano_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    other = SimpleNamespace(origin="/elsewhere/theano/__init__.py")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: other if name == "theano" else real(name))
    assert "/elsewhere/theano/__init__.py" in check_theano()[0]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "theano" else real(name))
    assert "no package theano" in check_theano()[0]


def test_changed_flags() -> None:
    with config.change_flags(floatX="float32", **{"scan.debug": True}):
        assert changed_flags().items() >= {"floatX": "float32", "scan.debug": True}.items()
    assert "floatX" not in changed_flags()


def test_wrong_command_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["explain"])
    assert stopped.value.code == 2
    assert main(["doctor", "nothing"]) == 2
    assert "MODULE:FUNCTION" in capsys.readouterr().err
