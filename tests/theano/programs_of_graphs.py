"""Small programs in the manner of old Theano code: modes, flags, compiled graphs, functions and their state.

Each function is a program; what it returns (arrays, numbers, texts, lists of these) is compared with what Theano 1.0.5
gives for the same text, which stands in `expected.json`. They run on Python 3.8 and Theano as well.
"""

import copy
import io
import pickle

import numpy as np

import theano
import theano.tensor as T
import theano.tensor.inplace
from theano import config, function, shared
from theano.compile.mode import Mode, get_default_mode
from theano.compile.nanguardmode import NanGuardMode


def error_of(call, *args, **kwargs):
    """Return the name of the class of the error that a call raises."""
    try:
        call(*args, **kwargs)
    except Exception as error:
        return type(error).__name__
    return "none"


def names_of_modes():
    x = T.dvector("x")
    y = T.exp(x) / T.exp(x).sum()
    modes = ["FAST_RUN", "FAST_COMPILE", None, Mode("py", "fast_compile"), Mode("vm", "fast_run"), Mode(optimizer=None)]
    results = [function([x], y, mode=mode)([0.0, 1.0, 2.0]) for mode in modes]
    return [*results, error_of(function, [x], y, mode="NO_SUCH_MODE") != "none"]


def modes_with_tags():
    mode = get_default_mode()
    x, y = T.dmatrices("x", "y")
    tagged = mode.including("canonicalize", "specialize").excluding("fusion", "inplace", "gemm")
    f = function([x, y], T.dot(x, y) + 2 * x, mode=tagged)
    return [f(np.eye(2), np.ones((2, 2))), tagged is not mode, isinstance(tagged, Mode)]


def floatx_by_context_and_decorator():
    @theano.change_flags(floatX="float32")
    def kinds():
        return [T.matrix().dtype, T.scalar().dtype, (T.fvector() + 1.5).dtype, T.zeros((2,)).dtype]

    before = config.floatX
    with theano.change_flags(floatX="float32", **{"traceback.limit": 3}):
        x = T.vector("x")
        f = function([x], T.tanh(x) * 0.5, allow_input_downcast=True)
        inside = [x.dtype, f(np.array([0.1, -2.0])), config.traceback.limit]
    return [kinds(), inside, config.floatX == before]


def walk_over_a_compiled_graph():
    x, y = T.dvectors("x", "y")
    f = function([x, y], [T.dot(x, y), (x * 1 + 0).sum()], mode="FAST_RUN")
    graph = f.maker.fgraph
    order = graph.toposort()
    elementwise = [n for n in order if isinstance(n.op, T.Elemwise)]
    return [
        len(graph.inputs), len(graph.outputs), set(order) == set(graph.apply_nodes), len(elementwise),
        [str(v.type) for v in graph.inputs], all(v.owner is None for v in graph.inputs), f([1, 2, 3], [4, 5, 6]),
    ]  # fmt: skip


def walk_over_an_expression():
    x = T.dmatrix("x")
    y = T.exp(x).dimshuffle(1, 0, "x") + 1
    node = y.owner
    return [
        str(node.op), str(node.op.scalar_op), [type(v.owner.op).__name__ for v in node.inputs],
        node.inputs[0].owner.inputs[0].owner.inputs[0] is x, node.outputs[0] is y, y.type.broadcastable,
        len(theano.gof.graph.ancestors([y])), [str(v) for v in theano.gof.graph.inputs([y])],
    ]  # fmt: skip


def nodes_made_directly():
    x, y = T.dmatrix("x"), T.dmatrix("y")
    product = T.basic.Dot().make_node(x, y).outputs[0]
    total = T.Elemwise(theano.scalar.add).make_node(product, x).outputs[0]
    reduced = T.elemwise.Sum(axis=1).make_node(total).outputs[0]
    shuffled = T.DimShuffle((False, False), [1, "x", 0]).make_node(total).outputs[0]
    f = function([x, y], [total, reduced, shuffled])
    return f(np.arange(4.0).reshape(2, 2), np.ones((2, 2)))


def operations_in_place():
    x = T.dvector("x")
    y = T.inplace.exp_inplace(x)
    refused = error_of(function, [theano.In(x, mutable=True)], y)
    f = function([theano.In(x, mutable=True, borrow=True)], y, accept_inplace=True)
    g = function([x], T.inplace.add_inplace(x * 2, x), accept_inplace=True)
    value = np.array([0.0, 1.0])
    return [refused, f(value.copy()), g(value), value]


