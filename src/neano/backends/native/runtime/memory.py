"""The life of results' memory: NumPy's memory handler for it, how much may wait, and when it goes back to the system.

What waits goes back after `memory_text.IDLE_SECONDS`, seen when another array comes back or Python's collector makes a full
round; when there is more than a share of the machine's memory, the oldest first; and all at once when memory runs out.
"""

from __future__ import annotations

import ctypes
import gc
import os
from pathlib import Path

from neano.backends.native.runtime import memory_text
from neano.backends.native.runtime.engine import Linked, Module, keep_for_ever, link
from neano.backends.native.runtime.gates import serve
from neano.backends.native.runtime.gates_text import MEMORY_GATE
from neano.backends.native.runtime.once import once
from neano.backends.native.runtime.support import support

_SHARE = 8
"""Of the memory that this process may use, one part in so many waits at most ..."""
_MOST = 2**30
"""... and never more than this."""

_CONTROL_GROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")

_name = b"neano"
_capsule_name = b"mem_handler"  # what NumPy looks for


class _Handler(ctypes.Structure):
    """NumPy's PyDataMem_Handler."""

    _fields_ = [
        ("name", ctypes.c_char * 127),
        ("version", ctypes.c_uint8),
        ("context", ctypes.c_void_p),
        ("malloc", ctypes.c_void_p),
        ("calloc", ctypes.c_void_p),
        ("realloc", ctypes.c_void_p),
        ("free", ctypes.c_void_p),
    ]


_new_capsule = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)(
    ("PyCapsule_New", ctypes.pythonapi)
)


@once
def memory() -> Linked:
    """Load the allocator, once a process, and let `neano_new_array` use it."""
    routines = (memory_text.MALLOC, memory_text.CALLOC, memory_text.REALLOC, memory_text.FREE)
    names = (memory_text.LARGE_ARRAY, memory_text.SETUP, memory_text.SWEEP, memory_text.HELD)
    # generated without optimising, in a quarter of the time: what it does takes no time beside writing a large result
    linked = link([Module("memory", memory_text.MEMORY_TEXT, codegen=0)], exports=(*names, *routines))
    keep_for_ever(linked.token)
    handler = _Handler(_name, 1, None, *(linked.addresses[name] for name in routines))
    capsule = _new_capsule(ctypes.addressof(handler), _capsule_name, None)
    for needed in (handler, capsule):  # for arrays may outlive this module
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(needed))
    setup = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(linked.addresses[memory_text.SETUP])
    setup(id(capsule), waiting_limit())
    sweep = ctypes.CFUNCTYPE(None, ctypes.c_int64)(linked.addresses[memory_text.SWEEP])

    def after_collection(phase: str, info: dict[str, int]) -> None:
        if phase == "stop" and info["generation"] == 2:
            sweep(memory_text.IDLE_SECONDS)

    gc.callbacks.append(after_collection)
    serve(support(), MEMORY_GATE, linked.addresses[memory_text.LARGE_ARRAY])
    return linked


def waiting_bytes() -> int:
    """Return how many bytes of dropped results wait to be used again."""
    return int(ctypes.CFUNCTYPE(ctypes.c_int64)(memory().addresses[memory_text.HELD])())


def sweep(seconds: int = -1) -> None:
    """Give back to the system what has waited for more than some seconds; by default all."""
    ctypes.CFUNCTYPE(None, ctypes.c_int64)(memory().addresses[memory_text.SWEEP])(seconds)


def waiting_limit() -> int:
    """Return how many bytes may wait: a share of the memory of this machine, or of this process's container."""
    available = [_MOST * _SHARE]
    if "SC_PHYS_PAGES" in getattr(os, "sysconf_names", {}):
        available.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for path in _CONTROL_GROUPS:
        try:
            available.append(int(Path(path).read_text()))
        except (OSError, ValueError):  # no such group, or "max"
            continue
    return min(available) // _SHARE
