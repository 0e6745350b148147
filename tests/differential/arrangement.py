"""Statements that rearrange, make and index tensors."""

from __future__ import annotations

import numpy as np

from differential import values
from differential.builder import Builder
from differential.elementwise import partner

# arrangement


def dimshuffle(builder: Builder) -> None:
    choices = builder.choices
    name = builder.any_name(most=4)
    rank = builder.rank(name)
    how = choices.integer(0, 6)
    if how == 0:
        builder.bind(f"{name}.T")
    elif how == 1:
        builder.bind(choices.pick((f"T.shape_padleft({name})", f"T.shape_padright({name})")))
    elif how == 2:
        order: list[object] = list(range(rank))
        for i in range(rank - 1, 0, -1):
            j = choices.integer(0, i)
            order[i], order[j] = order[j], order[i]
        for axis in range(rank - 1, -1, -1):
            if builder.variable(name).broadcastable[axis] and choices.chance(50):
                order.remove(axis)
        for _ in range(choices.integer(0, 2 if rank < 3 else 0)):
            order.insert(choices.integer(0, len(order)), "x")
        builder.bind(f"{name}.dimshuffle({', '.join(map(repr, order))})")
    elif how == 3:
        builder.bind(f"{name}.squeeze()")
    elif how == 4:
        builder.bind(f"T.swapaxes({name}, 0, {max(rank - 1, 0)})")
    elif how == 5:
        axis = choices.integer(0, max(rank - 1, 0))
        builder.bind(choices.pick((f"T.unbroadcast({name}, {axis})", f"T.addbroadcast({name}, {axis})")))
    else:
        builder.bind(f"T.moveaxis({name}, 0, -1)")


def reshape(builder: Builder) -> None:
    choices = builder.choices
    name = builder.any_name()
    value = builder.value(name)
    how = choices.integer(0, 4)
    if how == 0:
        builder.bind(f"{name}.flatten({choices.integer(1, max(value.ndim, 1))})")
    elif how == 1:
        builder.bind(f"{name}.reshape((-1,))")
    elif how == 2 and value.ndim >= 2:
        builder.bind(f"{name}.reshape(({name}.shape[0], -1))")
    elif how == 3 and value.ndim >= 2:
        builder.bind(f"{name}.reshape(({', '.join(f'{name}.shape[{i}]' for i in range(value.ndim - 1, -1, -1))}))")
    else:
        lengths = _factors(builder, value.size)
        if choices.chance(40) and value.size:
            lengths[choices.integer(0, len(lengths) - 1)] = -1
        builder.bind(f"{name}.reshape({tuple(lengths)})")


def _factors(builder: Builder, size: int) -> list[int]:
    """Return lengths whose product is a size."""
    choices = builder.choices
    if size == 0:
        return [choices.pick((0, 2, 3)) for _ in range(choices.integer(0, 2))] + [0]
    lengths = []
    for _ in range(choices.integer(0, 2)):
        divisors = [d for d in range(1, size + 1) if size % d == 0]
        lengths.append(choices.pick(divisors))
        size //= lengths[-1]
    return [*lengths, size]


# making


def creation(builder: Builder) -> None:
    choices = builder.choices
    shape = builder.shape(choices.integer(0, 2))
    lengths = [str(n) for n in shape]
    source = builder.any_name(least=1) if choices.chance(50) else None
    if source and lengths:
        axis = choices.integer(0, builder.rank(source) - 1)
        lengths[0] = f"{source}.shape[{axis}]"
    text = f"({', '.join(lengths)}{',' if len(lengths) == 1 else ''})"
    length = lengths[0] if lengths else str(choices.pick(builder.lengths))
    dtype = choices.pick(builder.dtypes)
    number = choices.pick(("1", "2.5", "-3", "0", "True and 1"))
    filled = builder.any_name()
    forms = (
        f"T.zeros({text}, {dtype!r})",
        f"T.ones({text}, {dtype!r})",
        f"T.alloc(np.asarray({number}).astype({dtype!r}), {', '.join(lengths) or 1})",
        f"T.arange({length})",
        f"T.arange({choices.integer(-3, 3)}, {length}, {choices.pick((1, 2, -1))}, dtype={dtype!r})",
        f"T.arange({choices.integer(0, 3)}, {choices.integer(0, 9)}, 1.5)",
        f"T.eye({length}, {choices.pick(builder.lengths)}, {choices.integer(-1, 2)}, dtype={dtype!r})",
        f"T.zeros_like({filled})",
        f"T.ones_like({filled}, dtype={dtype!r})",
        f"T.full_like({filled}, {number})",
        f"T.alloc({filled}, {', '.join([length, *map(str, builder.value(filled).shape)])})",
        f"T.stack([{', '.join(lengths)}, {choices.integer(0, 5)}])" if lengths else f"T.stack([{length}, 1])",
        f"{filled}.shape",
        f"{filled}.size",
        f"T.tri({length}, dtype={dtype!r})",
        f"T.fill({filled}, {number})",
        f"T.constant({values.literal(builder.array(shape, dtype))})",
    )
    builder.bind(choices.pick(forms))


