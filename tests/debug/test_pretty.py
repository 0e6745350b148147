"""`pp`: expressions as mathematics, as Theano prints them, and printers of users' own."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

import neano.tensor as T
from neano.compile.shared import shared
from neano.debug.pretty import (
    FunctionPrinter,
    IgnorePrinter,
    OperatorPrinter,
    PatternPrinter,
    PPrinter,
    PrinterState,
)
from neano.debug.pretty_table import pp, pprint
from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.table import add
from neano.tensor.elemwise import Elemwise

x, y, m, i, s = T.dvector("x"), T.dvector("y"), T.dmatrix("m"), T.iscalar("i"), T.dscalar("s")
unnamed = T.dmatrix()
t = T.dtensor3("t")
w = shared(np.zeros(3), name="W")

EXPRESSIONS = {
    "x + y": "(x + y)",
    "x - y": "(x - y)",
    "x * y": "(x * y)",
    "x / y": "(x / y)",
    "x // y": "(x // y)",
    "x**y": "(x ** y)",
    "x % y": "(x % y)",
    "-x": "(-x)",
    "x + y * 2": "(x + (y * TensorConstant{2}))",
    "x - (y - x)": "(x - (y - x))",
    "x - y - x": "((x - y) - x)",
    "-(x + y)": "(-(x + y))",
    "T.exp(x + y)": "exp((x + y))",
    "T.dot(m, x)": r"(m \dot x)",
    "T.dot(m, m) + 1": r"((m \dot m) + TensorConstant{1})",
    "m.T": "m.T",
    "(m + 1).T": "(m + TensorConstant{1}).T",
    "t.dimshuffle(1, 0, 2)": "DimShuffle{1, 0, 2}(t)",
    "t.dimshuffle('x', 1, 0, 2)": "DimShuffle{1, 0, 2}(t)",
    "m.dimshuffle(0, 'x', 1)": "DimShuffle{0, x, 1}(m)",
    "T.row('r').dimshuffle(1)": "DimShuffle{1}(r)",
    "x + m": "(x + m)",
    "m.sum()": "Sum{acc_dtype=float64}(m)",
    "m.sum(axis=0)": "Sum{axis=[0], acc_dtype=float64}(m)",
    "T.max_and_argmax(m, axis=1)[0]": "MaxAndArgmax{axis=(1,)}(m)",
    "x[0]": "x[Constant{0}]",
    "x[i]": "x[ScalarFromTensor(i)]",
    "x[1:]": "x[int64:]",
    "x[::2]": "x[::int64]",
    "x[1:i:2]": "x[int64:int32:int64]",
    "m[0, 1:]": "m[Constant{0}, int64:]",
    "m[:, 0]": "m[:, Constant{0}]",
    "m[[0, 1]]": "AdvancedSubtensor1(m, TensorConstant{[0 1]})",
    "T.set_subtensor(x[1:], s)": "IncSubtensor{Set;int64::}(x, s, Constant{1})",
    "unnamed + 1": "(<TensorType(float64, matrix)> + TensorConstant{1})",
    "T.constant([1, 2, 3])": "TensorConstant{[1 2 3]}",
    "T.switch(x > 0, x, -x)": "switch(gt(x, TensorConstant{0}), x, (-x))",
    "T.neq(x, y)": "neq(x, y)",
    "(x > 0) & (y > 0)": "and_(gt(x, TensorConstant{0}), gt(y, TensorConstant{0}))",
    "~(x > 0)": "invert(gt(x, TensorConstant{0}))",
    "i ^ 3": "xor(i, TensorConstant{3})",
    "T.cast(x, 'float32')": "float32(x)",
    "x.reshape((2, 3))": "Reshape{2}(x, TensorConstant{[2 3]})",
    "m.shape": "Shape(m)",
    "m.shape[0]": "Shape(m)[Constant{0}]",
    "T.alloc(0.0, 3, T.lscalar('n'))": "alloc(TensorConstant{0.0}, TensorConstant{3}, n)",
    "T.zeros_like(x)": "fill(x, TensorConstant{0.0})",
    "abs(x)": "|x|",
    "T.sqr(x)": "sqr(x)",
    "T.round(x)": "round_half_to_even(x)",
    "T.nnet.sigmoid(m)": "sigmoid(m)",
    "T.concatenate([x, y])": "join(TensorConstant{0}, x, y)",
    "w * x": "(W * x)",
    "T.tensor_copy(x)": "x",
    "T.outer(x, y)": r"(DimShuffle{0, x}(x) \dot y)",
    "T.as_tensor_variable([s, s + 1])": "[s, (s + TensorConstant{1})]",
    "T.add(x, y, x)": "(x + y + x)",
    "T.isnan(x)": "isnan(x)",
}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_expression(expression: str) -> None:
    assert pp(eval(expression)) == EXPRESSIONS[expression]


def test_in_place_operations_say_so() -> None:
    assert pp(Elemwise(add, {0: 0})(x, y)) == "(x += y)"


def test_names_of_computed_variables_are_not_used() -> None:
    z = x + y
    z.name = "z"
    assert pp(z * z) == "((x + y) * (x + y))"


class Join2(Op):
    """An Op of a user's own."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        return Apply(self, inputs, [inputs[0].type(), inputs[0].type()])


