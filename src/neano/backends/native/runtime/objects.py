"""Object files of modules: from the cache, or generated, on several threads where several wait.

`begin` starts on a module before it is asked for: whoever knows early what will be needed (the support module with the first
function of a process, the entry as soon as the signature is known, each kernel as soon as it is written) lets LLVM work while
Python rewrites, schedules and writes. Workers, one less than there are cores, take what was begun, the longest first, and end
when nothing waits. Files are written by who asks for an object: to a thread beside Python each of the steps would be a wait.
What a process may need later, or never, has time, and is written as soon as it is made.
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

    def __init__(self, module: Module, key: str, cache: ObjectCache, later: bool = False) -> None:
        self._later = later
        self._module, self._key, self._cache = module, key, cache
        self._lock = threading.Lock()
        self._made: CachedObject | None = None
        self._kept = False
        self._error: Exception | None = None

    @property
    def size(self) -> int:
        """Return how long it takes, as characters of IR of which code is generated with care."""
        return len(self._module.text) // (1 if self._module.codegen else 4)

    @property
    def urgency(self) -> tuple[bool, int]:
        """Return what is greatest for the job that comes next."""
        return not self._later, self.size

    def take(self) -> bool:
        """Return whether the work is the caller's: nobody does it or has done it. The caller then calls `do`."""
        if not self._lock.acquire(blocking=False):
            return False
        if self._made is None and self._error is None:
            return True
        self._lock.release()
        return False

    def do(self) -> None:
        """Do the work that the caller has taken."""
        try:
            self._work()
            if self._later:
                self._keep()
        finally:
            self._lock.release()

    def result(self) -> CachedObject:
        """Return the object.

        Raises:
            CompileError: a module does not parse or does not verify.
        """
        with self._lock:
            self._work()
            self._keep()
        if self._error is not None:
            raise self._error
        assert self._made is not None
        return self._made

    def _keep(self) -> None:
        if self._made is not None and not self._kept:
            self._cache.store(self._key, self._made)
            self._kept = True

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
            self._made = CachedObject(data, table.defined, table.needed)
        except Exception as error:  # raised where the result is asked for
            self._error = error.with_traceback(None)


class _Workers:
    """Threads that take jobs and end when none waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[_Job] = []
        self._doing: set[_Job] = set()
        self._threads = 0

    def give(self, jobs: Sequence[_Job]) -> None:
        """Let jobs be done soon, by somebody."""
        with self._lock:
            self._waiting = sorted((*self._waiting, *jobs), key=lambda job: job.urgency)
            starting = max(min(cores() - 1 - self._threads, len(jobs)), 0)
            self._threads += starting
        for _ in range(starting):
            try:
                threading.Thread(target=self._work_off, name="neano code generation").start()
            except RuntimeError:  # no more threads here, or none any more: who asks for an object makes it
                with self._lock:
                    self._threads -= 1

    def _work_off(self) -> None:
        while (job := self._next()) is not None:
            job.do()
            self._doing.discard(job)

    def _next(self) -> _Job | None:
        with self._lock:
            while self._waiting:
                job = self._waiting.pop()
                if job.take():
                    self._doing.add(job)
                    return job
            self._threads -= 1
            return None

    def pause(self) -> None:
        """Let nobody be inside LLVM before a fork."""
        self._lock.acquire()
        for job in list(self._doing):
            job.wait()

    def go_on(self) -> None:
        """Go on after a fork."""
        self._lock.release()

    def start_anew(self) -> None:
        """Go on in a forked process, which has no threads of its parent's."""
        self._threads = 0
        self._doing.clear()
        self._lock.release()


_workers = _Workers()

_ahead: dict[tuple[str, ObjectCache], CachedObject | _Job] = {}
"""What was begun and not yet asked for."""

_MOST_AHEAD = 256


def begin(module: Module, cache: ObjectCache, later: bool = False) -> None:
    """Let an object be ready when it is asked for, as far as that is possible.

    Args:
        later: it is for this process or for another one some time.
    """
    key = object_key(module.text, module.passes, module.codegen)
    if (key, cache) in _ahead:
        return
    known = cache.load(key)
    if known is not None:
        _ahead[key, cache] = known
    elif cores() > 1:
        job = _ahead[key, cache] = _Job(module, key, cache, later)
        _workers.give([job])
    while len(_ahead) > _MOST_AHEAD:  # of functions that were never finished
        _ahead.pop(next(iter(_ahead)))


def objects_of(modules: Sequence[Module], cache: ObjectCache) -> tuple[tuple[str, ...], list[CachedObject], int]:
    """Return the keys and the objects of modules, in their order, and how many of them were in the cache.

    Raises:
        CompileError: a module does not parse or does not verify.
    """
    found: list[CachedObject | _Job] = []
    new: list[_Job] = []
    keys = tuple(object_key(module.text, module.passes, module.codegen) for module in modules)
    for module, key in zip(modules, keys, strict=True):
        known = _ahead.pop((key, cache), None) or cache.load(key)
        if known is None:
            known = _Job(module, key, cache)
            new.append(known)
        found.append(known)
    if sum(job.size for job in new) >= _PARALLEL_FROM:
        _workers.give(new)
    jobs = [each for each in found if isinstance(each, _Job)]
    for job in sorted(jobs, key=lambda job: job.size, reverse=True):
        if job.take():
            job.do()
    objects = [each.result() if isinstance(each, _Job) else each for each in found]
    return keys, objects, len(modules) - len(jobs)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_workers.pause, after_in_parent=_workers.go_on, after_in_child=_workers.start_anew)
