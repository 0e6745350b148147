"""Transcendental and special functions: which code computes them for a dtype and a number of lanes.

`call_math` asks, in this order: the engine's own vector kernels (`providers.PROVIDERS`), the platform's vector functions
(libmvec), libm lane by lane, the inner loop of NumPy's or SciPy's ufunc by its pointer. float16 computes in float32.
"""

from __future__ import annotations

from dataclasses import dataclass

from neano.backends.native.emit.casts import convert
from neano.backends.native.emit.providers import PROVIDERS
from neano.backends.native.emit.target import vector_name
from neano.backends.native.emit.text import (
    ELEMENT,
    PART,
    SIZE,
    Builder,
    Value,
    bits,
    is_complex,
    is_float,
    join_parts,
    type_of,
    vector_type,
    words,
)


@dataclass(frozen=True)
class MathFunction:
    """Where a function is found: its name in libm (and libmvec), "" where it has none there, and its ufunc."""

    libm: str
    module: str
    ufunc: str


def _numpy(libm: str, ufunc: str) -> MathFunction:
    return MathFunction(libm, "numpy", ufunc)


def _special(name: str, libm: str = "", module: str = "scipy.special") -> MathFunction:
    return MathFunction(libm, module, name)


MATH = {
    **{name: _numpy(name, name) for name in words("exp exp2 expm1 log log2 log10 log1p sin cos tan sinh cosh tanh")},
    **{f"arc{name}": _numpy(f"a{name}", f"arc{name}") for name in words("sin cos tan tan2 sinh cosh tanh")},
    "pow": _numpy("pow", "power"),
    "hypot": _numpy("hypot", "hypot"),
    "fmod": _numpy("fmod", "fmod"),
    "sqrt": _numpy("sqrt", "sqrt"),
    "erf": _special("erf", "erf"),
    "erfc": _special("erfc", "erfc"),
    "zeta": _special("_zeta", module="scipy.special._ufuncs"),
    **{
        name: _special(name)
        for name in (
            words("erfcx erfinv erfcinv gamma gammaln loggamma psi gammainc gammaincc chdtrc jv j0 j1 iv i0 i1 xlogy")
        )
    },
}
"""Every function that `call_math` knows, by name."""


def call_math(b: Builder, function: str, *values: Value) -> Value:
    """Return a function of `MATH` at values, lane by lane.

    Args:
        values: of equal lanes and of floating-point or complex dtypes (which differ only for Bessel functions of complex
            arguments, whose order is real); the result has the dtype of the last.
    """
    if values[-1].dtype == "float16":
        return convert(b, call_math(b, function, *[convert(b, v, "float32") for v in values]), "float16")
    if all(is_float(v.dtype) for v in values):
        for provider in PROVIDERS:
            found = provider(b, function, values)
            if found is not None:
                return found
        if MATH[function].libm:
            return _vector_call(b, function, values) or _libm_call(b, function, values)
    return _ufunc_call(b, function, values)


