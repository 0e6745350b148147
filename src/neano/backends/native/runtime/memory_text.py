"""LLVM IR of results' memory: large arrays whose memory comes back when the caller has dropped them, and is used again.

    ptr neano_new_array(i32 ndim, ptr dims, i32 type_number, i64 itemsize)     a new ndarray; NULL with a Python error set

Fresh pages cost more than what most kernels do with them: the system clears each when it is first touched, about 0.1 ns a byte.
Arrays from `LARGE` bytes on own memory of this allocator, which NumPy knows as the array's memory handler (NEP 49): the array
owns its data, may be resized and pickled, and NumPy gives the memory back here. What comes back waits in a few slots for an array
of nearly the same size. Smaller arrays are NumPy's own.

A block starts on a cache line; before it stand where its memory starts (-16) and how much it holds (-8). Large blocks start
on huge pages where the system has them, but each some lines further than the last, so that the elements of many results that are
written together do not all fall into the same lines of the cache.
"""

from __future__ import annotations

import sys

from neano.backends.native.runtime import abi

NEW_ARRAY = "neano_new_array"
LARGE_ARRAY = "neano_memory_array"
"""What makes an array from `LARGE` bytes on, whose bytes have been counted."""
MALLOC, CALLOC, REALLOC, FREE = (f"neano_memory_{name}" for name in ("malloc", "calloc", "realloc", "free"))
SWEEP = "neano_memory_sweep"
SETUP = "neano_memory_setup"
HELD = "neano_memory_held"

LARGE = 2**16
SLOTS = 32
IDLE_SECONDS = 2
"""How long a block waits at least before it goes back to the system."""
HUGE_FROM = 2**22
HUGE_PAGE = 2**21

_CLOCK = "_time64" if sys.platform == "win32" else "time"
_ADVISE = (
    ("call i32 @madvise(ptr %start, i64 %capacity, i32 14)", "declare i32 @madvise(ptr, i64, i32)")
    if sys.platform == "linux"
    else ("add i32 0, 0", "")
)
"""MADV_HUGEPAGE; it may fail, which costs nothing."""

