"""`debugprint`: its text is Theano's, character by character, for graphs that both build alike."""

# ruff: noqa: W291 - lines of computed variables end in the blanks before the position, which only closed graphs have

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import numpy as np  # noqa: F401 - named by the expressions below
import pytest

import neano.tensor as T
from neano.compile.shared import shared
from neano.debug.tree import character_id, debugprint
from neano.graph.fgraph import FunctionGraph

x, y, m, i = T.dvector("x"), T.dvector("y"), T.dmatrix("m"), T.iscalar("i")
unnamed = T.dmatrix()
total = x + y
named = x + y
named.name = "C"


def shown(thing: Any, **options: Any) -> str:
    text = debugprint(thing, file="str", **options)
    assert isinstance(text, str)
    return "\n" + text


EXPRESSIONS = {
    "x + y": """
Elemwise{add,no_inplace} [id A] ''   
 |x [id B]
 |y [id C]
""",
    "(x + y) * 2": """
Elemwise{mul,no_inplace} [id A] ''   
 |Elemwise{add,no_inplace} [id B] ''   
 | |x [id C]
 | |y [id D]
 |InplaceDimShuffle{x} [id E] ''   
   |TensorConstant{2} [id F]
""",
    "(x + y) * (x + y)": """
Elemwise{mul,no_inplace} [id A] ''   
 |Elemwise{add,no_inplace} [id B] ''   
 | |x [id C]
 | |y [id D]
 |Elemwise{add,no_inplace} [id E] ''   
   |x [id C]
   |y [id D]
""",
    "named * named": """
Elemwise{mul,no_inplace} [id A] ''   
 |Elemwise{add,no_inplace} [id B] 'C'   
 | |x [id C]
 | |y [id D]
 |Elemwise{add,no_inplace} [id B] 'C'   
""",
    "x": """
x [id A]
""",
    "T.constant(3.0)": """
TensorConstant{3.0} [id A]
""",
    "unnamed": """
<TensorType(float64, matrix)> [id A]
""",
    "shared(np.zeros(3), name='W') + x": """
Elemwise{add,no_inplace} [id A] ''   
 |W [id B]
 |x [id C]
""",
    "m.sum(axis=0)": """
Sum{axis=[0], acc_dtype=float64} [id A] ''   
 |m [id B]
""",
    "m.sum()": """
Sum{acc_dtype=float64} [id A] ''   
 |m [id B]
""",
    "m.dimshuffle(1, 0, 'x')": """
InplaceDimShuffle{1,0,x} [id A] ''   
 |m [id B]
""",
    "m[1:, ::2]": """
Subtensor{int64::, ::int64} [id A] ''   
 |m [id B]
 |Constant{1} [id C]
 |Constant{2} [id D]
""",
    "m[i, 0:3]": """
Subtensor{int32, int64:int64:} [id A] ''   
 |m [id B]
 |ScalarFromTensor [id C] ''   
 | |i [id D]
 |Constant{0} [id E]
 |Constant{3} [id F]
""",
    "T.set_subtensor(x[1:], 1)": """
IncSubtensor{Set;int64::} [id A] ''   
 |x [id B]
 |TensorConstant{1} [id C]
 |Constant{1} [id D]
""",
    "T.dot(m, unnamed)": """
dot [id A] ''   
 |m [id B]
 |<TensorType(float64, matrix)> [id C]
""",
    "m.reshape((2, -1))": """
Reshape{2} [id A] ''   
 |m [id B]
 |TensorConstant{[ 2 -1]} [id C]
""",
    "T.concatenate([x, y])": """
Join [id A] ''   
 |TensorConstant{0} [id B]
 |x [id C]
 |y [id D]
""",
    "T.alloc(0.0, 3, T.lscalar('n'))": """
Alloc [id A] ''   
 |TensorConstant{0.0} [id B]
 |TensorConstant{3} [id C]
 |n [id D]
""",
    "T.switch(x > 0, x, -x)": """
Elemwise{switch,no_inplace} [id A] ''   
 |Elemwise{gt,no_inplace} [id B] ''   
 | |x [id C]
 | |InplaceDimShuffle{x} [id D] ''   
 |   |TensorConstant{0} [id E]
 |x [id C]
 |Elemwise{neg,no_inplace} [id F] ''   
   |x [id C]
""",
    "T.max_and_argmax(m, axis=1)": """
MaxAndArgmax{axis=(1,)}.0 [id A] 'max'   
 |m [id B]
MaxAndArgmax{axis=(1,)}.1 [id A] 'argmax'   
""",
    "T.cast(x, 'float32')": """
Elemwise{Cast{float32}} [id A] ''   
 |x [id B]
""",
    "x + np.arange(10.0)": """
Elemwise{add,no_inplace} [id A] ''   
 |x [id B]
 |TensorConstant{[0. 1. 2. .. 7. 8. 9.]} [id C]
""",
}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_expression(expression: str) -> None:
    assert shown(eval(expression)) == EXPRESSIONS[expression]


def test_ids() -> None:
    assert shown(named * x, ids="int", depth=2) == (
        """
Elemwise{mul,no_inplace} [id 0] ''   
 |Elemwise{add,no_inplace} [id 1] 'C'   
 |x [id 2]
"""
    )
    assert shown(named, ids="") == "\nElemwise{add,no_inplace}  'C'   \n |x \n |y \n"
    assert f"|x [id {id(x)}]" in shown(named, ids="id")
    with pytest.raises(ValueError, match="ids is one of"):
        debugprint(x, ids="foo")
    assert [character_id(n) for n in (0, 25, 26, 27, 26 * 26)] == ["A", "Z", "BA", "BB", "BAA"]


