"""Modes by name and with tags, and those that look at every value."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from neano.compile import (
    FAST_RUN,
    DebugMode,
    Mode,
    MonitorMode,
    NanGuardMode,
    function,
    get_default_mode,
    get_mode,
    register_linker,
    register_mode,
    register_optimizer,
    shared,
)
from neano.compile.debug_mode import BadDestroyMap, BadOptimization, BadThunkOutput, BadViewMap, InvalidValueError
from neano.compile.mode import Linker, predefined_linkers, predefined_modes, predefined_optimizers
from neano.config import config
from neano.graph.op import Op
from neano.graph.rewriting.database import Query
from neano.graph.variable import Apply
from neano.tensor import dvector, exp, log

# Names


def test_modes_have_names():
    assert get_mode("FAST_RUN") is FAST_RUN
    assert type(get_mode("DebugMode")) is DebugMode
    assert type(get_mode("NanGuardMode")) is NanGuardMode
    assert get_mode(None) is get_mode("Mode") is get_default_mode()
    mode = Mode("py", None)
    assert get_mode(mode) is mode
    with pytest.raises(ValueError, match="No predefined mode exist for string: zz"):
        get_mode("zz")
    with config.change_flags(mode="FAST_COMPILE"):
        assert get_default_mode() is predefined_modes["FAST_COMPILE"]
    with config.change_flags(optimizer="None", linker="py"):
        assert get_default_mode().provided_optimizer == "None"
        assert get_default_mode().backend == "reference"


def test_linkers_name_backends(backend):
    assert Mode("py").backend == "reference"
    for name in ("c", "c|py", "vm", "cvm", "vm_nogc", "cvm_nogc", "c|py_nogc"):
        assert Mode(name).backend == backend
        assert Mode(name).linker.collects_garbage is ("nogc" not in name)
    assert Mode(backend="reference").backend == "reference"
    with pytest.raises(KeyError, match="no linker 'zz'"):
        Mode("zz")
    with pytest.raises(KeyError, match="no optimizer 'zz'"):
        Mode("py", "zz")


@pytest.mark.parametrize(
    "name", ["None", "merge", "fast_compile", "fast_run", "stabilize", "o1", "o2", "o3", "o4", "unsafe"]
)
def test_all_optimizers_compute_the_same(name):
    x = dvector("x")
    f = function([x], log(exp(x) * 2) + x - x, mode=Mode(optimizer=name))
    assert_allclose(f([0.5, 1]), np.log(np.exp([0.5, 1]) * 2))


def test_names_are_taken_once():
    for register, table, value in (
        (register_mode, predefined_modes, FAST_RUN),
        (register_linker, predefined_linkers, Linker("mine")),
        (register_optimizer, predefined_optimizers, Query(include=[])),
    ):
        register("mine", value)
        try:
            with pytest.raises(ValueError, match="already taken: mine"):
                register("mine", value)
        finally:
            del table["mine"]


def test_tags_make_copies():
    mode = Mode("py", "fast_run")
    changed = mode.including("a", "b").excluding("c").requiring("d")
    assert {"fast_run", "a", "b"} <= changed.query.include
    assert "c" in changed.query.exclude
    assert "d" in changed.query.require
    assert mode.query == Query(include=["fast_run"])
    assert changed.backend == "reference"
    assert mode.including(["x", "y"]).query.include >= {"x", "y"}
    assert mode.clone(link_kwargs={"allow_gc": False}).linker.collects_garbage is False
    assert mode.clone(optimizer="fast_compile").provided_optimizer == "fast_compile"
    assert "linker = py" in str(mode)


def test_excluded_rewriters_do_not_run():
    x = dvector("x")
    merged = function([x], [exp(x), exp(x)])
    apart = function([x], [exp(x), exp(x)], mode=get_default_mode().excluding("merge", "fast_run"))
    names = [str(node.op) for node in apart.maker.fgraph.toposort()]
    assert len([n for n in names if "exp" in n]) == 2
    assert len([node for node in merged.maker.fgraph.toposort() if "exp" in str(node.op)]) == 1


def test_a_mode_can_have_a_rewriter_of_its_own():
    x = dvector("x")
    seen = []

    class Look:
        def rewrite(self, fgraph):
            seen.append(len(fgraph.apply_nodes))

    assert_array_equal(function([x], x * 2, mode=Mode("py", Look()))([1.0]), [2])
    assert seen == [2]
    with pytest.raises(TypeError, match="has no tags"):
        Mode("py", Look()).including("fast_run")


# NanGuardMode


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([-1.0], "NaN detected"),
        ([0.0], "Inf detected\nBig value"),
        ([np.nan], "input of the graph: x"),
        ([1e11], "Big"),
    ],
)
def test_nan_guard_finds_bad_values(value, text):
    x = dvector("x")
    f = function([x], log(x) + 1, mode=NanGuardMode(True, True, True))
    with pytest.raises(AssertionError, match=text) as raised:
        f(value)
    assert "Apply node that caused the error" in str(raised.value)
    assert_allclose(f([1.0]), [1])


def test_nan_guard_looks_for_what_it_is_told():
    x = dvector("x")
    f = function([x], log(x) + 1, mode=NanGuardMode(nan_is_error=True, inf_is_error=False, big_is_error=False))
    assert f([0.0]) == -np.inf
    assert f([1e11]) > 26
    with pytest.raises(AssertionError, match="NaN detected"):
        f([-1.0])
    with pytest.raises(ValueError, match="must look for something"):
        NanGuardMode(False, False, False)


def test_nan_guard_can_warn(caplog):
    x = dvector("x")
    f = function([x], log(x), mode="NanGuardMode")
    with config.change_flags({"NanGuardMode.action": "warn"}):
        assert np.isnan(f([-1.0]))
    assert "NaN detected" in caplog.text


def test_state_stays_as_it_was_where_a_value_is_bad():
    x, s = dvector("x"), shared(np.zeros(1))
    f = function([x], [], updates=[(s, log(x))], mode="NanGuardMode")
    with pytest.raises(AssertionError):
        f([-1.0])
    assert_array_equal(s.get_value(), [0])


# MonitorMode


def test_monitor_mode_calls_hooks():
    x = dvector("x")
    seen = []
    mode = MonitorMode(
        pre_func=lambda i, node, fn: seen.append(("before", i, str(node.op), fn.inputs[-1][0])),
        post_func=lambda i, node, fn: seen.append(("after", i, str(node.op), fn.outputs[0][0])),
        optimizer=None,
    )
    function([x], exp(x), mode=mode)([0.0, 0.0])
    assert [entry[:3] for entry in seen] == [
        ("before", 0, "Elemwise{exp,no_inplace}"),
        ("after", 0, "Elemwise{exp,no_inplace}"),
    ]
    assert_array_equal(seen[0][3], [0, 0])
    assert_array_equal(seen[1][3], [1, 1])


# DebugMode


class Identity(Op):
    """Base of Ops with one fault each."""

    __props__ = ()

    def make_node(self, x):
        return Apply(self, [x], [x.type()])


class ChangesItsInput(Identity):
    def perform(self, node, inputs, output_storage):
        inputs[0][0] = 99
        output_storage[0][0] = inputs[0].copy()


class HandsItsInputOn(Identity):
    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0]


class GivesAnotherDtype(Identity):
    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0].astype("float32")


@pytest.mark.parametrize(
    ("op", "error"),
    [(ChangesItsInput, BadDestroyMap), (HandsItsInputOn, BadViewMap), (GivesAnotherDtype, InvalidValueError)],
)
def test_debug_mode_finds_faults_of_ops(op, error):
    x = dvector("x")
    with pytest.raises(error, match="Apply node that caused the error"):
        function([x], op()(x), mode="DebugMode")([1.0, 2.0])


def test_debug_mode_refuses_what_is_not_finite():
    x = dvector("x")
    with pytest.raises(InvalidValueError, match="non-finite elements not allowed"):
        function([x], log(x), mode="DebugMode")([-1.0])
    assert np.isnan(function([x], log(x), mode=DebugMode(check_isfinite=False))([-1.0]))


def test_debug_mode_computes_and_updates():
    x, s = dvector("x"), shared(np.zeros(2))
    f = function([x], [exp(x) * 2, s], updates=[(s, s + x)], mode="DebugMode")
    first, old = f([0.0, 0.0])
    assert_array_equal(first, [2, 2])
    assert_array_equal(old, [0, 0])
    f([1.0, 2.0])
    assert_array_equal(s.get_value(), [1, 2])


def test_debug_mode_finds_rewriting_that_changes_results():
    x = dvector("x")

    class Wrong:
        def rewrite(self, fgraph):
            fgraph.replace(fgraph.outputs[0], exp(fgraph.inputs[0]))

    with pytest.raises(BadOptimization, match="output 0 differs"):
        function([x], x * 1, mode=DebugMode(optimizer=Wrong()))([1.0])


def test_debug_mode_compares_backends():
    x = dvector("x")
    with config.change_flags(backend="native"):
        f = function([x], x * 2, mode="DebugMode")
    assert_array_equal(f([1.0]), [2])
    f._run._native = lambda values: [np.array([5.0])]
    with pytest.raises(BadThunkOutput, match="output 0 differs"):
        f([1.0])
