"""Functions of NumPy's and SciPy's ufuncs, by the pointer to their inner loops."""

from __future__ import annotations

from neano.backends.native.emit.text import (
    ELEMENT,
    PART,
    SIZE,
    Builder,
    Value,
    is_complex,
    join_parts,
    type_of,
    vector_type,
)


def ufunc_call(b: Builder, module: str, ufunc: str, *values: Value) -> Value:
    """Call the inner loop of a module's ufunc on the lanes, laid out in memory by a helper."""
    lanes = values[0].lanes
    dtypes = [v.dtype for v in values]
    names = ".".join([module, ufunc, *dtypes, dtypes[-1]])
    helper = f"ufunc.{ufunc}.{'.'.join(dtypes)}.{lanes}"
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