def test_types_and_depth() -> None:
    z = T.exp(named * named) + 1
    assert shown(z, print_type=True) == (
        """
Elemwise{add,no_inplace} [id A] <TensorType(float64, vector)> ''   
 |Elemwise{exp,no_inplace} [id B] <TensorType(float64, vector)> ''   
 | |Elemwise{mul,no_inplace} [id C] <TensorType(float64, vector)> ''   
 |   |Elemwise{add,no_inplace} [id D] <TensorType(float64, vector)> 'C'   
 |   | |x [id E] <TensorType(float64, vector)>
 |   | |y [id F] <TensorType(float64, vector)>
 |   |Elemwise{add,no_inplace} [id D] <TensorType(float64, vector)> 'C'   
 |InplaceDimShuffle{x} [id G] <TensorType(int8, (True,))> ''   
   |TensorConstant{1} [id H] <TensorType(int8, scalar)>
"""
    )
    assert shown(z, depth=2) == (
        """
Elemwise{add,no_inplace} [id A] ''   
 |Elemwise{exp,no_inplace} [id B] ''   
 |InplaceDimShuffle{x} [id C] ''   
"""
    )
    assert debugprint(z, depth=0, file="str") == ""
    with pytest.raises(ValueError, match="depth"):
        debugprint(z, depth="all")  # type: ignore[arg-type]


def test_stop_on_name() -> None:
    assert shown(T.exp(named * named), stop_on_name=True) == (
        """
Elemwise{exp,no_inplace} [id A] ''   
 |Elemwise{mul,no_inplace} [id B] ''   
   |Elemwise{add,no_inplace} [id C] 'C'   
   |Elemwise{add,no_inplace} [id C] 'C'   
"""
    )


def test_lists_share_ids_and_what_was_shown() -> None:
    assert shown([named + x, (T.exp(named),)]) == (
        """
Elemwise{add,no_inplace} [id A] ''   
 |Elemwise{add,no_inplace} [id B] 'C'   
 | |x [id C]
 | |y [id D]
 |x [id C]
Elemwise{exp,no_inplace} [id E] ''   
 |Elemwise{add,no_inplace} [id B] 'C'   
"""
    )


def test_done_and_used_ids_go_on_from_call_to_call() -> None:
    done: dict[Any, str] = {}
    used: dict[Any, str] = {}
    debugprint(named * named, file="str", done=done)
    assert shown(T.exp(named), done=done) == (
        "\nElemwise{exp,no_inplace} [id A] ''   \n |Elemwise{add,no_inplace} [id B] 'C'   \n"
    )
    debugprint(named * named, file="str", used_ids=used)
    assert shown(named, used_ids=used) == ("\nElemwise{add,no_inplace} [id B] 'C'   \n |x [id C]\n |y [id D]\n")


def test_closed_graphs_have_positions_and_clients() -> None:
    z = x + y
    graph = FunctionGraph([x, y], [z * z.sum(), T.exp(z).sum(), z])
    assert shown(graph) == (
        """
Elemwise{mul,no_inplace} [id A] ''   3
 |Elemwise{add,no_inplace} [id B] ''   0
 | |x [id C]
 | |y [id D]
 |InplaceDimShuffle{x} [id E] ''   2
   |Sum{acc_dtype=float64} [id F] ''   1
     |Elemwise{add,no_inplace} [id B] ''   0
Sum{acc_dtype=float64} [id G] ''   5
 |Elemwise{exp,no_inplace} [id H] ''   4
   |Elemwise{add,no_inplace} [id B] ''   0
Elemwise{add,no_inplace} [id B] ''   0
"""
    )
    line = shown(graph, print_clients=True, depth=2).splitlines()[2]
    clients = line.partition(" clients:")[2]
    assert line.startswith(" |Elemwise{add,no_inplace} [id B] ''   0 clients:")
    assert clients.endswith("('output', '')]")
    assert clients.count("[id ") == 3


def test_storage() -> None:
    state = shared(0.0, name="acc")
    graph = FunctionGraph([x, state], [x + state], clone=False)
    assert shown(graph, print_storage=True) == (
        """
Elemwise{add,no_inplace} [id A] ''   1 [None]
 |x [id B] [None]
 |InplaceDimShuffle{x} [id C] ''   0 [None]
   |acc [id D] [array(0.)]
"""
    )
    function = SimpleNamespace(maker=SimpleNamespace(fgraph=graph), fn=SimpleNamespace(storage_map={x: [3]}))
    assert " |x [id B] [3]\n" in shown(function, print_storage=True)


def test_nodes() -> None:
    assert shown(named.owner) == shown(named)


def test_where_it_goes(capsys: pytest.CaptureFixture[str]) -> None:
    assert debugprint(x) is None
    assert capsys.readouterr().out == "x [id A]\n"
    file = io.StringIO()
    assert debugprint(x, file=file) is file
    assert file.getvalue() == "x [id A]\n"
    with pytest.raises(TypeError, match="debugprint takes"):
        debugprint("x")


def test_deep_graphs() -> None:
    z = x
    for _ in range(3000):
        z = z + x
    text = debugprint(z, file="str")
    assert text.count("\n") == 6001
