"""Whole expressions through all phases: what becomes of them, as text that a reader can review, and the same values."""

from __future__ import annotations

import numpy as np
import pytest

import neano.tensor as T
import neano.tensor.math as M
from neano.autodiff.gradient import grad
from neano.graph.fgraph import Feature, FunctionGraph
from neano.graph.traverse import explicit_inputs
from neano.rewrites import rewrite_graph
from neano.tensor.creation import ones, zeros_like
from neano.tensor.indexing import set_subtensor
from neano.tensor.nnet.activation import sigmoid
from neano.tensor.nnet.crossentropy import arange, binary_crossentropy, categorical_crossentropy
from neano.tensor.nnet.softmax import log_softmax, softmax, softmax_graph
from rewrites.high_precision import evaluate

x, y, z, w = T.dvectors("x", "y", "z", "w")
m, n = T.dmatrices("m", "n")
f = T.fvector("f")
i = T.ivector("i")
t = T.dmatrix("t")
r = T.dtensor3("r")
exp, log, dot = M.exp, M.log, T.dot
p = 1 / (1 + exp(-x))
labels = T.ivector("labels")
q = softmax(dot(m, n) + y)


class IntegrityAfterEachPhase(Feature):
    """Checks the graph whenever a phase begins."""

    def on_phase(self, fgraph, name):
        fgraph.check_integrity()


def rewritten(outputs, **query):
    roots = list(dict.fromkeys(explicit_inputs(outputs)))
    graph = FunctionGraph(roots, outputs, features=[IntegrityAfterEachPhase()])
    rewrite_graph(graph, **query)
    graph.check_integrity()
    for old, new in zip(outputs, graph.outputs, strict=True):
        assert old.type.in_same_class(new.type)
    return graph


def text(graph):
    """Return a graph as text, without the marks of Elemwise, for a reader."""
    shown = str(graph)[1:-1].replace(",no_inplace", "").replace("TensorConstant", "")
    while "Elemwise{" in shown:
        start = shown.index("Elemwise{")
        depth, end = 1, start + len("Elemwise{")
        while depth:
            depth += {"{": 1, "}": -1}.get(shown[end], 0)
            end += 1
        shown = shown[:start] + shown[start + len("Elemwise{") : end - 1] + shown[end:]
    return (
        shown.replace("Inplace", "")
        .replace("(1,) of ", "")
        .replace("(1, 1) of ", "")
        .replace(", acc_dtype=float64", "")
    )


def values_for(variables, lengths=(3, 3, 3)):
    generator = np.random.default_rng(5)
    made = {}
    for variable in variables:
        shape = lengths[: variable.ndim]
        if variable.dtype == "int32":
            made[variable] = generator.integers(0, 3, shape).astype("int32")
        else:
            made[variable] = generator.uniform(0.1, 0.9, shape).astype(variable.dtype)
    return made


SUMS_AND_PRODUCTS = [
    (x + x, "mul({2.0}, x)"),
    (x + y - x, "y"),
    (x - x, "Alloc({0.0}, Shape_i{0}(x))"),
    (2 * x + 3 * x, "mul({5.0}, x)"),
    (x + 0, "x"),
    (-1 * (-x), "x"),
    (x - 1, "add({-1.0}, x)"),
    ((x + 1) + (y + 2), "add({3.0}, x, y)"),
    (-(x - y), "sub(y, x)"),
    ((x + y) - (z + w), "sub(add(x, y), add(z, w))"),
    (x * 1.0, "x"),
    (x * 0, "Alloc({0.0}, Shape_i{0}(x))"),
    (x / x, "Alloc({1.0}, Shape_i{0}(x))"),
    ((x * y) / (x * z), "true_div(y, z)"),
    (-x * -y, "mul(x, y)"),
    (x * x, "sqr(x)"),
    ((x * 2) / 4, "mul({0.5}, x)"),
    (x * (y / z), "true_div(mul(x, y), z)"),
    (x / y / z, "true_div(x, mul(y, z))"),
    (x**3, "mul(x, sqr(x))"),
    (x**-0.5, "inv(sqrt(x))"),
    (x / x**2, "inv(x)"),
    (f * 1.0, "f"),
    (f + x - x, "Cast{float64}(f)"),
    (i + i - i, "i"),
    (i * 2 * 3, "mul({6}, i)"),
]

