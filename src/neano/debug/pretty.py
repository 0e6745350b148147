"""`pp`: an expression as one line of mathematics, and the printers that write its parts.

A printer has `process(variable, state) -> str`; for the text of the inputs it asks
`state.pprinter.process(input, state)`. Which printer writes which Op stands in `neano.debug.pretty_table`; users add
their own with `pprint.assign`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol

from neano.graph.op import Op
from neano.graph.traverse import toposort
from neano.graph.variable import Variable


class Printer(Protocol):
    """Writes a variable."""

    def process(self, variable: Any, state: Any) -> str: ...


Condition = Callable[[Any, Any], Any]
"""`(state, variable) -> bool`: whether a printer is for a variable."""


class PrinterState:
    """What is passed along while an expression is printed: `pprinter`, and whatever printers add."""

    pprinter: PPrinter

    def __init__(self, props: Mapping[str, Any] | PrinterState | None = None, **more_props: Any) -> None:
        given = vars(props) if isinstance(props, PrinterState) else props or {}
        vars(self).update({**given, **more_props})


class OperatorPrinter:
    """`(x + y)`: operands with an operator between them, or one behind it; always in parentheses.

    Args:
        operator: the operator.
        precedence: how tightly it binds, for printers that ask.
        assoc: "left" or "right".
    """

    def __init__(self, operator: str, precedence: int = 0, assoc: str = "left") -> None:
        if assoc not in ("left", "right"):
            raise ValueError(f"assoc is 'left' or 'right', not {assoc!r}")
        self.operator, self.precedence, self.assoc = operator, precedence, assoc

    def process(self, variable: Any, state: Any) -> str:
        inputs = _inputs(variable, self)
        texts = [state.pprinter.process(v, state) for v in inputs]
        return f"({self.operator}{texts[0]})" if len(texts) == 1 else f"({f' {self.operator} '.join(texts)})"


class PatternPrinter:
    """Text with the inputs at `%(0)s`, `%(1)s` ...; one pattern for each output (the last serves the rest).

    Args:
        patterns: texts, or tuples of a text and precedences.
    """

    def __init__(self, *patterns: str | tuple[Any, ...]) -> None:
        self.patterns = [(p, ()) if isinstance(p, str) else (p[0], p[1:]) for p in patterns]

    def process(self, variable: Any, state: Any) -> str:
        inputs = _inputs(variable, self)
        pattern, _ = self.patterns[min(variable.index, len(self.patterns) - 1)]
        return str(pattern) % {str(i): state.pprinter.process(v, state) for i, v in enumerate(inputs)}


class FunctionPrinter:
    """`name(x, y)`; one name for each output (the last serves the rest)."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def process(self, variable: Any, state: Any) -> str:
        inputs = _inputs(variable, self)
        name = self.names[min(variable.index, len(self.names) - 1)]
        return f"{name}({_joined(inputs, state)})"


class IgnorePrinter:
    """The first input alone, as if the Op were not there."""

    def process(self, variable: Any, state: Any) -> str:
        return str(state.pprinter.process(_inputs(variable, self)[0], state))


class LeafPrinter:
    """A root: its name, its value, or its type."""

    def process(self, variable: Any, state: Any) -> str:
        return str(variable)


class DefaultPrinter:
    """`op(x, y)`, for Ops that nobody assigned a printer."""

    def process(self, variable: Any, state: Any) -> str:
        if variable.owner is None:
            return LeafPrinter().process(variable, state)
        return f"{variable.owner.op}({_joined(variable.owner.inputs, state)})"


def _inputs(variable: Any, printer: Printer) -> Sequence[Any]:
    if variable.owner is None:
        raise TypeError(f"{type(printer).__name__} prints what an Op computes, but {variable} is a root")
    return list(variable.owner.inputs)


def _joined(variables: Sequence[Any], state: Any) -> str:
    return ", ".join(state.pprinter.process(v, state) for v in variables)


