"""Keys of functions: equal where compiling does the same, different wherever anything that it looks at differs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import neano
import neano.tensor as T
from neano import In, Mode, Op, Out, config, shared
from neano.compile import function_key
from neano.compile.as_op import as_op
from neano.compile.function_maker import FunctionMaker
from neano.compile.mode import get_mode
from neano.compile.op_from_graph import OpFromGraph
from neano.compile.profiling import ProfileStats
from neano.debug.print_op import Print
from neano.graph.generic import generic
from neano.graph.rewriting.rewriters import GraphRewriter
from neano.graph.variable import Apply
from neano.scalar.op import UnaryScalarOp
from neano.tensor.elemwise import Elemwise
from neano.tensor.type import TensorType


@pytest.fixture(autouse=True)
def backend() -> Iterator[None]:
    """Keys are the same for whoever remembers functions: one backend will do."""
    with config.change_flags(backend="native"):
        yield


@pytest.fixture(autouse=True)
def makers_only(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`function` gives the maker, and compiles nothing."""
    monkeypatch.setattr(FunctionMaker, "create", lambda self: self)
    with config.change_flags(on_unused_input="ignore"):
        yield


def key(*args: Any, flags: dict[str, Any] | None = None, **kwargs: Any) -> str | None:
    with config.change_flags(flags or {}):
        return neano.function(*args, **kwargs)._key  # type: ignore[no-any-return]


x, y, m, s = T.dvector("x"), T.dvector("y"), T.dmatrix("m"), shared(np.zeros(3), "s")
t = shared(np.zeros(3), "t")
static = TensorType("float64", (3, None))

