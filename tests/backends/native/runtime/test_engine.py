"""Compiling, checking and linking of modules."""

from __future__ import annotations

import ctypes
import gc
from pathlib import Path

import pytest

from neano.backends.native.runtime import CompileError, LinkError, Module, ObjectCache, link
from neano.backends.native.runtime.engine import _engines
from neano.backends.native.runtime.symbols import SymbolConflict


@pytest.fixture
def cache(tmp_path: Path) -> ObjectCache:
    return ObjectCache(tmp_path / "cache" / "objects", 2**24)


def twice(name: str = "twice") -> str:
    return f"define i64 @{name}(i64 %x) {{ %r = add i64 %x, %x\n ret i64 %r }}"


def call(address: int, *args: int) -> int:
    return ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * len(args))(address)(*args)


def test_modules_see_each_other(cache: ObjectCache) -> None:
    four = """
    declare i64 @twice(i64)
    define i64 @four(i64 %x) {
      %a = call i64 @twice(i64 %x)
      %r = call i64 @twice(i64 %a)
      ret i64 %r
    }"""
    linked = link([("four", four), ("twice", twice())], exports=("four", "twice"), cache=cache)
    assert (call(linked.addresses["four"], 5), call(linked.addresses["twice"], 5), linked.cached) == (20, 10, 0)
    again = link([("four", four), ("twice", twice())], exports=("four",), cache=cache)
    assert (call(again.addresses["four"], 6), again.cached) == (24, 2)


def test_equal_names_in_two_pieces_of_code_do_not_meet(cache: ObjectCache) -> None:
    first = link([("a", twice("f"))], exports=("f",), cache=cache)
    second = link([("b", "define i64 @f(i64 %x) { ret i64 7 }")], exports=("f",), cache=cache)
    assert (call(first.addresses["f"], 5), call(second.addresses["f"], 5)) == (10, 7)


def test_equal_texts_are_linked_once(cache: ObjectCache) -> None:
    linked = link([("a", twice()), ("b", twice())], exports=("twice",), cache=cache)
    assert call(linked.addresses["twice"], 4) == 8


@pytest.mark.parametrize(
    ("modules", "message"),
    [
        ([("a", "declare void @nowhere()\ndefine void @f() { call void @nowhere()\n ret void }")], "nowhere"),
        ([("a", "@missing_data = external global i8\ndefine ptr @f() { ret ptr @missing_data }")], "missing_data"),
        ([("a", "define void @g() { ret void }")], ": f"),
        ([("a", "define void @f() { ret void }"), ("b", "define void @f() { unreachable }")], "two modules: f"),
    ],
)
def test_missing_and_double_symbols(cache: ObjectCache, modules: list[tuple[str, str]], message: str) -> None:
    for _ in range(2):  # compiled, then from the cache
        with pytest.raises(LinkError, match=message):
            link(modules, exports=("f",), cache=cache)


def test_what_llvm_itself_calls_is_found(cache: ObjectCache) -> None:
    """frem becomes a call of fmod, and a copy of many bytes one of memcpy: the IR names neither."""
    text = """
    declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
    define double @f(double %x, double %y, ptr %to, ptr %from, i64 %n) {
      call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %from, i64 %n, i1 false)
      %r = frem double %x, %y
      ret double %r
    }"""
    linked = link([("f", text)], exports=("f",), cache=cache)
    double, pointer = ctypes.c_double, ctypes.c_void_p
    f = ctypes.CFUNCTYPE(double, double, double, pointer, pointer, ctypes.c_int64)(linked.addresses["f"])
    to, source = ctypes.create_string_buffer(100), ctypes.create_string_buffer(b"x" * 99)
    assert f(7.5, 2.0, ctypes.addressof(to), ctypes.addressof(source), 100) == 1.5
    assert to.value == b"x" * 99


def test_symbols_given_by_the_caller(cache: ObjectCache) -> None:
    answer, other = ctypes.c_int64(42), ctypes.c_int64(43)
    text = """
    @neano_test_answer = external global i64
    define i64 @f() { %r = load i64, ptr @neano_test_answer\n ret i64 %r }"""
    linked = link([("f", text)], {"neano_test_answer": ctypes.addressof(answer)}, exports=("f",), cache=cache)
    assert call(linked.addresses["f"]) == 42
    with pytest.raises(SymbolConflict):
        link([("f", text)], {"neano_test_answer": ctypes.addressof(other)}, exports=("f",), cache=cache)


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "define i64 @f() { ret i32 0 }",
        "define i64 @f() {\n %a = phi i64 [0, %b]\n ret i64 %a\nb:\n ret i64 0 }",
    ],
)
def test_ir_that_llvm_refuses(cache: ObjectCache, text: str) -> None:
    with pytest.raises(CompileError, match="'broken'"):
        link([("broken", text)], exports=("f",), cache=cache)


@pytest.mark.parametrize("passes", [0, 1, 2, 3])
@pytest.mark.parametrize("codegen", [0, 1, 2, 3])
def test_levels(cache: ObjectCache, passes: int, codegen: int) -> None:
    text = """
    define internal i64 @square(i64 %x) alwaysinline { %r = mul i64 %x, %x\n ret i64 %r }
    define i64 @f(i64 %n) {
    entry:
      br label %loop
    loop:
      %i = phi i64 [0, %entry], [%next, %loop]
      %sum = phi i64 [0, %entry], [%sum.next, %loop]
      %s = call i64 @square(i64 %i)
      %sum.next = add i64 %sum, %s
      %next = add i64 %i, 1
      %more = icmp slt i64 %next, %n
      br i1 %more, label %loop, label %done
    done:
      ret i64 %sum.next
    }"""
    linked = link([Module("f", text, passes, codegen)], exports=("f",), cache=cache)
    assert (call(linked.addresses["f"], 100), linked.cached) == (sum(k * k for k in range(100)), 0)
    assert link([Module("f", text, passes, codegen)], exports=("f",), cache=cache).cached == 1


def test_many_modules_are_compiled_on_threads_alike(cache: ObjectCache) -> None:
    body = "\n".join(f"  %x{k + 1} = add i64 %x{k}, {k}" for k in range(60))
    modules = [
        (
            f"m{k}",
            f"define i64 @f{k}(i64 %x0) {{\n  %y = mul i64 %x0, {k}\n{body}\n  %r = add i64 %x60, %y\n  ret i64 %r\n}}",
        )
        for k in range(24)
    ]
    linked = link(modules, exports=[f"f{k}" for k in range(24)], cache=cache)
    assert [call(linked.addresses[f"f{k}"], 2) for k in range(24)] == [2 + sum(range(60)) + 2 * k for k in range(24)]


def test_code_is_unloaded_with_its_token(cache: ObjectCache) -> None:
    gc.collect()
    before = len(_engines)
    linked = link([("twice", twice())], exports=("twice",), cache=cache)
    token = linked.token
    del linked
    assert len(_engines) == before + 1
    assert not gc.is_tracked(token)
    del token
    assert len(_engines) == before