def scalar_constants():
    x = T.dscalar("x")
    known = theano.tensor.get_scalar_constant_value
    values = [
        T.constant(5), T.as_tensor_variable(2.5) * 2, T.constant([1, 2, 3])[2], T.cast(T.constant(3.7), "int64"),
        T.stack([T.constant(4), T.constant(9)])[1], T.switch(T.constant(1), 4, 5),
    ]  # fmt: skip
    return [
        [float(known(v)) if error_of(known, v) == "none" else error_of(known, v) for v in values], error_of(known, x),
        error_of(known, T.constant([1, 2])), T.get_vector_length(T.stack([x, x, x])),
        error_of(T.get_vector_length, T.dvector()),
    ]  # fmt: skip


def evaluations():
    x, y = T.dscalars("x", "y")
    w = shared(np.arange(3.0), name="w")
    z = x * w + y
    return [
        z.eval({x: 2, y: 1}),
        z.eval({x: 3, y: 0}),
        (w**2).sum().eval(),
        T.arange(4).eval(),
        error_of(z.eval, {x: 1}),
    ]


def test_values():
    with theano.change_flags(compute_test_value="raise"):
        x, w = T.dmatrix("x"), shared(np.ones((3, 2)))
        x.tag.test_value = np.arange(6.0).reshape(2, 3)
        y = T.dot(x, w) + 1
        mismatch = error_of(T.dot, w, w)
        missing = error_of(T.exp, T.dvector())
        value = theano.gof.op.get_test_value(y)
    with theano.change_flags(compute_test_value="ignore"):
        z = T.exp(T.dvector())
    return [y.tag.test_value, value, mismatch, missing, hasattr(z.tag, "test_value")]


def pickled_functions():
    x, state = T.dscalar("x"), shared(10.0, name="state")
    f = function(
        [x, theano.In(T.dscalar("k"), value=2.0, name="k")],
        state * x,
        updates=[(state, state + x)],
        on_unused_input="ignore",
    )
    before = f(1)
    g = pickle.loads(pickle.dumps(f, protocol=-1))
    h = copy.deepcopy(f)
    return [before, g(2), g(2), f(2), h(2), state.get_value(), g.name is None]


def pickled_graphs():
    x = T.dmatrix("x")
    w = shared(np.array([[2.0, 0.0], [1.0, 1.0]]), name="w")
    y = T.tanh(T.dot(x, w))
    x2, w2, y2 = pickle.loads(pickle.dumps((x, w, y)))
    w2.set_value(np.eye(2))
    again = copy.copy(y)
    return [function([x2], y2)(np.ones((1, 2))), function([x], y)(np.ones((1, 2))), x2.name, w2.name, str(again.type)]


def pickles_with_arrays_apart():
    from theano.misc import pkl_utils

    w, b = shared(np.arange(4.0), name="w"), shared(np.ones(2, dtype="float32"), name="b")
    file = io.BytesIO()
    pkl_utils.dump((w, b, {"step": 3}), file)
    file.seek(0)
    members = sorted(np.load(file).files)
    file.seek(0)
    w2, b2, rest = pkl_utils.load(file)
    return [members, w2.get_value(), b2.get_value(), rest["step"]]


def minibatches_by_givens():
    data = shared(np.arange(20.0).reshape(10, 2))
    index, x = T.lscalar("index"), T.dmatrix("x")
    f = function([index], x.sum(axis=0), givens={x: data[index * 3 : (index + 1) * 3]})
    g = function([], x.mean(), givens=[(x, data * 2)])
    h = function([index], T.cast(index, "float64") + x[0, 0], givens={x: np.ones((1, 1))})
    return [f(0), f(1), f(3), g(), h(2)]


def forms_of_updates():
    a, b = shared(1.0, name="a"), shared(2.0, name="b")
    x = T.dscalar("x")
    f = function([x], [a, b], updates=[(a, b), (b, a + x)])
    first = [f(10), a.get_value(), b.get_value()]
    g = function([x], updates=theano.OrderedUpdates([(a, a * x)]))
    second = [g(3), a.get_value()]
    b.default_update = b + 1
    h = function([], a * b)
    k = function([], a * b, no_default_updates=True)
    third = [h(), h(), k(), b.get_value()]
    wrong = [
        error_of(function, [x], a, updates=[(x, a)]),
        error_of(function, [], a, updates=[(a, T.fscalar())]),
        error_of(function, [], a, updates=[(a, 1), (a, 2)]),
        error_of(function, [], a, updates=[(a, T.dvector())]),
    ]
    return [first, second, third, wrong]