class PPrinter:
    """Prints expressions with the printers assigned to Ops and conditions.

    Attributes:
        printers: pairs of a condition and a printer; the first whose condition holds writes.
        printers_dict: printers by Op; asked first.
    """

    def __init__(self) -> None:
        self.printers: list[tuple[Condition, Printer]] = []
        self.printers_dict: dict[Op, Printer] = {}

    def assign(self, condition: Op | Condition, printer: Printer) -> None:
        """Let a printer write an Op (a scalar function: its elementwise form, too), or what a condition holds for."""
        if isinstance(condition, Op):
            self.printers_dict[condition] = printer
        else:
            self.printers.insert(0, (condition, printer))

    def clone(self) -> PPrinter:
        """Return a copy that may be changed on its own."""
        copied = type(self)()
        copied.printers, copied.printers_dict = list(self.printers), dict(self.printers_dict)
        return copied

    def clone_assign(self, condition: Op | Condition, printer: Printer) -> PPrinter:
        """Return a copy with one more printer."""
        copied = self.clone()
        copied.assign(condition, printer)
        return copied

    def printer_for(self, variable: Any, state: Any) -> Printer:
        """Return the printer that writes a variable."""
        if variable.owner is not None:
            op = variable.owner.op
            for key in (op, getattr(op, "scalar_op", None)):
                if key in self.printers_dict:
                    return self.printers_dict[key]
        for condition, printer in self.printers:
            if condition(state, variable):
                return printer
        return DefaultPrinter()

    def process(self, variable: Any, state: Any = None) -> str:
        """Return an expression as text.

        Args:
            variable: the expression.
            state: what printers pass along; None at the start.

        Raises:
            TypeError: it is no variable.
        """
        if isinstance(state, PrinterState) and getattr(state, "pprinter", None) is self:
            text: str = self.printer_for(variable, state).process(variable, state)
            return text
        if not isinstance(variable, Variable):
            raise TypeError(f"pp takes a variable, not {type(variable)}; of a function, f.maker.fgraph.outputs[0]")
        started = PrinterState(state, pprinter=self)
        with _room_for_recursion(6 * len(toposort([variable]))):
            return self.printer_for(variable, started).process(variable, started)

    def process_graph(
        self,
        inputs: Variable | Sequence[Variable],
        outputs: Variable | Sequence[Variable],
        updates: Mapping[Variable, Variable] | None = None,
        display_inputs: bool = False,
    ) -> str:
        """Return several expressions as a program: named parts on lines of their own, updates, results.

        Args:
            inputs: where the program starts.
            outputs: what it returns.
            updates: variable -> what it becomes.
            display_inputs: begin with a line that lists the inputs.
        """
        input_list = [inputs] if isinstance(inputs, Variable) else list(inputs)
        output_list = [outputs] if isinstance(outputs, Variable) else list(outputs)
        changes = dict(updates or {})
        order = toposort([*changes.values(), *output_list], input_list)
        named = {v: v.name for node in order for v in node.outputs if v.name is not None}
        printer = self.clone()
        lines = [f"inputs: {', '.join(map(str, input_list))}"] if display_inputs else []
        for variable, name in named.items():
            lines.append(f"{name} = {printer.process(variable)}")
            printer.assign(partial(_is_same, variable), LeafPrinter())
        lines += [f"{target} <- {printer.process(value)}" for target, value in changes.items()]
        return "\n".join([*lines, f"return {', '.join(printer.process(v) for v in output_list)}"])

    def __call__(self, *args: Any) -> str:
        """Print one expression, or a program where inputs and outputs are given."""
        if len(args) == 1 or (len(args) == 2 and isinstance(args[1], (PrinterState, Mapping))):
            return self.process(*args)
        if len(args) > 1:
            return self.process_graph(*args)
        raise TypeError("pp takes an expression, or inputs and outputs")


def _is_same(wanted: Variable, state: Any, variable: Any) -> bool:
    return variable is wanted


@contextmanager
def _room_for_recursion(frames: int) -> Iterator[None]:
    """Let printers, which call each other, go as deep as an expression needs; these are Python frames, not C's."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, 1000 + frames))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
