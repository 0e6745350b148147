"""A program for each line of ROADMAP.md, named as the line is.

Those of WORKS return whether the line is true; those of IN_PYTHON return a compiled function in which something must run in
Python; those of MISSING must fail.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

import theano
import theano.tensor as T
from neano.backends.native.schedule.printing import schedule_text
from neano.cli import main
from theano import config, function, shared
from theano.compile.ops import as_op
from theano.sandbox.rng_mrg import MRG_RandomStreams
from theano.tensor.shared_randomstreams import RandomStreams

WORKS: dict[str, Callable[[], Any]] = {}
IN_PYTHON: dict[str, Callable[[], Any]] = {}
MISSING: dict[str, Callable[[], Any]] = {}

VECTOR = np.array([0.5, 1.5, 2.5])
MATRIX = np.arange(6.0).reshape(2, 3) + 0.5


def line(title: str, table: dict[str, Callable[[], Any]] = WORKS) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Enter the decorated program in a table under the title of its line."""

    def enter(program: Callable[[], Any]) -> Callable[[], Any]:
        table[title] = program
        return program

    return enter


def all_native(compiled: Any) -> bool:
    return not compiled.stages.fallbacks


@line("Types")
def types() -> bool:
    integers = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
    for dtype in ("bool", *integers, "float16", "float32", "float64", "complex64", "complex128"):
        x = T.TensorType(dtype, (False, True))("x")
        assert function([x], x + x)(np.ones((2, 1), dtype)).dtype == dtype
    names = ("scalar", "vector", "row", "col", "matrix", "tensor3", "tensor4", "tensor5")
    made = [getattr(T, prefix + name)() for name in names for prefix in ("", "b", "w", "i", "l", "f", "d", "c", "z")]
    x, _ = T.dmatrices("x", "y")
    return len(made) == 72 and x.ndim == 2 and T.constant(5).dtype == "int8"


@line("Scalar functions")
def scalar_functions() -> bool:
    x = T.dvector("x")
    named = [
        f(x) for f in (T.exp, T.tanh, T.arcsinh, T.erf, T.erfinv, T.gammaln, T.psi, T.tri_gamma, T.j0, T.i1, T.log1p)
    ]
    compiled = function([x], [*named, T.chi2sf(x, 2.0)])
    return all_native(compiled) and np.allclose(compiled(VECTOR[:1])[-1], np.exp(-0.25))