def forms_of_inputs():
    x, s, u = T.dscalars("x", "s", "u")
    inc = function([u, theano.In(x, value=3), theano.In(s, update=s + x * u, value=10.0)], [])
    states = [float(inc["s"])]
    for arguments in ((5,), (3, 4), (3, 4, 7)):
        inc(*arguments)
        states.append(float(inc["s"]))
    inc["s"] = 2
    inc(u=1)
    f = function(
        [theano.In(T.fvector("v"), allow_downcast=True, name="v")],
        T.ones(1, dtype="float32") * 2,
        on_unused_input="ignore",
    )
    strict = function([theano.In(x, strict=True)], x + 1)
    return [states, float(inc["s"]), float(inc[x]), f(v=[1.5]), error_of(strict, 1), strict(np.array(1.0))]


def outputs_and_containers():
    x, y = T.dscalars("x", "y")
    f = function([x, theano.In(y, value=4.0)], {"sum": x + y, "product": x * y}, name="both")
    result = f(2)
    g = function([x, y], [x + y, x - y, x * y])
    return [
        sorted(result), result["sum"], result["product"], f.name, g(1, 2), f.value["y"], "y" in f,
        f.container["y"].value, function([x], theano.Out(x * 2, borrow=True))(4), function([])(), function([], [])(),
    ]  # fmt: skip


def errors_of_calls():
    x, y, n, s = T.dvector("x"), T.dscalar("y"), T.lvector("n"), T.fscalar("s")
    f = function([x, y], x * y)
    return [
        error_of(f), error_of(f, [1.0]), error_of(f, [1.0], 2.0, 3.0), error_of(f, [1.0], z=1),
        error_of(f, [1.0], 2, y=3), error_of(f, [[1.0]], 2.0), error_of(f, x, 2.0), error_of(function, [x], x * y),
        error_of(function, [x, y], x), error_of(function, [x, x], x), error_of(function, x, x) != "none",
        error_of(function, [1], x), error_of(function, [shared(1.0)], x),
        error_of(function([x, y], x, on_unused_input="ignore"), [1.0], 1.0), error_of(function([n], n + 1), [1.5]),
        error_of(function([s], s + 1), np.float64(0.1)),
    ]  # fmt: skip


def errors_inside():
    x, y, i = T.dvector("x"), T.dvector("y"), T.lscalar("i")
    m = T.dmatrix("m")
    calls = [
        (function([x, y], x + y), ([1.0, 2.0], [1.0, 2.0, 3.0])), (function([x, i], x[i]), ([1.0], 5)),
        (function([m, x], T.dot(m, x)), ([[1.0, 2.0]], [1.0])), (function([x], x.reshape((2, 2))), ([1.0],)),
        (function([x], T.max(x)), ([],)), (function([x, i], T.opt.Assert("no")(x, i > 0)), ([1.0], -1)),
        (function([x, y], T.join(0, m, m), givens={m: x.reshape((2, 2))}, on_unused_input="ignore"), ([1.0], [1.0])),
        (function([x], T.specify_shape(x, [3])), ([1.0],)), (function([x], T.addbroadcast(x, 0)), ([1.0, 2.0],)),
    ]  # fmt: skip
    return [error_of(f, *arguments) for f, arguments in calls]


def copies_of_functions():
    inc, state = T.iscalar("inc"), shared(0, name="state")
    accumulate = function([inc], state, updates=[(state, state + inc)])
    accumulate(10)
    other = shared(0)
    swapped = accumulate.copy(swap={state: other})
    np.asarray(swapped(100))
    frozen = accumulate.copy(delete_updates=True)
    return [
        state.get_value(), other.get_value(), np.ravel(frozen(9000)), state.get_value(),
        error_of(accumulate.copy, swap={shared(1): other}), [str(v) for v in accumulate.get_shared()],
    ]  # fmt: skip