STABLE = [
    (log(1 + x), "log1p(x)"),
    (exp(x) - 1, "expm1(x)"),
    (p, "sigmoid(x)"),
    (exp(x) / (1 + exp(x)), "sigmoid(x)"),
    (log(1 + exp(x)), "softplus(x)"),
    (log(sigmoid(x)), "neg(softplus(neg(x)))"),
    (log(1 - sigmoid(x)), "neg(softplus(x))"),
    (log(1 - p), "neg(softplus(x))"),
    (binary_crossentropy(sigmoid(x), y), "add(mul(y, softplus(neg(x))), mul(sub({1.0}, y), softplus(x)))"),
    (-y * log(p) - (1 - y) * log(1 - p), "add(mul(y, softplus(neg(x))), mul(sub({1.0}, y), softplus(x)))"),
    (grad(binary_crossentropy(sigmoid(x), y).sum(), x), "sub(sigmoid(x), y)"),
    (
        grad((-y * log(p) - (1 - y) * log(1 - p)).mean(), x),
        "true_div(sub(sigmoid(x), y), Cast{float64}(DimShuffle{x}(Shape_i{0}(y))))",
    ),
    (grad(log(1 + exp(x)).sum(), x), "sigmoid(x)"),
    (M.sqrt(x**2), "abs_(x)"),
    ((exp(x) - exp(-x)) / (exp(x) + exp(-x)), "tanh(x)"),
    (2 * sigmoid(2 * x) - 1, "tanh(x)"),
    (1 - M.erf(x), "erfc(x)"),
    (grad(log(M.erfc(x)).sum(), x), "true_div({-1..1670955126}, erfcx(x))"),
    (softmax_graph(m), "Softmax(m)"),
    (log(softmax_graph(m)), "LogSoftmax(m)"),
    (log(softmax(m)), "LogSoftmax(m)"),
]

SHAPES = [
    (m.shape[0], "Shape_i{0}(m)"),
    ((m + n).shape, "MakeVector{dtype='int64'}(Shape_i{0}(m), Shape_i{1}(m))"),
    ((m + n).shape[1], "Shape_i{1}(m)"),
    (m.dimshuffle(0, "x", 1).dimshuffle(0, 2), "m"),
    (m.T.T, "m"),
    (m.reshape(m.shape), "m"),
    (m.flatten().reshape((3, 3)), "Reshape{2}(m, {(2,) of 3})"),
    (m.reshape((m.shape[0], -1)), "m"),
    (ones((3, m.shape[0])).sum(), "Cast{float64}(mul({3}, Shape_i{0}(m)))"),
    (zeros_like(m) + n, "n"),
    (m[:, :], "m"),
    (m[0 : m.shape[0]], "m"),
    (m[0][1], "Subtensor{int64, int64}(m, Constant{0}, Constant{1})"),
    (m[1:][0:1], "Subtensor{int64:int64:}(m, Constant{1}, Constant{2})"),
    (x[::-1][::-1], "x"),
    ((m + n)[0], "add(Subtensor{int64}(m, Constant{0}), Subtensor{int64}(n, Constant{0}))"),
    (set_subtensor(x[1:], y[1:])[1:], "Subtensor{int64::}(y, Constant{1})"),
    (T.as_tensor_variable([m.shape[0], m.shape[1]])[1], "Shape_i{1}(m)"),
    (dot(zeros_like(m), n), "Alloc({0.0}, Shape_i{0}(m), Shape_i{1}(n))"),
    (dot(m, n).T, "Dot22(DimShuffle{1,0}(n), DimShuffle{1,0}(m))"),
]

