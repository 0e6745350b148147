"""LLVM IR of the gates: what generated code calls for threads and for large results, before those who serve it are loaded.

    void neano_parallel_for(ptr kernel, ptr args, i64 n, i64 grain)                              see `pool_text`
    void neano_share(ptr kernel, ptr args, i64 n, i64 grain, i64 rouse_from, i64 pieces_each)
    ptr neano_new_array(i32 ndim, ptr dims, i32 type_number, i64 itemsize)                       see `memory_text`

Most functions of most processes meet only small arrays: jobs below two grains run where they are, small results are NumPy's
own, and neither the pool nor the allocator is loaded. The first that is larger asks for it, once, through a Python callable:

* at once, where the GIL is not held: whoever has released it expects any Python code to run meanwhile;
* else as soon as Python's main thread is between two instructions: whoever holds the GIL may do so because nobody must see a
  half-written value. What has asked then goes on without.

A gate is three words: the function that serves, the Python callable that loads it, and whether it has been asked for.
"""

from __future__ import annotations

from neano.backends.native.runtime.memory_text import LARGE, NEW_ARRAY
from neano.backends.native.runtime.pool_text import PARALLEL_FOR, PIECES_EACH, ROUSE_GRAINS, SHARE

POOL_GATE, MEMORY_GATE = "neano_gate_pool", "neano_gate_memory"
"""Functions that set a gate: void(ptr server, ptr loader), where the server is NULL as long as it is not loaded."""


def _setter(name: str, gate: str) -> str:
    return f"""
define void @{name}(ptr %server, ptr %loader) nounwind {{
  %loader.place = getelementptr %gate, ptr @{gate}, i64 0, i32 1
  store ptr %loader, ptr %loader.place
  store atomic ptr %server, ptr @{gate} release, align 8
  %asked.place = getelementptr %gate, ptr @{gate}, i64 0, i32 2
  store atomic i32 0, ptr %asked.place release, align 4
  ret void
}}
"""


def _served(gate: str, found: str, absent: str) -> str:
    """Look for what serves behind a gate, and ask for it: goes on at one of two labels."""
    return f"""try:
  %known = load atomic ptr, ptr @{gate} acquire, align 8
  %loaded = icmp ne ptr %known, null
  br i1 %loaded, label %{found}, label %ask
ask:
  %got = call ptr @ask(ptr @{gate})
  %is.here = icmp ne ptr %got, null
  br i1 %is.here, label %{found}, label %{absent}
{found}:
  %server = phi ptr [%known, %try], [%got, %ask]"""


def _share(name: str, more_parameters: str, more: str) -> str:
    """A job goes to the pool from two grains on, if it is there; else it runs here."""
    return f"""
define void @{name}(ptr %kernel, ptr %args, i64 %n, i64 %grain{more_parameters}) nounwind {{
entry:
  %two = shl i64 %grain, 1
  %large = icmp sge i64 %n, %two
  br i1 %large, label %try, label %alone, !prof !0
{_served("pool", "share", "alone")}
  tail call void %server(ptr %kernel, ptr %args, i64 %n, i64 %grain, {more})
  ret void
alone:
  tail call void %kernel(ptr %args, i64 0, i64 %n)
  ret void
}}
"""