MEMORY_TEXT = f"""
@lock = internal global i32 0, align 64
@held = internal global i64 0
@limit = internal global i64 0
@colour = internal global i64 0
@handler = internal global ptr null
@blocks = internal global [{SLOTS} x ptr] zeroinitializer, align 64
@stamps = internal global [{SLOTS} x i64] zeroinitializer, align 64

; The capsule of the memory handler, and how many bytes may wait.
define void @{SETUP}(ptr %handler, i64 %limit) nounwind {{
  store ptr %handler, ptr @handler
  store i64 %limit, ptr @limit
  store atomic i32 0, ptr @lock release, align 4
  ret void
}}

define i64 @{HELD}() nounwind {{
  %bytes = load atomic i64, ptr @held monotonic, align 8
  ret i64 %bytes
}}

; The lock is held for a few dozen instructions, and where there is a GIL never asked for by two.
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

define internal void @release() nounwind {{
  store atomic i32 0, ptr @lock release, align 4
  ret void
}}

define internal i64 @capacity(ptr %block) nounwind {{
  %place = getelementptr i8, ptr %block, i64 -8
  %bytes = load i64, ptr %place
  ret i64 %bytes
}}

define internal void @back(ptr %block) nounwind {{
  %place = getelementptr i8, ptr %block, i64 -16
  %raw = load ptr, ptr %place
  call void @free(ptr %raw)
  ret void
}}

; Take a block out of its slot; the lock is held.
define internal ptr @remove(i64 %slot) nounwind {{
  %place = getelementptr [{SLOTS} x ptr], ptr @blocks, i64 0, i64 %slot
  %block = load ptr, ptr %place
  store ptr null, ptr %place
  %bytes = call i64 @capacity(ptr %block)
  %held = load i64, ptr @held
  %left = sub i64 %held, %bytes
  store atomic i64 %left, ptr @held monotonic, align 8
  ret ptr %block
}}

; The smallest waiting block that holds %bytes and no more than a quarter beyond; NULL if there is none.
define internal ptr @reuse(i64 %bytes) nounwind {{
entry:
  %quarter = lshr i64 %bytes, 2
  %page.more = add i64 %quarter, 4096
  %most = add i64 %bytes, %page.more
  call void @acquire()
  br label %look
look:
  %k = phi i64 [0, %entry], [%k.next, %next]
  %best = phi i64 [-1, %entry], [%best.now, %next]
  %best.bytes = phi i64 [%most, %entry], [%best.bytes.now, %next]
  %place = getelementptr [{SLOTS} x ptr], ptr @blocks, i64 0, i64 %k
  %block = load ptr, ptr %place
  %some = icmp ne ptr %block, null
  br i1 %some, label %measure, label %next
measure:
  %capacity = call i64 @capacity(ptr %block)
  %enough = icmp uge i64 %capacity, %bytes
  %better = icmp ult i64 %capacity, %best.bytes
  %good = and i1 %enough, %better
  %best.new = select i1 %good, i64 %k, i64 %best
  %best.bytes.new = select i1 %good, i64 %capacity, i64 %best.bytes
  br label %next
next:
  %best.now = phi i64 [%best, %look], [%best.new, %measure]
  %best.bytes.now = phi i64 [%best.bytes, %look], [%best.bytes.new, %measure]
  %k.next = add i64 %k, 1
  %more = icmp ult i64 %k.next, {SLOTS}
  br i1 %more, label %look, label %choose
choose:
  %found = icmp sge i64 %best.now, 0
  br i1 %found, label %take, label %none
take:
  %taken = call ptr @remove(i64 %best.now)
  br label %none
none:
  %result = phi ptr [null, %choose], [%taken, %take]
  call void @release()
  ret ptr %result
}}

; A new block from the system.
define internal ptr @fresh(i64 %bytes) nounwind {{
entry:
  %up = add i64 %bytes, 4095
  %capacity = and i64 %up, -4096
  %is.huge = icmp uge i64 %capacity, {HUGE_FROM}
  %alignment = select i1 %is.huge, i64 {HUGE_PAGE}, i64 64
  %number = atomicrmw add ptr @colour, i64 1 monotonic
  %colour = and i64 %number, 15
  %step = mul i64 %colour, 320
  %shift = add i64 %step, 64
  %slack = add i64 %alignment, %shift
  %total = add i64 %capacity, %slack
  %first = call ptr @malloc(i64 %total)
  %failed = icmp eq ptr %first, null
  br i1 %failed, label %empty, label %got
empty: ; what waits here may be what is missing
  call void @{SWEEP}(i64 -1)
  %second = call ptr @malloc(i64 %total)
  %failed.again = icmp eq ptr %second, null
  br i1 %failed.again, label %none, label %got
got:
  %raw = phi ptr [%first, %entry], [%second, %empty]
  %address = ptrtoint ptr %raw to i64
  %before = sub i64 %alignment, 1
  %beyond = add i64 %address, %before
  %negative = sub i64 0, %alignment
  %aligned = and i64 %beyond, %negative
  %start = inttoptr i64 %aligned to ptr
  br i1 %is.huge, label %advise, label %fill
advise:
  %advised = {_ADVISE[0]}
  br label %fill
fill:
  %block = getelementptr i8, ptr %start, i64 %shift
  %raw.place = getelementptr i8, ptr %block, i64 -16
  store ptr %raw, ptr %raw.place
  %capacity.place = getelementptr i8, ptr %block, i64 -8
  store i64 %capacity, ptr %capacity.place
  ret ptr %block
none:
  ret ptr null
}}

define ptr @{MALLOC}(ptr %context, i64 %bytes) nounwind {{
entry:
  %possible = icmp ult i64 %bytes, {2**62}
  br i1 %possible, label %try, label %none
try:
  %old = call ptr @reuse(i64 %bytes)
  %reused = icmp ne ptr %old, null
  br i1 %reused, label %done, label %new
new:
  %fresh = call ptr @fresh(i64 %bytes)
  br label %done
done:
  %block = phi ptr [%old, %try], [%fresh, %new]
  ret ptr %block
none:
  ret ptr null
}}

define ptr @{CALLOC}(ptr %context, i64 %count, i64 %size) nounwind {{
entry:
  %pair = call {{ i64, i1 }} @llvm.umul.with.overflow.i64(i64 %count, i64 %size)
  %bytes = extractvalue {{ i64, i1 }} %pair, 0
  %over = extractvalue {{ i64, i1 }} %pair, 1
  br i1 %over, label %none, label %try
try:
  %block = call ptr @{MALLOC}(ptr %context, i64 %bytes)
  %failed = icmp eq ptr %block, null
  br i1 %failed, label %none, label %clear
clear:
  call void @llvm.memset.p0.i64(ptr %block, i8 0, i64 %bytes, i1 false)
  ret ptr %block
none:
  ret ptr null
}}

define ptr @{REALLOC}(ptr %context, ptr %old, i64 %bytes) nounwind {{
entry:
  %block = call ptr @{MALLOC}(ptr %context, i64 %bytes)
  %failed = icmp eq ptr %block, null
  %nothing = icmp eq ptr %old, null
  %stop = or i1 %failed, %nothing
  br i1 %stop, label %done, label %move
move:
  %capacity = call i64 @capacity(ptr %old)
  %least = call i64 @llvm.umin.i64(i64 %capacity, i64 %bytes)
  call void @llvm.memcpy.p0.p0.i64(ptr %block, ptr %old, i64 %least, i1 false)
  call void @{FREE}(ptr %context, ptr %old, i64 0)
  br label %done
done:
  ret ptr %block
}}

; The slot of the block that has waited longest, and since when; -1 if none waits; the lock is held.
define internal {{ i64, i64 }} @oldest() nounwind {{
entry:
  br label %look
look:
  %k = phi i64 [0, %entry], [%k.next, %look]
  %best = phi i64 [-1, %entry], [%best.new, %look]
  %since = phi i64 [{2**63 - 1}, %entry], [%since.new, %look]
  %place = getelementptr [{SLOTS} x ptr], ptr @blocks, i64 0, i64 %k
  %block = load ptr, ptr %place
  %some = icmp ne ptr %block, null
  %stamp.place = getelementptr [{SLOTS} x i64], ptr @stamps, i64 0, i64 %k
  %stamp = load i64, ptr %stamp.place
  %older = icmp slt i64 %stamp, %since
  %take = and i1 %some, %older
  %best.new = select i1 %take, i64 %k, i64 %best
  %since.new = select i1 %take, i64 %stamp, i64 %since
  %k.next = add i64 %k, 1
  %more = icmp ult i64 %k.next, {SLOTS}
  br i1 %more, label %look, label %done
done:
  %first = insertvalue {{ i64, i64 }} poison, i64 %best.new, 0
  %both = insertvalue {{ i64, i64 }} %first, i64 %since.new, 1
  ret {{ i64, i64 }} %both
}}

; Give the system what has waited for more than some seconds.
define void @{SWEEP}(i64 %seconds) nounwind {{
entry:
  %now = call i64 @{_CLOCK}(ptr null)
  br label %again
again:
  call void @acquire()
  %pair = call {{ i64, i64 }} @oldest()
  %slot = extractvalue {{ i64, i64 }} %pair, 0
  %since = extractvalue {{ i64, i64 }} %pair, 1
  %some = icmp sge i64 %slot, 0
  br i1 %some, label %judge, label %done
judge:
  %age = sub i64 %now, %since
  %old = icmp sgt i64 %age, %seconds
  br i1 %old, label %drop, label %done
drop:
  %block = call ptr @remove(i64 %slot)
  call void @release()
  call void @back(ptr %block)
  br label %again
done:
  call void @release()
  ret void
}}

define void @{FREE}(ptr %context, ptr %block, i64 %bytes) nounwind {{
entry:
  %nothing = icmp eq ptr %block, null
  br i1 %nothing, label %done, label %start
start:
  %capacity = call i64 @capacity(ptr %block)
  %limit = load i64, ptr @limit
  %too.large = icmp ugt i64 %capacity, %limit
  %too.small = icmp ult i64 %capacity, {LARGE}
  %unfit = or i1 %too.large, %too.small
  br i1 %unfit, label %free, label %sweep
free:
  call void @back(ptr %block)
  ret void
sweep:
  call void @{SWEEP}(i64 {IDLE_SECONDS})
  br label %again
again: ; what waits is dropped, the oldest first, until there is room
  call void @acquire()
  %held = load i64, ptr @held
  %sum = add i64 %held, %capacity
  %fits = icmp ule i64 %sum, %limit
  br i1 %fits, label %look, label %evict
look:
  %k = phi i64 [0, %again], [%k.next, %taken]
  %place = getelementptr [{SLOTS} x ptr], ptr @blocks, i64 0, i64 %k
  %there = load ptr, ptr %place
  %empty = icmp eq ptr %there, null
  br i1 %empty, label %put, label %taken
taken:
  %k.next = add i64 %k, 1
  %more = icmp ult i64 %k.next, {SLOTS}
  br i1 %more, label %look, label %evict
put:
  %now = call i64 @{_CLOCK}(ptr null)
  store ptr %block, ptr %place
  %stamp.place = getelementptr [{SLOTS} x i64], ptr @stamps, i64 0, i64 %k
  store i64 %now, ptr %stamp.place
  store atomic i64 %sum, ptr @held monotonic, align 8
  call void @release()
  ret void
evict:
  %pair = call {{ i64, i64 }} @oldest()
  %slot = extractvalue {{ i64, i64 }} %pair, 0
  %victim = call ptr @remove(i64 %slot)
  call void @release()
  call void @back(ptr %victim)
  br label %again
done:
  ret void
}}

; A new array of %bytes bytes.
define ptr @{LARGE_ARRAY}(i32 %ndim, ptr %dims, i32 %number, i64 %bytes) nounwind {{
entry:
  %block = call ptr @{MALLOC}(ptr null, i64 %bytes)
  %failed = icmp eq ptr %block, null
  br i1 %failed, label %plain, label %make
plain: ; NumPy's own, or NumPy's error
  %small = call ptr @PyArray_New(ptr @PyArray_Type, i32 %ndim, ptr %dims, i32 %number, ptr null, ptr null, i32 0,
                                 i32 0, ptr null)
  ret ptr %small
make:
  %array = call ptr @PyArray_New(ptr @PyArray_Type, i32 %ndim, ptr %dims, i32 %number, ptr null, ptr %block, i32 0,
                                 i32 {abi.FLAG_C_CONTIGUOUS | abi.FLAG_ALIGNED | abi.FLAG_WRITEABLE}, ptr null)
  %error = icmp eq ptr %array, null
  br i1 %error, label %undo, label %own
undo:
  call void @{FREE}(ptr null, ptr %block, i64 %bytes)
  ret ptr null
own:
  %handler = load ptr, ptr @handler
  call void @Py_IncRef(ptr %handler)
  %handler.place = getelementptr i8, ptr %array, i64 {abi.ARRAY_HANDLER}
  store ptr %handler, ptr %handler.place
  %flags.place = getelementptr i8, ptr %array, i64 {abi.ARRAY_FLAGS}
  %flags = load i32, ptr %flags.place
  %owning = or i32 %flags, {abi.FLAG_OWNDATA}
  store i32 %owning, ptr %flags.place
  %address = ptrtoint ptr %block to i64
  %tracked = call i32 @PyTraceMalloc_Track(i32 389047, i64 %address, i64 %bytes)
  ret ptr %array
}}
@PyArray_Type = external global i8
declare ptr @PyArray_New(ptr, i32, ptr, i32, ptr, ptr, i32, i32, ptr)
declare void @Py_IncRef(ptr)
declare i32 @PyTraceMalloc_Track(i32, i64, i64)
declare ptr @malloc(i64)
declare void @free(ptr)
declare i64 @{_CLOCK}(ptr)
{_ADVISE[1]}
declare {{ i64, i1 }} @llvm.umul.with.overflow.i64(i64, i64)
declare i64 @llvm.umin.i64(i64, i64)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
"""
