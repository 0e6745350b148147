"""Statements of elementwise functions: every row of the scalar table, on operands that broadcast against each other."""

from __future__ import annotations

import math

import numpy as np

from differential import values
from differential.builder import Builder, Refused
from neano.scalar.rows import ROWS

COMMON = ("add", "sub", "mul", "true_div", "exp", "log", "tanh", "sqr", "sqrt", "neg", "abs_", "maximum", "pow")
CASTS = [name for name in sorted(ROWS) if name.startswith("convert_to_")]
SEVERAL = [name for name in sorted(ROWS) if ROWS[name].nin != 1]
SINGLE = [name for name in sorted(ROWS) if ROWS[name].nin == 1 and name not in CASTS]
COMPARISONS = ("lt", "le", "gt", "ge", "eq", "neq")
OPERATORS = ("+", "-", "*", "/", "//", "%", "**", "&", "|", "^", "<", "<=", ">", ">=")
CONSTANTS = ("1", "2", "0", "-1", "0.5", "3", "2.0", "-1.5", "1e-3", "200", "1.1", "np.float32(0.3)", "np.int8(3)")


def fits(builder: Builder, one: str, other: str) -> bool:
    """Say whether two tensors broadcast against each other, as declared."""
    a, b = builder.value(one), builder.value(other)
    stretch_a, stretch_b = builder.variable(one).broadcastable, builder.variable(other).broadcastable
    shared = min(a.ndim, b.ndim)
    pairs = zip(
        a.shape[a.ndim - shared :],
        b.shape[b.ndim - shared :],
        stretch_a[a.ndim - shared :],
        stretch_b[b.ndim - shared :],
        strict=True,
    )
    return all(m == n or p or q for m, n, p, q in pairs)


def partner(builder: Builder, name: str, kinds: str = "biufc") -> str:
    """Return a tensor or a number that broadcasts against another tensor."""
    choices = builder.choices
    if choices.chance(15):
        return choices.pick(CONSTANTS)
    found = [n for n in reversed(builder.pool) if builder.kind(n) in kinds and fits(builder, name, n)]
    other = [n for n in found if n != name]
    if choices.chance(20) or not other:
        return _made_to_fit(builder, name)
    return choices.pick(other)


def _made_to_fit(builder: Builder, name: str) -> str:
    """Return a new constant or input, or the tensor itself turned to stretch along a dimension."""
    choices = builder.choices
    shape = builder.value(name).shape
    how = choices.integer(0, 3)
    if how == 0 or not shape:
        return builder.input_like(builder.array(shape, choices.pick(builder.dtypes)))
    if how == 1:
        some = tuple(1 if choices.chance(30) else n for n in shape)[choices.integer(0, len(shape)) :]
        return f"T.constant({values.literal(builder.array(some, choices.pick(builder.dtypes)))})"
    axis = choices.integer(0, len(shape) - 1)
    order = ["x" if i == axis else i for i in range(len(shape))]
    function = choices.pick(("sum", "max", "mean"))
    if 0 in shape:
        function = "sum"
    return f"{name}.{function}(axis={axis}).dimshuffle({', '.join(map(repr, order))})"


def in_domain(builder: Builder, text: str, interval: tuple[float, float]) -> str:
    """Return the expression brought into the interval where a function is real and smooth, mostly."""
    low, high = interval
    if (low, high) == (-math.inf, math.inf) or builder.choices.chance(25):
        return text
    if math.isinf(high):
        return f"(abs({text}) + {low + 0.5})" if builder.choices.chance(60) else f"(T.sqr({text}) + {low + 0.25})"
    return f"(T.tanh({text}) * {(high - low) * 0.45} + {(high + low) / 2})"


def single(builder: Builder) -> None:
    choices = builder.choices
    name = choices.pick(SINGLE) if choices.chance(70) else choices.pick([n for n in COMMON if ROWS[n].nin == 1])
    operand = builder.any_name("biu" if name == "invert" else "biufc")
    builder.bind(f"row({name!r})({in_domain(builder, operand, ROWS[name].domain[0])})")


def several(builder: Builder) -> None:
    choices = builder.choices
    name = choices.pick(SEVERAL)
    op = ROWS[name]
    kinds = "biu" if name in ("and_", "or_", "xor") else "biufc"
    count = op.nin if op.nin > 0 else choices.integer(2, 4)
    first = builder.any_name(kinds)
    operands = [first] + [partner(builder, first, kinds) for _ in range(count - 1)]
    domain = op.domain * count if op.nin < 0 else op.domain
    texts = [in_domain(builder, text, d) for text, d in zip(operands, domain, strict=True)]
    if name == "polygamma":  # of a whole order only: the reference's formula for others means nothing
        texts[0] = f"(abs(T.cast({first}, 'int8')) % 5)" if builder.kind(first) in "iuf" else "2"
    if name == "switch" and choices.chance(80):
        condition = choices.pick(COMPARISONS)
        texts = [f"T.{condition}({first}, {partner(builder, first)})", *texts[:2]]
    builder.bind(f"row({name!r})({', '.join(texts)})")


