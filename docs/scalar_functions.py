"""Writes docs/dtypes.md from the table of scalar functions: `python docs/scalar_functions.py`."""

from __future__ import annotations

from pathlib import Path

from neano.backends.native.emit.scalar_table import SCALAR
from neano.scalar.op import TableOp
from neano.scalar.rows import ROWS
from neano.scalar.table import CASTS

DTYPES = ("bool", "int8", "int64", "float32", "float64", "complex128")
HEAD = """# Scalar functions and their result dtypes

Written by `python docs/scalar_functions.py` from the table of scalar functions (`neano.scalar`); do not edit.

Each function works elementwise on tensors under the same name (`T.exp`), or as an operator; those named `scalar_...` are
`T.nnet.sigmoid`, `T.nnet.softplus`, `T.nnet.softsign`, `T.xlogx.xlogx` and `T.xlogx.xlogy0`. The columns give the dtype of the
result for operands that all have the dtype at the head; – where it is not defined (a TypeError when the graph is built).
Operands of several dtypes are converted first: `int32 + float32` is computed in float64, as NumPy does for arrays, and numbers
of Python take the smallest dtype that holds them. "Derivative" says whether `grad` goes through it, for real and for complex
operands; "native" whether it is machine code.
"""


def result_dtype(op: TableOp, dtype: str) -> str:
    """Return the dtype of the result of operands of one dtype."""
    try:
        return op.output_dtypes(*[dtype] * (op.nin if op.nin > 0 else 2))[0]
    except (TypeError, NotImplementedError):  # the latter is Theano's class where complex numbers are refused
        return "–"


def derivative(op: TableOp) -> str:
    """Say for which operands there is a derivative."""
    if all(result_dtype(op, dtype) in ("–", "bool") or "int" in result_dtype(op, dtype) for dtype in DTYPES):
        return "zero"
    if type(op).derivative is None:
        return ""
    return "real, complex" if op.complex_derivative and result_dtype(op, "complex128") != "–" else "real"


def line(op: TableOp) -> str:
    """Return the line of the table for a function."""
    dtypes = [result_dtype(op, dtype) for dtype in DTYPES]
    arity = "any" if op.nin < 0 else str(op.nin)
    native = "yes" if op.name in SCALAR else ""
    return (
        f"| {' | '.join([f'`{op.name}`', arity, *dtypes, derivative(op), native, (type(op).__doc__ or '').strip()])} |"
    )


def document() -> str:
    """Return the text of docs/dtypes.md."""
    casts = {op.name for op in CASTS.values()}
    rows = [op for name, op in sorted(ROWS.items()) if name not in casts]
    titles = ["function", "operands", *DTYPES, "derivative", "native", "what it is"]
    table = [f"| {' | '.join(titles)} |", "| --- " * len(titles) + "|", *map(line, rows)]
    return "\n".join([HEAD, *table, "", f"`cast(x, dtype)` converts to any of: {', '.join(sorted(CASTS))}.", ""])


if __name__ == "__main__":
    Path(__file__).with_name("dtypes.md").write_text(document())
