"""A tiny language for tests of graphs: whole numbers and sums of them."""

from __future__ import annotations

from neano.graph.op import Op
from neano.graph.type import Type
from neano.graph.variable import Apply, Constant, Variable


class Number(Type):
    """Any Python int."""

    variable_class = Variable
    constant_class = Constant

    def filter(self, value, strict=False, allow_downcast=None):
        if not isinstance(value, int):
            raise TypeError(f"expected an int, got {value!r}")
        return value

    def __eq__(self, other):
        return type(other) is Number

    def __hash__(self):
        return hash(Number)


number = Number()


class Add(Op):
    """The sum of its inputs."""

    __props__ = ()

    def make_node(self, *inputs):
        return Apply(self, [number.filter_variable(v) for v in inputs], [number()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = sum(inputs)


class Twin(Op):
    """Two outputs, of which the second is meant by default."""

    __props__ = ("label",)
    default_output = 1

    def __init__(self, label):
        self.label = label

    def make_node(self, x):
        return Apply(self, [x], [number(), number()])


add = Add()