def shared_variables():
    value = np.ones(2)
    copied, borrowed = shared(value), shared(value, borrow=True)
    value += 1
    before = [copied.get_value(), borrowed.get_value()]
    copied.set_value(np.arange(5.0))
    kinds = [str(shared(v).type) for v in (0, 1.5, np.float32(1), True, np.ones((2, 1), "int8"))]
    row = shared(np.ones((1, 3)), broadcastable=(True, False))
    wrong = [
        error_of(copied.set_value, np.ones((2, 2))), error_of(shared, T.dscalar()),
        error_of(row.set_value, np.ones((2, 3))), error_of(shared(1, name="n").set_value, 1.5),
    ]  # fmt: skip
    zeroed = shared(np.ones(3))
    zeroed.zero()
    listed = shared([1, 2])
    return [
        before,
        copied.get_value(),
        kinds,
        wrong,
        zeroed.get_value(),
        listed.get_value(),
        error_of(lambda: listed[0]),
    ]


def watched_nodes():
    seen = []

    def before(i, node, fn):
        seen.append(all(value[0] is not None for value in fn.inputs))

    def after(i, node, fn):
        seen.append(any(np.isnan(value[0]).any() for value in fn.outputs))

    x = T.dscalar("x")
    mode = theano.compile.MonitorMode(pre_func=before, post_func=after).excluding("local_elemwise_fusion", "inplace")
    f = function([x], T.log(x) * x, mode=mode)
    with np.errstate(all="ignore"):
        f(-1.0)
    guard = NanGuardMode(nan_is_error=True, inf_is_error=True, big_is_error=True)
    g = function([x], T.log(x) * 2, mode=guard)
    return [len(seen), seen, error_of(g, -1.0), error_of(g, 0.0), error_of(g, 1e11), g(1.0)]


def a_mode_that_checks():
    x, w = T.dvector("x"), shared(np.ones(3))
    cost = T.nnet.sigmoid((x * w).sum())
    f = function([x], cost, updates=[(w, w - 0.5 * T.grad(cost, w))], mode="DebugMode")
    return [f([0.1, 0.2, 0.3]), f([0.1, 0.2, 0.3]), w.get_value()]


def clones_and_replacements():
    x, y = T.dvectors("x", "y")
    z = (x + y) * y
    replaced = theano.clone(z, replace={x: T.ones_like(y) * 3})
    unshared = theano.clone(z, share_inputs=False)
    (x2, y2), (z2,) = theano.gof.graph.clone([x, y], [z])
    fgraph = theano.FunctionGraph([x2, y2], [z2], clone=False)
    sub = theano.gof.graph.is_same_graph
    fgraph.replace(y2, x2)
    return [
        replaced.eval({y: [1.0, 2.0]}), len(theano.gof.graph.inputs([unshared])), sub(x + 1, x + 1),
        sub(x + 1, y + 1), sub(x + 1, y + 1, givens={x: y}), str(fgraph.outputs[0].owner), len(fgraph.toposort()),
    ]  # fmt: skip


def rewriters_of_ones_own():
    x, y = T.dvectors("x", "y")
    from theano.gof import PatternSub, local_optimizer
    from theano.gof.opt import EquilibriumOptimizer, TopoOptimizer

    fgraph = theano.FunctionGraph([x, y], [T.mul(x, T.sqrt(y)) + T.exp(T.log(x))], clone=False)
    rule = PatternSub((T.mul, "a", (T.sqrt, "b")), (T.add, "a", "b"))
    TopoOptimizer(rule, order="in_to_out").optimize(fgraph)

    @local_optimizer([T.exp])
    def exp_of_log(node):
        inner = node.inputs[0].owner
        if node.op == T.exp and inner and inner.op == T.log:
            return [inner.inputs[0]]
        return False

    EquilibriumOptimizer([exp_of_log], max_use_ratio=10).optimize(fgraph)
    ops = sorted(str(node.op) for node in fgraph.toposort())
    return [ops, function([x, y], fgraph.outputs[0])([1.0, 2.0], [3.0, 4.0])]


def texts():
    x, y = T.dscalars("x", "y")
    m = T.dmatrix("m")
    out = io.StringIO()
    theano.printing.debugprint((x + y) * T.exp(m).sum(), file=out, ids="int")
    return [
        theano.pp(x + y * 2), theano.pp(T.grad(x**2, x)), theano.pp(T.dot(m, m.T)), str(x), str(m + 1),
        str(T.constant(2)), str(T.constant([1.0, 1.0, 1.0])), repr(m.type), str(T.TensorType("int32", (True, False))),
        out.getvalue(), theano.pp(m.sum(axis=0)), theano.pp(T.switch(x, y, 1)), str(T.dtensor3().type),
        str(m[1:, 0].owner.op),
    ]  # fmt: skip
