"""Equations of the logistic function: sigmoid, softplus and their logarithms, exact where the written forms overflow.

The cross-entropy of a sigmoid comes out in terms of softplus however it was written, because each of the ways leads
through these equations: 1 / (1 + exp(-x)), log(1 - sigmoid(x)), -y log(p) - (1 - y) log(1 - p).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neano.graph.fgraph import FunctionGraph
from neano.graph.rewriting.rewriters import rewriter
from neano.graph.variable import Apply
from neano.rewrites.phases import register_rules, registers, specialize, stabilize
from neano.rewrites.rules import floating, real, rule
from neano.rewrites.values import function_of, is_constant
from neano.scalar.rows import row
from neano.tensor.nnet.activation import sigmoid, softplus

_exp, _log, _log1p, _expm1, _tanh = row("exp"), row("log"), row("log1p"), row("expm1"), row("tanh")
_sqr, _mul = row("sqr"), row("mul")

x, y, z, positive = real("x", -30, 30), floating("y"), floating("z"), floating("positive", 0.01, 4)
half = np.float32(0.5)

SIGMOIDS = [
    rule("local_inv_1_plus_exp", 1 / (1 + _exp(x)), sigmoid(-x), tags=["stable"]),
    rule("local_exp_over_1_plus_exp", _exp(x) / (1 + _exp(x)), sigmoid(x), tags=["stable"]),
    rule("local_exp_over_1_plus_exp_product", y * _exp(x) / (1 + _exp(x)), y * sigmoid(x), tags=["stable"]),
    rule("local_over_1_plus_exp", y / (1 + _exp(x)), y * sigmoid(-x), tags=["stable"]),
    rule("local_over_product_with_1_plus_exp", y / ((1 + _exp(x)) * z), y * sigmoid(-x) / z, tags=["stable"]),
    rule("local_over_sqr_1_plus_exp", y / _sqr(1 + _exp(x)), y * _sqr(sigmoid(-x)), tags=["stable"]),
    rule("local_inv_sqr_1_plus_exp", 1 / _sqr(1 + _exp(x)), _sqr(sigmoid(-x)), tags=["stable"]),
    rule("local_sigm_times_exp", sigmoid(-x) * _exp(x), sigmoid(x), tags=["stable"]),
    rule("local_sigm_times_exp_neg", sigmoid(x) * _exp(-x), sigmoid(-x), tags=["stable"]),
    rule("local_sqr_sigm_times_exp", _sqr(sigmoid(-x)) * _exp(x), sigmoid(x) * sigmoid(-x), tags=["stable"]),
    rule("local_sqr_sigm_times_exp_neg", _sqr(sigmoid(x)) * _exp(-x), sigmoid(x) * sigmoid(-x), tags=["stable"]),
    rule("local_1msigmoid", 1 - sigmoid(x), sigmoid(-x), exclusive=True, tags=["stable"]),
    rule("local_sigmoid_plus_sigmoid_of_negative", sigmoid(x) + sigmoid(-x), row("second")(x, 1.0)),
    rule(
        "local_gradient_of_sigmoid_crossentropy",
        [
            (1 - y) * sigmoid(x) - y * (1 - sigmoid(x)),
            (1 - y) * sigmoid(x) - y * sigmoid(-x),
        ],
        sigmoid(x) - y,
        tags=["stable"],
    ),
    rule(
        "local_gradient_of_sigmoid_crossentropy_scaled",
        [
            _mul(z, 1 - y, sigmoid(x)) - _mul(z, y, 1 - sigmoid(x)),
            _mul(z, 1 - y, sigmoid(x)) - _mul(z, y, sigmoid(-x)),
        ],
        z * (sigmoid(x) - y),
        tags=["stable"],
    ),
]

SOFTPLUS = [
    rule("log1pexp_to_softplus", _log1p(_exp(x)), softplus(x), tags=["stable"]),
    rule("log1pexp_to_softplus_log", _log(1 + _exp(x)), softplus(x), tags=["stable"]),
    rule("logsigm_to_softplus", _log(sigmoid(x)), -softplus(-x), tags=["stable"]),
    rule(
        "log1msigm_to_softplus",
        [_log(1 - sigmoid(x)), _log1p(-sigmoid(x))],
        -softplus(x),
        tags=["stable"],
    ),
    rule(
        "local_log_of_inverse_of_1_plus_exp",
        _log(positive / (1 + _exp(x))),
        _log(positive) - softplus(x),
        tags=["stable"],
    ),
    rule("local_softplus_minus_softplus", softplus(x) - softplus(-x), x, tags=["stable"]),
    rule("local_softplus_minus_itself", x - softplus(x), -softplus(-x), exclusive=True, tags=["stable"]),
    rule("local_exp_of_negative_softplus", _exp(-softplus(x)), sigmoid(-x), tags=["stable"]),
]

TANH = [
    rule(
        "local_tanh_of_exponentials",
        [
            (_exp(x) - _exp(-x)) / (_exp(x) + _exp(-x)),
            row("sinh")(x) / row("cosh")(x),
        ],
        _tanh(x),
        tags=["stable"],
    ),
    rule(
        "local_tanh_of_one_exponential",
        [_expm1(x) / (1 + _exp(x)), (_exp(x) - 1) / (_exp(x) + 1), _expm1(x) * sigmoid(-x)],
        _tanh(half * x),
        tags=["stable"],
    ),
    rule("local_1_minus_exp_over_1_plus_exp", (1 - _exp(x)) / (1 + _exp(x)), _tanh(-half * x), tags=["stable"]),
    rule("local_tanh_of_sigmoid", 2 * sigmoid(x) - 1, _tanh(half * x), exclusive=True, tags=["stable"]),
]


@registers(stabilize)
@rewriter(row("sub"), sigmoid.scalar_op, name="local_1msigmoid_shared", depth=2)
def one_minus_shared_sigmoid(fgraph: FunctionGraph, node: Apply) -> Any:
    """Make 1 - sigmoid(x) sigmoid(-x) where the graph computes that anyway, so that the two are seen to be one."""
    like: Any = node.outputs[0]
    if function_of(like) is row("sub"):
        logistic = node.inputs[1]
        if not is_constant(node.inputs[0], 1) or function_of(logistic) is not sigmoid.scalar_op:
            return None
        mirrored = _mirrored(fgraph, logistic.owner.inputs[0])  # type: ignore[union-attr]
        return [mirrored] if mirrored is not None and mirrored.type == like.type else None
    logistic = _mirrored(fgraph, node.inputs[0])
    if logistic is None:
        return None
    complements: list[Any] = [
        reader.outputs[0]
        for reader, i in fgraph.clients(logistic)
        if not isinstance(reader, str) and function_of(reader.outputs[0]) is row("sub") and i == 1
    ]
    return {v: like for v in complements if is_constant(v.owner.inputs[0], 1) and v.type == like.type}


def _mirrored(fgraph: FunctionGraph, x: Any) -> Any:
    """Return sigmoid(-x) where the graph has it."""
    if function_of(x) is row("neg"):
        negatives = [x.owner.inputs[0]]
    else:
        negatives = [
            r.outputs[0]
            for r, _ in fgraph.clients(x)
            if not isinstance(r, str) and function_of(r.outputs[0]) is row("neg")
        ]
    for negative in negatives:
        for reader, _ in fgraph.clients(negative):
            if not isinstance(reader, str) and function_of(reader.outputs[0]) is sigmoid.scalar_op:
                return reader.outputs[0]
    return None


register_rules(SIGMOIDS, stabilize)
register_rules(SOFTPLUS, stabilize, specialize)
register_rules(TANH, stabilize)