REDUCTIONS = [
    (m.sum(axis=0).sum(), "Sum{acc_dtype=float64}(m)"),
    ((2 * m).sum(), "mul({2.0}, Sum{acc_dtype=float64}(m))"),
    ((-m).sum(), "neg(Sum{acc_dtype=float64}(m))"),
    ((m * x.dimshuffle(0, "x")).sum(axis=1), "mul(x, Sum{axis=[1]}(m))"),
    (m.dimshuffle(0, "x", 1).sum(axis=1), "m"),
    (m.T.sum(), "Sum{acc_dtype=float64}(m)"),
    (grad((m**2).sum(), m), "mul({2.0}, m)"),
]

LOSSES = [
    (
        grad(-(t * log(softmax_graph(m))).sum(), m),
        "sub(mul(DimShuffle{0,x}(Sum{axis=[1]}(t)), Softmax(m)), t)",
    ),
    (softmax_graph(x), "DimShuffle{1}(Softmax(DimShuffle{x,0}(x)))"),
    (log(q), "LogSoftmax(add(Dot22(m, n), DimShuffle{x,0}(y)))"),
    (categorical_crossentropy(q, labels), "CrossentropySoftmaxArgmax1HotWithBias(Dot22(m, n), y, labels)"),
    (
        grad(categorical_crossentropy(q, labels).sum(), y),
        "Sum{axis=[0]}(CrossentropySoftmax1HotWithBiasDx(Alloc({1.0}, Shape_i{0}(m)), "
        "CrossentropySoftmaxArgmax1HotWithBias(Dot22(m, n), y, labels)::1, labels))",
    ),
    (
        -log(softmax(m))[arange(labels.shape[0]), labels].sum(),
        "neg(Sum{acc_dtype=float64}(AdvancedSubtensor(LogSoftmax(m), ARange{dtype='int64'}({0}, "
        "Shape_i{0}(labels), {1}), labels)))",
    ),
    *[
        (
            grad(loss.sum(), m),
            "CrossentropySoftmax1HotWithBiasDx(Alloc({1.0}, Shape_i{0}(labels)), Softmax(m), labels)",
        )
        for loss in (
            -log(softmax(m))[arange(labels.shape[0]), labels],
            -log(softmax(m)[arange(labels.shape[0]), labels]),
            -log_softmax(m)[arange(labels.shape[0]), labels],
            -log(softmax_graph(m))[arange(labels.shape[0]), labels],
        )
    ],
]

