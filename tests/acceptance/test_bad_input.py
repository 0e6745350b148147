"""Bad input raises an error of Theano's class that says what is wrong, on both backends; and nothing is half updated."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import theano
import theano.tensor as T
from theano import function
from theano.compile.function_module import UnusedInputError
from theano.gof.fg import InconsistencyError, MissingInputError
from theano.gradient import DisconnectedInputError

X, Y = T.dmatrix("x"), T.dmatrix("y")
V, K, N = T.dvector("v"), T.lvector("i"), T.lscalar("n")
WIDE, TALL = np.ones((2, 3)), np.ones((3, 2))

WHILE_BUILDING: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "a missing input": (lambda: function([X], X + Y), MissingInputError, "depends on y"),
    "an unused input": (lambda: function([X, Y], X), UnusedInputError, "index 1 .* not part of .*: y"),
    "an input twice": (lambda: function([X, X], X), UnusedInputError, "x is used twice"),
    "a constant as input": (lambda: function([T.constant(1)], X), TypeError, "Constants not allowed"),
    "inputs without a list": (lambda: function(X, X), Exception, "contained in a list"),
    "an output that is a number": (lambda: function([X], [3]), TypeError, "Outputs must be theano Variable"),
    "an unknown option": (lambda: function([X], X, nonsense=1), TypeError, "nonsense"),
    "an unknown mode": (lambda: function([X], X, mode="FAST"), Exception, "No predefined mode exist for string: FAST"),
    "a cost that is no scalar": (lambda: T.grad(V, V), TypeError, "cost must be a scalar"),
    "a disconnected gradient": (lambda: T.grad(V.sum(), X), DisconnectedInputError, "not part of .*: x"),
    "an update of another type": (
        lambda: function([V], [], updates=[(theano.shared(np.zeros(3, "float32")), V)]),
        TypeError,
        "must have the same type as the original shared variable",
    ),
    "an update of no shared variable": (lambda: function([V], [], updates=[(V, V)]), TypeError, "SharedVariable"),
    "an unknown dtype": (lambda: T.TensorType("int7", ()), TypeError, "int7"),
    "too many indices": (lambda: X[0, 0, 0], IndexError, "indices"),
    "a wrong value of a flag": (lambda: setattr(theano.config, "floatX", "float8"), ValueError, "float8"),
}

IN_A_CALL: dict[str, tuple[list[Any], Any, list[Any], dict[str, Any], type[Exception], str]] = {
    "a wrong rank": ([X], X, [np.ones(3)], {}, TypeError, r"index 0 .*expected 2, got 1 with shape \(3,\)"),
    "a wrong dtype": ([K], K, [np.ones(3)], {}, TypeError, "int64, vector.* cannot store .* float64"),
    "a text": ([X], X, ["abc"], {}, TypeError, "abc"),
    "nothing": ([X], X, [None], {}, TypeError, "None"),
    "rows of different lengths": ([X], X, [[[1, 2], [3]]], {}, TypeError, "cannot be made into an array"),
    "a row that is a matrix": ([r := T.drow("r")], r, [WIDE], {}, TypeError, "Bad input argument"),
    "too few values": ([X, Y], X + Y, [WIDE], {}, TypeError, "Missing required input: y"),
    "too many values": ([X], X, [WIDE, 1], {}, TypeError, "Too many parameter|implicit input"),
    "an unknown keyword": ([X], X, [], {"z": 1}, TypeError, "Unknown input or state: z. .* 1 named input"),
    "a value twice": ([X], X, [WIDE], {"x": WIDE}, TypeError, "Multiple values for input: x"),
    "lengths that differ": ([X, Y], X + Y, [WIDE, TALL], {}, ValueError, "(?i)dimension mis-?match"),
    "a length of 1 not declared": ([X, Y], X * Y, [WIDE, WIDE[:1]], {}, ValueError, "(?i)dimension mis-?match"),
    "lengths that a product sums": ([X, Y], T.dot(X, Y), [WIDE, WIDE], {}, ValueError, "not aligned"),
    "pieces that do not fit": ([X, Y], T.join(0, X, Y), [WIDE, TALL], {}, ValueError, "must match exactly"),
    "a shape of another size": ([X], X.reshape((4, 4)), [WIDE], {}, ValueError, "(?i)cannot reshape"),
    "a shape that is too large": ([N], T.zeros((N, N, N, N)), [2**20], {}, ValueError, "(?i)too (big|large)"),
    "more memory than there is": ([N], T.zeros((N, N)), [2**28], {}, MemoryError, ""),
    "a negative length": ([N], T.zeros((N, 2)), [-1], {}, ValueError, "negative dimensions"),
    "an index beyond the end": ([V, N], V[N], [np.ones(3), 3], {}, IndexError, "index 3 .*axis 0 with size 3"),
    "an index before the start": ([V, N], V[N], [np.ones(3), -4], {}, IndexError, "index -4 .*size 3"),
    "an array of indices": ([V, K], V[K], [np.ones(3), [0, 7]], {}, IndexError, "index 7 .*size 3"),
    "a part to set": ([V, K], T.set_subtensor(V[K], 1), [np.ones(3), [-9]], {}, IndexError, "index -9 .*size 3"),
    "the maximum of nothing": ([V], V.max(), [np.ones(0)], {}, ValueError, "(?i)zero-size|nothing|length 0"),
    "classes beyond the last": (
        [X, K], T.nnet.categorical_crossentropy(X, K), [WIDE, [0, 5]], {}, IndexError, "index 5 .*size 3",
    ),
    "splits of another sum": ([V], T.split(V, [1, 1], 2), [np.ones(3)], {}, ValueError, "splits sum to 2, expected 3"),
}  # fmt: skip


@pytest.fixture(params=["reference", "native"])
def backend(request: pytest.FixtureRequest) -> Any:
    with theano.config.change_flags(backend=request.param):
        yield request.param


@pytest.mark.parametrize("what", WHILE_BUILDING)
def test_while_building(what: str, backend: str) -> None:
    build, error, text = WHILE_BUILDING[what]
    with pytest.raises(error, match=f"(?s){text}"):
        build()


@pytest.mark.parametrize("what", IN_A_CALL)
def test_in_a_call(what: str, backend: str) -> None:
    inputs, output, values, keywords, error, text = IN_A_CALL[what]
    state = theano.shared(np.arange(3.0), "state")
    outputs = output if isinstance(output, list) else [output]
    f = function(inputs, outputs, updates=[(state, state * 2)])
    for _ in range(2):
        with pytest.raises(error, match=f"(?s){text}"):
            f(*values, **keywords)
        assert state.get_value().tolist() == [0, 1, 2]


def test_a_cycle(backend: str) -> None:
    a = T.dscalar("a")
    b = a + 1
    c = b * 2
    fgraph = theano.gof.FunctionGraph([a], [c])
    fgraph.change_input(fgraph.outputs[0].owner.inputs[0].owner, 0, fgraph.outputs[0])
    with pytest.raises(InconsistencyError, match="the graph has a cycle"):
        fgraph.toposort()
    b.owner.inputs[0] = c
    for use in (lambda: function([a], c, on_unused_input="ignore"), lambda: T.grad(c, a), lambda: theano.pp(c)):
        with pytest.raises(InconsistencyError, match="depends on its own result"):
            use()


@pytest.mark.parametrize("kind", ["below a file", "writable by all", "not there"])
def test_a_cache_that_cannot_be_used(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    if kind == "below a file":
        folder.write_text("")
        folder /= "below"
    elif kind == "writable by all":
        folder.mkdir()
        folder.chmod(0o777)
    else:
        folder = Path("/proc/nowhere")
    code = "import theano, theano.tensor as T; x = T.dvector(); print(theano.function([x], x + 1)([1.0, 2.0]).tolist())"
    flags = os.environ | {"NEANO_FLAGS": f"cache_dir={folder}"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=flags, check=False)
    assert done.stdout.strip() == "[2.0, 3.0]", done.stderr
