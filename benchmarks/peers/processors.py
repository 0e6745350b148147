"""Every system as on a processor without AVX-512: the variables by which each of them is told, each from its documentation."""

from __future__ import annotations

import os
from collections.abc import MutableMapping

WITHOUT_AVX512 = {
    "NEANO_FLAGS": "vector_bits=256",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL",
    "OPENBLAS_CORETYPE": "Haswell",
    "XLA_FLAGS": "--xla_cpu_max_isa=AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "NUMBA_CPU_NAME": "x86-64-v3",
    "NUMBA_CPU_FEATURES": "+avx2,+fma",
    "PYTENSOR_FLAGS": "gcc__cxxflags=-march=x86-64-v3",
}
SEPARATORS = {"NEANO_FLAGS": ",", "PYTENSOR_FLAGS": ",", "XLA_FLAGS": " "}


def leave_out_avx512(variables: MutableMapping[str, str] = os.environ) -> None:
    """Tell systems that start with these variables to do without AVX-512."""
    for name, value in WITHOUT_AVX512.items():
        before = variables.get(name, "") if name in SEPARATORS else ""
        variables[name] = f"{before}{SEPARATORS[name]}{value}" if before else value


def avx512_is_left_out() -> bool:
    """Say whether this process was told so."""
    return os.environ.get("ATEN_CPU_CAPABILITY") == WITHOUT_AVX512["ATEN_CPU_CAPABILITY"]