PRODUCTS_BY_BLAS = [
    (dot(m, n), "Dot22(m, n)"),
    (2 * dot(m, n), "Dot22Scalar(m, n, {2.0})"),
    (t - 0.1 * dot(m, n), "Gemm{no_inplace}(t, {-0.1}, m, n, {1.0})"),
    (dot(m, n) / 4 - 3 * t, "Gemm{no_inplace}(t, {0.25}, m, n, {-3.0})"),
    (dot(m, x), "Gemv{no_inplace}(AllocEmpty{dtype='float64'}(Shape_i{0}(m)), {1.0}, m, x, {0.0})"),
    (dot(x, m), "Gemv{no_inplace}(AllocEmpty{dtype='float64'}(Shape_i{1}(m)), {1.0}, DimShuffle{1,0}(m), x, {0.0})"),
    (y + dot(m, x), "Gemv{no_inplace}(y, {1.0}, m, x, {1.0})"),
    (T.outer(x, y), "mul(DimShuffle{0,x}(x), DimShuffle{x,0}(y))"),
    (dot(m, n) + y, "add(Dot22(m, n), DimShuffle{x,0}(y))"),
    (t + dot(m, n) + dot(n, m), "Gemm{no_inplace}(Gemm{no_inplace}(t, {1.0}, m, n, {1.0}), {1.0}, n, m, {1.0})"),
    (dot(2 * m, n), "Dot22Scalar(m, n, {2.0})"),
    (dot(2 * m, -3 * n.T), "Dot22Scalar(m, DimShuffle{1,0}(n), {-6.0})"),
    (t - dot(2 * m, n), "Gemm{no_inplace}(t, {-2.0}, m, n, {1.0})"),
    (dot(exp(m) * m, n), "Dot22(mul(exp(m), m), n)"),
    (T.batched_dot(r, r), "BatchedDot(r, r)"),
    (-T.batched_dot(r, r / 4), "ScaledBatchedDot(r, r, {-0.25})"),
    (T.batched_dot(r, r).dimshuffle(0, 2, 1), "BatchedDot(*1 -> DimShuffle{0,2,1}(r), *1)"),
    (r - T.batched_dot(r, r), "sub(r, BatchedDot(r, r))"),
]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param(expression, expected, id=f"{group}-{k}")
        for group, cases in {
            "sums": SUMS_AND_PRODUCTS,
            "stable": STABLE,
            "shapes": SHAPES,
            "reductions": REDUCTIONS,
            "losses": LOSSES,
            "blas": PRODUCTS_BY_BLAS,
        }.items()
        for k, (expression, expected) in enumerate(cases)
    ],
)
def test_what_becomes_of_it(expression, expected):
    graph = rewritten([expression])
    assert text(graph) == expected
    roots = list(dict.fromkeys(explicit_inputs([expression])))
    values = values_for(roots)
    (before,) = evaluate([expression], values)
    (after,) = evaluate(graph.outputs, dict(zip(graph.inputs, values.values(), strict=True)))
    assert after.dtype == before.dtype
    assert after.shape == before.shape
    np.testing.assert_allclose(after, before, rtol=1e-9, atol=1e-12)


EXTREME = [
    (grad(M.switch(x > 0, log(x), 0.0).sum(), x), [0.0, 2.0], [0.0, 0.5]),
    (log(1 + exp(x)), [800.0], [800.0]),
    (log(sigmoid(x)), [-800.0], [-800.0]),
    (log(1 - sigmoid(x)), [800.0], [-800.0]),
    (binary_crossentropy(sigmoid(x), T.zeros_like(x)), [800.0], [800.0]),
    (grad(binary_crossentropy(sigmoid(x), T.ones_like(x)).sum(), x), [-800.0], [-1.0]),
    (log(exp(x).sum()), [1000.0, 1000.0], 1000.0 + np.log(2)),
    (log(exp(x).sum()), [-np.inf, -np.inf], -np.inf),
    (log(exp(x) + exp(2 * x)), [1000.0], [2000.0]),
    (exp(x) / exp(x).sum(), [1000.0, 1000.0], [0.5, 0.5]),
    (grad(log(exp(x).sum()), x), [1000.0, 1000.0], [0.5, 0.5]),
    (log(M.erfc(x)), [40.0], [-1604.2616]),
    (grad(log(M.erfc(x)).sum(), x), [40.0], [-80.024953]),
    (exp(x) - 1, [1e-20], [1e-20]),
    (log(1 + x), [1e-20], [1e-20]),
]


@pytest.mark.parametrize(("expression", "value", "expected"), EXTREME)
def test_extreme_values_stay_exact(expression, value, expected):
    graph = rewritten([expression])
    (found,) = evaluate(graph.outputs, {graph.inputs[0]: np.asarray(value)})
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_value_of_an_alloc_of_length_1_broadcasts():
    x, value = T.dmatrix(), T.dvector()
    graph = rewritten([x * T.alloc(value, 2, 1)])
    given = dict(zip(graph.inputs, [np.ones((2, 3)), np.array([5.0])], strict=True))
    (found,) = evaluate(graph.outputs, given)
    np.testing.assert_array_equal(found, np.full((2, 3), 5.0))