def diagonal(builder: Builder) -> None:
    choices = builder.choices
    name = builder.any_name(least=1, most=2)
    forms = [f"T.diag({name})"]
    if builder.rank(name) == 2:
        forms += [f"T.tril({name}, {choices.integer(-1, 1)})", f"T.triu({name})", f"T.trace({name})"]
        forms += [f"{name}.diagonal(offset={choices.integer(-1, 1)})", f"T.identity_like({name})"]
    builder.bind(choices.pick(forms))


def joining(builder: Builder) -> None:
    choices = builder.choices
    name = builder.any_name(most=3)
    rank = builder.rank(name)
    shape = builder.value(name).shape
    how = choices.integer(0, 5)
    if how == 0 or rank == 0:
        others = [n for n in builder.pool if builder.value(n).shape == shape]
        pieces = [name, *[choices.pick(others) for _ in range(choices.integer(1, 2))]]
        axis = choices.integer(-rank - 1, rank)
        builder.bind(f"T.stack([{', '.join(pieces)}], axis={axis})")
        return
    axis = choices.integer(0, rank - 1)
    if how <= 2:
        others = [
            n
            for n in builder.pool
            if builder.rank(n) == rank
            and all(a == b for i, (a, b) in enumerate(zip(builder.value(n).shape, shape, strict=True)) if i != axis)
        ]
        pieces = [name, *[choices.pick(others) for _ in range(choices.integer(1, 2))]]
        sign = choices.pick((axis, axis - rank))
        builder.bind(
            choices.pick((f"T.join({sign}, {', '.join(pieces)})", f"T.concatenate([{', '.join(pieces)}], {sign})"))
        )
    elif how == 3:
        first = choices.integer(0, shape[axis])
        builder.bind(f"T.split({name}, [{first}, {shape[axis] - first}], 2, {axis})")
    elif how == 4:
        builder.bind(f"T.roll({name}, {choices.integer(-3, 3)}, {choices.pick((axis, None))})")
    else:
        forms = (f"T.repeat({name}, {choices.integer(0, 2)}, {axis})", f"T.tile({name}, {choices.integer(1, 2)})")
        builder.bind(choices.pick(forms))


# indexing


def _bound(builder: Builder, length: int) -> str:
    choices = builder.choices
    if choices.chance(30):
        return ""
    return str(choices.integer(-length - 1, length + 1))


def _integer(builder: Builder, length: int) -> str:
    """Return an index into a length, sometimes out of range, sometimes symbolic."""
    choices = builder.choices
    outside = 1 if choices.chance(6) else 0
    number = choices.integer(-length - outside, max(length - 1 + outside, -length))
    if choices.chance(20):
        return builder.input_like(np.array(number, choices.pick(("int64", "int32", "int8"))))
    return str(number)


def _slice(builder: Builder, length: int) -> str:
    choices = builder.choices
    step = choices.pick(("", "", "", "2", "-1", "-2", "3"))
    low, high = _bound(builder, length), _bound(builder, length)
    if choices.chance(10) and length:
        high = builder.input_like(np.array(choices.integer(-length, length), "int64"))
    return f"{low}:{high}" + (f":{step}" if step else "")