DIFFERENT: dict[str, tuple[Callable[[], str | None], ...]] = {
    "dtypes of inputs": tuple(lambda v=v: key([v], v + v) for v in (T.dvector(), T.fvector(), T.lvector(), T.zvector())),
    "ranks": (lambda: key([x], x + x), lambda: key([m], m + m)),
    "broadcasting": tuple(lambda v=v: key([v], v + v) for v in (T.dmatrix(), T.drow(), T.dcol())),
    "static lengths": tuple(lambda v=v: key([v], v + v) for v in (T.dmatrix(), static(), TensorType("float64", (4, None))())),
    "constants": tuple(
        lambda c=c: key([x], x * c)
        for c in (2, 3, 2.0, np.nan, 0.0, -0.0, np.ones(3), np.ones(2), 2 * np.ones(3))
    ),
    "constants as outputs": (lambda: key([], T.constant(1.0)), lambda: key([], T.constant(2.0))),
    "functions": (lambda: key([x], T.exp(x)), lambda: key([x], T.expm1(x)), lambda: key([x], T.exp2(x))),
    "casts": (lambda: key([x], T.cast(x, "float32")), lambda: key([x], T.cast(x, "int32"))),
    "properties": (lambda: key([m], m.sum(axis=0)), lambda: key([m], m.sum(axis=1)), lambda: key([m], m.sum())),
    "dtypes of sums": (lambda: key([m], m.sum(dtype="float64")), lambda: key([m], m.sum(dtype="complex128"))),
    "indices": (lambda: key([x], x[1:]), lambda: key([x], x[2:]), lambda: key([x], x[::-1]), lambda: key([x], x[1])),
    "indices by arrays": (
        lambda: key([m], m[[0, 1]]), lambda: key([m], m[:, [0, 1]]), lambda: key([m], m[m > 0]),
    ),
    "set and increment": (lambda: key([x], T.set_subtensor(x[1:], 2)), lambda: key([x], T.inc_subtensor(x[1:], 2))),
    "order of operands": (lambda: key([x, y], x - y), lambda: key([x, y], y - x)),
    "order of inputs": (lambda: key([x, y], x - y), lambda: key([y, x], x - y)),
    "order of outputs": (lambda: key([x], [x + 1, x + 2]), lambda: key([x], [x + 2, x + 1])),
    "sharing of nodes": (lambda: key([x], [(e := T.exp(x)) + e]), lambda: key([x], [T.exp(x) + T.exp(x)])),
    "numbers of outputs": (lambda: key([x], [x + 1]), lambda: key([x], [x + 1, x + 1])),
    "form of the result": (
        lambda: key([x], x + 1), lambda: key([x], [x + 1]), lambda: key([x], {"a": x + 1}), lambda: key([x]),
    ),
    "borrowed outputs": (lambda: key([x], Out(x + 1)), lambda: key([x], Out(x + 1, borrow=True))),
    "options of inputs": (
        lambda: key([x], x + 1),
        lambda: key([In(x, strict=True)], x + 1),
        lambda: key([In(x, allow_downcast=True)], x + 1),
        lambda: key([In(x, allow_downcast=False)], x + 1),
        lambda: key([In(x, borrow=True)], x + 1),
        lambda: key([In(x, mutable=True)], x + 1),
        lambda: key([In(x, value=np.zeros(3))], x + 1),
        lambda: key([In(x, value=np.zeros(3), update=x * 2)], x + 1),
    ),
    "downcasting": (lambda: key([x], x + 1), lambda: key([x], x + 1, allow_input_downcast=True)),
    "unused inputs": (lambda: key([x], x + 1), lambda: key([x, y], x + 1)),
    "shared or given": (lambda: key([x], x + 1), lambda: key([], s + 1)),
    "updates": (
        lambda: key([], s + 1),
        lambda: key([], s + 1, updates=[(s, s * 2)]),
        lambda: key([], s + 1, updates=[(s, s * 3)]),
    ),
    "targets of updates": (
        lambda: key([], [s, t], updates=[(s, s + t)]), lambda: key([], [s, t], updates=[(t, s + t)]),
    ),
    "givens": (lambda: key([x], x + y, givens={y: x * 2}), lambda: key([x], x + y, givens={y: x * 3})),
    "modes": tuple(
        lambda mode=mode: key([x], x + 1, mode=mode)
        for mode in (
            "FAST_RUN",
            "FAST_COMPILE",
            Mode("cvm", None),
            get_mode("FAST_RUN").excluding("fusion"),
            get_mode("FAST_RUN").excluding("merge"),
            get_mode("FAST_RUN").including("local_remove_all_assert"),
            get_mode("FAST_RUN").requiring("stable"),
            Mode("vm_nogc", "fast_run"),
        )
    ),
    "in-place": (lambda: key([x], x + 1), lambda: key([x], x + 1, accept_inplace=True)),
    "flags": tuple(
        lambda flags=flags: key([x], x + 1, flags=flags)
        for flags in (
            {}, {"fma": False}, {"floatX": "float32"}, {"deterministic": "more"}, {"optdb.position_cutoff": 1.5},
            {"cast_policy": "numpy+floatX"}, {"on_opt_error": "raise"}, {"allow_gc": False},
        )
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", DIFFERENT)
def test_what_differs_has_another_key(what: str) -> None:
    keys = [make() for make in DIFFERENT[what]]
    assert None not in keys
    assert len(set(keys)) == len(keys)
    assert keys == [make() for make in DIFFERENT[what]]


def formula(names: str, value: float) -> str | None:
    a, b = T.dmatrix(names[0]), T.drow(names[1])
    state = shared(np.full(3, value), names[2])
    total = T.exp(a - b).sum(axis=1, keepdims=True)
    return key(
        [a, In(b, value=np.full((1, 3), value))], {names: total * state}, updates=[(state, state + 1)], name=names
    )


def test_names_values_and_places_do_not_matter() -> None:
    """They reach neither the code nor what the code says; errors ask the function for them."""
    first = formula("abc", 1.0)
    assert first is not None
    assert first == formula("xyz", 2.0)
    a = T.dvector("a")
    assert key([x], x * 2 + y, givens={y: T.exp(x)}) == key([a], a * 2 + T.exp(a))


class UserOp(Op):
    __props__ = ()

    def make_node(self, v: Any) -> Apply:
        return Apply(self, [v], [v.type()])


class UserScalar(UnaryScalarOp):
    pass


class SubclassOfOurs(Elemwise):
    __props__ = ("scalar_op", "inplace_items")


class UserRewriter(GraphRewriter):
    def apply(self, fgraph: Any) -> None:
        pass


@as_op([T.dvector], [T.dvector])
def python_function(v: Any) -> Any:
    return v


NONE: dict[str, Callable[[], str | None]] = {
    "a user's Op": lambda: key([x], UserOp()(x)),
    "a user's scalar function": lambda: key([x], Elemwise(UserScalar())(x)),
    "a user's subclass": lambda: key([x], SubclassOfOurs(T.exp.scalar_op)(x)),
    "a Python function": lambda: key([x], python_function(x)),
    "Print": lambda: key([x], Print("x")(x) + 1),
    "a graph as an Op": lambda: key([x], OpFromGraph([y], [y * 2])(x)),
    "an object as a constant": lambda: key([], generic.make_constant(object())),
    "a user's rewriter as a mode": lambda: key([x], x + 1, mode=Mode("cvm", UserRewriter())),
    "a mode with a user's rewriter": lambda: key([x], x + 1, mode=get_mode("FAST_RUN").register((UserRewriter(), 50))),
    "NanGuardMode": lambda: key([x], x + 1, mode="NanGuardMode"),
    "DebugMode": lambda: key([x], x + 1, mode="DebugMode"),
    "the reference": lambda: key([x], x + 1, mode=Mode("py")),
    "a profile": lambda: key([x], x + 1, profile=ProfileStats(atexit_print=False)),
    "test values": lambda: key([x], x + 1, flags={"compute_test_value_opt": "warn"}),
    "checks of the compiler": lambda: key([x], x + 1, flags={"check_stages": True}),
    "told not to": lambda: key([x], x + 1, flags={"cache_functions": False}),
}


@pytest.mark.parametrize("what", NONE)
def test_what_is_not_known_has_no_key(what: str) -> None:
    assert NONE[what]() is None


def test_rules_and_rows_that_came_later_are_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    assert key([x], x + 1) is not None
    with monkeypatch.context() as changed:
        changed.setattr(function_key, "_own_rules", function_key._own_rules - 1)
        assert key([x], x + 1) is None
    with monkeypatch.context() as changed:
        changed.setattr(function_key, "_own_rows", {})
        assert key([x], x + 1) is None
