"""Code generation past llvmlite's lock gives what llvmlite gives, and says what LLVM says."""

from __future__ import annotations

import threading

import llvmlite
import pytest

from neano.backends.native.runtime import CompileError, Module, codegen
from neano.backends.native.runtime.codegen import generate_object
from neano.backends.native.runtime.direct_llvm import KNOWN

GOOD = "define i64 @f(i64 %x) { %y = mul i64 %x, 3\n ret i64 %y }"
BAD = {
    "does not parse": "define i64 @f() { ret i64 %nowhere }",
    "does not verify": "define i64 @f() { %x = add i64 %x, 1\n ret i64 %x }",
}


def test_both_ways_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    direct = [generate_object(Module("m", GOOD, codegen=level)) for level in (0, 2, 0, 2)]
    assert (codegen.direct_llvm() is not None) == llvmlite.__version__.startswith(KNOWN)
    monkeypatch.setattr(codegen, "direct_llvm", lambda: None)
    assert direct == [generate_object(Module("m", GOOD, codegen=level)) for level in (0, 2, 0, 2)]


def test_other_releases_of_llvmlite_are_used_by_their_binding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llvmlite, "__version__", "0.51.0")
    assert codegen.direct_llvm.__wrapped__() is None


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_what_llvm_refuses(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for way in (codegen.direct_llvm, lambda: None):
        monkeypatch.setattr(codegen, "direct_llvm", way)
        with pytest.raises(CompileError, match=r"'broken': .*\S"):
            generate_object(Module("broken", text))


def test_threads_have_machines_of_their_own() -> None:
    expected = [generate_object(Module("m", GOOD.replace("3", str(n)))) for n in range(40)]
    found: dict[int, bytes] = {}

    def work(first: int) -> None:
        for n in range(first, 40, 4):
            found[n] = generate_object(Module("m", GOOD.replace("3", str(n))))

    threads = [threading.Thread(target=work, args=(first,)) for first in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [found[n] for n in range(40)] == expected