join2 = Join2()
first, second = join2(x, y)


def test_ops_that_nobody_assigned() -> None:
    assert pp(first + 1) == "(Join2(x, y) + TensorConstant{1})"


@pytest.mark.parametrize(
    ("printer", "texts"),
    [
        (OperatorPrinter("@", -2, "left"), ["(x @ y)", "(x @ y)"]),
        (PatternPrinter("<%(0)s; %(1)s>"), ["<x; y>", "<x; y>"]),
        (PatternPrinter(("|%(0)s|", -1000), "2nd of %(1)s"), ["|x|", "2nd of y"]),
        (FunctionPrinter("foo", "bar"), ["foo(x, y)", "bar(x, y)"]),
        (IgnorePrinter(), ["x", "x"]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_assigned_printers(printer: Any, texts: list[str]) -> None:
    for condition in (join2, lambda state, v: v.owner and isinstance(v.owner.op, Join2)):
        mine = pprint.clone_assign(condition, printer)
        assert [mine(first), mine(second)] == texts
        assert mine(first + 1) == f"({texts[0]} + TensorConstant{{1}})"
    assert pp(first) == "Join2(x, y)"


def test_scalar_functions_are_assigned_for_arrays() -> None:
    assert pprint.clone_assign(add, FunctionPrinter("plus"))(x + y) == "plus(x, y)"


def test_the_newest_condition_wins_and_ops_beat_conditions() -> None:
    mine = pprint.clone()
    mine.assign(lambda state, v: v.owner is not None, FunctionPrinter("old"))
    mine.assign(lambda state, v: v.owner is not None, FunctionPrinter("new"))
    assert mine(x + y) == "new(x, y)"
    mine.assign(join2, FunctionPrinter("own"))
    assert mine(first) == "own(x, y)"


def test_printers_share_a_state() -> None:
    class Shouting:
        def process(self, variable: Any, state: Any) -> str:
            return str(variable).upper() if state.loud else str(variable)

    mine = pprint.clone_assign(lambda state, v: v.owner is None, Shouting())
    assert mine(x + y, {"loud": True}) == "(X + Y)"
    assert mine(x + y, PrinterState(loud=False)) == "(x + y)"


def test_programs() -> None:
    z = x + y
    z.name = "z"
    assert pprint([x, y], [z * z, z]) == "z = (x + y)\nreturn (z * z), z"
    assert pprint.process_graph(x, x * 2, {w: w + x}, display_inputs=True) == (
        "inputs: x\nW <- (W + x)\nreturn (x * TensorConstant{2})"
    )


def test_errors() -> None:
    with pytest.raises(TypeError, match="pp takes a variable"):
        pp(5)
    with pytest.raises(TypeError, match="expression"):
        pp()
    with pytest.raises(ValueError, match="assoc"):
        OperatorPrinter("@", 0, "middle")
    with pytest.raises(TypeError, match="is a root"):
        PPrinter().clone_assign(lambda state, v: True, OperatorPrinter("@"))(x)


def test_deep_expressions() -> None:
    z = x
    for _ in range(10_000):
        z = z + x
    before = sys.getrecursionlimit()
    assert pp(z).endswith(" + x) + x)")
    assert sys.getrecursionlimit() == before
