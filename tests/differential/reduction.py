"""Statements of reductions and products of matrices."""

from __future__ import annotations

import numpy as np

from differential.builder import Builder, Refused


def _axes(builder: Builder, name: str, single: bool = False) -> str:
    choices = builder.choices
    rank = builder.rank(name)
    if rank == 0 or choices.chance(25):
        return "None"
    if choices.chance(25) and not single:
        return str(tuple(choices.some(range(rank), rank)))
    return str(choices.integer(-rank, rank - 1))


def reduction(builder: Builder) -> None:
    choices = builder.choices
    function = choices.pick(
        (
            "sum",
            "sum",
            "sum",
            "prod",
            "mean",
            "max",
            "min",
            "argmax",
            "argmin",
            "any",
            "all",
            "var",
            "std",
            "norm",
            "ptp",
        )
    )
    name = builder.any_name("iu" if function in ("any", "all") and choices.chance(40) else "biufc")
    keepdims = ", keepdims=True" if choices.chance(30) and function != "ptp" else ""
    axes = _axes(builder, name, single=function in ("ptp", "norm"))
    options = ""
    if function in ("sum", "prod", "mean") and choices.chance(25):
        options += f", dtype={choices.pick(('float64', 'int64', 'float32', 'complex128', 'int32', 'float16'))!r}"
    if function in ("sum", "prod", "mean") and choices.chance(15):
        options += f", acc_dtype={choices.pick(('float64', 'int64', 'float32', 'complex128'))!r}"
    if function == "norm":
        builder.bind(f"{name}.norm({choices.pick((1, 2, 3))}, axis={axes}{keepdims})")
    else:
        builder.bind(f"T.{function}({name}, axis={axes}{options}{keepdims})")


def max_and_argmax(builder: Builder) -> None:
    name = builder.any_name("biuf")
    builder.bind(f"T.max_and_argmax({name}, axis={_axes(builder, name)})")


def _operand(builder: Builder, name: str) -> str:
    """Return a tensor, a transposed or a sliced one."""
    choices = builder.choices
    rank = builder.rank(name)
    if rank == 0 or choices.chance(50):
        return name
    forms = [f"{name}[::-1]", f"{name}[::2]", f"{name}[1:]", f"{name} * 2"]
    if rank >= 2:
        forms += [f"{name}.T", f"{name}.T", f"{name}[:, ::2]", f"{name}[:, ::-1]", f"{name}[:, :1]"]
    return choices.pick(forms)


def product(builder: Builder) -> None:
    """A product of matrices, vectors, numbers or stacks; the second operand is made to fit the first."""
    choices = builder.choices
    dtypes = "f" if choices.chance(70) else "biufc"
    name = builder.any_name(dtypes, most=3)
    left = builder.bind(_operand(builder, name), fresh=False)
    shape = builder.value(left).shape
    if not shape:
        builder.bind(f"T.dot({left}, {builder.any_name(most=2)})")
        return
    inner = shape[-1]
    fitting = [n for n in builder.pool if builder.rank(n) and _contracted(builder.value(n).shape) == inner]
    turned = [f"{n}.T" for n in builder.pool if builder.rank(n) == 2 and builder.value(n).shape[1] == inner]
    if (fitting or turned) and choices.chance(75):
        right = choices.pick(fitting + turned)
    else:
        dtype = builder.dtype(name) if choices.chance(80) else choices.pick(builder.dtypes)
        other = (inner, choices.pick(builder.lengths)) if choices.chance(65) else (inner,)
        turn = len(other) == 2 and choices.chance(40)
        right = builder.input_like(builder.array(other[::-1] if turn else other, dtype)) + (".T" if turn else "")
    form = choices.integer(0, 9)
    if form == 0:
        builder.bind(f"T.outer({left}, {right})")
    elif form == 1 and len(shape) <= 2:
        builder.bind(f"T.tensordot({left}, {right}, axes=[[{len(shape) - 1}], [0]])")
    elif form == 2:
        builder.bind(f"{choices.pick(('0.5', '2', '-1'))} * T.dot({left}, {right}) + {choices.pick(('1', left))}")
    else:
        builder.bind(f"T.dot({left}, {right})")


def _contracted(shape: tuple[int, ...]) -> int:
    return shape[0] if len(shape) == 1 else shape[-2]


def batched(builder: Builder) -> None:
    name = builder.any_name("f", 3, 3)
    if not isinstance(builder.value(name), np.ndarray):
        raise Refused("no stack")
    builder.bind(f"T.batched_dot({name}, {name}.dimshuffle(0, 2, 1))")


def bias(builder: Builder) -> None:
    """The layer of a network."""
    choices = builder.choices
    x = builder.any_name("f", 2, 2)
    columns = builder.value(x).shape[1]
    outputs = choices.pick(builder.lengths)
    dtype = builder.dtype(x)
    w = builder.input_like(builder.array((columns, outputs), dtype), shared=choices.chance(50))
    b = builder.input_like(builder.array((outputs,), dtype), shared=choices.chance(50))
    function = choices.pick(("T.tanh", "T.nnet.sigmoid", "T.nnet.relu", "T.nnet.softmax", ""))
    builder.bind(f"{function}(T.dot({x}, {w}) + {b})")
