"""A random program as text: inputs and their values, statements, what is returned and updated. It prints and runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import neano
import neano.tensor as T
import neano.tensor.nnet
from differential import values
from neano.scalar.rows import row

NAMES: dict[str, Any] = {
    "np": np,
    "inf": np.inf,
    "nan": np.nan,
    "neano": neano,
    "T": T,
    "row": row,
    "read_only": values.read_only,
    "misaligned": values.misaligned,
    "swapped": values.swapped,
}

HEAD = """\
import numpy as np
from numpy import inf, nan
import neano
import neano.tensor as T
import neano.tensor.nnet
from neano.scalar.rows import row
"""


@dataclass(frozen=True)
class Statement:
    """An assignment: `names = text`.

    Attributes:
        is_list: whether the text gives a list, of as many as there are names.
    """

    names: tuple[str, ...]
    text: str
    is_list: bool = False

    def __str__(self) -> str:
        return f"{', '.join(self.names)}{',' if self.is_list and len(self.names) == 1 else ''} = {self.text}"


@dataclass(frozen=True)
class Input:
    """An input: how its variable is made and the value that the call passes.

    Attributes:
        shared: whether it is a shared variable, which the call does not pass.
    """

    name: str
    dtype: str
    broadcastable: tuple[bool, ...]
    value: str
    layout: str = "C"
    shared: bool = False

    @property
    def declaration(self) -> str:
        if self.shared:
            return f"{self.name} = neano.shared({self.value}, {self.name!r})"
        return f"{self.name} = T.TensorType({self.dtype!r}, {self.broadcastable})({self.name!r})"

    @property
    def argument(self) -> str:
        return values.placed(self.value, self.layout, len(self.broadcastable))


@dataclass(frozen=True)
class Program:
    """A program in the tensor language; `str` gives one that runs by itself.

    Attributes:
        derivative: the names of a cost, of the inputs that it was differentiated by, and of the gradients.
        wild: whether values include NaN, infinities and the ends of dtypes' ranges.
    """

    inputs: tuple[Input, ...] = ()
    statements: tuple[Statement, ...] = ()
    outputs: tuple[str, ...] = ()
    updates: tuple[tuple[str, str], ...] = ()
    givens: tuple[tuple[str, str], ...] = ()
    wild: bool = False
    derivative: tuple[str, tuple[str, ...], tuple[str, ...]] | None = None

    @property
    def explicit(self) -> tuple[Input, ...]:
        return tuple(each for each in self.inputs if not each.shared)

    @property
    def shared(self) -> tuple[Input, ...]:
        return tuple(each for each in self.inputs if each.shared)

    def build(self) -> dict[str, Any]:
        """Run declarations and statements and return all names."""
        names = dict(NAMES)
        for each in self.inputs:
            exec(each.declaration, names)
        for statement in self.statements:
            exec(str(statement), names)
        return names

    def arguments(self) -> list[Any]:
        """Return new values for the inputs that a call passes."""
        return [eval(each.argument, dict(NAMES)) for each in self.explicit]

    def without_layouts(self) -> Program:
        """Return the program with all its inputs where NumPy would put them."""
        return replace(self, inputs=tuple(replace(each, layout="C") for each in self.inputs))

    def call(self) -> str:
        """Return the expression that makes the function."""
        options = "".join(
            f", {name}=[{', '.join(f'({a}, {b})' for a, b in pairs)}]"
            for name, pairs in (("updates", self.updates), ("givens", self.givens))
            if pairs
        )
        inputs = ", ".join(each.name for each in self.explicit)
        return f"neano.function([{inputs}], [{', '.join(self.outputs)}]{options}, mode=mode, on_unused_input='ignore')"

    def function(self, names: dict[str, Any], mode: Any) -> Any:
        """Return the compiled function."""
        return eval(self.call(), {**names, "mode": mode})

    def __str__(self) -> str:
        helpers = sorted({each.layout for each in self.explicit} & {"read-only", "misaligned", "swapped"})
        lines = [HEAD.rstrip()]
        if helpers:
            names = ", ".join(layout.replace("-", "_") for layout in helpers)
            lines.append(f"from differential.values import {names}  # in tests/")
        lines += [each.declaration for each in self.inputs]
        lines += [str(statement) for statement in self.statements]
        lines.append(f"values = [{', '.join(each.argument for each in self.explicit)}]")
        lines.append("for mode in [neano.Mode('py', None), None]:")
        lines.append(f"    f = {self.call()}")
        lines.append("    print(*f(*values), sep='\\n')")
        lines += [
            f"    print({s.name}.get_value()); {s.name}.set_value({s.value})" for s in self.shared if self.updates
        ]
        return "\n".join(lines) + "\n"
