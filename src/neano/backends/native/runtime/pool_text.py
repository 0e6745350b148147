"""LLVM IR of the thread pool: `neano_parallel_for`, which runs a kernel over pieces of a range, and the workers.

Workers are threads of the system that never meet Python: they wait, take part in jobs, and die with the process. There is one
job at a time; who comes while one runs (another Python thread) runs its own alone, so that nobody ever waits for a job of
somebody else. Callers count as threads, too: where several come at the same time, or did so `CROWD_LASTS` before, a job has that
many fewer. Else workers and callers would take the cores from each other, and a caller wait for a worker that has none. A kernel
that shares work itself runs that alone, and is no caller (`nesting_text`).

A job is published with as many tickets as workers may join. A worker that joins takes a ticket and counts as inside; whoever is
inside, the caller too, claims pieces until none is left: the caller from the front, workers from the back, so that whoever
comes back to an array, in the next job or call, mostly meets the part that its own cache still has. Then the caller withdraws
the tickets that are left and waits only for those who are inside: a worker that wakes late finds no ticket, and costs nobody
anything. All of this is in one word, `@state`:

    bits  0-15   how many workers are inside
    bits 16-30   tickets left
    bit  31      the caller sleeps until nobody is inside

Who waits looks for a while (`@spin` times) and then sleeps.

Where an OpenMP runtime has been named (`neano_pool_openmp`), its threads take part instead of workers: the same pieces of the
same job, so the same bits.
"""

from __future__ import annotations

import platform
import signal
import sys
import time

from neano.backends.native.runtime.nesting_text import NESTING_TEXT
from neano.backends.native.runtime.sleeping_text import can_sleep_on_futex, sleeping_text

PARALLEL_FOR = "neano_parallel_for"
SHARE = "neano_share"
"""The same with two more numbers: the grains from which sleepers are woken, and the pieces for each thread."""
SET = "neano_pool_set"
RESET = "neano_pool_reset"
WORKERS = "neano_pool_workers"
OPENMP = "neano_pool_openmp"

MOST_THREADS = 1024
PIECES_EACH = 4
"""Pieces for each thread: who was held up by other work of the machine leaves some to the others."""

ROUSE_GRAINS = 16
"""Grains of a job from which workers that sleep are woken. Who looks joins within a microsecond (a job for two threads costs
0.7 us more than half its time, so that two grains of 2 us each gain); waking one
takes the caller 5 to 30 us on a virtual machine."""

CROWD_LASTS = 20_000_000
"""Nanoseconds for which the most callers at the same time are remembered: some slices of time of the system's."""

SOON = 50_000
"""Nanoseconds after a job within which a smaller one begins if workers are to be woken for it too: it may gain nothing by that,
but jobs that come so close find them looking from then on."""

_INSIDE = 0xFFFF
_TICKET = 0x10000
_TICKETS = 0x7FFF0000
_SLEEPING = 0x80000000

_SYNCHRONOUS = ("SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGABRT")
"""Signals that are about the thread itself; workers leave all others to Python's threads."""

_PAUSES = {
    "x86_64": ("call void @llvm.x86.sse2.pause()", "declare void @llvm.x86.sse2.pause()"),
    "AMD64": ("call void @llvm.x86.sse2.pause()", "declare void @llvm.x86.sse2.pause()"),
    "aarch64": ("call void @llvm.aarch64.isb(i32 15)", "declare void @llvm.aarch64.isb(i32)"),
    "arm64": ("call void @llvm.aarch64.isb(i32 15)", "declare void @llvm.aarch64.isb(i32)"),
}
"""What a thread that looks again and again does between two looks: some 10 to 40 nanoseconds of little work."""


def pool_text(futex: bool | None = None) -> str:
    """Return the IR of the pool.

    Args:
        futex: how threads sleep: by Linux's futex, or by a condition of POSIX threads; by default what the platform has.
    """
    if futex is None:
        futex = can_sleep_on_futex()
    pause, declaration = _PAUSES.get(platform.machine(), ("", ""))
    return sleeping_text(futex) + declaration + NESTING_TEXT + _POOL.replace("PAUSE", pause)


