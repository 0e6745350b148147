"""The object cache: what is kept, what is trusted, who may use it, and many processes at once."""

from __future__ import annotations

import ctypes
import os
import signal
import stat
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from neano.backends.native.runtime import CacheWarning, ObjectCache, default_cache, link
from neano.backends.native.runtime.cache import CachedObject, object_key
from neano.config import config

POSIX_ONLY = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "objects"


@pytest.fixture(autouse=True)
def _warnings_are_errors() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def entry(size: int = 100) -> CachedObject:
    return CachedObject(os.urandom(size), ("f", "g"), ("tanh",))


def key(number: int) -> str:
    """A key that does not happen to prune (see `ObjectCache.store`)."""
    return f"f{number:039x}"


def text(number: int) -> str:
    return f"define i64 @f() {{ ret i64 {number} }}"


def run(number: int, cache: ObjectCache) -> tuple[int, int]:
    """What a function gives and how many of its modules came from the cache."""
    linked = link([("f", text(number))], exports=("f",), cache=cache)
    return ctypes.CFUNCTYPE(ctypes.c_int64)(linked.addresses["f"])(), linked.cached


def path_of(number: int, folder: Path) -> Path:
    (path,) = folder.glob(f"{object_key(text(number), 0, 2)}*")
    return path


def test_entries_are_found_by_other_caches_of_the_folder(folder: Path) -> None:
    stored = entry()
    cache = ObjectCache(folder, 2**20)
    assert cache.load(key(1)) is None
    cache.store(key(1), stored)
    assert cache.load(key(1)) == stored
    assert ObjectCache(folder, 2**20).load(key(1)) == stored
    assert ObjectCache(folder, 2**20).load(key(2)) is None


def test_nothing_is_created_before_the_first_store(folder: Path) -> None:
    cache = ObjectCache(folder, 2**20)
    assert (cache.load(key(1)), cache.report().entries, cache.prune(), cache.clear()) == (None, 0, 0, 0)
    assert not folder.parent.exists()


@POSIX_ONLY
def test_only_the_owner_can_read_or_write(folder: Path) -> None:
    before = os.umask(0)
    try:
        ObjectCache(folder, 2**20).store(key(1), entry())
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder.parent, folder, *folder.iterdir())]
    assert modes == [0o700, 0o700, 0o600]