GATES_TEXT = f"""
%gate = type {{ ptr, ptr, i32 }}
@pool = internal global %gate zeroinitializer, align 64
@memory = internal global %gate zeroinitializer, align 64
{_setter(POOL_GATE, "pool")}
{_setter(MEMORY_GATE, "memory")}

; Ask for what serves behind a gate and return it; NULL where it is not to be had now.
define internal ptr @ask(ptr %gate) nounwind noinline {{
entry:
  %asked.place = getelementptr %gate, ptr %gate, i64 0, i32 2
  %pair = cmpxchg ptr %asked.place, i32 0, i32 1 acq_rel monotonic
  %first = extractvalue {{ i32, i1 }} %pair, 1
  br i1 %first, label %look, label %done
look:
  %held = call i32 @PyGILState_Check()
  %is.held = icmp ne i32 %held, 0
  br i1 %is.held, label %later, label %now
later:
  %refused = call i32 @Py_AddPendingCall(ptr @load, ptr %gate)
  %is.refused = icmp ne i32 %refused, 0
  br i1 %is.refused, label %again, label %done
again:
  store atomic i32 0, ptr %asked.place release, align 4
  br label %done
now:
  %state = call i32 @PyGILState_Ensure()
  %unused = call i32 @load(ptr %gate)
  call void @PyGILState_Release(i32 %state)
  br label %done
done:
  %server = load atomic ptr, ptr %gate acquire, align 8
  ret ptr %server
}}

; Call a gate's loader; what it raises is reported, and not asked for again.
define internal i32 @load(ptr %gate) nounwind {{
entry:
  %loader.place = getelementptr %gate, ptr %gate, i64 0, i32 1
  %loader = load ptr, ptr %loader.place
  %result = call ptr @PyObject_CallNoArgs(ptr %loader)
  %failed = icmp eq ptr %result, null
  br i1 %failed, label %report, label %done
report:
  call void @PyErr_WriteUnraisable(ptr %loader)
  ret i32 0
done:
  call void @Py_DecRef(ptr %result)
  ret i32 0
}}
{_share(PARALLEL_FOR, "", f"i64 {ROUSE_GRAINS}, i64 {PIECES_EACH}")}
{_share(SHARE, ", i64 %rouse.from, i64 %pieces.each", "i64 %rouse.from, i64 %pieces.each")}

define ptr @{NEW_ARRAY}(i32 %ndim, ptr %dims, i32 %number, i64 %itemsize) nounwind {{
entry:
  %rank = zext i32 %ndim to i64
  br label %head
head:
  %k = phi i64 [0, %entry], [%k.next, %grow]
  %bytes = phi i64 [%itemsize, %entry], [%product, %grow]
  %more = icmp ult i64 %k, %rank
  br i1 %more, label %one, label %measured
one:
  %dim.place = getelementptr i64, ptr %dims, i64 %k
  %dim = load i64, ptr %dim.place
  %pair = call {{ i64, i1 }} @llvm.smul.with.overflow.i64(i64 %bytes, i64 %dim)
  %product = extractvalue {{ i64, i1 }} %pair, 0
  %over = extractvalue {{ i64, i1 }} %pair, 1
  %negative = icmp slt i64 %dim, 0
  %odd = or i1 %over, %negative
  br i1 %odd, label %plain, label %grow
grow:
  %k.next = add i64 %k, 1
  br label %head
measured:
  %large = icmp sge i64 %bytes, {LARGE}
  br i1 %large, label %try, label %plain
{_served("memory", "serve", "plain")}
  %array = tail call ptr %server(i32 %ndim, ptr %dims, i32 %number, i64 %bytes)
  ret ptr %array
plain: ; NumPy's own, or NumPy's error
  %small = tail call ptr @PyArray_New(ptr @PyArray_Type, i32 %ndim, ptr %dims, i32 %number, ptr null, ptr null, i32 0,
                                      i32 0, ptr null)
  ret ptr %small
}}
@PyArray_Type = external global i8
declare ptr @PyArray_New(ptr, i32, ptr, i32, ptr, ptr, i32, i32, ptr)
declare i32 @PyGILState_Check()
declare i32 @PyGILState_Ensure()
declare void @PyGILState_Release(i32)
declare i32 @Py_AddPendingCall(ptr, ptr)
declare ptr @PyObject_CallNoArgs(ptr)
declare void @PyErr_WriteUnraisable(ptr)
declare void @Py_DecRef(ptr)
declare {{ i64, i1 }} @llvm.smul.with.overflow.i64(i64, i64)
!0 = !{{!"branch_weights", i32 1, i32 2000}}
"""
