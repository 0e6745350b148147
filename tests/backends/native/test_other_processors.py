"""Code for processors that the tests do not run on: LLVM takes it, and generates instructions for it."""

from __future__ import annotations

import pytest
from llvmlite import binding as llvm

from backends.native.programs import NESTS, ORDERED, nest, program
from neano.backends.native.emit import Target, emit


@pytest.fixture(scope="module")
def arm():
    """A target machine for 64-bit ARM, None where this build of LLVM has none."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    try:
        return llvm.Target.from_triple("aarch64-unknown-linux-gnu").create_target_machine(cpu="generic", opt=1)
    except RuntimeError:
        return None


def checked(text, machine):
    module = llvm.parse_assembly(text)
    module.verify()
    if machine is not None:
        module.triple = machine.triple
        assert machine.emit_object(module)


@pytest.mark.parametrize("name", sorted(NESTS))
def test_every_nest_for_arm(name, arm):
    for dtype in ("float64", "int8", *(() if name in ORDERED else ("complex64",))):
        for _, text in emit(nest(name, dtype), Target.make("aarch64", {})).modules:
            checked(text, arm)


CAST = """
inputs x
results z
input x: float64[?]
output z: int32[?]
body
  alloc z[dim(x, 0)]
  parallel for i < dim(x, 0):
    z[i] = cast<int32>(x[i])
"""


def test_vectors_are_as_wide_as_the_processors():
    made = nest("elementwise", "float32")
    wide = {
        "<16 x float>": Target.make("x86_64", dict.fromkeys(["avx512f", "avx512bw", "avx512vl", "avx512dq"], True)),
        "<8 x float>": Target.make("x86_64", {"avx2": True}),
        "<4 x float>": Target.make("aarch64", {}),
    }
    for vector, target in wide.items():
        assert f"load {vector}" in emit(made, target).kernels[0].text


def test_conversions_saturate_on_arm():
    cast = program(CAST)
    assert "llvm.fptosi.sat" in emit(cast, Target.make("aarch64", {})).kernels[0].text
    assert "llvm.fptosi.sat" not in emit(cast, Target.make("x86_64", {})).kernels[0].text
