"""The cache: machine code kept on disk, shared by all processes of a user.

One file an object, named by the key: a hash of the IR, of LLVM, of the processor and its features, and of this
format. Beside them, one file a function (`function_memory`): which objects it consists of, and the tables that they read.
A file is written under another name and moved into place, so that a reader sees all of it or nothing, whoever is
killed; it carries a digest of its content and its own key, and one that does not match is deleted and compiled again.
Use is noted in the time of modification; when the folder grows beyond its bound, what was used least recently goes.

Where the folder cannot be used (nobody's home, not writable, others can write to it) the cache works in memory, after
one warning.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from neano.backends.native.runtime import cache_folder
from neano.backends.native.runtime.machine import identity
from neano.config import config

FORMAT = 2
"""To be raised when the meaning of a file changes."""

_MAGIC = b"NEANO\x00O" + bytes([FORMAT])
_DIGEST_SIZE = 32
_OBJECT, _FUNCTION = ".neano", ".function"
_SUFFIXES = (_OBJECT, _FUNCTION)
_TEMPORARY = ".tmp-"
_TEMPORARY_SECONDS = 3600.0  # an older unfinished file was left by a process that was killed
_TOUCH_SECONDS = 3600.0  # how exactly "least recently" is known; spares a write at every hit
_MEMORY_LIMIT = 64 * 2**20


class CacheWarning(UserWarning):
    """The object cache cannot use its folder: every process compiles anew."""


@dataclass(frozen=True, slots=True)
class CachedObject:
    """An object file with the names of the symbols that it defines and needs."""

    data: bytes
    defined: tuple[str, ...]
    needed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CacheReport:
    """What `neano cache` shows: `entries` counts objects, `problem` says why the folder is not used, "" if it is."""

    folder: Path | None
    entries: int
    functions: int
    size: int
    limit: int
    problem: str


def object_key(text: str, passes: int, codegen: int) -> str:
    """Return the key of what compiling this IR at these levels gives on this machine."""
    digest = hashlib.blake2b(digest_size=20)
    digest.update(f"{FORMAT}|{identity()}|{passes}|{codegen}|".encode())
    digest.update(text.encode())
    return digest.hexdigest()


def _pack(key: str, header: Mapping[str, Any], data: bytes) -> bytes:
    text = json.dumps({**header, "key": key}).encode()
    payload = struct.pack("<I", len(text)) + text + data
    return _MAGIC + hashlib.blake2b(payload, digest_size=_DIGEST_SIZE).digest() + payload


def _unpack(key: str, content: bytes) -> tuple[dict[str, Any], bytes] | None:
    """Return header and data, None where the content is damaged or is not that of this key."""
    start = len(_MAGIC) + _DIGEST_SIZE
    payload = memoryview(content)[start:]
    if not content.startswith(_MAGIC) or len(payload) < 4:
        return None
    if hashlib.blake2b(payload, digest_size=_DIGEST_SIZE).digest() != content[len(_MAGIC) : start]:
        return None
    (length,) = struct.unpack_from("<I", payload)
    header: dict[str, Any] = json.loads(bytes(payload[4 : 4 + length]))
    return (header, bytes(payload[4 + length :])) if header["key"] == key else None


class ObjectCache:
    """The objects in one folder; without a folder, in memory.

    Args:
        folder: where files are; it is created at the first store. None: memory only.
        limit: bytes that the folder is kept to.
    """

    def __init__(self, folder: Path | None, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._memory: dict[str, CachedObject] = {}
        self._memory_size = 0
        self._unpruned = 0
        self._checked = False
        self._problem = ""
        self._lock = threading.Lock()

    def load(self, key: str) -> CachedObject | None:
        """Return the object of a key, None where there is none that can be trusted."""
        in_memory = self._memory.get(key)
        if in_memory is not None:
            return in_memory
        found = self._read(key, _OBJECT)
        return None if found is None else CachedObject(found[1], tuple(found[0]["defined"]), tuple(found[0]["needed"]))

    def store(self, key: str, entry: CachedObject) -> None:
        """Keep an object; where the folder fails, in memory, after a warning."""
        if not self._write(key, _OBJECT, {"defined": entry.defined, "needed": entry.needed}, entry.data):
            self._remember(key, entry)

    def load_function(self, key: str) -> tuple[dict[str, Any], bytes] | None:
        """Return what is known of a function, None where there is nothing that can be trusted."""
        return self._read(key, _FUNCTION)

    def store_function(self, key: str, header: Mapping[str, Any], data: bytes) -> None:
        """Keep what is known of a function; without a folder that is nothing."""
        self._write(key, _FUNCTION, header, data)

    def _read(self, key: str, suffix: str) -> tuple[dict[str, Any], bytes] | None:
        folder = self._folder
        if folder is None or not self._check(create=False):
            return None
        path = f"{folder}{os.sep}{key}{suffix}"
        try:
            with open(path, "rb") as file:
                content = file.read()
                used = os.fstat(file.fileno()).st_mtime
        except OSError:
            return None
        entry = _unpack(key, content)
        try:
            if entry is None:
                os.unlink(path)
            elif time.time() - used > _TOUCH_SECONDS:
                os.utime(path)
        except OSError:
            pass  # a folder that can be read only, or another process was faster: the entry is as good
        return entry

    def _write(self, key: str, suffix: str, header: Mapping[str, Any], data: bytes) -> bool:
        """Write a file; say whether it is there."""
        folder = self._folder
        if folder is None or not self._check(create=True):
            return False
        content = _pack(key, header, data)
        temporary = folder / f"{_TEMPORARY}{os.getpid()}-{os.urandom(6).hex()}"
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
            with open(descriptor, "wb") as file:
                file.write(content)
            os.replace(temporary, folder / (key + suffix))
        except OSError as error:
            _unlink(temporary)
            if os.name == "nt" and isinstance(error, PermissionError):
                return True  # on Windows: another process has the same file open, so it is there
            self._give_up(str(error))
            return False
        self._unpruned += len(content)
        # Keys are hashes: one store in 256 prunes, whichever short-lived processes do the storing.
        if self._unpruned > 16 * 2**20 or key.startswith("00"):
            self.prune()
        return True

    def report(self) -> CacheReport:
        """Return what is there now."""
        files = list(self._files())
        functions = sum(path.suffix == _FUNCTION for _, _, path in files)
        size = sum(size for _, size, _ in files)
        return CacheReport(self._folder, len(files) - functions, functions, size, self._limit, self._problem_now())

    def prune(self, limit: int | None = None) -> int:
        """Delete what was used least recently until the folder keeps to the limit; return the number of bytes freed."""
        limit = self._limit if limit is None else limit
        self._unpruned = 0
        files = sorted(self._files())
        excess = sum(size for _, size, _ in files) - limit
        if excess > 0:
            excess += limit // 10  # so that the next store does not prune again
        freed = self._delete_leftovers()
        for _, size, path in files:
            if excess <= 0:
                break
            if _unlink(path):
                excess -= size
                freed += size
        return freed

    def clear(self) -> int:
        """Delete everything; return the number of bytes freed. Other processes go on with what they have loaded."""
        self._memory.clear()
        self._memory_size = 0
        return self._delete_leftovers() + sum(size for _, size, path in self._files() if _unlink(path))

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        """Time of last use, size and path of each object and each function."""
        yield from self._scan(lambda name: name.endswith(_SUFFIXES))

    def _delete_leftovers(self) -> int:
        """Delete what killed processes left unfinished."""
        before = time.time() - _TEMPORARY_SECONDS
        leftovers = [each for each in self._scan(lambda name: name.startswith(_TEMPORARY)) if each[0] < before]
        return sum(size for _, size, path in leftovers if _unlink(path))

    def _scan(self, wanted: Callable[[str], bool]) -> Iterator[tuple[float, int, Path]]:
        if self._folder is None or self._problem_now():
            return
        try:
            with os.scandir(self._folder) as listing:
                found = [entry for entry in listing if wanted(entry.name)]
        except OSError:
            return
        for entry in found:
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue  # deleted by another process meanwhile
            yield status.st_mtime, status.st_size, Path(entry.path)

    def _problem_now(self) -> str:
        if self._problem or self._folder is None:
            return self._problem
        try:
            cache_folder.check_folder(self._folder)
        except FileNotFoundError:
            return ""
        except OSError as error:
            return str(error)
        return ""

    def _check(self, create: bool) -> bool:
        """Whether the folder may be used; checked once, created for the first store."""
        if self._checked or self._folder is None:
            return self._folder is not None
        try:
            if create:
                cache_folder.make_folder(self._folder)
            else:
                cache_folder.check_folder(self._folder)
        except OSError as error:
            if create or not isinstance(error, FileNotFoundError):
                self._give_up(str(error))
            return False
        self._checked = True
        return True

    def _give_up(self, problem: str) -> None:
        with self._lock:
            told, self._problem, self._folder = self._problem, problem, None
        if told:
            return
        warnings.warn(f"compiled code is not kept between processes: {problem}", CacheWarning, stacklevel=2)

    def _remember(self, key: str, entry: CachedObject) -> None:
        with self._lock:
            self._memory[key] = entry
            self._memory_size += len(entry.data)
            while self._memory_size > _MEMORY_LIMIT and len(self._memory) > 1:
                oldest = next(iter(self._memory))
                self._memory_size -= len(self._memory.pop(oldest).data)


def _unlink(path: Path) -> bool:
    """Delete a file that another process may have deleted or may hold open; say whether it went."""
    try:
        path.unlink()
    except OSError:
        return False
    return True


@cache
def _cache_of(folder: str, limit: int) -> ObjectCache:
    return ObjectCache(Path(folder) / "objects" if limit else None, limit)


def default_cache() -> ObjectCache:
    """The cache that `config.cache_dir` and `config.cache_size` name at present."""
    return _cache_of(config.cache_dir, config.cache_size)
