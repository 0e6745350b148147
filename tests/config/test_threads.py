"""How many threads a call may use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from neano.config import config
from neano.config.threads import thread_count, usable_cores


def test_the_flag_beats_the_environment() -> None:
    with config.change_flags(threads=3):
        assert thread_count({"OMP_NUM_THREADS": "5"}) == 3
    with config.change_flags(threads=0):
        assert thread_count({"OMP_NUM_THREADS": "5"}) == 5
        assert thread_count({"OMP_NUM_THREADS": "4,2"}) == 4
        assert thread_count({"OMP_NUM_THREADS": "many"}) == usable_cores()
        assert thread_count({"OMP_NUM_THREADS": "0"}) == usable_cores()
        assert thread_count({}) == usable_cores()


@pytest.fixture
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)


@pytest.mark.usefixtures("eight_cores")
@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, 8),
        ({"cpu.max": "max 100000\n"}, 8),
        ({"cpu.max": "200000 100000\n"}, 2),
        ({"cpu.max": "150000 100000\n"}, 2),
        ({"cpu.max": "10000 100000\n"}, 1),
        ({"cpu.max": "nonsense\n"}, 8),
        ({"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 8),
    ],
)
def test_quota_of_a_container(tmp_path: Path, files: dict[str, str], cores: int) -> None:
    (tmp_path / "cpu").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert usable_cores(tmp_path) == cores


ASK = """
import os
import subprocess
import sys
if hasattr(os, "sched_setaffinity") and "ONE_CORE" in os.environ:
    os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1])
from neano.config.threads import thread_count, usable_cores
print(thread_count(), usable_cores())
"""


@pytest.mark.parametrize(
    ("flags", "neano", "openmp", "one_core", "expected"),
    [
        ("threads=3", "5", "7", False, 3),
        ("threads=0", "5", "7", False, 7),
        ("", "5", "7", False, 5),
        ("", "0", "7", False, 7),
        ("", "", "7", True, 7),
        ("", "5", "", True, 5),
        ("", "", "", True, 1),
    ],
)
def test_each_beats_the_next(flags: str, neano: str, openmp: str, one_core: bool, expected: int) -> None:
    """The flag, then NEANO_NUM_THREADS, then OMP_NUM_THREADS, then the cores of this process; in a process of its own."""
    given = {"NEANO_FLAGS": flags, "NEANO_NUM_THREADS": neano, "OMP_NUM_THREADS": openmp, "ONE_CORE": "1" * one_core}
    kept = {name: value for name, value in os.environ.items() if name not in given}
    environment = kept | {name: value for name, value in given.items() if value}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    done = subprocess.run([sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, check=True)
    threads, cores = map(int, done.stdout.split())
    assert threads == expected
    if one_core and hasattr(os, "sched_setaffinity"):
        assert cores == 1
