"""LLVM IR of the pool of scratch memory: `neano_scratch_take` and `neano_scratch_give` (see `abi`).

Blocks stand in a few slots of the process. A call takes the smallest that is large enough, and not much larger, so that large and
small blocks keep their places; it gets a new one where none fits. What is given back takes an empty slot, or that of the block
which has stood there longest; and one block that has not been wanted for `IDLE_SECONDS` goes back to the system each time.
"""

from __future__ import annotations

import sys

from neano.backends.native.runtime import abi

KEPT_SLOTS = 16
"""Blocks that are kept for further calls."""
KEPT_BLOCK = 2**30
"""A larger block goes back to the system: touching it costs far more than getting it."""
SLACK = 2**14
"""A block serves for what is at most a quarter and so many bytes smaller."""
IDLE_SECONDS = 2

_TURNS = 24
"""Bits of a time stamp below its seconds: they count, so that what came within one second has an order."""

_CLOCK = "_time64" if sys.platform == "win32" else "time"

SCRATCH_TEXT = f"""
; A block is aligned to 64 bytes; before it stand where its memory starts (-16) and how much it holds (-8).
@slots = internal global [{KEPT_SLOTS} x ptr] zeroinitializer, align 64
@since = internal global [{KEPT_SLOTS} x i64] zeroinitializer, align 64
@turns = internal global i64 0
@slots.lock = internal global i32 0, align 64

; The lock is held for a few dozen instructions, and asked for with or without the GIL.
define internal void @slots.acquire() nounwind {{
entry:
  br label %try
try:
  %old = atomicrmw xchg ptr @slots.lock, i32 1 acquire
  %free = icmp eq i32 %old, 0
  br i1 %free, label %done, label %try
done:
  ret void
}}

define internal void @slots.release() nounwind {{
  store atomic i32 0, ptr @slots.lock release, align 4
  ret void
}}

define internal i64 @capacity(ptr %block) nounwind {{
  %place = getelementptr i8, ptr %block, i64 -8
  %bytes = load i64, ptr %place
  ret i64 %bytes
}}

define internal void @free_block(ptr %block) nounwind {{
  %raw.place = getelementptr i8, ptr %block, i64 -16
  %raw = load ptr, ptr %raw.place
  call void @PyMem_RawFree(ptr %raw)
  ret void
}}

define ptr @{abi.SCRATCH_TAKE}(i64 %bytes) nounwind {{
entry:
  %possible = icmp ult i64 %bytes, {2**62}
  br i1 %possible, label %start, label %none
start:
  %quarter = lshr i64 %bytes, 2
  %beyond = add i64 %quarter, {SLACK}
  %most = add i64 %bytes, %beyond
  call void @slots.acquire()
  br label %look
look:
  %k = phi i64 [0, %start], [%next, %judged]
  %best = phi ptr [null, %start], [%best.now, %judged]
  %least = phi i64 [%most, %start], [%least.now, %judged]
  %slot = getelementptr [{KEPT_SLOTS} x ptr], ptr @slots, i64 0, i64 %k
  %block = load ptr, ptr %slot
  %some = icmp ne ptr %block, null
  br i1 %some, label %measure, label %judged
measure:
  %capacity = call i64 @capacity(ptr %block)
  %enough = icmp uge i64 %capacity, %bytes
  %better = icmp ule i64 %capacity, %least
  %good = and i1 %enough, %better
  %best.new = select i1 %good, ptr %slot, ptr %best
  %least.new = select i1 %good, i64 %capacity, i64 %least
  br label %judged
judged:
  %best.now = phi ptr [%best, %look], [%best.new, %measure]
  %least.now = phi i64 [%least, %look], [%least.new, %measure]
  %next = add i64 %k, 1
  %more = icmp ult i64 %next, {KEPT_SLOTS}
  br i1 %more, label %look, label %choose
choose:
  %found = icmp ne ptr %best.now, null
  br i1 %found, label %take, label %allocate
take:
  %taken = load ptr, ptr %best.now
  store ptr null, ptr %best.now
  call void @slots.release()
  ret ptr %taken
allocate:
  call void @slots.release()
  %up = add i64 %bytes, 4095
  %size = and i64 %up, -4096
  %total = add i64 %size, {abi.SCRATCH_ALIGNMENT + 16}
  %raw = call ptr @PyMem_RawMalloc(i64 %total)
  %failed = icmp eq ptr %raw, null
  br i1 %failed, label %none, label %align
align:
  %address = ptrtoint ptr %raw to i64
  %past = add i64 %address, {abi.SCRATCH_ALIGNMENT + 15}
  %aligned = and i64 %past, {-abi.SCRATCH_ALIGNMENT}
  %new = inttoptr i64 %aligned to ptr
  %new.raw.place = getelementptr i8, ptr %new, i64 -16
  store ptr %raw, ptr %new.raw.place
  %new.capacity.place = getelementptr i8, ptr %new, i64 -8
  store i64 %size, ptr %new.capacity.place
  ret ptr %new
none:
  ret ptr null
}}

define void @{abi.SCRATCH_GIVE}(ptr %block) nounwind {{
entry:
  %nothing = icmp eq ptr %block, null
  br i1 %nothing, label %done, label %measure
measure:
  %capacity = call i64 @capacity(ptr %block)
  %large = icmp ugt i64 %capacity, {KEPT_BLOCK}
  br i1 %large, label %free, label %start
free:
  call void @free_block(ptr %block)
  br label %done
start:
  %seconds = call i64 @{_CLOCK}(ptr null)
  %second = shl i64 %seconds, {_TURNS}
  call void @slots.acquire()
  %turn = load i64, ptr @turns
  %next.turn = add i64 %turn, 1
  %turn.now = and i64 %next.turn, {2**_TURNS - 1}
  store i64 %turn.now, ptr @turns
  %now = or i64 %second, %turn.now
  %long.ago = sub i64 %now, {IDLE_SECONDS << _TURNS}
  br label %look
look: ; an empty slot, and the one whose block has stood there longest
  %k = phi i64 [0, %start], [%next, %judged]
  %empty = phi i64 [-1, %start], [%empty.now, %judged]
  %oldest = phi i64 [-1, %start], [%oldest.now, %judged]
  %first = phi i64 [{2**63 - 1}, %start], [%first.now, %judged]
  %slot = getelementptr [{KEPT_SLOTS} x ptr], ptr @slots, i64 0, i64 %k
  %stamp.place = getelementptr [{KEPT_SLOTS} x i64], ptr @since, i64 0, i64 %k
  %there = load ptr, ptr %slot
  %is.empty = icmp eq ptr %there, null
  br i1 %is.empty, label %judged, label %compare
compare:
  %stamp = load i64, ptr %stamp.place
  %older = icmp slt i64 %stamp, %first
  %oldest.new = select i1 %older, i64 %k, i64 %oldest
  %first.new = select i1 %older, i64 %stamp, i64 %first
  br label %judged
judged:
  %empty.now = phi i64 [%k, %look], [%empty, %compare]
  %oldest.now = phi i64 [%oldest, %look], [%oldest.new, %compare]
  %first.now = phi i64 [%first, %look], [%first.new, %compare]
  %next = add i64 %k, 1
  %more = icmp ult i64 %next, {KEPT_SLOTS}
  br i1 %more, label %look, label %choose
choose:
  %full = icmp slt i64 %empty.now, 0
  %idle = icmp slt i64 %first.now, %long.ago
  %replaces = or i1 %full, %idle
  %chosen = select i1 %replaces, i64 %oldest.now, i64 %empty.now
  %chosen.slot = getelementptr [{KEPT_SLOTS} x ptr], ptr @slots, i64 0, i64 %chosen
  %chosen.stamp = getelementptr [{KEPT_SLOTS} x i64], ptr @since, i64 0, i64 %chosen
  %old = load ptr, ptr %chosen.slot
  store ptr %block, ptr %chosen.slot
  store i64 %now, ptr %chosen.stamp
  call void @slots.release()
  %gone = icmp ne ptr %old, null
  br i1 %gone, label %drop, label %done
drop:
  call void @free_block(ptr %old)
  br label %done
done:
  ret void
}}
declare ptr @PyMem_RawMalloc(i64)
declare void @PyMem_RawFree(ptr)
declare i64 @{_CLOCK}(ptr)
"""
