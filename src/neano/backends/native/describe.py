"""What kernels and calls do, in a few words: for profiles and for `neano explain`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from neano.backends.native.emit.kernel_calls import KernelCall
from neano.backends.native.emit.program import Emitted
from neano.backends.native.ir import Accumulate, AccumulateArg, Declare, Dim, Expr, Invoke, Loop, Program, Scalar, Stmt
from neano.backends.native.printing import expr_text
from neano.backends.native.traverse import statements
from neano.backends.native.work import Work, work_of
from neano.graph.variable import Apply

MATRIX_PRODUCTS = ("gemm", "gemv", "dot", "ger", "batched_gemm")
FUNCTIONS_SHOWN = 6
BY = {
    **dict.fromkeys(
        MATRIX_PRODUCTS, "vector code of Neano's or, where faster, of SciPy's BLAS; threads share what is large"
    ),
    "python": "Python code, which holds the GIL; the whole function does",
}
OTHERS = "compiled code of NumPy's or of the runtime, on one thread"
"""How routines run."""

PIECES = "piece by piece of their first axis, all of them for the same elements, where these are many"
"""How pipelines run."""

SIGNS = {"add": "+", "mul": "*", "sub": "-"}
BOUNDS = {"minimum": "min", "maximum": "max"}


def kind_of(statement: Loop | Invoke) -> str:
    """Return "kernel", "blas", "python", or the name of a routine."""
    if isinstance(statement, Loop):
        return "kernel"
    return "blas" if statement.routine in MATRIX_PRODUCTS else statement.routine


def label(statement: Loop | Invoke, work: Work, fallbacks: tuple[Apply, ...] = ()) -> str:
    """Return what a statement computes and where the result goes.

    Args:
        fallbacks: the nodes that run in Python, by their position among the program's objects.
    """
    results = ", ".join([*work.written, *_accumulated(statement)])
    if isinstance(statement, Loop):
        shown = work.functions[:FUNCTIONS_SHOWN]
        more = " ..." if len(work.functions) > len(shown) else ""
        if not shown and not work.read:
            return f"{results} = numbers"
        return f"{results} = {', '.join(shown) or 'copy'}{more} of {', '.join(work.read) or 'numbers'}"
    name = statement.routine
    if name == "python":
        position = dict(statement.attributes)["object"]
        name = str(fallbacks[position].op) if position < len(fallbacks) else name
    return f"{results} = {name} of {', '.join(work.read) or 'nothing'}"


def _accumulated(statement: Loop | Invoke) -> list[str]:
    """Return the accumulators that a nest leaves to what comes after it."""
    inside = list(statements((statement,)))
    own = {each.name for each in inside if isinstance(each, Declare)}
    names = [each.name for each in inside if isinstance(each, Accumulate)]
    names += [
        name for each in inside if isinstance(each, AccumulateArg) for name in (each.value_name, each.position_name)
    ]
    return [name for name in dict.fromkeys(names) if name not in own]


def amount_text(expr: Expr) -> str:
    """Return an expression of lengths as people write it.

    >>> amount_text(Scalar("mul", (Dim("x", 0), Dim("y", 1)), "int64"))
    'x.0 * y.1'
    """
    match expr:
        case Dim():
            return f"{expr.buffer}.{expr.axis}"
        case Scalar() if expr.function in SIGNS:
            return f" {SIGNS[expr.function]} ".join(_operand(each, expr.function) for each in expr.args)
        case Scalar() if expr.function in BOUNDS:
            return f"{BOUNDS[expr.function]}({', '.join(map(amount_text, expr.args))})"
        case _:
            return expr_text(expr)


def _operand(expr: Expr, function: str) -> str:
    text = amount_text(expr)
    loose = isinstance(expr, Scalar) and expr.function in SIGNS and (expr.function, function) != ("mul", "add")
    return f"({text})" if loose and expr.function != function else text  # type: ignore[union-attr]


def kernels_text(program: Program, emitted: Emitted, fallbacks: tuple[Apply, ...]) -> str:
    """Return a paragraph for each kernel and each call of a routine: how it runs, what it reads and writes, how much that is."""
    shown: list[str] = [_kernel_text(call) for call in emitted.calls]
    for statement in statements(program.body):
        if isinstance(statement, Invoke):
            work = work_of(program, statement)
            how = BY.get(statement.routine, OTHERS)
            shown.append(f"{kind_of(statement)}: {label(statement, work, fallbacks)}\n  {how}\n{_work_text(work)}")
    shown += [f"pipeline: {_written(program, each)}\n  {PIECES}" for each in emitted.pipelines]
    return "\n\n".join(shown) if shown else "No loops and no calls: all of it is computed in the body."


def _written(program: Program, members: Sequence[Stmt]) -> str:
    """Return what the members of a pipeline write, in their order."""
    return " -> ".join(
        ", ".join(work_of(program, each).written) for each in members if isinstance(each, (Loop, Invoke))
    )


def names_text(program: Program, inputs: Sequence[str], returned: int, updated: Sequence[str]) -> str:
    """Return lines that say which buffers are the inputs, the outputs, and the new values of which inputs.

    Args:
        inputs: what people call the inputs.
        returned: how many of the results are outputs.
        updated: the names of the inputs that the rest of them update.
    """
    titles = [f"output {k}" for k in range(returned)] + [f"the new {name}" for name in updated]
    pairs = [*zip(program.inputs, inputs, strict=True), *zip(program.results, titles, strict=True)]
    return "\n".join(f"{buffer}: {title}" for buffer, title in pairs)


def _kernel_text(call: KernelCall) -> str:
    work = work_of(call.program, call.loop)
    lines = [f"{call.kernel.name}: {label(call.loop, work)}"]
    for each in call.kernel.innermost:
        how = (
            f"vectors of {each.lanes}, {each.unroll} in a turn"
            if not each.reason
            else f"scalar code, for {each.reason}"
        )
        lines.append(f"  loop {each.index}: {how}")
    lines.append(f"  {_threads_text(call)}")
    return "\n".join([*lines, _work_text(work)])


def _threads_text(call: KernelCall) -> str:
    if call.threaded:
        return "threads share its iterations where there are enough"
    return f"one thread, for {'there is little to do' if call.loop.parallel else 'iterations depend on each other'}"


def _work_text(work: Work) -> str:
    lines = [f"  {title} {_amounts(amounts)}" for title, amounts in (("reads", work.read), ("writes", work.written))]
    return "\n".join([*lines, f"  operations: {'' if work.exact else 'at least '}{amount_text(work.flops)}"])


def _amounts(amounts: Mapping[str, Expr]) -> str:
    return ", ".join(f"{name} ({amount_text(size)} bytes)" for name, size in amounts.items()) or "nothing"
