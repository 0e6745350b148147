"""What code is written for: the vectors of a processor, the vector functions at hand, the options of a compilation."""

from __future__ import annotations

import functools
import platform
from collections.abc import Container
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from neano.backends.native.emit.text import bits


@dataclass(frozen=True)
class Target:
    """A processor and its libraries, as far as the emitter looks at them.

    Attributes:
        vector_bytes: width of a vector register: 64 (AVX-512), 32 (AVX2), 16 (NEON, SSE).
        masked: widths in bits of elements that loads and stores may mask at full speed.
        saturating_casts: a float beyond the range of an integer becomes its nearest bound (ARM), else the "indefinite"
            number of x86; NumPy follows the processor.
        vector_functions: names of the vector functions that the platform has (`_ZGVeN8v_exp` ...).
        vector_prefix: how names of vector functions for this width begin: `_ZGVe`, `_ZGVd`, `_ZGVn`.
        cache_bytes: of the cache that the processor's cores share.
        own_functions: whether kernels of our own compute what the platform has no vectors for, or slower ones.
    """

    vector_bytes: int = 32
    masked: frozenset[int] = frozenset([32, 64])
    saturating_casts: bool = False
    vector_functions: Container[str] = frozenset()
    vector_prefix: str = "_ZGVd"
    own_functions: bool = True
    cache_bytes: int = 2**25

    def lanes(self, dtypes: frozenset[str]) -> int:
        """Return how many elements a vector has in a loop that computes in these dtypes: by the widest of them."""
        widest = max((bits(dtype) for dtype in dtypes), default=64)
        return self.vector_bytes * 8 // max(widest, 8)

    @staticmethod
    def make(machine: str, features: dict[str, bool]) -> Target:
        """Return the target of a kind of machine ("x86_64", "aarch64") with the features that LLVM names."""
        if machine in ("x86_64", "AMD64"):
            if (
                features.get("avx512f")
                and features.get("avx512bw")
                and features.get("avx512vl")
                and features.get("avx512dq")
            ):
                return Target(64, frozenset([8, 16, 32, 64]), False, PLATFORM_FUNCTIONS, "_ZGVe")
            if features.get("avx2"):
                return Target(32, frozenset([32, 64]), False, PLATFORM_FUNCTIONS, "_ZGVd")
            return Target(16, frozenset(), False, PLATFORM_FUNCTIONS, "_ZGVb")
        return Target(16, frozenset(), True, PLATFORM_FUNCTIONS, "_ZGVn")


@dataclass(frozen=True)
class Options:
    """What a compilation is asked for.

    Attributes:
        contract: a product and a sum may become one fused operation.
        borrowed: positions of results that are inputs and are handed back as they are, not copied.
        release_after: estimated nanoseconds of a nest's work from which on the GIL is released.
        threads: nests whose iterations may run in any order are handed to `neano_parallel_for`.
        updates: for each result that is the new value of an input which no caller gives, its position and the input's.
        profile: write clocks around kernels and calls (`metering`).
    """

    contract: bool = True
    borrowed: frozenset[int] = frozenset()
    release_after: int = 15_000
    threads: bool = True
    updates: tuple[tuple[int, int], ...] = ()
    profile: bool = False


BINARY_NAMES = frozenset(["atan2", "hypot", "pow"])


def vector_name(prefix: str, function: str, dtype: str, lanes: int) -> str:
    """Return the name that the vector function ABI gives to a vector form of a function of libm.

    >>> vector_name("_ZGVd", "exp", "float64", 4), vector_name("_ZGVe", "pow", "float32", 16)
    ('_ZGVdN4v_exp', '_ZGVeN16vv_powf')
    """
    arguments = "vv" if function in BINARY_NAMES else "v"
    return f"{prefix}N{lanes}{arguments}_{function}{'f' if dtype == 'float32' else ''}"


class PlatformFunctions:
    """The vector functions that the platform's libmvec has, looked up as they are asked for; none without such a library.

    >>> "_ZGVdN4v_no_such_function" in PlatformFunctions()
    False
    """

    def __contains__(self, name: object) -> bool:
        library = self._library
        return library is not None and hasattr(library, str(name))

    @functools.cached_property
    def _library(self) -> Any:
        import ctypes

        if platform.system() != "Linux":
            return None
        try:
            return ctypes.CDLL("libmvec.so.1")
        except OSError:
            return None


PLATFORM_FUNCTIONS = PlatformFunctions()


@functools.cache
def host() -> Target:
    """Return the target of the processor that this process runs on, as far as it is used."""
    from neano.backends.native.runtime.machine import features

    made = Target.make(platform.machine(), features())
    return replace(made, cache_bytes=shared_cache() or made.cache_bytes)


def shared_cache(folder: str = "/sys/devices/system/cpu/cpu0/cache") -> int:
    """Return the bytes of the largest cache that the system tells of, 0 where it tells of none.

    >>> shared_cache("/no/such/folder")
    0
    """
    found = [0]
    for path in Path(folder).glob("index*/size"):
        text = path.read_text().strip()
        unit = {"K": 2**10, "M": 2**20, "G": 2**30}.get(text[-1:], 0)
        if unit and text[:-1].isdecimal():
            found.append(int(text[:-1]) * unit)
    return max(found)
