"""LLVM IR of how threads of the pool sleep: by Linux's futex where its number is known, else by a condition of POSIX threads.

@wait(word, expected)   sleep while a word has a value
@wake(word, count)      wake so many of those who sleep on a word
@prepare()              make what that needs, at first and in a forked process
"""

from __future__ import annotations

import platform
import sys

_FUTEX_NUMBERS = {"x86_64": 202, "aarch64": 98}

_FUTEX = """
define internal void @wait(ptr %word, i32 %expected) nounwind {{
  %r = call i64 (i64, ...) @syscall(i64 {number}, ptr %word, i32 128, i32 %expected, ptr null, ptr null, i32 0)
  ret void
}}
define internal void @wake(ptr %word, i32 %count) nounwind {{
  %r = call i64 (i64, ...) @syscall(i64 {number}, ptr %word, i32 129, i32 %count, ptr null, ptr null, i32 0)
  ret void
}}
define internal void @prepare() nounwind {{
  ret void
}}
declare i64 @syscall(i64, ...)
"""
"""Sleeping by Linux's futex: operations FUTEX_WAIT_PRIVATE and FUTEX_WAKE_PRIVATE."""

_CONDITION = """
@mutex = internal global [128 x i8] zeroinitializer, align 64
@condition = internal global [128 x i8] zeroinitializer, align 64
define internal void @wait(ptr %word, i32 %expected) nounwind {
entry:
  %locked = call i32 @pthread_mutex_lock(ptr @mutex)
  %now = load atomic i32, ptr %word seq_cst, align 4
  %same = icmp eq i32 %now, %expected
  br i1 %same, label %sleep, label %leave
sleep:
  %slept = call i32 @pthread_cond_wait(ptr @condition, ptr @mutex)
  br label %leave
leave:
  %unlocked = call i32 @pthread_mutex_unlock(ptr @mutex)
  ret void
}
define internal void @wake(ptr %word, i32 %count) nounwind {
  %locked = call i32 @pthread_mutex_lock(ptr @mutex)
  %woken = call i32 @pthread_cond_broadcast(ptr @condition)
  %unlocked = call i32 @pthread_mutex_unlock(ptr @mutex)
  ret void
}
define internal void @prepare() nounwind {
  %m = call i32 @pthread_mutex_init(ptr @mutex, ptr null)
  %c = call i32 @pthread_cond_init(ptr @condition, ptr null)
  ret void
}
declare i32 @pthread_mutex_lock(ptr)
declare i32 @pthread_mutex_unlock(ptr)
declare i32 @pthread_mutex_init(ptr, ptr)
declare i32 @pthread_cond_wait(ptr, ptr)
declare i32 @pthread_cond_broadcast(ptr)
declare i32 @pthread_cond_init(ptr, ptr)
"""
"""Sleeping by one condition of POSIX threads for both words that are waited for."""


def can_sleep_on_futex() -> bool:
    """Return whether threads sleep by Linux's futex here."""
    return sys.platform == "linux" and platform.machine() in _FUTEX_NUMBERS


def sleeping_text(futex: bool) -> str:
    """Return the IR, of one way or the other."""
    return _FUTEX.format(number=_FUTEX_NUMBERS[platform.machine()]) if futex else _CONDITION