@line("Operators and methods")
def operators() -> bool:
    x, n = T.dmatrix("x"), T.lscalar("n")
    compiled = function(
        [x, n],
        [(x**2 - x / 3) // 2 % 5, -abs(x).T, x.clip(1, 2), T.switch(x > 2, x, n), x.astype("int8") & 3, x.round()],
    )
    results = compiled(MATRIX, 7)
    return all_native(compiled) and np.array_equal(results[3], np.where(MATRIX > 2, MATRIX, 7))


@line("Broadcasting and shapes")
def shapes() -> bool:
    x, row, n = T.dmatrix("x"), T.drow("row"), T.lscalar("n")
    outputs = [
        x + row,
        x.dimshuffle(1, "x", 0),
        x.reshape((3, -1)),
        x.flatten(),
        T.alloc(x[0, 0], n, 2),
        T.arange(n),
        T.eye(n),
    ]
    outputs += [T.join(1, x, x), T.stack([x, x]), *T.split(x, [1, 2], 2, axis=1)]
    compiled = function([x, row, n], outputs)
    known = T.zeros((4, 5)).shape.eval()
    return all_native(compiled) and compiled(MATRIX, MATRIX[:1], 3)[7].shape == (2, 6) and list(known) == [4, 5]


@line("Indexing")
def indexing() -> bool:
    x, i = T.dmatrix("x"), T.lvector("i")
    changed = [T.set_subtensor(x[:, i], 0.0), T.inc_subtensor(x[i, i], 1.0)]
    compiled = function([x, i], [x[::-1, 1:], x[i], x[i, i], *changed, theano.grad(x[i].sum(), x)])
    masked = function([x], x[x > 1])
    return (
        all_native(compiled)
        and all_native(masked)
        and np.array_equal(masked(MATRIX), MATRIX[MATRIX > 1])
        and compiled(MATRIX, [1, 1])[5][1, 0] == 2
    )


@line("Reductions")
def reductions() -> bool:
    x = T.ftensor3("x")
    some = [
        x.sum(1),
        x.prod(),
        x.mean((0, 2)),
        x.var(0),
        x.std(),
        x.max(-1, keepdims=True),
        x.min(),
        x.argmax(1),
        x.norm(2),
    ]
    compiled = function([x], [*some, (x > 0).any(), T.all(x > 0, axis=0), x.sum(dtype="float64", acc_dtype="float64")])
    return all_native(compiled) and compiled(np.ones((2, 3, 4), "float32"))[0].tolist() == [[3.0] * 4] * 2


@line("Cumulative sums")
def cumulative() -> bool:
    x = T.dmatrix("x")
    compiled = function([x], [T.cumsum(x), T.cumprod(x, axis=1), T.diff(x)])
    return all_native(compiled) and np.array_equal(compiled(MATRIX)[0], MATRIX.cumsum())


@line("Matrix products")
def products() -> bool:
    x, y = T.dmatrix("x"), T.dtensor3("y")
    compiled = function([x, y], [T.dot(x, x.T), T.tensordot(y, x, [[2], [1]]), T.batched_dot(y, y.dimshuffle(0, 2, 1))])
    data = np.arange(12.0).reshape(2, 2, 3)
    result = compiled(MATRIX, data)
    return (
        all_native(compiled) and np.allclose(result[0], MATRIX @ MATRIX.T) and np.allclose(result[1], data @ MATRIX.T)
    )


@line("Neural networks")
def networks() -> bool:
    nn, x, y, b = T.nnet, T.dmatrix("x"), T.lvector("y"), T.dvector("b")
    cost = (
        nn.categorical_crossentropy(nn.softmax(x), y).mean()
        + nn.binary_crossentropy(nn.sigmoid(x), nn.sigmoid(x)).sum()
    )
    layers = [nn.relu(x, 0.1), nn.elu(x), nn.softplus(x), nn.logsoftmax(x), nn.bn.batch_normalization_train(x, b, b)[0]]
    compiled = function([x, y, b], [cost, theano.grad(cost, x), *layers])
    return all_native(compiled) and np.isfinite(compiled(MATRIX, [0, 2], np.ones(3))[1]).all()


@line("Derivatives")
def derivatives() -> bool:
    x, v = T.dvectors("x", "v")
    clipped = theano.grad(theano.gradient.grad_clip(x, -1, 1).sum() * 5, x)
    compiled = function([x, v], [theano.grad((x**3).sum(), x), T.Rop(x**2, x, v), T.Lop(x**2, x, v), clipped])
    T.verify_grad(T.tanh, [VECTOR], rng=np.random)
    return np.allclose(compiled(VECTOR, VECTOR)[0], 3 * VECTOR**2) and compiled(VECTOR, VECTOR)[3].max() == 1


@line("Jacobians and Hessians")
def jacobians() -> bool:
    x = T.TensorType("float64", (3,))("x")
    both = function([x], [theano.gradient.jacobian(x**2, x), theano.gradient.hessian((x**3).sum(), x)])(VECTOR)
    return np.allclose(both[0], np.diag(2 * VECTOR)) and np.allclose(both[1], np.diag(6 * VECTOR))


@line("Random numbers")
def random_numbers() -> bool:
    compiled = function([], RandomStreams(234).uniform((2, 2)))
    draw = compiled()
    own = np.random.RandomState(np.random.RandomState(234).randint(2**30)).uniform(size=(2, 2))
    streams = MRG_RandomStreams(12345)
    first = function([], streams.uniform((4,), nstreams=1))
    return (
        all_native(compiled)
        and np.array_equal(draw, own)
        and 0 < first().min() < 1
        and not np.array_equal(first(), first())
    )


@line("Functions")
def functions() -> bool:
    x, y, state = T.dscalar("x"), T.dscalar("y"), shared(1.0, name="state")
    f = function([x, theano.In(y, value=2.0, name="other")], {"sum": x + y, "old": state}, updates=[(state, state + x)])
    swapped = f.copy(swap={state: shared(10.0)})
    given = function([x], state * 2, givens=[(state, x)])
    values = (f(1)["sum"], f(1, other=5)["sum"], swapped(1)["old"], given(4), f(0, output_subset=["old"])["old"])
    return [float(v) for v in values] == [3, 6, 10, 8, 3]


@line("Errors")
def errors() -> bool:
    x, y, i, state = T.dvector("x"), T.dvector("y"), T.lscalar("i"), shared(np.ones(2))
    f = function([x, y, i], (x + y)[i], updates=[(state, state + x)])
    raised: list[type] = []
    for arguments in ((VECTOR, VECTOR[:2], 0), (VECTOR[:2], VECTOR[:2], 5), (MATRIX, VECTOR, 0), (VECTOR,)):
        try:
            f(*arguments)
        except (ValueError, IndexError, TypeError) as error:
            raised.append(type(error))
    return raised == [ValueError, IndexError, TypeError, TypeError] and np.array_equal(state.get_value(), np.ones(2))


@line("Own operations")
def own_operations() -> bool:
    @as_op(itypes=[T.dvector], otypes=[T.dvector])
    def doubled(v: np.ndarray) -> np.ndarray:
        return 2 * v

    x = T.dvector("x")
    squared = theano.OpFromGraph([x], [x**2])
    compiled = function([x], [doubled(x + 1), theano.grad(squared(x).sum(), x)])
    return np.array_equal(compiled(VECTOR), [2 * VECTOR + 2, 2 * VECTOR])


@line("Modes")
def modes() -> bool:
    x = T.dvector("x")
    for mode in ("FAST_RUN", "FAST_COMPILE", "DebugMode", theano.compile.get_default_mode().excluding("fusion")):
        assert np.allclose(function([x], T.log(x), mode=mode)(VECTOR), np.log(VECTOR))
    seen: list[Any] = []
    watched = function([x], T.log(x), mode=theano.compile.MonitorMode(post_func=lambda i, node, fn: seen.append(node)))
    watched(VECTOR)
    try:
        function([x], T.log(x), mode="NanGuardMode")(-VECTOR)
    except AssertionError:
        return bool(seen)
    return False


@line("Flags")
def flags() -> bool:
    with config.change_flags(floatX="float32"):
        inside = T.vector().dtype
    asked = "import theano; print(theano.config.floatX, theano.config.backend)"
    found = child(asked, THEANO_FLAGS="floatX=float32", NEANO_FLAGS="backend=reference")
    return inside == "float32" and found.split() == ["float32", "reference"]


@line("Printing and test values")
def printing() -> bool:
    x, y = T.dscalar("x"), T.dscalar("y")
    with config.change_flags(compute_test_value="raise"):
        v = T.dvector("v")
        v.tag.test_value = VECTOR
        shown = (v * 2).tag.test_value
    text = theano.printing.debugprint(x + y, file="str")
    return theano.pp(x + y) == "(x + y)" and "Elemwise{add,no_inplace}" in text and np.array_equal(shown, 2 * VECTOR)


@line("Pickling")
def pickling() -> bool:
    x, state = T.dvector("x"), shared(VECTOR)
    again = pickle.loads(pickle.dumps(function([x], x * state, updates=[(state, state + 1)])))
    return np.array_equal(again(VECTOR), VECTOR**2) and np.array_equal(again(VECTOR), VECTOR * (VECTOR + 1))


@line("Two backends")
def backends() -> bool:
    x = T.dmatrix("x")
    results = [
        function([x], T.nnet.softmax(x), mode=theano.Mode(backend=name))(MATRIX) for name in ("native", "reference")
    ]
    return np.allclose(results[0], results[1], rtol=1e-14)


def child(program: str, **variables: str) -> str:
    """Run a program in a process of its own and return what it prints."""
    paths = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": paths, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@line("No compiler, no waiting")
def no_compiler() -> bool:
    program = (
        "import theano, theano.tensor as T; x = T.dvector('x'); f = theano.function([x], T.exp(x) + 1); print(f([0.0])[0]);"
        "from neano.backends.native.runtime import default_cache; print(default_cache().report().entries)"
    )
    with tempfile.TemporaryDirectory() as folder:
        result, entries = child(program, NEANO_CACHE_DIR=f"{folder}/cache", PATH="", CXX="", CC="").split()
    return float(result) == 2.0 and int(entries) > 0


def outer_loops(compiled: Any) -> int:
    return sum(text.startswith("for ") for text in schedule_text(compiled.stages.schedule).splitlines())


@line("Fusion")
def fusion() -> bool:
    x, i = T.dmatrix("x"), T.lvector("i")
    gathered = T.exp(T.tanh(x[i]) * 2 + 1)
    with_check_of_indices = function([x, i], [gathered, gathered.sum(axis=1)])
    return outer_loops(function([x], T.nnet.softmax(x))) == 1 and outer_loops(with_check_of_indices) == 2


@line("Stable forms")
def stable() -> bool:
    x = T.dvector("x")
    wide = np.array([-800.0, 0.0, 800.0])
    outputs = [
        T.log(1 / (1 + T.exp(-x))),
        T.log(T.exp(x).sum()),
        T.log(1 + T.exp(x)),
        T.log(T.nnet.softmax(x.dimshuffle("x", 0))),
    ]
    results = function([x], outputs)(wide)
    return (
        all(np.isfinite(r).all() for r in results)
        and results[1] == 800.0
        and function([x], T.log(1 + x))([1e-20])[0] == 1e-20
    )


@line("Threads of Python")
def threads() -> bool:
    x = T.dvector("x")
    compiled, results = function([x], T.exp(x).sum()), []
    workers = [
        threading.Thread(target=lambda: results.extend(float(compiled(np.zeros(100))) for _ in range(200)))
        for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return results == [100.0] * 800


@line("Threads inside a call")
def threads_inside() -> bool:
    program = (
        "import hashlib, numpy as np, os, theano, theano.tensor as T; x = T.dvector('x'); f = theano.function([x], T.tanh(x));"
        "before = len(os.listdir('/proc/self/task')); result = f(np.linspace(0, 3, 3_000_001));"
        "print(hashlib.sha256(result).hexdigest(), len(os.listdir('/proc/self/task')) - before)"
    )
    found = [child(program, NEANO_NUM_THREADS=str(n)).split() for n in (1, 2, 3)]
    return len({bits for bits, _ in found}) == 1 and [int(started) for _, started in found] == [0, 1, 2]


@line("Seeing it")
def seeing() -> bool:
    text = "import theano, theano.tensor as T\nx = T.dvector('x')\nmake = lambda: theano.function([x], [T.tanh(x), T.sort(x)])\n"
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as printed:
        program = Path(folder, "shown.py")
        program.write_text(text)
        status = main(["explain", f"{program}:make"]) or main(["doctor", f"{program}:make"])
    found = printed.getvalue()
    x = T.dvector("x")
    timed = function([x], T.tanh(x), profile=theano.compile.ProfileStats(atexit_print=False))
    timed(VECTOR)
    named = all(word in found for word in ("tanh", "for i0", "define", "SortOp", "Assembly"))
    return status == 0 and named and timed.profile.fct_callcount == 1


@line("Sorting")
def sorting() -> bool:
    x = T.dvector("x")
    f = function([x], [T.sort(x), T.argsort(x), T.topk(x, 2, sorted=False)])
    ordered, places, largest = f(VECTOR)
    expected = np.sort(VECTOR)
    same = np.array_equal(ordered, expected) and np.array_equal(VECTOR[places], expected)
    return same and set(largest) == set(expected[-2:]) and not f.fallbacks


@line("Distinct slices", IN_PYTHON)
def distinct_slices() -> Any:
    x = T.dmatrix("x")
    return function([x], T.Unique(axis=0)(x))


@line("Legacy draws", IN_PYTHON)
def legacy_draws() -> Any:
    return function([], RandomStreams(1).poisson((2,), lam=2.0))


def reaches(*paths: str) -> Callable[[], None]:
    """Return a program that reaches names in modules."""

    def program() -> None:
        for path in paths:
            module, _, name = path.partition(":")
            getattr(import_module(module), name or "__name__")

    return program


for title, names in {
    "Loops": ["theano:scan", "theano:map", "theano:foldl"],
    "Lazy branches": ["theano.ifelse:ifelse"],
    "Convolution and pooling": ["theano.tensor.nnet:conv2d"],
    "Linear algebra": ["theano.tensor.nlinalg"],
    "Fourier transforms": ["theano.tensor.fft"],
    "Sparse matrices": ["theano.sparse"],
    "Typed lists": ["theano.typed_list"],
    "Drawings": ["theano.printing:pydotprint"],
}.items():
    MISSING[title] = reaches(*names)


@line("Derivatives by loops", MISSING)
def jacobian_of_unknown_length() -> None:
    x = T.dvector("x")
    theano.gradient.jacobian(x**2, x)


@line("Accelerators", MISSING)
def accelerators() -> None:
    x = T.dvector("x")
    function([x], x, mode=theano.Mode(backend="xla"))
