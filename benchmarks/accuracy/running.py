"""One row of the table of scalar functions as machine code, for a width of vectors that is chosen."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from llvmlite import binding as llvm

from neano.backends.native.emit import Options, Target, emit
from neano.backends.native.emit.target import host
from neano.backends.native.ir import Alloc, Buffer, Dim, Load, Loop, Program, Ref, Scalar, Store
from neano.backends.native.runtime import Input, Signature, link_function, make_callable_type, native_callable

AVX512 = ("avx512f", "avx512bw", "avx512vl", "avx512dq")


@dataclass(frozen=True)
class Way:
    """A way to compute: a target, and whether elements are computed in vectors or one by one."""

    name: str
    target: Target
    vectors: bool = True


@cache
def ways() -> tuple[Way, ...]:
    """Return the ways that this processor can run: each width of vectors, our own kernels alone, and scalars."""
    if platform.machine() not in ("x86_64", "AMD64"):
        widths = [Way("vectors", host())]
    else:
        features = dict(llvm.get_host_cpu_features())
        widths = [Way("SSE", Target.make("x86_64", {"fma": features.get("fma", False)}))]
        if features.get("avx2"):
            widths.insert(0, Way("AVX2", Target.make("x86_64", {"avx2": True, "fma": True})))
        if all(features.get(name) for name in AVX512):
            widths.insert(0, Way("AVX-512", Target.make("x86_64", dict.fromkeys([*AVX512, "avx2", "fma"], True))))
    alone = replace(host(), vector_functions=frozenset())
    return (*widths, Way("own kernels", alone), Way("scalar", host(), False))


@cache
def _type() -> type:
    return make_callable_type("benchmarks.accuracy.running.Function", {})


def program(function: str, dtypes: Sequence[str], result: str, ndim: int) -> Program:
    names = tuple(f"x{k}" for k in range(len(dtypes)))
    buffers = {name: Buffer(name, dtype, ndim, "input") for name, dtype in zip(names, dtypes, strict=True)}
    buffers["z"] = Buffer("z", result, ndim, "output")
    index = (Ref("i", "int64"),) * ndim
    value = Scalar(function, tuple(Load(n, index, d) for n, d in zip(names, dtypes, strict=True)), result)
    work = Store("z", index, value)
    body = Loop("i", Dim("x0", 0), (work,), True) if ndim else work
    return Program(names, ("z",), buffers, (Alloc("z", tuple(Dim("x0", axis) for axis in range(ndim))), body))


def compiled(function: str, dtypes: Sequence[str], result: str, target: Target, ndim: int = 1) -> Callable[..., Any]:
    """Return a function of arrays that applies a row of the table of scalar functions to each element."""
    emitted = emit(program(function, dtypes, result, ndim), target, Options(threads=False))
    signature = Signature(tuple(Input(dtype, ndim) for dtype in dtypes), 1)
    linked = link_function(signature, emitted.modules, emitted.symbols)
    made: Callable[..., Any] = native_callable(
        _type(),
        linked,
        signature,
        convert=_refuse,
        raise_error=_refuse,
        objects=emitted.objects,
        constants=emitted.constants,
    )
    return made


def _refuse(*given: Any) -> Any:
    raise TypeError(f"not what the function was made for: {given!r}")


def apply(function: str, values: Sequence[np.ndarray], result: str, way: Way) -> np.ndarray:
    """Return a row's values at arrays of numbers."""
    dtypes = [value.dtype.name for value in values]
    if way.vectors:
        found: np.ndarray = compiled(function, dtypes, result, way.target)(*values)
        return found
    one = compiled(function, dtypes, result, way.target, ndim=0)
    points = zip(*[[value[k : k + 1].reshape(()) for k in range(len(value))] for value in values], strict=True)
    return np.array([one(*point) for point in points], result)
