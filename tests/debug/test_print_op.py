"""`Print`: what it prints, and that it is the identity to everything else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neano.tensor as T
from neano.debug.print_op import Print
from neano.graph.variable import Variable


def run(op: Print, value: Any) -> Any:
    x = T.TensorType(value.dtype, (None,) * value.ndim)("x")
    node = op.make_node(x)
    storage: list[list[Any]] = [[None]]
    op.perform(node, [value], storage)
    return storage[0][0]


@pytest.mark.parametrize(
    ("op", "value", "text"),
    [
        (Print("hello"), np.arange(2.0), "hello __str__ = [0. 1.]\n"),
        (Print(), np.array(1.0), " __str__ = 1.0\n"),
        (
            Print("m", attrs=["shape", "__str__"]),
            np.ones((2, 2)),
            "m shape = (2, 2)\nm __str__ = [[1. 1.]\n [1. 1.]]\n",
        ),
        (
            Print("z", attrs=("min", "dtype", "mean", "T")),
            np.eye(2),
            "z min = 0.0\nz dtype = float64\nz mean = 0.5\nz T = [[1. 0.]\n [0. 1.]]\n",
        ),
    ],
)
def test_text(op: Print, value: Any, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(op, value) is value
    assert capsys.readouterr().out == text


def test_unknown_attribute() -> None:
    with pytest.raises(AttributeError, match="nope"):
        run(Print("z", attrs=("nope",)), np.eye(2))


def test_own_function() -> None:
    seen: list[Any] = []

    def remember(op: Print, value: Any) -> None:
        seen.append((op.message, value))

    value = np.ones(2)
    run(Print("here", global_fn=remember), value)
    assert seen == [("here", value)]


def test_it_is_the_identity() -> None:
    x = T.dvector("x")
    op = Print("q")
    printed = op(x)
    gradient = x * 2
    assert printed.type == x.type
    assert op.view_map == {0: [0]}
    assert op.grad([x], [gradient]) == [gradient]
    assert op.R_op([x], [gradient]) == [gradient]
    assert op.infer_shape(printed.owner, [(x.shape[0],)])[0] is not None
    assert not op.do_constant_folding(printed.owner)
    assert isinstance(op(3.0), Variable)


def test_equality_and_text() -> None:
    assert Print("a") == Print("a")
    assert hash(Print("a")) == hash(Print("a"))
    assert Print("a") != Print("b")
    assert Print("a", attrs=["shape"]) == Print("a", attrs=("shape",))
    assert str(Print("a")).startswith("Print{message='a', attrs=('__str__',), global_fn=<function")
