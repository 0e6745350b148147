"""LLVM IR of the pool of scratch memory: `neano_scratch_take` and `neano_scratch_give` (see `abi`).

Blocks stand in a few slots of the process and are taken and given back by atomic exchange, with or without the GIL.
"""

from __future__ import annotations

from neano.backends.native.runtime import abi

KEPT_SLOTS = 16
"""Blocks that are kept for further calls."""
KEPT_BLOCK = 2**30
"""A larger block goes back to the system: touching it costs far more than getting it."""

SCRATCH_TEXT = f"""
; A block is aligned to 64 bytes; before it stand where its memory starts (-16) and how much it holds (-8). A thread
; takes any block that is large enough; one that is too small is replaced, so that there come to be as many blocks of
; the largest size as there are calls at the same time.
@slots = internal global [{KEPT_SLOTS} x ptr] zeroinitializer

define internal void @free_block(ptr %block) nounwind {{
  %raw.place = getelementptr i8, ptr %block, i64 -16
  %raw = load ptr, ptr %raw.place
  call void @PyMem_RawFree(ptr %raw)
  ret void
}}

define ptr @{abi.SCRATCH_TAKE}(i64 %bytes) nounwind {{
entry:
  %possible = icmp ult i64 %bytes, {2**62}
  br i1 %possible, label %look, label %none
look:
  %k = phi i64 [0, %entry], [%next, %empty]
  %slot = getelementptr [{KEPT_SLOTS} x ptr], ptr @slots, i64 0, i64 %k
  %seen = load atomic ptr, ptr %slot monotonic, align 8
  %maybe = icmp ne ptr %seen, null
  br i1 %maybe, label %take, label %empty
take:
  %block = atomicrmw xchg ptr %slot, ptr null acq_rel
  %got = icmp ne ptr %block, null
  br i1 %got, label %measure, label %empty
measure:
  %capacity.place = getelementptr i8, ptr %block, i64 -8
  %capacity = load i64, ptr %capacity.place
  %enough = icmp uge i64 %capacity, %bytes
  br i1 %enough, label %give, label %replace
give:
  ret ptr %block
replace:
  call void @free_block(ptr %block)
  br label %allocate
empty:
  %next = add i64 %k, 1
  %more = icmp ult i64 %next, {KEPT_SLOTS}
  br i1 %more, label %look, label %allocate
allocate:
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
  %capacity.place = getelementptr i8, ptr %block, i64 -8
  %capacity = load i64, ptr %capacity.place
  %large = icmp ugt i64 %capacity, {KEPT_BLOCK}
  br i1 %large, label %free, label %look
look:
  %k = phi i64 [0, %measure], [%next, %full]
  %slot = getelementptr [{KEPT_SLOTS} x ptr], ptr @slots, i64 0, i64 %k
  %seen = load atomic ptr, ptr %slot monotonic, align 8
  %taken = icmp ne ptr %seen, null
  br i1 %taken, label %full, label %put
put:
  %exchange = cmpxchg ptr %slot, ptr null, ptr %block acq_rel monotonic
  %success = extractvalue {{ ptr, i1 }} %exchange, 1
  br i1 %success, label %done, label %full
full:
  %next = add i64 %k, 1
  %more = icmp ult i64 %next, {KEPT_SLOTS}
  br i1 %more, label %look, label %free
free:
  call void @free_block(ptr %block)
  br label %done
done:
  ret void
}}
declare ptr @PyMem_RawMalloc(i64)
declare void @PyMem_RawFree(ptr)
"""
