"""A program of the loop IR as text: `program_text` writes it, `parsing.parse_program` reads it back.

    inputs x, y
    results z
    input x: float64[?]
    output z: float64[?] contiguous
    body
      alloc z[dim(x, 0)]
      parallel for i < dim(x, 0):
        z[i] = add<float64>(x[i], y[i])

Constants, Python objects and graph nodes are not part of the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neano.backends.native.ir import (
    Accumulate,
    AccumulateArg,
    Alloc,
    Buffer,
    Cast,
    Check,
    Const,
    Declare,
    Dim,
    Expr,
    If,
    Invoke,
    Let,
    Load,
    Loop,
    Program,
    Ref,
    Reinterpret,
    Scalar,
    Select,
    Stmt,
    Store,
    Update,
    View,
)
from neano.backends.native.traverse import operands


def const_text(const: Const) -> str:
    """Return a constant as text: `3` for int64, `true`, `1.5:float32`, `(1+2j):complex64`."""
    if const.dtype == "bool":
        return "true" if const.value else "false"
    if const.dtype == "int64":
        return str(int(const.value))
    return f"{const.value!r}:{const.dtype}"


def _head(expr: Expr) -> tuple[str, str]:
    """Return what stands before and after the operands of an expression."""
    match expr:
        case Const():
            return const_text(expr), ""
        case Ref():
            return expr.name, ""
        case Dim():
            return f"dim({expr.buffer}, {expr.axis})", ""
        case Load():
            return f"{expr.buffer}[", "]"
        case Scalar():
            return f"{expr.function}<{expr.dtype}>(", ")"
        case Cast():
            return f"cast<{expr.dtype}>(", ")"
        case Select():
            return f"select<{expr.dtype}>(", ")"


def expr_text(expr: Expr) -> str:
    """Return an expression as text."""
    pieces: list[str] = []
    stack: list[Expr | str] = [expr]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            pieces.append(item)
            continue
        before, after = _head(item)
        pieces.append(before)
        stack.append(after)
        for position, operand in reversed(list(enumerate(operands(item)))):
            stack.append(operand)
            if position:
                stack.append(", ")
    return "".join(pieces)


def _list(exprs: Sequence[Expr]) -> str:
    return "[" + ", ".join(map(expr_text, exprs)) + "]"


def _lines(block: Sequence[Stmt], indent: str) -> Iterator[str]:
    """Yield the lines of a block."""
    inner = indent + "  "
    for statement in block:
        match statement:
            case Loop():
                parallel = "parallel " if statement.parallel else ""
                yield f"{indent}{parallel}for {statement.index} < {expr_text(statement.extent)}:"
                yield from _lines(statement.body, inner)
            case If():
                yield f"{indent}if {expr_text(statement.condition)}:"
                yield from _lines(statement.then, inner)
                if statement.otherwise:
                    yield f"{indent}else:"
                    yield from _lines(statement.otherwise, inner)
            case _:
                yield indent + _statement(statement)


def _statement(statement: Stmt) -> str:
    """Return a statement without blocks as one line."""
    match statement:
        case Let():
            return f"let {statement.name} = {expr_text(statement.value)}"
        case Store():
            return f"{statement.buffer}{_list(statement.index)} = {expr_text(statement.value)}"
        case Update():
            unique = ", unique" if statement.unique else ""
            return f"{statement.buffer}{_list(statement.index)} ({statement.combine}{unique}) = {expr_text(statement.value)}"
        case Declare():
            return f"accumulator {statement.name}: {statement.dtype} = {expr_text(statement.init)}"
        case Accumulate():
            return f"accumulate {statement.name} ({statement.combine}) = {expr_text(statement.value)}"
        case AccumulateArg():
            names = f"{statement.value_name}, {statement.position_name}"
            return f"accumulate {names} ({statement.combine}) = {_list((statement.value, statement.position))}"
        case Alloc():
            return f"alloc {statement.buffer}{_list(statement.dims)}"
        case View():
            axes = ", ".join("none" if a is None else str(a) for a in statement.axes)
            window = f"start {_list(statement.start)} dims {_list(statement.dims)} axes [{axes}] steps {_list(statement.steps)}"
            return f"view {statement.buffer} of {statement.base} {window}"
        case Reinterpret():
            return f"reinterpret {statement.buffer} of {statement.base} dims {_list(statement.dims)}"
        case Check():
            return f"check {expr_text(statement.condition)} error {statement.error} {_list(statement.args)}"
        case Invoke():
            buffers = f"[{', '.join(statement.results)}] of [{', '.join(statement.operands)}]"
            return f"invoke {statement.routine} {buffers} scalars {_list(statement.scalars)} {dict(statement.attributes)!r}"
        case _:
            raise TypeError(f"{statement!r} is no statement of the loop IR")


def statement_text(statement: Stmt) -> str:
    """Return a statement, with the blocks inside it, as text."""
    return "\n".join(_lines((statement,), ""))


def buffer_text(buffer: Buffer) -> str:
    """Return the declaration of a buffer: `scratch t: float64[?, 3] contiguous`."""
    static = buffer.static or (None,) * buffer.ndim
    lengths = ", ".join("?" if n is None else str(n) for n in static)
    return f"{buffer.kind} {buffer.name}: {buffer.dtype}[{lengths}]" + (" contiguous" if buffer.contiguous else "")


def program_text(program: Program) -> str:
    """Return a program as text.

    >>> x, z = Buffer("x", "float64", 0, "input"), Buffer("z", "float64", 0, "output")
    >>> double = Scalar("add", (Load("x", (), "float64"), Load("x", (), "float64")), "float64")
    >>> print(program_text(Program(("x",), ("z",), {"x": x, "z": z}, (Alloc("z", ()), Store("z", (), double)))))
    inputs x
    results z
    input x: float64[]
    output z: float64[]
    body
      alloc z[]
      z[] = add<float64>(x[], x[])
    """
    lines = [f"inputs {', '.join(program.inputs)}".rstrip(), f"results {', '.join(program.results)}".rstrip()]
    lines += [buffer_text(buffer) for buffer in program.buffers.values()]
    lines += [f"error {e.exception} {e.template!r} node {e.node}" for e in program.errors]
    lines.append("body")
    lines += _lines(program.body, "  ")
    return "\n".join(lines)
