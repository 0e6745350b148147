"""Object files of modules: from the cache, or generated, on several threads where several wait.

`begin` starts on a module before it is asked for: whoever knows early what will be needed (the support module with the first
function of a process, the entry as soon as the signature is known) lets LLVM work while Python rewrites and schedules.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence

from neano.backends.native.runtime.cache import CachedObject, ObjectCache, object_key
from neano.backends.native.runtime.codegen import Module, generate_object
from neano.backends.native.runtime.objectfile import object_symbols

_PARALLEL_FROM = 6_000
"""Characters of IR from which another thread pays off (about 5 ms of code generation; a thread costs some 0.1)."""


class _Job:
    """One module on its way to an object; the thread that comes first does the work, all others wait for it."""

    def __init__(self, module: Module, key: str, cache: ObjectCache) -> None:
        self._module, self._key, self._cache = module, key, cache
        self._lock = threading.Lock()
        self._made: CachedObject | None = None
        self._error: Exception | None = None

    def attempt(self) -> None:
        """Do the work unless somebody does or has done it."""
        if self._lock.acquire(blocking=False):
            try:
                self._work()
            finally:
                self._lock.release()

    def result(self) -> CachedObject:
        """Return the object.

        Raises:
            CompileError: a module does not parse or does not verify.
        """
        with self._lock:
            self._work()
        if self._error is not None:
            raise self._error
        assert self._made is not None
        return self._made

    def wait(self) -> None:
        """Return when nobody works on it."""
        with self._lock:
            pass

    def _work(self) -> None:
        if self._made is not None or self._error is not None:
            return
        try:
            data = generate_object(self._module)
            table = object_symbols(data)
            made = CachedObject(data, table.defined, table.needed)
            self._cache.store(self._key, made)
            self._made = made
        except Exception as error:  # raised where the result is asked for
            self._error = error.with_traceback(None)


_ahead: dict[tuple[str, ObjectCache], CachedObject | _Job] = {}
"""What was begun and not yet asked for."""

_MOST_AHEAD = 16


def begin(module: Module, cache: ObjectCache) -> None:
    """Let an object be ready when it is asked for, as far as that is possible."""
    key = object_key(module.text, module.passes, module.codegen)
    if (key, cache) in _ahead:
        return
    known = cache.load(key)
    if known is None and cores() > 1:
        job = _Job(module, key, cache)
        threading.Thread(target=job.attempt, name="neano code generation").start()
        _ahead[key, cache] = job
    elif known is not None:
        _ahead[key, cache] = known
    while len(_ahead) > _MOST_AHEAD:  # of functions that were never finished
        _ahead.pop(next(iter(_ahead)))


def objects_of(modules: Sequence[Module], cache: ObjectCache) -> tuple[tuple[str, ...], list[CachedObject], int]:
    """Return the keys and the objects of modules, in their order, and how many of them were in the cache.

    Raises:
        CompileError: a module does not parse or does not verify.
    """
    found: list[CachedObject | _Job] = []
    keys = tuple(object_key(module.text, module.passes, module.codegen) for module in modules)
    for module, key in zip(modules, keys, strict=True):
        known = _ahead.pop((key, cache), None) or cache.load(key)
        found.append(_Job(module, key, cache) if known is None else known)
    jobs = [each for each in found if isinstance(each, _Job)]
    if (
        sum(len(module.text) for module, each in zip(modules, found, strict=True) if isinstance(each, _Job))
        >= _PARALLEL_FROM
    ):
        for _ in range(min(len(jobs), cores()) - 1):
            threading.Thread(target=_work_off, args=(jobs,), name="neano code generation").start()
    _work_off(jobs)
    objects = [each.result() if isinstance(each, _Job) else each for each in found]
    return keys, objects, len(modules) - len(jobs)


def _work_off(jobs: Sequence[_Job]) -> None:
    for job in jobs:
        job.attempt()


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _finish() -> None:
    """Let nobody be inside LLVM."""
    for each in list(_ahead.values()):
        if isinstance(each, _Job):
            each.wait()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_finish)
