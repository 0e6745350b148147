"""The whole language in machine code: every operation of the other tests' tables is compiled, without a call into Python.

What may still run in Python is `Unique`, and the distributions of NumPy's generator other than uniform and normal.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neano.backends.native.linker  # noqa: F401 - registers the lowerings
import neano.tensor as T
from neano.autodiff.gradient import grad
from neano.backends.native.lower.decompose import decomposed
from neano.backends.native.lower.program import lower_schedule
from neano.backends.native.schedule.fuse import fuse
from neano.backends.native.schedule.planner import Planner
from neano.backends.native.spec import check_program
from neano.compile.function import function
from neano.compile.mode import Mode
from neano.graph.fgraph import FunctionGraph
from neano.graph.traverse import roots
from neano.graph.variable import Apply, Constant, Variable
from neano.random import MRG_RandomStreams, RandomStreams
from neano.random.function import RandomFunction
from neano.tensor.counting import Unique
from neano.tensor.indexing import inc_subtensor, set_subtensor
from neano.tensor.type import TensorType
from tensor.nnet.test_activation import FORMULAS, X
from tensor.nnet.test_softmax_and_crossentropy import NODES
from tensor.op_checks import evaluate, variable_of
from tensor.test_indexing import ADVANCED, BASIC, CUBE, index_id
from tensor.test_operations import CASES, Case
from tensor.test_types_of_expressions import TABLE

NATIVE, REFERENCE = Mode(backend="native"), Mode(backend="reference")


def in_python(outputs: Sequence[Any]) -> list[Apply]:
    """Return the nodes that would run in Python, `Unique` aside; the program of all is checked."""
    given = [v for v in roots(outputs) if not isinstance(v, Constant)]
    planner = Planner(decomposed(FunctionGraph(given, list(outputs), clone=True)))
    check_program(lower_schedule(fuse(planner.run())))
    return [node for node in planner.fallbacks if not isinstance(node.op, Unique)]


def operands(case: Case, shapes: Sequence[Any], dtype: str) -> tuple[list[Any], list[Any]]:
    """Return operands of an operation as variables and as arrays, positive so that all is defined."""
    rng = np.random.default_rng(0)
    arrays = [np.asarray(rng.random(shape) * 3 + 0.3).astype(dtype) for shape in shapes]
    patterns = [case.pattern, *[None] * len(arrays)]
    return [variable_of(a, p) for a, p in zip(arrays, patterns, strict=False)], arrays


def tensors(written: Any) -> list[Any]:
    """Return what was written as a list of tensors."""
    every = written if isinstance(written, (list, tuple)) else [written]
    return [v for v in every if isinstance(v, Variable) and isinstance(v.type, TensorType)]


def assert_agree(found: Sequence[Any], wanted: Sequence[Any]) -> None:
    for mine, other in zip(found, wanted, strict=True):
        assert (mine.dtype, mine.shape) == (other.dtype, other.shape)
        exact = mine.dtype.kind in "biu"
        tolerance = 0 if exact else 1e3 * np.finfo(mine.dtype).eps
        np.testing.assert_allclose(mine, other, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_operations(case: Case) -> None:
    for dtype in case.dtypes:
        for shapes in case.shapes:
            variables, arrays = operands(case, shapes, dtype)
            outputs = tensors(case.write(*variables))
            assert not in_python(outputs)
            if dtype == case.dtypes[0] and shapes in case.shapes[:3]:
                compiled = function(variables, outputs, on_unused_input="ignore", mode=NATIVE)
                with np.errstate(all="ignore"):
                    wanted = evaluate(outputs, dict(zip(variables, arrays, strict=True)))
                assert_agree(compiled(*arrays), wanted)


@pytest.mark.parametrize("case", [c for c in CASES if c.derivative], ids=lambda case: case.label)
def test_derivatives_of_operations(case: Case) -> None:
    if "float64" not in case.dtypes:
        return
    variables, _ = operands(case, case.shapes[-1], "float64")
    outputs = [v for v in tensors(case.write(*variables)) if v.dtype == "float64"]
    if outputs:
        cost = sum(v.sum() for v in outputs)
        assert not in_python(grad(cost, variables, disconnected_inputs="ignore"))


@pytest.mark.filterwarnings("ignore")
def test_expressions() -> None:
    names = {"T": T, "np": np, "x": T.dmatrix("x"), "t": T.dtensor3("t")}
    checked = 0
    for expression, wanted in TABLE:
        if wanted.endswith("Error") or expression == "T.identity_like(T.dvector())":
            continue
        with np.errstate(all="ignore"):
            outputs = tensors(eval(expression, dict(names)))
        if outputs:
            assert not in_python(outputs), expression
            checked += 1
    assert checked > 600


@pytest.mark.parametrize("index", BASIC + ADVANCED, ids=index_id)
def test_indices(index: Any) -> None:
    x, y = variable_of(CUBE), T.dscalar()
    part = x[index]
    outputs = [part]
    if part.owner.op.__class__.__name__ != "DimShuffle":
        outputs += [set_subtensor(part, y), inc_subtensor(part, y)]
    assert not in_python(outputs)
    assert not in_python([grad(part.sum(), x)])


@pytest.mark.parametrize(
    "mask",
    [np.ones((2, 3), dtype=bool), np.zeros((2, 3), dtype=bool), np.eye(2, 3, dtype=bool)],
    ids=["all", "no", "some"],
)
def test_masks(mask: Any) -> None:
    x, m = variable_of(np.zeros((2, 3))), TensorType("bool", (None, None))()
    rows = m.any(axis=1)
    outputs = [x[m], x[rows], x[m].sum(), set_subtensor(x[m], 7.0), inc_subtensor(x[rows, 1:], 1.0), *m.nonzero()]
    value = np.arange(6.0).reshape(2, 3)
    native, reference = (function([x, m], outputs, mode=mode) for mode in (NATIVE, REFERENCE))
    assert not native.stages.fallbacks
    assert_agree(native(value, mask), reference(value, mask))
    with pytest.raises(IndexError, match="boolean index did not match"):
        native(value, mask[:, :2])


@pytest.mark.parametrize("name", NODES)
def test_layers(name: str) -> None:
    op, arrays = NODES[name]
    variables = [variable_of(a) for a in arrays]
    outputs = op.make_node(*variables).outputs
    compiled = function(variables, outputs, mode=NATIVE)
    assert not compiled.stages.fallbacks
    assert_agree(compiled(*arrays), evaluate(outputs, dict(zip(variables, arrays, strict=True))))


@pytest.mark.parametrize("name", FORMULAS)
def test_activations(name: str) -> None:
    x = variable_of(X)
    value = FORMULAS[name][0](x)
    compiled = function([x], [value, grad(value.sum(), x)], mode=NATIVE)
    assert not compiled.stages.fallbacks
    np.testing.assert_allclose(compiled(X)[0], evaluate([value], {x: X})[0], rtol=1e-13, atol=1e-300)


def _random_tables() -> Any:
    """Return the tables of draws; the folder's name is that of a module of Python, so it is imported by its path."""
    path = Path(__file__).parents[2] / "random" / "test_streams_golden.py"
    spec = importlib.util.spec_from_file_location("streams_golden", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TABLES = _random_tables()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", TABLES.MRG)
def test_draws_of_mrg(name: str) -> None:
    def build(mode: Mode) -> Callable[[], Any]:
        seed, make = TABLES.MRG[name]
        return function([], [make(MRG_RandomStreams(seed))], mode=mode)  # type: ignore[no-any-return]

    native, reference = build(NATIVE), build(REFERENCE)
    assert not native.stages.fallbacks  # type: ignore[attr-defined]
    for _ in range(2):
        assert_agree(native(), reference())


@pytest.mark.parametrize("name", TABLES.NUMPY)
def test_draws_of_numpy(name: str) -> None:
    def build(mode: Mode) -> Callable[[], Any]:
        return function([], [TABLES.NUMPY[name](RandomStreams(42))], mode=mode)  # type: ignore[no-any-return]

    native, reference = build(NATIVE), build(REFERENCE)
    slow = [node.op for node in native.stages.fallbacks]  # type: ignore[attr-defined]
    assert all(isinstance(op, RandomFunction) and op.fn not in ("uniform", "normal") for op in slow)
    for _ in range(2):
        for mine, other in zip(native(), reference(), strict=True):
            np.testing.assert_array_equal(mine, other)
