"""The nodes of a graph: `Variable` (a value to be), `Constant`, and `Apply` (an Op applied to inputs).

A graph is bipartite: each variable has at most one `owner`, the `Apply` that computes it; each `Apply` has `inputs` and
`outputs`. Variables are compared by identity; equality of expressions is `equal_computations` in `neano.graph.traverse`.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import CodeType, FrameType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from neano.config import config
from neano.config.rewriting import trace_limit

if TYPE_CHECKING:
    from neano.graph.op import Op
    from neano.graph.type import Type

_counter = itertools.count()

Trace = tuple[tuple[CodeType, int], ...]

evaluate_hook: Callable[[Variable, Any], Any] | None = None
"""Compiles a variable and computes its value from a dict of its inputs' values; set by `neano.compile`."""


def user_trace(skip: int = 1) -> Trace:
    """Return the innermost frames of the user's code, innermost first, as cheap (code, line) pairs.

    Frames of this package are left out, so that the first one is the line where the user built the expression.
    """
    limit = trace_limit()
    frame: FrameType | None = sys._getframe(skip)
    found: list[tuple[CodeType, int]] = []
    while frame is not None and len(found) < limit:
        if not _is_own(frame.f_globals.get("__name__", "")):
            found.append((frame.f_code, frame.f_lineno))
        frame = frame.f_back
    return tuple(found)


@cache
def _is_own(module: str) -> bool:
    return module.startswith(("neano.", "theano."))


class Variable:
    """A value that a graph computes, or that is given to it.

    Args:
        type: the `Type` of the values.
        owner: the `Apply` that computes it; None for a root.
        index: which of the owner's outputs it is.
        name: how it is printed and passed by keyword.
    """

    def __init__(
        self, type: Type, owner: Apply | None = None, index: int | None = None, name: str | None = None
    ) -> None:
        if name is not None and not isinstance(name, str):
            raise TypeError(f"a variable's name is a string, not {name!r}")
        self.type = type
        self.owner = owner
        self.index = index
        self.name = name
        self.auto_name = f"auto_{next(_counter)}"

    @property
    def tag(self) -> Any:
        """A namespace for whatever users and passes attach to the variable (`test_value`, `trace`)."""
        try:
            return self.__dict__["_tag"]
        except KeyError:
            tag = self.__dict__["_tag"] = SimpleNamespace()
            return tag

    @tag.setter
    def tag(self, value: Any) -> None:
        self.__dict__["_tag"] = value

    def clone(self) -> Variable:
        """Return a new root variable of the same type and name, sharing this one's tag."""
        copied = self.__class__(self.type, name=self.name)
        if "_tag" in self.__dict__:
            copied.tag = SimpleNamespace(**vars(self.tag))
        return copied

    def get_parents(self) -> list[Apply]:
        return [] if self.owner is None else [self.owner]

    def eval(self, inputs_to_values: Mapping[Any, Any] | None = None) -> Any:
        """Return the variable's value, given those of its inputs; what was compiled is kept for the next time.

        Args:
            inputs_to_values: a value for each input, by variable or by name.

        Raises:
            RuntimeError: nothing that compiles is loaded (`import neano` loads it).
        """
        if evaluate_hook is None:
            raise RuntimeError("nothing that computes is loaded: import neano")
        return evaluate_hook(self, inputs_to_values)

    def __lt__(self, other: Any) -> Any:
        raise NotImplementedError(f"variables of type {self.type} have no order")

    __le__ = __gt__ = __ge__ = __lt__

    def __str__(self) -> str:
        if self.name is not None:
            return self.name
        if self.owner is not None:
            op = self.owner.op
            return f"{op}.out" if op.default_output == self.index else f"{op}.{self.index}"
        return f"<{self.type}>"

    def __repr__(self) -> str:
        if config.print_test_value:
            try:
                return f"{self}\n{self.get_test_value()!r}"
            except AttributeError:  # it has none
                pass
        return str(self)

    def get_test_value(self) -> Any:
        """Return the value that stands for this variable while a graph is built, in the form of its type.

        Raises:
            AttributeError: it has none.
            TypeError, ValueError: `tag.test_value` is no value of this type.
        """
        if not hasattr(self.tag, "test_value"):
            raise AttributeError(f"{self} has no test value")
        return self.type.filter(self.tag.test_value)


