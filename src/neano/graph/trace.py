"""Where the user built an expression, as text: the lines that `Apply.trace` points at, in Python's own form."""

from __future__ import annotations

import linecache
from typing import Any

from neano.graph.variable import Trace, Variable


def format_trace(trace: Trace) -> str:
    """Return the lines of a trace, outermost first, as a Python traceback shows them; empty where there are none."""
    lines = []
    for code, line in reversed(trace):
        lines.append(f'  File "{code.co_filename}", line {line}, in {code.co_name}')
        source = linecache.getline(code.co_filename, line).strip()
        if source:
            lines.append(f"    {source}")
    return "\n".join(lines)


def creation_text(variable: Variable) -> str:
    """Return where a variable was made, as a paragraph for error messages; empty where that is not known."""
    trace: Any = variable.owner.trace if variable.owner is not None else getattr(variable.tag, "trace", ())
    text = format_trace(trace)
    return f"\nBacktrace when that variable is created:\n\n{text}\n" if text else ""
