"""Functions of the C library called lane by lane."""

from __future__ import annotations

from neano.backends.native.emit.text import ELEMENT, Builder, Value


def libm_call(b: Builder, function: str, *values: Value) -> Value:
    """Call a function of libm by its name for float64: once for a scalar, in a helper that loops over lanes for a vector."""
    dtype, lanes, kind = values[0].dtype, values[0].lanes, values[0].type
    name = function + ("f" if dtype == "float32" else "")
    if lanes == 1:
        return values[0].same(b.call(name, kind, *[(v.type, v.text) for v in values]))
    helper, element = f"lanes.{name}.{lanes}", ELEMENT[dtype]
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