class Constant(Variable):
    """A variable whose value is part of the graph.

    Args:
        type: the value's type.
        data: the value, which must not change afterwards.
        name: how it is printed.
    """

    def __init__(self, type: Type, data: Any, name: str | None = None) -> None:
        super().__init__(type, name=name)
        self.data = type.filter(data)

    def signature(self) -> Any:
        """Return a hashable value that is equal for equal constants; merging rests on it."""
        return (self.type, self.data)

    def equals(self, other: Any) -> bool:
        """Say whether `other` is a constant with the same type and value."""
        return isinstance(other, Constant) and self.signature() == other.signature()

    def clone(self) -> Constant:
        return self.__class__(self.type, self.data, name=self.name)

    @property
    def value(self) -> Any:
        return self.data

    def get_test_value(self) -> Any:
        """Return the value itself."""
        return self.data

    def __str__(self) -> str:
        return self.name if self.name is not None else f"Constant{{{self.data}}}"


class Apply:
    """An Op applied to inputs.

    Args:
        op: what is computed.
        inputs: the variables that it reads.
        outputs: fresh variables, which become owned by this node.
    """

    def __init__(self, op: Op, inputs: Sequence[Variable], outputs: Sequence[Variable]) -> None:
        self.op = op
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        for variable in self.inputs:
            if not isinstance(variable, Variable):
                raise TypeError(f"the inputs of {op} must be variables, not {variable!r}")
        for index, output in enumerate(self.outputs):
            if not isinstance(output, Variable):
                raise TypeError(f"the outputs of {op} must be variables, not {output!r}")
            if output.owner is None:
                output.owner = self
                output.index = index
            elif output.owner is not self or output.index != index:
                raise ValueError(f"output {index} of {op} already belongs to another node")
        self.trace: Trace = user_trace(2)

    @property
    def tag(self) -> Any:
        """A namespace for what users and passes attach to the node."""
        try:
            return self.__dict__["_tag"]
        except KeyError:
            tag = self.__dict__["_tag"] = SimpleNamespace()
            return tag

    @tag.setter
    def tag(self, value: Any) -> None:
        self.__dict__["_tag"] = value

    @property
    def nin(self) -> int:
        return len(self.inputs)

    @property
    def nout(self) -> int:
        return len(self.outputs)

    @property
    def out(self) -> Variable:
        return self.default_output()

    def default_output(self) -> Variable:
        """Return the output that an expression means when it names the node."""
        which = self.op.default_output
        if which is None:
            if len(self.outputs) != 1:
                raise ValueError(f"{self.op} has {len(self.outputs)} outputs and no default one; name the one you mean")
            which = 0
        return self.outputs[which]

    def clone(self) -> Apply:
        """Return the same Op applied to the same inputs, with fresh outputs."""
        return self.clone_with_new_inputs(self.inputs, strict=False)

    def clone_with_new_inputs(self, inputs: Sequence[Variable], strict: bool = True) -> Apply:
        """Return the same Op applied to other inputs.

        Where the types of the inputs are the same, outputs keep theirs; otherwise the Op decides anew (`make_node`),
        unless `strict` asks for a conversion of the new inputs to the old types first.
        """
        if len(inputs) != len(self.inputs):
            raise ValueError(f"{self.op} takes {len(self.inputs)} inputs, {len(inputs)} were given")
        new_inputs = list(inputs)
        remake = False
        for i, (old, new) in enumerate(zip(self.inputs, new_inputs, strict=True)):
            if old.type != new.type:
                if strict:
                    new_inputs[i] = old.type.filter_variable(new)
                else:
                    remake = True
        if remake:
            node = self.op.make_node(*new_inputs)
        else:
            outputs = [output.type.make_variable(output.name) for output in self.outputs]
            node = Apply(self.op, new_inputs, outputs)
        for old_output, new_output in zip(self.outputs, node.outputs, strict=True):
            if "_tag" in old_output.__dict__:
                new_output.tag = SimpleNamespace(**vars(old_output.tag))
            new_output.name = old_output.name
        node.trace = self.trace
        if "_tag" in self.__dict__:
            node.tag = SimpleNamespace(**vars(self.tag))
        return node

    def __str__(self) -> str:
        return f"{self.op}({', '.join(map(str, self.inputs))})"

    def __repr__(self) -> str:
        return str(self)