def _vector_call(b: Builder, function: str, values: tuple[Value, ...]) -> Value | None:
    """Call the platform's vector function, None where it has none; wide vectors in pieces, narrow ones padded."""
    dtype, lanes = values[0].dtype, values[0].lanes
    if lanes == 1:
        return None
    width = lanes * bits(dtype)
    registers = {128: "_ZGVn" if b.target.vector_prefix == "_ZGVn" else "_ZGVb", 256: "_ZGVd", 512: "_ZGVe"}
    call_width = max(128, min(width, b.target.vector_bytes * 8))
    call_lanes = call_width // bits(dtype)
    name = vector_name(registers[call_width], MATH[function].libm, dtype, call_lanes)
    if name not in b.target.vector_functions:
        return None
    if width < call_width:
        padded = tuple(resize(b, v, call_lanes) for v in values)
        return resize(b, _plain_call(b, name, padded), lanes)
    pieces = [
        _plain_call(b, name, tuple(v)) for v in zip(*[split(b, v, lanes // call_lanes) for v in values], strict=True)
    ]
    return join(b, pieces)


def _plain_call(b: Builder, name: str, values: tuple[Value, ...]) -> Value:
    return values[0].same(b.call(name, values[0].type, *[(v.type, v.text) for v in values]))


def _libm_call(b: Builder, function: str, values: tuple[Value, ...]) -> Value:
    """Call libm: once for a scalar, in a helper that loops over the lanes for a vector."""
    dtype, lanes = values[0].dtype, values[0].lanes
    name = MATH[function].libm + ("f" if dtype == "float32" else "")
    if lanes == 1:
        return _plain_call(b, name, values)
    helper, element, kind = f"lanes.{name}.{lanes}", ELEMENT[dtype], values[0].type
    if helper not in b.module.helpers:
        b.module.declare(name, element, *[element] * len(values))
        b.module.helpers[helper] = _lanes_helper(helper, name, element, kind, lanes, len(values))
    return values[0].same(b.op(f"call {kind} @{helper}({', '.join(v.typed for v in values)})"))


def _lanes_helper(helper: str, name: str, element: str, kind: str, lanes: int, arity: int) -> str:
    """Return a function on vectors that calls a scalar function for each lane."""
    k = range(arity)
    return "\n".join(
        [
            f"define internal {kind} @{helper}({', '.join(f'{kind} %x{i}' for i in k)}) {{",
            "entry:",
            *[f"  %m{i} = alloca {kind}\n  store {kind} %x{i}, ptr %m{i}" for i in k],
            "  br label %loop",
            "loop:",
            "  %i = phi i64 [0, %entry], [%next, %loop]",
            *[f"  %p{i} = getelementptr {element}, ptr %m{i}, i64 %i\n  %e{i} = load {element}, ptr %p{i}" for i in k],
            f"  %r = call {element} @{name}({', '.join(f'{element} %e{i}' for i in k)})",
            f"  store {element} %r, ptr %p0",
            "  %next = add i64 %i, 1",
            f"  %more = icmp ult i64 %next, {lanes}",
            "  br i1 %more, label %loop, label %done",
            "done:",
            f"  %v = load {kind}, ptr %m0",
            f"  ret {kind} %v",
            "}",
        ]
    )


def _ufunc_call(b: Builder, function: str, values: tuple[Value, ...]) -> Value:
    """Call the inner loop of a ufunc on the lanes, laid out in memory by a helper."""
    found, lanes = MATH[function], values[0].lanes
    dtypes = [v.dtype for v in values]
    names = ".".join([found.module, found.ufunc, *dtypes, dtypes[-1]])
    helper = f"ufunc.{found.ufunc}.{'.'.join(dtypes)}.{lanes}"
    if helper not in b.module.helpers:
        loop = b.module.declare(f"ufunc.loop.{names}", "void", "ptr", "ptr", "ptr", "ptr")
        data = b.module.declare_data(f"ufunc.data.{names}")
        b.module.helpers[helper] = _ufunc_helper(helper, loop, data, dtypes, lanes)
    flat = [part for v in values for part in (v.parts() if is_complex(v.dtype) else (v,))]
    kind, dtype = values[-1].type, values[-1].dtype
    arguments = ", ".join(v.typed for v in flat)
    if not is_complex(dtype):
        return values[-1].same(b.op(f"call {kind} @{helper}({arguments})"))
    both = b.op(f"call {{{kind}, {kind}}} @{helper}({arguments})")
    real, imaginary = (b.op(f"extractvalue {{{kind}, {kind}}} {both}, {i}") for i in (0, 1))
    return join_parts(Value(real, PART[dtype], lanes), Value(imaginary, PART[dtype], lanes))


def _ufunc_helper(helper: str, loop: str, data: str, dtypes: list[str], lanes: int) -> str:
    """Return a function on vectors that hands them to a ufunc's inner loop as arrays of `lanes` elements."""
    parameters: list[str] = []
    lines: list[str] = []
    all_dtypes = [*dtypes, dtypes[-1]]
    count = len(all_dtypes)
    for i, dtype in enumerate(all_dtypes):
        lines.append(f"  %m{i} = alloca [{lanes * SIZE[dtype]} x i8], align 64")
        if i == count - 1:
            continue
        kind = type_of(dtype, lanes)
        if is_complex(dtype):
            parameters += [f"{kind} %x{i}.re", f"{kind} %x{i}.im"]
            lines += interleaved(f"x{i}", f"%x{i}.re", f"%x{i}.im", ELEMENT[dtype], lanes)
            wide = vector_type(ELEMENT[dtype], 2 * lanes)
            lines.append(f"  store {wide} %x{i}.both, ptr %m{i}, align 8")
        else:
            parameters.append(f"{kind} %x{i}")
            lines.append(f"  store {kind} %x{i}, ptr %m{i}, align 8")
    lines += ["  %n = alloca i64", f"  store i64 {lanes}, ptr %n"]
    lines += [f"  %args = alloca [{count} x ptr]", f"  %strides = alloca [{count} x i64]"]
    for i, dtype in enumerate(all_dtypes):
        lines.append(f"  %a{i} = getelementptr ptr, ptr %args, i64 {i}\n  store ptr %m{i}, ptr %a{i}")
        lines.append(f"  %s{i} = getelementptr i64, ptr %strides, i64 {i}\n  store i64 {SIZE[dtype]}, ptr %s{i}")
    lines.append(f"  call void {loop}(ptr %args, ptr %n, ptr %strides, ptr {data})")
    dtype, kind, last = dtypes[-1], type_of(dtypes[-1], lanes), f"%m{count - 1}"
    result = f"{{{kind}, {kind}}}" if is_complex(dtype) else kind
    if is_complex(dtype):
        wide = vector_type(ELEMENT[dtype], 2 * lanes)
        lines.append(f"  %both = load {wide}, ptr {last}, align 8")
        lines += parted("%both", ELEMENT[dtype], lanes)
        lines += [
            f"  %r0 = insertvalue {result} poison, {kind} %re, 0",
            f"  %r1 = insertvalue {result} %r0, {kind} %im, 1",
        ]
        lines.append(f"  ret {result} %r1")
    else:
        lines += [f"  %r = load {kind}, ptr {last}, align 8", f"  ret {kind} %r"]
    return "\n".join([f"define internal {result} @{helper}({', '.join(parameters)}) {{", "entry:", *lines, "}"])


def interleaved(name: str, real: str, imaginary: str, element: str, lanes: int) -> list[str]:
    """Return the instructions that make `%NAME.both` of real and imaginary parts, in turns."""
    wide, kind = vector_type(element, 2 * lanes), vector_type(element, lanes)
    if lanes == 1:
        return [
            f"  %{name}.half = insertelement {wide} poison, {element} {real}, i64 0",
            f"  %{name}.both = insertelement {wide} %{name}.half, {element} {imaginary}, i64 1",
        ]
    order = ", ".join(f"i32 {i // 2 + (i % 2) * lanes}" for i in range(2 * lanes))
    return [f"  %{name}.both = shufflevector {kind} {real}, {kind} {imaginary}, <{2 * lanes} x i32> <{order}>"]


def parted(both: str, element: str, lanes: int) -> list[str]:
    """Return the instructions that make `%re` and `%im` of numbers whose parts stand in turns."""
    wide = vector_type(element, 2 * lanes)
    if lanes == 1:
        return [f"  %{n} = extractelement {wide} {both}, i64 {i}" for i, n in enumerate(("re", "im"))]
    lines = []
    for start, name in enumerate(("re", "im")):
        picks = ", ".join(f"i32 {2 * lane + start}" for lane in range(lanes))
        lines.append(f"  %{name} = shufflevector {wide} {both}, {wide} poison, <{lanes} x i32> <{picks}>")
    return lines


def lanes_of(b: Builder, value: Value, start: int, lanes: int) -> Value:
    """Return some consecutive lanes of a real vector."""
    picks = ", ".join(f"i32 {i}" for i in range(start, start + lanes))
    return Value(
        b.op(f"shufflevector {value.typed}, {value.type} poison, <{lanes} x i32> <{picks}>"), value.dtype, lanes
    )


def split(b: Builder, value: Value, pieces: int) -> list[Value]:
    """Return a real vector as equal pieces."""
    size = value.lanes // pieces
    return [value] if pieces == 1 else [lanes_of(b, value, i * size, size) for i in range(pieces)]


def join(b: Builder, pieces: list[Value]) -> Value:
    """Return the vector of equal pieces, a power of two of them."""
    while len(pieces) > 1:
        joined = []
        for low, high in zip(pieces[::2], pieces[1::2], strict=True):
            order = ", ".join(f"i32 {i}" for i in range(2 * low.lanes))
            text = b.op(f"shufflevector {low.typed}, {high.typed}, <{2 * low.lanes} x i32> <{order}>")
            joined.append(Value(text, low.dtype, 2 * low.lanes))
        pieces = joined
    return pieces[0]


def resize(b: Builder, value: Value, lanes: int) -> Value:
    """Return a real vector with fewer lanes, or with more, the new ones repeating the first."""
    picks = ", ".join(f"i32 {i if i < value.lanes else 0}" for i in range(lanes))
    return Value(
        b.op(f"shufflevector {value.typed}, {value.type} poison, <{lanes} x i32> <{picks}>"), value.dtype, lanes
    )
