"""Symbol tables of the three object formats, read from files that LLVM writes."""

from __future__ import annotations

import pytest
from llvmlite import binding as llvm

from neano.backends.native.runtime.objectfile import ObjectFormatError, object_symbols

TEXT = """
@external_data = external global i8
@own_data = global i64 5
@hidden_data = internal global i64 7
declare double @tanh(double)
declare double @"blas.ddot"(ptr)
declare void @never_called()
define internal double @hidden(double %x) noinline {
  %r = fadd double %x, %x
  ret double %r
}
define double @own_function_with_a_long_name(double %x, double %y) {
  %a = call double @tanh(double %x)
  %b = call double @"blas.ddot"(ptr @external_data)
  %c = call double @hidden(double %b)
  %d = frem double %a, %c
  %k = load volatile i64, ptr @hidden_data
  %e = sitofp i64 %k to double
  %f = fadd double %d, %e
  ret double %f
}
define void @short() { ret void }
"""

TRIPLES = [
    "x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "arm64-apple-macosx", "x86_64-pc-windows-msvc",
    "aarch64-pc-windows-msvc",
]  # fmt: skip


@pytest.fixture(scope="module", params=TRIPLES)
def written(request: pytest.FixtureRequest) -> bytes:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    machine = llvm.Target.from_triple(request.param).create_target_machine(opt=2)
    module = llvm.parse_assembly(TEXT, llvm.create_context())
    module.triple = request.param
    return bytes(machine.emit_object(module))


def test_what_is_defined_and_what_is_needed(written: bytes) -> None:
    found = object_symbols(written)
    assert set(found.defined) - {"_fltused", "@feat.00"} == {"own_data", "own_function_with_a_long_name", "short"}
    # fmod is called by what LLVM makes of frem; the IR does not name it.
    assert {"external_data", "tanh", "blas.ddot", "fmod"} <= set(found.needed)
    assert not {"hidden", "hidden_data", "never_called", "own_data"} & set(found.needed)
    assert list(found.needed) == sorted(found.needed)


def test_truncated_files_are_errors_or_read_right(written: bytes) -> None:
    whole = object_symbols(written)
    for size in range(0, len(written), 3):
        try:
            assert object_symbols(written[:size]) == whole
        except ObjectFormatError:
            continue


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"MZ" + b"\0" * 200, b"\x7fELF\x01\x01" + b"\0" * 200, b"\0" * 400])
def test_other_files_are_errors(data: bytes) -> None:
    with pytest.raises(ObjectFormatError):
        object_symbols(data)