def operator(builder: Builder) -> None:
    choices = builder.choices
    symbol = choices.pick(OPERATORS)
    first = builder.any_name("biu" if symbol in "&|^" else "biufc")
    second = partner(builder, first, "biu" if symbol in "&|^" else "biufc")
    if symbol == "**" and choices.chance(60):
        second = choices.pick(("2", "3", "0.5", "-1", "2.5", "0", "-2"))
    if choices.chance(15):
        first, second = second, first
    if second in CONSTANTS and first in CONSTANTS:
        raise Refused("no tensor")
    builder.bind(f"{first} {symbol} {second}")


def cast(builder: Builder) -> None:
    choices = builder.choices
    name = builder.any_name()
    dtype = choices.weighted(values.DTYPES)
    builder.bind(choices.pick((f"T.cast({name}, {dtype!r})", f"{name}.astype({dtype!r})")))


def usual_forms(builder: Builder) -> None:
    """Expressions for which there are rewrites, as people write them."""
    x = builder.any_name("f")
    y = partner(builder, x, "f")
    forms = (
        f"T.log(1 + {x})",
        f"T.log(1 + T.exp({x}))",
        f"T.log(T.nnet.sigmoid({x}))",
        f"-T.log(1 - T.nnet.sigmoid({x}))",
        f"1 / (1 + T.exp(-{x}))",
        f"1 - T.nnet.sigmoid({x})",
        f"T.exp({x}) - 1",
        f"({x} * {y}) / {x}",
        f"{x} + {y} - {x}",
        f"({x} * 2) * 3 * {y}",
        f"-({x} - {y})",
        f"{x} * 0",
        f"{x} * 1 + 0",
        f"{x} / {y} / {x}",
        f"{x} * {y} + {x} * 2",
        f"T.sqrt(T.sqr({x}))",
        f"T.exp({x}) * T.exp({y})",
        f"T.log(T.exp({x}))",
        f"T.log({x}) + T.log({y})",
        f"{x} ** 2 * {x}",
        f"abs({x} * {y})",
        f"T.switch({x} > 0, {x}, 0)",
        f"T.maximum({x}, 0) + T.minimum({y}, 0)",
        f"T.clip({x}, -1, 1)",
        f"T.eq({x}, {x}) * {y}",
        f"T.mod({x}, 2)",
        f"T.sum({x} * 2)",
        f"T.sum(-{x}, axis=-1)",
        f"T.sum({x} / {y})",
        f"T.mean({x} * 3 + 1)",
        f"T.prod({x} * {y})",
        f"T.sum(T.sum({x}, axis=0))",
        f"T.max(-{x})",
    )
    builder.bind(builder.choices.pick(forms))


def activation(builder: Builder) -> None:
    choices = builder.choices
    x = builder.any_name("f")
    forms = [
        f"T.nnet.{name}({x})"
        for name in ("sigmoid", "softplus", "relu", "softsign", "hard_sigmoid", "ultra_fast_sigmoid", "elu", "selu")
    ]
    forms.append(f"T.nnet.relu({x}, 0.1)")
    if builder.rank(x) in (1, 2):
        forms += [f"T.nnet.softmax({x})", f"T.nnet.logsoftmax({x})", f"T.log(T.nnet.softmax({x}))"] * 2
    y = partner(builder, x, "f")
    forms.append(f"T.nnet.binary_crossentropy(T.nnet.sigmoid({x}), T.nnet.sigmoid({y}))")
    forms.append(f"T.nnet.sigmoid_binary_crossentropy({x}, {y})")
    forms.append(f"T.nnet.binary_crossentropy(T.nnet.sigmoid({x}), {y})")
    builder.bind(choices.pick(forms))


def crossentropy(builder: Builder) -> None:
    choices = builder.choices
    x = builder.any_name("f", 2, 2)
    rows, columns = builder.value(x).shape
    probabilities = f"T.nnet.softmax({x})"
    if choices.chance(40):
        target = f"T.nnet.softmax({x} * 2)"
    else:
        high = max(1, columns + (1 if choices.chance(5) else 0))
        labels = np.random.default_rng(choices.integer(0, 99)).integers(0, high, rows)
        target = builder.input_like(labels.astype(choices.pick(("int64", "int32", "uint8"))))
    choice = choices.integer(0, 3)
    if choice == 0:
        builder.bind(f"T.nnet.categorical_crossentropy({probabilities}, {target})")
    elif choice == 1:
        builder.bind(f"-T.log({probabilities})[T.arange({target}.shape[0]), {target}]")
    elif choice == 2:
        builder.bind(f"T.nnet.crossentropy_softmax_1hot({x}, {target})")
    else:
        builder.bind(f"T.nnet.categorical_crossentropy({probabilities}, {target}).mean()")
