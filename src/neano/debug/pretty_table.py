"""How `pp` prints which Op: one row a scalar function or class of Ops. `pprint` is the printer that users know."""

from __future__ import annotations

from typing import Any

from neano.debug.pretty import (
    DefaultPrinter,
    FunctionPrinter,
    IgnorePrinter,
    OperatorPrinter,
    PatternPrinter,
    PPrinter,
    Printer,
)
from neano.tensor.elemwise import DimShuffle, Elemwise
from neano.tensor.index_list import fill
from neano.tensor.subtensor import Subtensor

SCALAR_PRINTERS: dict[str, Printer] = {
    "add": OperatorPrinter("+", -2),
    "sub": OperatorPrinter("-", -2),
    "neg": OperatorPrinter("-", 0),
    "mul": OperatorPrinter("*", -1),
    "true_div": OperatorPrinter("/", -1),
    "int_div": OperatorPrinter("//", -1),
    "mod": OperatorPrinter("%", -1),
    "pow": OperatorPrinter("**", 1, "right"),
    "abs_": PatternPrinter("|%(0)s|"),
    "second": FunctionPrinter("fill"),
    "identity": IgnorePrinter(),
}
"""By the name of the row; other rows print as functions of their names."""

CLASS_PRINTERS: dict[str, Printer] = {
    "Alloc": FunctionPrinter("alloc"),
    "Dot": OperatorPrinter("\\dot", -1),
    "Join": FunctionPrinter("join"),
}
"""By the name of the Op's class; other Ops print as functions of their texts."""


class ElemwisePrinter:
    """A scalar function of arrays, as `SCALAR_PRINTERS` says."""

    def process(self, variable: Any, state: Any) -> str:
        op = variable.owner.op
        row = str(op.scalar_op.name).removeprefix("scalar_")
        known = SCALAR_PRINTERS.get(row)
        if known is None:
            known = FunctionPrinter(row.removeprefix("convert_to_")) if row.isidentifier() else DefaultPrinter()
        if op.inplace_pattern and isinstance(known, OperatorPrinter) and len(variable.owner.inputs) > 1:
            known = OperatorPrinter(f"{known.operator}=", known.precedence)
        return known.process(variable, state)


class DimShufflePrinter:
    """Nothing where dimensions are only added on the left, `x.T` for a transpose, else `DimShuffle{1, x, 0}(x)`."""

    def process(self, variable: Any, state: Any) -> str:
        (source,) = variable.owner.inputs
        order = list(variable.owner.op.new_order)
        while order and order[0] == "x":
            del order[0]
        inner = str(state.pprinter.process(source, state))
        if order == list(range(source.ndim)):
            return inner
        if order == list(reversed(range(source.ndim))):
            return f"{inner}.T"
        return f"DimShuffle{{{', '.join(map(str, order))}}}({inner})"


class SubtensorPrinter:
    """`x[Constant{0}, int64:]`: integers as expressions, the parts of slices as their types."""

    def process(self, variable: Any, state: Any) -> str:
        source, *numbers = variable.owner.inputs
        entries = []
        for entry in fill(variable.owner.op.idx_list, numbers):
            if isinstance(entry, slice):
                start, stop, step = (
                    "" if part is None else str(part.type) for part in (entry.start, entry.stop, entry.step)
                )
                entries.append(f"{start}:{stop}" + (f":{step}" if step else ""))
            else:
                entries.append(state.pprinter.process(entry, state))
        return f"{state.pprinter.process(source, state)}[{', '.join(entries)}]"


class VectorPrinter:
    """`[a, b]`: numbers made into a vector."""

    def process(self, variable: Any, state: Any) -> str:
        return f"[{', '.join(state.pprinter.process(v, state) for v in variable.owner.inputs)}]"


def _made_by(kind: type) -> Any:
    return lambda state, variable: variable.owner is not None and isinstance(variable.owner.op, kind)


def _class_named(name: str) -> Any:
    return lambda state, variable: variable.owner is not None and type(variable.owner.op).__name__ == name


def standard_printer() -> PPrinter:
    """Return a printer that knows the Ops of the language."""
    printer = PPrinter()
    for name, how in {**CLASS_PRINTERS, "MakeVector": VectorPrinter()}.items():
        printer.assign(_class_named(name), how)
    printer.assign(_made_by(Elemwise), ElemwisePrinter())
    printer.assign(_made_by(DimShuffle), DimShufflePrinter())
    printer.assign(_made_by(Subtensor), SubtensorPrinter())
    return printer


pprint = standard_printer()
pp = pprint