def test_what_is_not_defined_on_bools_is_done_on_numbers():
    b = T.TensorType("bool", (None,))("b")
    graph = rewritten([T.log(sigmoid(b))])
    (found,) = evaluate(graph.outputs, {graph.inputs[0]: np.array([True, False])})
    np.testing.assert_allclose(found, np.log(1 / (1 + np.exp([-1.0, 0.0]))), rtol=1e-6)
    assert not any(str(node.op) == "sigmoid" for node in graph.toposort())


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "bool", "float16", "float32", "complex64"])
def test_dtypes_never_change_and_values_wrap_as_before(dtype):
    a, b = T.TensorType(dtype, (None,))("a"), T.TensorType(dtype, (None,))("b")
    outputs = [a + b + a, a * b * a, a * 2, a + 1, a * 0, a * 1, (a + b) * 2 + a, a.sum(), (a * b).sum()]
    if dtype != "bool":
        outputs += [a - b, a - a, -1 * (-a), a + b - a, a * 3 - a, a**2, (2 * a).sum()]
    graph = rewritten(outputs)
    numbers = {"bool": ([True, False, True], [True, True, False])}.get(dtype, ([100, 3, 127], [50, 2, 1]))
    arrays = [np.asarray(v).astype(dtype) for v in numbers]
    with np.errstate(all="ignore"):
        before = evaluate(outputs, {a: arrays[0], b: arrays[1]})
        after = evaluate(graph.outputs, dict(zip(graph.inputs, arrays, strict=True)))
    for old, new, expected, found in zip(outputs, graph.outputs, before, after, strict=True):
        assert new.type.in_same_class(old.type)
        np.testing.assert_allclose(found, expected, rtol=5e-3 if dtype == "float16" else 1e-5)


def test_gradients_of_a_network_keep_their_values():
    hidden = M.tanh(dot(m, n) + y)
    cost = categorical_crossentropy(softmax(dot(hidden, n)), labels).mean() + 0.01 * (n**2).sum()
    outputs = [cost, *grad(cost, [n, y])]
    graph = rewritten(outputs)
    values = values_for(list(dict.fromkeys(explicit_inputs(outputs))))
    before = evaluate(outputs, values)
    after = evaluate(graph.outputs, dict(zip(graph.inputs, values.values(), strict=True)))
    for expected, found in zip(before, after, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_assertions_stay_until_they_are_known_to_hold():
    from neano.tensor.assertion import Assert

    checked = Assert("x is short")(x, T.as_tensor_variable(np.True_), M.gt(x.shape[0], 3))
    assert text(rewritten([checked])) == "Assert{msg='x is short'}(x, gt(Shape_i{0}(x), {3}))"
    assert text(rewritten([Assert("never")(x, T.as_tensor_variable(np.True_))])) == "x"
    assert text(rewritten([checked], include=["fast_run", "unsafe"])) == "x"


def test_tags_select_and_names_exclude():
    assert text(rewritten([log(1 + x)], include=["fast_compile"])).startswith("log(")
    assert text(rewritten([log(1 + x)], exclude=["local_log1p"])).startswith("log(")
    assert text(rewritten([log(1 + x)], exclude=["stabilize", "specialize"])).startswith("log(")
    assert text(rewritten([log(1 + x)])) == "log1p(x)"


def test_the_trace_names_phase_and_rule(capsys):
    graph = FunctionGraph([x], [log(1 + exp(x))])
    rewrite_graph(graph, prints=True)
    assert "stabilize: local_log1p" in capsys.readouterr().out or graph.outputs[0].owner is not None


@pytest.mark.parametrize("shape", ["chain", "tree", "sum"])
def test_ten_thousand_nodes_take_seconds(shape):
    import time

    if shape == "tree":
        level = [exp(x * float(k)) for k in range(2500)]
        while len(level) > 1:
            level = [M.tanh(a + b) for a, b in zip(level[::2], level[1::2], strict=False)]
        (out,) = level
    else:
        out = x
        for _ in range(3333):
            out = M.tanh(out * y + 1.5) if shape == "chain" else out + y + 1
    graph = FunctionGraph(list(dict.fromkeys(explicit_inputs([out]))), [out], clone=False)
    start = time.perf_counter()
    rewrite_graph(graph)
    assert time.perf_counter() - start < 6.0
    graph.check_integrity()