def basic_index(builder: Builder, name: str, fresh: bool = True) -> str:
    """Return integers and slices (and, if `fresh`, new dimensions) for some of a tensor's dimensions."""
    choices = builder.choices
    shape = builder.value(name).shape
    entries: list[str] = []
    for length in shape[: choices.integer(1, len(shape)) if shape else 0]:
        if fresh and choices.chance(10):
            entries.append("None")
        entries.append(_integer(builder, length) if choices.chance(35) and length else _slice(builder, length))
    if choices.chance(15):
        entries.append("...")
    return ", ".join(entries) or "..."


def advanced_index(builder: Builder, name: str) -> str:
    """Return an index with integer arrays or masks."""
    choices = builder.choices
    shape = builder.value(name).shape
    if choices.chance(25):
        if choices.chance(50):
            return f"{name} > 0" if builder.kind(name) in "iuf" else f"T.neq({name}, 0)"
        mask = np.random.default_rng(choices.integer(0, 99)).integers(0, 2, shape[: choices.integer(1, len(shape))])
        return builder.input_like(mask.astype(bool)) if choices.chance(50) else values.literal(mask.astype(bool))
    several = choices.chance(30)
    lengths = choices.pick(((3,), (2,), (4,), (1,), (0,), (2, 2), (2, 3)))
    entries = []
    arrays = 0
    for axis, length in enumerate(shape):
        wanted = several or arrays == 0
        if wanted and (axis == len(shape) - 1 or choices.chance(60)):
            arrays += 1
            outside = 1 if choices.chance(4) else 0
            rng = np.random.default_rng(choices.integer(0, 999))
            found = rng.integers(-length - outside, max(length + outside, -length + 1), lengths)
            array = found.astype(choices.pick(("int64", "int64", "int32", "int8")))
            made = f"{array.tolist()}" if array.size and choices.chance(30) else None
            entries.append(made or builder.input_like(array))
        elif choices.chance(15) and length:
            entries.append(_integer(builder, length))
        else:
            entries.append(_slice(builder, length) if choices.chance(40) else ":")
    return ", ".join(entries)


def index(builder: Builder) -> None:
    advanced = builder.choices.chance(40)
    name = builder.any_name(least=1, most=4)
    entries = advanced_index(builder, name) if advanced else basic_index(builder, name)
    builder.bind(f"{name}[{entries}]")


def take(builder: Builder) -> None:
    choices = builder.choices
    name = builder.any_name(least=1, most=3)
    axis = choices.integer(0, builder.rank(name) - 1)
    length = builder.value(name).shape[axis]
    mode = choices.pick(("raise", "wrap", "clip"))
    low, high = (-9, 9) if mode != "raise" else (-length, max(length - 1, -length))
    indices = [choices.integer(low, high) for _ in range(choices.integer(1, 4))]
    builder.bind(f"T.take({name}, {indices}, {axis}, {mode!r})")


def write(builder: Builder) -> None:
    """A part of a tensor set or raised."""
    choices = builder.choices
    name = builder.any_name(least=1, most=4)
    entries = advanced_index(builder, name) if choices.chance(40) else basic_index(builder, name, fresh=False)
    part = f"{name}[{entries}]"
    function = choices.pick(("T.set_subtensor", "T.inc_subtensor"))
    how = choices.integer(0, 4)
    if how == 0:
        value = choices.pick(("1", "-2", "0", "7"))
    elif how == 1:
        value = choices.pick((f"{part} * 2", f"{part} + 1", f"{part}[::-1]"))
    else:
        inner = builder.bind(part)
        value = partner(builder, inner)
    builder.bind(f"{function}({part}, {value})")


def ordered(builder: Builder) -> None:
    """Sorting and running sums."""
    choices = builder.choices
    name = builder.any_name("iuf", 1, 3)
    axis = choices.integer(-1, builder.rank(name) - 1)
    forms = (
        f"T.sort({name}, {axis})",
        f"T.argsort({name}, {axis}, 'stable')",
        f"T.cumsum({name}, {axis})",
        f"T.cumprod({name}, {choices.pick((axis, None))})",
        f"T.diff({name}, 1, {axis})",
    )
    builder.bind(choices.pick(forms))
