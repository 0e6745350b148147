"""The package itself: versions, flags that it sets, what its import costs, what it says of another Theano."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import neano
import theano

SOURCES = Path(theano.__file__).parents[1]


def run(code: str, *, path: list[Path] | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own, with Neano's sources first on the path."""
    folders = [SOURCES, *(path or [])]
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders)), **environment},
        cwd=Path(__file__).parent,
        timeout=60,
    )


def test_versions() -> None:
    assert theano.__version__ == theano.version.version == "1.0.5"
    assert theano.neano_version == neano.__version__


def test_import_makes_the_parts_reachable() -> None:
    code = (
        "import theano; parts = [theano.tensor.nnet, theano.tensor.inplace, theano.compile.mode, theano.gof.graph,"
        "theano.gradient, theano.printing, theano.scalar, theano.misc, theano.sandbox, theano.tests]"
    )
    result = run(code)
    assert result.returncode == 0, result.stderr
    missing = run("import theano; theano.no_such_part")
    assert "AttributeError" in missing.stderr
    assert "no_such_part" in missing.stderr


def test_submodules_do_not_hide_functions_of_their_names() -> None:
    code = """
import theano, theano.tensor.sort, theano.tensor.var, theano.compile.function, theano.compile.pfunc
import theano.tensor as T
from theano.tensor.sort import TopKOp
assert all(callable(f) for f in (T.sort, T.var, theano.compile.function, theano.compile.pfunc))
"""
    result = run(code)
    assert result.returncode == 0, result.stderr


def test_numpy_errors_are_set_as_the_flags_say() -> None:
    shown = "import json, numpy, theano; print(json.dumps(numpy.geterr()))"
    assert set(json.loads(run(shown).stdout).values()) == {"ignore"}
    raising = json.loads(run(shown, NEANO_FLAGS="numpy.seterr_all=warn,numpy.seterr_divide=raise").stdout)
    assert raising == {"divide": "raise", "over": "warn", "under": "warn", "invalid": "warn"}


def test_another_theano_further_down_the_path_is_named(tmp_path: Path) -> None:
    old = tmp_path / "theano" / "gof"
    old.mkdir(parents=True)
    (old / "cutils.py").touch()
    (old.parent / "__init__.py").touch()
    result = run("import theano; print(theano.neano_version)", path=[tmp_path])
    assert result.stdout.strip() == neano.__version__
    assert str(old.parent) in result.stderr
    assert "hidden" in result.stderr


def test_another_theano_in_the_same_folder_is_an_error(tmp_path: Path) -> None:
    for package in ("theano", "neano"):
        (tmp_path / package).mkdir()
    for source in (SOURCES / "theano").rglob("*.py"):
        copy = tmp_path / source.relative_to(SOURCES)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(source.read_bytes())
    (tmp_path / "neano").rmdir()
    (tmp_path / "neano").symlink_to(SOURCES / "neano", target_is_directory=True)
    (tmp_path / "theano" / "gof" / "cutils.py").touch()
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import theano"
    result = run(code)
    assert "ImportError" in result.stderr
    assert "mixed" in result.stderr


def test_import_is_light(tmp_path: Path) -> None:
    """It may take 1.6 times as long as the libraries that it stands on, with bytecode.

    The best of a few tries in turn counts, and of some more where the machine is busy.
    """
    kept = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(tmp_path)}
    best = dict.fromkeys(("import theano", "import numpy, scipy.linalg, scipy.special, llvmlite.binding"), float("inf"))
    for tries in range(12):
        for code, before in best.items():
            measured = f"import time; start = time.perf_counter(); {code}; print(time.perf_counter() - start)"
            best[code] = min(before, float(run(measured, **kept).stdout))
        ours, libraries = best.values()
        if tries >= 3 and ours < 1.6 * libraries:
            break
    assert ours < 1.6 * libraries