def _blocked_signals() -> str:
    """Return the set of the signals that workers do not take, as bytes of a `sigset_t`."""
    synchronous = {getattr(signal, name) for name in _SYNCHRONOUS if hasattr(signal, name)}
    size = 128 if sys.platform == "linux" else 4
    mask = sum(1 << (number - 1) for number in range(1, 8 * size + 1) if number not in synchronous)
    return "".join(f"\\{byte:02X}" for byte in mask.to_bytes(size, "little").ljust(128, b"\0"))


_CLOCK = getattr(time, "CLOCK_MONOTONIC", 0)

_POOL = f"""
@threads = internal global i32 1, align 128
@spin = internal global i32 0
@workers = internal global i32 0
@openmp = internal global ptr null
@kernel = internal global ptr null, align 128
@args = internal global ptr null
@length = internal global i64 0
@piece = internal global i64 0
@busy = internal global [128 x i8] zeroinitializer, align 128
@state = internal global [128 x i8] zeroinitializer, align 128
@next = internal global [128 x i8] zeroinitializer, align 128
@calls = internal global [128 x i8] zeroinitializer, align 128
@sleepers = internal global [128 x i8] zeroinitializer, align 128
@callers = internal global [128 x i8] zeroinitializer, align 128
@crowd = internal global i32 0, align 128
@crowded.until = internal global i64 0
@last = internal global i64 0, align 128
@blocked = internal constant [128 x i8] c"{_blocked_signals()}", align 16

; How many threads a job may use, its caller among them, and how long to look before sleeping.
define void @{SET}(i32 %threads, i32 %spin) nounwind {{
  store atomic i32 %spin, ptr @spin monotonic, align 4
  store atomic i32 %threads, ptr @threads monotonic, align 4
  ret void
}}

; The function GOMP_parallel of the runtime whose threads take part in jobs; NULL for workers of our own.
define void @{OPENMP}(ptr %parallel) nounwind {{
  store atomic ptr %parallel, ptr @openmp monotonic, align 8
  ret void
}}

; There are no workers, and no job runs: at first, and in a forked process.
define void @{RESET}() nounwind {{
  call void @prepare()
  call void @prepare.marks()
  store i32 0, ptr @workers
  store ptr null, ptr @openmp
  store i32 0, ptr @state
  store i32 0, ptr @calls
  store i32 0, ptr @sleepers
  store i32 0, ptr @callers
  store i32 0, ptr @crowd
  store atomic i32 0, ptr @busy release, align 4
  ret void
}}

define i32 @{WORKERS}() nounwind {{
  %count = load atomic i32, ptr @workers monotonic, align 4
  ret i32 %count
}}

define void @{PARALLEL_FOR}(ptr %kernel, ptr %args, i64 %n, i64 %grain) nounwind {{
  call void @{SHARE}(ptr %kernel, ptr %args, i64 %n, i64 %grain, i64 {ROUSE_GRAINS}, i64 {PIECES_EACH})
  ret void
}}

; Nanoseconds of a clock that only goes forward.
define internal i64 @clock() nounwind {{
  %time = alloca [16 x i8], align 8
  %looked = call i32 @clock_gettime(i32 {_CLOCK}, ptr %time)
  %seconds = load i64, ptr %time
  %rest.place = getelementptr i8, ptr %time, i64 8
  %rest = load i64, ptr %rest.place
  %whole = mul i64 %seconds, 1000000000
  %now = add i64 %whole, %rest
  ret i64 %now
}}

; A caller comes: how many threads it may have, itself among them.
define internal i32 @come(i32 %threads) nounwind {{
entry:
  %before = atomicrmw add ptr @callers, i32 1 monotonic
  %now = add i32 %before, 1
  %time = call i64 @clock()
  %crowd = load atomic i32, ptr @crowd monotonic, align 4
  %until = load atomic i64, ptr @crowded.until monotonic, align 8
  %more = icmp sge i32 %now, %crowd
  %past = icmp sgt i64 %time, %until
  %anew = or i1 %more, %past
  br i1 %anew, label %remember, label %done
remember:
  %later = add i64 %time, {CROWD_LASTS}
  store atomic i32 %now, ptr @crowd monotonic, align 4
  store atomic i64 %later, ptr @crowded.until monotonic, align 8
  br label %done
done:
  %most = phi i32 [%crowd, %entry], [%now, %remember]
  %others = sub i32 %most, 1
  %free = sub i32 %threads, %others
  %room = call i32 @llvm.smax.i32(i32 %free, i32 1)
  ret i32 %room
}}
declare i32 @clock_gettime(i32, ptr)
declare i32 @llvm.smax.i32(i32, i32)

define void @{SHARE}(ptr %kernel, ptr %args, i64 %n, i64 %grain, i64 %rouse.from, i64 %pieces.each) nounwind {{
entry:
  %threads = load atomic i32, ptr @threads monotonic, align 4
  %several = icmp sgt i32 %threads, 1
  %two = shl i64 %grain, 1
  %large = icmp sge i64 %n, %two
  %worth = and i1 %several, %large
  br i1 %worth, label %look.around, label %alone
look.around:
  %nested = call i1 @takes.part()
  br i1 %nested, label %alone, label %try
alone:
  call void %kernel(ptr %args, i64 0, i64 %n)
  ret void
try:
  %room = call i32 @come(i32 %threads)
  %busy = load atomic i32, ptr @busy monotonic, align 4
  %free = icmp eq i32 %busy, 0
  %roomy = icmp sgt i32 %room, 1
  %possible = and i1 %free, %roomy
  br i1 %possible, label %take, label %by.itself
take:
  %taken = cmpxchg ptr @busy, i32 0, i32 1 acquire monotonic
  %mine = extractvalue {{ i32, i1 }} %taken, 1
  br i1 %mine, label %share, label %by.itself
by.itself:
  call void @run.marked(ptr %kernel, ptr %args, i64 0, i64 %n)
  br label %leave
share:
  %grains = udiv i64 %n, %grain
  %most = zext i32 %room to i64
  %team = call i64 @llvm.umin.i64(i64 %grains, i64 %most)
  %team.32 = trunc i64 %team to i32
  %pieces = mul i64 %team, %pieces.each
  %each = udiv i64 %grains, %pieces
  %some = call i64 @llvm.umax.i64(i64 %each, i64 1)
  %piece = mul i64 %some, %grain
  store ptr %kernel, ptr @kernel
  store ptr %args, ptr @args
  store i64 %n, ptr @length
  store i64 %piece, ptr @piece
  store atomic i64 0, ptr @next monotonic, align 8
  %openmp = load atomic ptr, ptr @openmp monotonic, align 8
  %own = icmp eq ptr %openmp, null
  br i1 %own, label %hire, label %hand.over
hand.over:
  call void %openmp(ptr @take.part.in.job, ptr null, i32 %team.32, i32 0)
  br label %over
hire:
  %others = sub i32 %team.32, 1
  %workers = load i32, ptr @workers
  %enough = icmp sge i32 %workers, %others
  br i1 %enough, label %ready, label %start
start:
  call void @start(i32 %others)
  br label %ready
ready:
  %tickets = mul i32 %others, {_TICKET}
  store atomic i32 %tickets, ptr @state release, align 4
  %call = atomicrmw add ptr @calls, i32 1 seq_cst
  %sleepers = load atomic i32, ptr @sleepers seq_cst, align 4
  %asleep = icmp ne i32 %sleepers, 0
  br i1 %asleep, label %judge, label %work
judge:
  %long = icmp uge i64 %grains, %rouse.from
  br i1 %long, label %rouse, label %smaller
smaller:
  %soon = call i1 @comes.soon()
  br i1 %soon, label %rouse, label %work
rouse:
  %count = call i32 @llvm.umin.i32(i32 %sleepers, i32 %others)
  call void @wake(ptr @calls, i32 %count)
  br label %work
work:
  call void @take.part(ptr %kernel, ptr %args, i64 %n, i64 %piece, i1 true)
  %last = atomicrmw and ptr @state, i32 {_INSIDE} acq_rel
  %nobody = icmp eq i32 %last, 0
  br i1 %nobody, label %done, label %closed
closed:
  %inside = and i32 %last, {_INSIDE}
  %none.inside = icmp eq i32 %inside, 0
  br i1 %none.inside, label %done, label %look.start
look.start:
  %looks = load atomic i32, ptr @spin monotonic, align 4
  br label %look
look:
  %k = phi i32 [0, %look.start], [%k.next, %look.again]
  %now = load atomic i32, ptr @state acquire, align 4
  %left = icmp eq i32 %now, 0
  br i1 %left, label %done, label %look.again
look.again:
  PAUSE
  %k.next = add i32 %k, 1
  %more = icmp slt i32 %k.next, %looks
  br i1 %more, label %look, label %sleep
sleep:
  %before = atomicrmw or ptr @state, i32 {_SLEEPING} acq_rel
  %still = and i32 %before, {_INSIDE}
  %is.over = icmp eq i32 %still, 0
  br i1 %is.over, label %done, label %wait
wait:
  %value = or i32 %before, {_SLEEPING}
  call void @wait(ptr @state, i32 %value)
  br label %sleep
done:
  store atomic i32 0, ptr @state monotonic, align 4
  %end = call i64 @clock()
  store i64 %end, ptr @last
  br label %over
over:
  store atomic i32 0, ptr @busy release, align 4
  br label %leave
leave:
  %left.behind = atomicrmw sub ptr @callers, i32 1 monotonic
  ret void
}}

; Whether the last job ended not long ago, and threads look before they sleep.
define internal i1 @comes.soon() nounwind noinline {{
entry:
  %now = call i64 @clock()
  %before = load i64, ptr @last
  %passed = sub i64 %now, %before
  %short = icmp ult i64 %passed, {SOON}
  %spin = load atomic i32, ptr @spin monotonic, align 4
  %looks = icmp ne i32 %spin, 0
  %both = and i1 %short, %looks
  ret i1 %both
}}

; @next counts the pieces claimed from the front, and in its upper half those from the back.
define internal void @take.part(ptr %kernel, ptr %args, i64 %n, i64 %piece, i1 %front) nounwind {{
entry:
  %over = add i64 %n, %piece
  %rounded = sub i64 %over, 1
  %pieces = udiv i64 %rounded, %piece
  %last = sub i64 %pieces, 1
  %one = select i1 %front, i64 1, i64 {1 << 32}
  br label %claim
claim:
  %claimed = atomicrmw add ptr @next, i64 %one monotonic
  %before = and i64 %claimed, {(1 << 32) - 1}
  %behind = lshr i64 %claimed, 32
  %both = add i64 %before, %behind
  %some = icmp ult i64 %both, %pieces
  br i1 %some, label %run, label %done
run:
  %from.back = sub i64 %last, %behind
  %index = select i1 %front, i64 %before, i64 %from.back
  %from = mul i64 %index, %piece
  %end = add i64 %from, %piece
  %to = call i64 @llvm.smin.i64(i64 %end, i64 %n)
  call void @run.marked(ptr %kernel, ptr %args, i64 %from, i64 %to)
  br label %claim
done:
  ret void
}}

define internal void @take.part.in.job(ptr %unused) nounwind {{
  %kernel = load ptr, ptr @kernel
  %args = load ptr, ptr @args
  %length = load i64, ptr @length
  %piece = load i64, ptr @piece
  call void @take.part(ptr %kernel, ptr %args, i64 %length, i64 %piece, i1 false)
  ret void
}}

define internal ptr @worker(ptr %unused) nounwind {{
entry:
  br label %idle
idle:
  %seen = load atomic i32, ptr @calls acquire, align 4
  br label %join
join:
  %now = load atomic i32, ptr @state monotonic, align 4
  %tickets = and i32 %now, {_TICKETS}
  %open = icmp ne i32 %tickets, 0
  br i1 %open, label %enter, label %rest
enter:
  %joined = sub i32 %now, {_TICKET - 1}
  %pair = cmpxchg ptr @state, i32 %now, i32 %joined acquire monotonic
  %inside = extractvalue {{ i32, i1 }} %pair, 1
  br i1 %inside, label %run, label %join
run:
  call void @take.part.in.job(ptr null)
  %before = atomicrmw sub ptr @state, i32 1 acq_rel
  %awaited = icmp eq i32 %before, {_SLEEPING + 1}
  br i1 %awaited, label %tell, label %idle
tell:
  call void @wake(ptr @state, i32 1)
  br label %idle
rest:
  %looks = load atomic i32, ptr @spin monotonic, align 4
  br label %look
look:
  %k = phi i32 [0, %rest], [%k.next, %look.again]
  %latest = load atomic i32, ptr @calls acquire, align 4
  %called = icmp ne i32 %latest, %seen
  br i1 %called, label %idle, label %look.again
look.again:
  PAUSE
  %k.next = add i32 %k, 1
  %more = icmp slt i32 %k.next, %looks
  br i1 %more, label %look, label %sleep
sleep:
  %one.more = atomicrmw add ptr @sleepers, i32 1 seq_cst
  call void @wait(ptr @calls, i32 %seen)
  %one.less = atomicrmw sub ptr @sleepers, i32 1 seq_cst
  br label %idle
}}

; Start workers until there are %wanted. Where the system gives no more threads, those that are there must do.
define internal void @start(i32 %wanted) nounwind noinline {{
entry:
  %old = alloca [128 x i8], align 16
  %thread = alloca ptr
  %blocked = call i32 @pthread_sigmask(i32 {getattr(signal, "SIG_SETMASK", 0)}, ptr @blocked, ptr %old)
  br label %head
head:
  %count = load i32, ptr @workers
  %more = icmp slt i32 %count, %wanted
  br i1 %more, label %one, label %done
one:
  %error = call i32 @pthread_create(ptr %thread, ptr null, ptr @worker, ptr null)
  %good = icmp eq i32 %error, 0
  br i1 %good, label %started, label %done
started:
  %id = load ptr, ptr %thread
  %detached = call i32 @pthread_detach(ptr %id)
  %now = add i32 %count, 1
  store atomic i32 %now, ptr @workers monotonic, align 4
  br label %head
done:
  %restored = call i32 @pthread_sigmask(i32 {getattr(signal, "SIG_SETMASK", 0)}, ptr %old, ptr null)
  ret void
}}
declare i32 @pthread_sigmask(i32, ptr, ptr)
declare i32 @pthread_create(ptr, ptr, ptr, ptr)
declare i32 @pthread_detach(ptr)
declare i64 @llvm.umin.i64(i64, i64)
declare i64 @llvm.umax.i64(i64, i64)
declare i64 @llvm.smin.i64(i64, i64)
declare i32 @llvm.umin.i32(i32, i32)
"""

ALONE_TEXT = f"""
define void @{PARALLEL_FOR}(ptr %kernel, ptr %args, i64 %n, i64 %grain) nounwind {{
  call void %kernel(ptr %args, i64 0, i64 %n)
  ret void
}}
define void @{SHARE}(ptr %kernel, ptr %args, i64 %n, i64 %grain, i64 %rouse.from, i64 %pieces.each) nounwind {{
  call void %kernel(ptr %args, i64 0, i64 %n)
  ret void
}}
define void @{SET}(i32 %threads, i32 %spin) nounwind {{
  ret void
}}
define void @{RESET}() nounwind {{
  ret void
}}
define i32 @{WORKERS}() nounwind {{
  ret i32 0
}}
define void @{OPENMP}(ptr %parallel) nounwind {{
  ret void
}}
"""
"""The pool of a platform without POSIX threads: the caller works alone."""
