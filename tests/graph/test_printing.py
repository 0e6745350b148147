"""Expressions as one line of text."""

from __future__ import annotations

from typing import Any

from neano.graph.fgraph import FunctionGraph
from neano.graph.op import Op
from neano.graph.printing import graph_text, graph_texts
from neano.graph.type import Type
from neano.graph.variable import Apply, Constant, Variable


class Number(Type):
    variable_class = Variable
    constant_class = Constant

    def filter(self, value: Any, strict: bool = False, allow_downcast: bool | None = None) -> Any:
        return value

    def __str__(self) -> str:
        return "Number"


number = Number()


class Named(Op):
    """An Op that is printed by its name and has some outputs."""

    def __init__(self, name: str, nout: int = 1) -> None:
        self.name, self.nout = name, nout

    def make_node(self, *inputs: Any) -> Apply:
        return Apply(self, inputs, [number() for _ in range(self.nout)])

    def __str__(self) -> str:
        return self.name


add, exp, halves = Named("add"), Named("exp"), Named("halves", 2)
x, y = number("x"), number("y")


def test_nested_expression() -> None:
    assert graph_text(add(exp(x), y)) == "add(exp(x), y)"
    assert graph_text(x) == "x"
    assert graph_text(add(number(), Constant(number, 3))) == "add(<Number>, Constant{3})"


def test_what_is_used_twice_is_marked_once() -> None:
    z = add(x, y)
    assert graph_text(add(z, z)) == "add(*1 -> add(x, y), *1)"
    w = exp(z)
    assert graph_texts([add(w, z), w, y]) == ["add(*1 -> exp(*2 -> add(x, y)), *2)", "*1", "y"]


def test_outputs_of_one_node() -> None:
    first, second = halves(x)
    assert graph_text(add(first, second)) == "add(*1 -> halves(x), *1::1)"
    assert graph_text(second) == "halves(x)::1"


def test_names_stop_the_walk() -> None:
    z = exp(x)
    assert graph_text(add(z, z), {z: "i0"}) == "add(i0, i0)"


def test_text_is_linear_and_not_recursive() -> None:
    z = x
    for _ in range(20_000):
        z = add(z, z)
    assert len(graph_text(z)) < 20_000 * 30


def test_function_graph() -> None:
    z = exp(x)
    graph = FunctionGraph([x, y], [add(z, y), z])
    assert str(graph) == repr(graph) == "[add(*1 -> exp(x), y), *1]"
