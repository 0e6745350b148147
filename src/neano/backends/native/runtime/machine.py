"""LLVM in this process: set up once, and a target machine for this processor when one is needed.

A target machine belongs to the engine that it was made for; making one costs 0.2 ms.
"""

from __future__ import annotations

import platform
from functools import cache
from typing import Any

import llvmlite
from llvmlite import binding as llvm

from neano.config import config

AVX512_BITS = 512


@cache
def _target() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple()


@cache
def cpu_name() -> str:
    """LLVM's name of this processor ("znver3")."""
    _target()
    return str(llvm.get_host_cpu_name())


@cache
def features() -> dict[str, bool]:
    """What of this processor is used, by the names that LLVM has for it; the flag `vector_bits` may leave AVX-512 out."""
    _target()
    found = dict(llvm.get_host_cpu_features())
    if config.vector_bits < AVX512_BITS:
        found.update((name, False) for name in found if name.startswith(("avx512", "avx10", "evex512")))
    return found


@cache
def cpu_features() -> str:
    """The same as LLVM's options ("+avx2,-avx512f,...")."""
    return ",".join(f"{'+' if there else '-'}{name}" for name, there in sorted(features().items()))


@cache
def triple() -> str:
    """The triple that code is generated for ("x86_64-unknown-linux-gnu")."""
    return str(_target().triple)


def target_machine(codegen: int = 2) -> Any:
    """Return a new target machine for this processor that generates code at level 0 to 3."""
    return _target().create_target_machine(cpu=cpu_name(), features=cpu_features(), opt=codegen, jit=True)


@cache
def identity() -> str:
    """Everything about this machine and LLVM that the bytes of an object depend on, as one string."""
    version = ".".join(map(str, llvm.llvm_version_info))
    return "|".join((version, llvmlite.__version__, triple(), cpu_name(), cpu_features(), platform.machine()))
