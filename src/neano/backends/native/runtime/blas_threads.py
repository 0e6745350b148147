"""The threads of SciPy's BLAS: as many as ours, and one while we share products among our own.

OpenBLAS has threads of its own, which wait for each other by giving up the processor again and again: where anything else wants
to run, each hand-over costs a time slice (a product of 0.3 ms took 14 on two cores with five busy processes; on one thread 0.3).
So a product that OpenBLAS would split runs between `neano_blas_enter` and `neano_blas_leave`: from the first that enters to the
last that leaves, OpenBLAS uses one thread; then what it was set to before. Our pool splits the product instead.

Another BLAS (Accelerate, MKL) is left to itself: its threads are not known by these names.
"""

from __future__ import annotations

import ctypes
import os

from neano.backends.native.runtime import symbols
from neano.backends.native.runtime.engine import Module, keep_for_ever, link
from neano.backends.native.runtime.once import once
from neano.backends.native.runtime.scipy_pointers import extension
from neano.config.flags import watchers
from neano.config.threads import thread_count

ENTER, LEAVE = "neano_blas_enter", "neano_blas_leave"
_SETUP, _RESET = "neano_blas_setup", "neano_blas_reset"
_NAMES = ("scipy_openblas_{}_num_threads", "scipy_openblas_{}_num_threads64_", "openblas_{}_num_threads")

_TEXT = f"""
@lock = internal global i32 0, align 64
@inside = internal global i32 0
@before = internal global i32 1
@get = internal global ptr null
@set = internal global ptr null

define void @{_SETUP}(ptr %get, ptr %set) nounwind {{
  store ptr %get, ptr @get
  store ptr %set, ptr @set
  ret void
}}

; In a forked process nobody is inside.
define void @{_RESET}() nounwind {{
entry:
  store atomic i32 0, ptr @lock monotonic, align 4
  %inside = load i32, ptr @inside
  store i32 0, ptr @inside
  %some = icmp ne i32 %inside, 0
  br i1 %some, label %restore, label %done
restore:
  %set = load ptr, ptr @set
  %before = load i32, ptr @before
  call void %set(i32 %before)
  br label %done
done:
  ret void
}}

define internal void @acquire() nounwind {{
entry:
  br label %try
try:
  %old = atomicrmw xchg ptr @lock, i32 1 acquire
  %free = icmp eq i32 %old, 0
  br i1 %free, label %done, label %try
done:
  ret void
}}

define void @{ENTER}() nounwind {{
entry:
  %set = load ptr, ptr @set
  %known = icmp ne ptr %set, null
  br i1 %known, label %count, label %done
count:
  call void @acquire()
  %inside = load i32, ptr @inside
  %more = add i32 %inside, 1
  store i32 %more, ptr @inside
  %first = icmp eq i32 %inside, 0
  br i1 %first, label %look, label %release
look:
  %get = load ptr, ptr @get
  %threads = call i32 %get()
  store i32 %threads, ptr @before
  %several = icmp sgt i32 %threads, 1
  br i1 %several, label %one, label %release
one:
  call void %set(i32 1)
  br label %release
release:
  store atomic i32 0, ptr @lock release, align 4
  br label %done
done:
  ret void
}}

define void @{LEAVE}() nounwind {{
entry:
  %set = load ptr, ptr @set
  %known = icmp ne ptr %set, null
  br i1 %known, label %count, label %done
count:
  call void @acquire()
  %inside = load i32, ptr @inside
  %less = sub i32 %inside, 1
  store i32 %less, ptr @inside
  %last = icmp eq i32 %less, 0
  %before = load i32, ptr @before
  %several = icmp sgt i32 %before, 1
  %restore = and i1 %last, %several
  br i1 %restore, label %back, label %release
back:
  call void %set(i32 %before)
  br label %release
release:
  store atomic i32 0, ptr @lock release, align 4
  br label %done
done:
  ret void
}}
"""


class BlasThreads:
    """How many threads SciPy's BLAS uses."""

    def __init__(self, library: ctypes.CDLL, pattern: str) -> None:
        self.get = getattr(library, pattern.format("get"))
        self.set = getattr(library, pattern.format("set"))
        self.most = int(self.get())

    def hold(self) -> None:
        """Let it use as many threads as we do, but no more than it had by itself."""
        self.set(min(self.most, thread_count()))


@once
def blas_threads() -> BlasThreads | None:
    """Return the threads of the library behind `scipy.linalg.cython_blas`; None where it is not an OpenBLAS."""
    library = ctypes.CDLL(extension("scipy.linalg.cython_blas").__file__)  # a name is looked for in what it links, too
    for pattern in _NAMES:
        if hasattr(library, pattern.format("get")) and hasattr(library, pattern.format("set")):
            return BlasThreads(library, pattern)
    return None


@once
def _load() -> None:
    linked = link([Module("blas threads", _TEXT)], exports=(ENTER, LEAVE, _SETUP, _RESET))
    keep_for_ever(linked.token)
    found = blas_threads()
    if found is not None:
        setup = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(linked.addresses[_SETUP])
        setup(ctypes.cast(found.get, ctypes.c_void_p), ctypes.cast(found.set, ctypes.c_void_p))
        found.hold()
        watchers.setdefault("threads", []).append(found.hold)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=ctypes.CFUNCTYPE(None)(linked.addresses[_RESET]))
    for name in (ENTER, LEAVE):
        symbols.register(name, linked.addresses[name])


for _name in (ENTER, LEAVE):
    symbols.register_late(_name, _load)