def test_the_key_depends_on_all_that_the_object_depends_on(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {object_key(text(1), 0, 2), object_key(text(2), 0, 2), object_key(text(1), 1, 2), object_key(text(1), 0, 3)}
    for change in ("another processor", "another LLVM"):
        monkeypatch.setattr("neano.backends.native.runtime.cache.identity", lambda change=change: change)
        keys.add(object_key(text(1), 0, 2))
    monkeypatch.setattr("neano.backends.native.runtime.cache.FORMAT", 0)
    keys.add(object_key(text(1), 0, 2))
    assert len(keys) == 7


def damaged(content: bytes) -> Iterator[bytes]:
    """Truncated at many places, with a bit turned at many places, empty, longer, of another kind."""
    step = max(1, len(content) // 25)
    yield from (content[:size] for size in range(0, len(content), step))
    yield content[:-1]
    for at in range(0, len(content), step):
        yield content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :]
    yield content + b"\0"
    yield b"\x7fELF" + bytes(500)


def test_damaged_files_are_compiled_anew_and_replaced(folder: Path) -> None:
    assert run(5, ObjectCache(folder, 2**24)) == (5, 0)
    path = path_of(5, folder)
    good = path.read_bytes()
    for content in damaged(good):
        path.write_bytes(content)
        assert run(5, ObjectCache(folder, 2**24)) == (5, 0)
        assert path.read_bytes() == good
    assert run(5, ObjectCache(folder, 2**24)) == (5, 1)


def test_a_file_under_the_name_of_another_is_not_trusted(folder: Path) -> None:
    cache = ObjectCache(folder, 2**24)
    run(5, cache), run(6, cache)
    path_of(5, folder).write_bytes(path_of(6, folder).read_bytes())
    assert (run(5, cache), run(5, cache), run(6, cache)) == ((5, 0), (5, 1), (6, 1))


def test_an_entry_that_is_a_folder_is_a_miss(folder: Path) -> None:
    cache = ObjectCache(folder, 2**24)
    run(5, cache)
    path = path_of(5, folder)
    path.unlink()
    path.mkdir()
    with pytest.warns(CacheWarning):
        assert run(5, cache) == (5, 0)
    assert run(5, cache) == (5, 1)  # from memory


# Size ----------------------------------------------------------------------------------------------------------------


def test_what_was_used_least_recently_goes_first(folder: Path) -> None:
    cache = ObjectCache(folder, 2**20)
    for number in range(10):
        cache.store(key(number), entry(1000))
        os.utime(folder / f"{key(number)}.neano", (0, 1000 * number))
    assert cache.load(key(0)) is not None  # used now
    size = cache.report().size
    freed = cache.prune(limit=size // 2)
    left = [number for number in range(10) if cache.load(key(number)) is not None]
    assert left == [0, *range(10 - len(left) + 1, 10)]
    assert 3 <= len(left) <= 5
    assert cache.report().size == size - freed <= size // 2


def test_the_folder_keeps_to_its_limit(folder: Path) -> None:
    limit = 40_000
    cache = ObjectCache(folder, limit)
    for number in range(400):
        cache.store(f"{number % 256:02x}{number:038x}", entry(1000))
    assert cache.report().size < limit + 256 * 1300
    cache.store("00" + "f" * 38, entry(1000))  # one key in 256 prunes
    assert cache.report().size <= limit


def test_large_objects_prune_sooner(folder: Path) -> None:
    cache = ObjectCache(folder, 2**20)
    for number in range(30):
        cache.store(key(number), entry(2**20))
    assert cache.report().entries < 20


def test_what_killed_processes_left_is_deleted_after_a_while(folder: Path) -> None:
    cache = ObjectCache(folder, 2**20)
    cache.store(key(1), entry())
    old, new = folder / ".tmp-1-old", folder / ".tmp-2-new"
    for path in (old, new):
        path.write_bytes(b"half of an object")
    os.utime(old, (0, time.time() - 7200))
    assert cache.prune() == len(b"half of an object")
    assert (old.exists(), new.exists(), cache.report().entries) == (False, True, 1)


def test_clear_and_report(folder: Path) -> None:
    cache = ObjectCache(folder, 12345)
    cache.store(key(1), entry(100))
    cache.store(key(2), entry(200))
    report = cache.report()
    assert (report.folder, report.entries, report.limit, report.problem) == (folder, 2, 12345, "")
    assert 300 < report.size < 1000
    (folder / "mine.txt").write_text("not the cache's")
    assert cache.clear() == report.size
    assert (cache.report().entries, [path.name for path in folder.iterdir()]) == (0, ["mine.txt"])


def test_the_configured_cache(tmp_path: Path) -> None:
    with config.change_flags(cache_dir=str(tmp_path / "here"), cache_size=2**20):
        cache = default_cache()
        assert cache is default_cache()
        assert (cache.report().folder, cache.report().limit) == (tmp_path / "here" / "objects", 2**20)
    with config.change_flags(cache_dir=str(tmp_path / "there"), cache_size=0):
        nothing_kept = default_cache()
        assert (run(5, nothing_kept), run(5, nothing_kept)) == ((5, 0), (5, 1))
    assert not (tmp_path / "there").exists()


# Folders that cannot be used -----------------------------------------------------------------------------------------


def check_works_in_memory_after_one_warning(folder: Path, message: str) -> ObjectCache:
    cache = ObjectCache(folder, 2**24)
    with pytest.warns(CacheWarning, match=message) as caught:
        results = [run(number, cache) for number in (5, 6, 5)]
    assert results == [(5, 0), (6, 0), (5, 1)]
    assert len(caught) == 1
    assert cache.report().problem
    return cache


@POSIX_ONLY
@pytest.mark.parametrize("mode", [0o770, 0o777, 0o722])
@pytest.mark.parametrize("which", ["folder", "parent"])
def test_a_folder_that_others_can_write_is_refused(folder: Path, mode: int, which: str) -> None:
    run(5, ObjectCache(folder, 2**24))
    run(6, ObjectCache(folder, 2**24))
    (folder if which == "folder" else folder.parent).chmod(mode)
    cache = check_works_in_memory_after_one_warning(folder, "others can write")
    assert len(list(folder.iterdir())) == 2
    assert cache.clear() == 0
    assert len(list(folder.iterdir())) == 2


@POSIX_ONLY
def test_a_folder_of_another_user_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(5, ObjectCache(folder, 2**24))
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    check_works_in_memory_after_one_warning(folder, "belongs to another user")


def test_a_file_where_the_folder_should_be(folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("in the way")
    check_works_in_memory_after_one_warning(folder, "objects")
    assert folder.read_text() == "in the way"


def test_a_file_where_the_parent_should_be(folder: Path) -> None:
    folder.parent.write_text("in the way")
    check_works_in_memory_after_one_warning(folder, "cache")


@POSIX_ONLY
def test_a_link_to_nowhere(folder: Path) -> None:
    folder.parent.mkdir(mode=0o700)
    folder.symlink_to(folder)
    check_works_in_memory_after_one_warning(folder, "objects")


@pytest.mark.skipif(sys.platform != "linux", reason="/proc refuses to hold files")
def test_a_place_that_cannot_be_written() -> None:
    check_works_in_memory_after_one_warning(Path("/proc/neano/objects"), "/proc")


def test_a_folder_that_vanishes(folder: Path) -> None:
    cache = ObjectCache(folder, 2**24)
    run(5, cache)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    with pytest.warns(CacheWarning):
        assert run(6, cache) == (6, 0)
    assert run(6, cache) == (6, 1)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neano.backends.native.runtime.cache._MEMORY_LIMIT", 10_000)
    cache = ObjectCache(None, 0)
    for number in range(50):
        cache.store(key(number), entry(1000))
    kept = [number for number in range(50) if cache.load(key(number)) is not None]
    assert kept == list(range(40, 50))


# Many processes ------------------------------------------------------------------------------------------------------

FILL = """
import ctypes, sys
from pathlib import Path
from neano.backends.native.runtime import ObjectCache, link

folder, limit, rounds, first = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
cache = ObjectCache(folder, limit)
print("ready", flush=True)
hits = 0
for k in range(rounds):
    number = (first + k // 2) % 40
    linked = link([("f", f"define i64 @f() {{ ret i64 {number} }}")], exports=("f",), cache=cache)
    assert ctypes.CFUNCTYPE(ctypes.c_int64)(linked.addresses["f"])() == number
    hits += linked.cached
    if k % 7 == 0:
        cache.prune()
print(hits)
"""


def start(folder: Path, limit: int, rounds: int, first: int) -> subprocess.Popen[str]:
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    command = [sys.executable, "-W", "error", "-c", FILL, str(folder), str(limit), str(rounds), str(first)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize(("rounds", "kills"), [(120, 1), pytest.param(2000, 12, marks=pytest.mark.long)])
def test_two_processes_fill_one_cache_while_others_are_killed(folder: Path, rounds: int, kills: int) -> None:
    limit = 20_000  # too small for all: the processes prune each other's objects away as well
    workers = [start(folder, limit, rounds, first) for first in (0, 20)]
    for number in range(kills):
        victim = start(folder, limit, 10**6, 3 * number)
        assert victim.stdout is not None
        assert victim.stdout.readline() == "ready\n"
        time.sleep(0.05 + 0.013 * number)
        victim.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
        victim.communicate()
    for worker in workers:
        output, errors = worker.communicate(timeout=300)
        assert (worker.returncode, errors) == (0, "")
        assert int(output.split()[-1]) > 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [run(number, ObjectCache(folder, limit))[0] for number in range(40)] == list(range(40))


def test_another_process_loads_what_this_one_compiled(folder: Path) -> None:
    cache = ObjectCache(folder, 2**24)
    for number in range(10):
        run(number, cache)
    worker = start(folder, 2**24, 20, 0)
    output, errors = worker.communicate(timeout=60)
    assert (worker.returncode, errors, output.split()[-1]) == (0, "", "20")
