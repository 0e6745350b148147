"""Elementwise expressions evaluated in high precision with mpmath, and in float64 with each Op's reference."""

from __future__ import annotations

import mpmath
import numpy as np

from neano.graph.traverse import toposort
from neano.graph.variable import Constant

mpmath.mp.dps = 400


def _fold(function):
    def folded(first, *others):
        for other in others:
            first = function(first, other)
        return first

    return folded


FUNCTIONS = {
    "add": _fold(lambda a, b: a + b),
    "mul": _fold(lambda a, b: a * b),
    "sub": lambda a, b: a - b,
    "neg": lambda a: -a,
    "true_div": lambda a, b: a / b,
    "inv": lambda a: 1 / a,
    "int_div": lambda a, b: mpmath.floor(a / b),
    "mod": lambda a, b: a - b * mpmath.floor(a / b),
    "pow": lambda a, b: mpmath.power(a, b),
    "sqr": lambda a: a * a,
    "sqrt": mpmath.sqrt,
    "abs_": abs,
    "sgn": mpmath.sign,
    "exp": mpmath.exp,
    "log": mpmath.log,
    "log1p": lambda a: mpmath.log(1 + a),
    "expm1": lambda a: mpmath.exp(a) - 1,
    "sinh": mpmath.sinh,
    "cosh": mpmath.cosh,
    "tanh": mpmath.tanh,
    "arcsinh": mpmath.asinh,
    "arctanh": mpmath.atanh,
    "deg2rad": mpmath.radians,
    "rad2deg": mpmath.degrees,
    "conj": lambda a: a,
    "erf": mpmath.erf,
    "erfc": mpmath.erfc,
    "erfcx": lambda a: mpmath.exp(a * a) * mpmath.erfc(a),
    "scalar_sigmoid": lambda a: 1 / (1 + mpmath.exp(-a)),
    "scalar_softplus": lambda a: mpmath.log(1 + mpmath.exp(a)),
    "switch": lambda c, a, b: a if c else b,
    "maximum": max,
    "minimum": min,
    "gt": lambda a, b: mpmath.mpf(a > b),
    "second": lambda a, b: b,
    "and_": lambda a, b: mpmath.mpf(int(a) & int(b)),
    "or_": lambda a, b: mpmath.mpf(int(a) | int(b)),
    "xor": lambda a, b: mpmath.mpf(int(a) ^ int(b)),
    "invert": lambda a: mpmath.mpf(~int(a)),
}
"""Each row of the scalar table that stands in a rule, on mpmath's numbers."""


def evaluate_exactly(expression, values):
    """Return an expression's value as an mpmath number, from those of its placeholders."""
    known = {variable: mpmath.mpf(value) for variable, value in values.items()}

    def value_of(variable):
        return mpmath.mpf(variable.data.reshape(-1)[0].item()) if isinstance(variable, Constant) else known[variable]

    for node in toposort([expression]):
        name = getattr(getattr(node.op, "scalar_op", None), "name", None)
        arguments = [value_of(v) for v in node.inputs]
        if name is None:
            (known[node.outputs[0]],) = arguments  # a dimshuffle
        elif name.startswith("convert_to_"):
            known[node.outputs[0]] = arguments[0]
        else:
            known[node.outputs[0]] = FUNCTIONS[name](*arguments)
    return value_of(expression)


def evaluate(outputs, values):
    """Return the values of outputs as arrays, computed node by node with each Op's reference."""
    known = dict(values)
    for node in toposort(outputs):
        storage = [[None] for _ in node.outputs]
        node.op.perform(node, [v.data if isinstance(v, Constant) else known[v] for v in node.inputs], storage)
        known.update({v: cell[0] for v, cell in zip(node.outputs, storage, strict=True)})
    return [np.asarray(v.data if isinstance(v, Constant) else known[v]) for v in outputs]
