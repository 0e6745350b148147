"""The life of the thread pool: loaded with the first large job, as large as `thread_count` says, new after a fork.

Workers start with the first job that is large enough for them (`pool_text`), and never before; with one thread there are none.
A forked process has its parent's memory but not its workers: it starts some of its own when it first needs them.

With the flag `openmp` the threads of an OpenMP runtime take part instead of workers; in a forked process only if that runtime
starts anew there, too.
"""

from __future__ import annotations

import ctypes
import os
import sys
import warnings

from neano.backends.native.runtime import openmp, pool_text, symbols
from neano.backends.native.runtime.engine import Linked, Module, keep_for_ever, link
from neano.backends.native.runtime.gates import is_forked, serve
from neano.backends.native.runtime.gates_text import POOL_GATE
from neano.backends.native.runtime.once import once
from neano.backends.native.runtime.support import support
from neano.config import ConfigWarning, config
from neano.config.flags import watchers
from neano.config.threads import thread_count, usable_cores

SPIN = 5000
"""How often a thread looks for a job, or for the end of one, before it sleeps: some 100 microseconds. To wake a thread that
sleeps costs 5 to 50, one that looks less than 1."""


def has_threads() -> bool:
    """Return whether this platform has what the pool is made of."""
    return sys.platform != "win32" and symbols.address("pthread_create") is not None


def module() -> Module:
    """Return the pool as LLVM IR."""
    return Module("pool", pool_text.pool_text() if has_threads() else pool_text.ALONE_TEXT)


@once
def pool() -> Linked:
    """Load the pool, once a process, and let `neano_parallel_for` and `neano_share` use it."""
    controls = (pool_text.SET, pool_text.RESET, pool_text.WORKERS, pool_text.OPENMP)
    names = (pool_text.PARALLEL_FOR, pool_text.SHARE, *controls)
    linked = link([module()], exports=names)
    keep_for_ever(linked.token)
    reset = _function(linked, pool_text.RESET)
    reset()

    def start_anew() -> None:
        reset()
        _choose_threads(linked)

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=start_anew)
    _resize(linked)
    watchers.setdefault("threads", []).append(lambda: _resize(linked))
    _choose_threads(linked)
    for name in ("openmp", "openmp_runtime"):
        watchers.setdefault(name, []).append(lambda: _choose_threads(linked))
    serve(support(), POOL_GATE, linked.addresses[pool_text.SHARE])
    return linked


def workers() -> int:
    """Return how many workers this process has started."""
    return int(_function(pool(), pool_text.WORKERS, ctypes.c_int32)())


def openmp_runtime() -> openmp.Runtime | None:
    """Return the OpenMP runtime whose threads jobs use here; None for workers of our own, which a warning explains where
    the flag `openmp` asks for another.
    """
    if not config.openmp:
        return None
    found = openmp.find_runtime(config.openmp_runtime)
    if found is None:
        wanted = config.openmp_runtime or "libomp, libiomp5 or libgomp"
        warnings.warn(f"openmp=True has no effect: no {wanted} with GOMP_parallel", ConfigWarning, stacklevel=2)
    elif is_forked() and not found.fork_safe:
        return None  # as documented: it is nothing that the user could do anything about
    return found


def _choose_threads(linked: Linked) -> None:
    """Let jobs use the threads of OpenMP, or workers of our own."""
    runtime = openmp_runtime()
    _function(linked, pool_text.OPENMP, None, ctypes.c_void_p)(None if runtime is None else runtime.parallel)


def _resize(linked: Linked) -> None:
    """Let jobs use as many threads as `thread_count` says.

    More threads than cores sleep without looking first: who looks may keep from its core the one whom it waits for.
    """
    threads = min(thread_count(), pool_text.MOST_THREADS)
    _function(linked, pool_text.SET, None, ctypes.c_int32, ctypes.c_int32)(
        threads, SPIN if threads <= usable_cores() else 0
    )


def _function(linked: Linked, name: str, result: type | None = None, *arguments: type) -> ctypes._CFunctionType:
    return ctypes.CFUNCTYPE(result, *arguments)(linked.addresses[name])
