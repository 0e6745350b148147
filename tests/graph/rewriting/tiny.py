"""A tiny language of numbers, so that the engine is tested without tensors."""

from __future__ import annotations

from neano.graph.op import Op
from neano.graph.rewriting.pattern import Hole, Language
from neano.graph.traverse import toposort
from neano.graph.type import Type
from neano.graph.variable import Apply, Constant, Variable


class Number(Type):
    """Python floats."""

    variable_class = Variable
    constant_class = Constant

    def filter(self, value, strict=False, allow_downcast=None):
        return float(value)

    def __eq__(self, other):
        return type(self) is type(other)

    def __hash__(self):
        return hash(type(self))


number = Number()


def as_number(x):
    return x if isinstance(x, Variable) else number.make_constant(x)


class Function(Op):
    """A named function of numbers."""

    __props__ = ("name",)

    def __init__(self, name, compute, commutative=False):
        self.name, self.compute, self.commutative = name, compute, commutative

    def make_node(self, *inputs):
        return Apply(self, [as_number(v) for v in inputs], [number()])

    def perform(self, node, inputs, output_storage, *params):
        output_storage[0][0] = self.compute(*inputs)

    def __str__(self):
        return self.name


add = Function("add", lambda *xs: sum(xs), commutative=True)
sub = Function("sub", lambda a, b: a - b)
mul = Function("mul", lambda a, b: a * b, commutative=True)
neg = Function("neg", lambda a: -a)
inverse = Function("inverse", lambda a: 1 / a)


class NumberLanguage(Language):
    def is_commutative(self, key):
        return key.commutative

    def is_associative(self, key):
        return key == add

    def combine(self, key, operands):
        return operands[0] if len(operands) == 1 else key(*operands)


language = NumberLanguage()


def holes(names):
    """Return fresh variables and the table of holes that they are."""
    variables = [number(name) for name in names.split()]
    return variables, {v: Hole(v.name, lambda variable: True) for v in variables}


def evaluate(outputs, inputs, values):
    """Compute outputs one node after the other."""
    known = dict(zip(inputs, values, strict=True))
    for node in toposort(outputs):
        storage = [[None] for _ in node.outputs]
        node.op.perform(node, [v.data if isinstance(v, Constant) else known[v] for v in node.inputs], storage)
        known.update({v: cell[0] for v, cell in zip(node.outputs, storage, strict=True)})
    return [v.data if isinstance(v, Constant) else known[v] for v in outputs]
