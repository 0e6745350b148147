"""The MRG31k3p generator: one step of many streams at once, and jumps ahead.

L'Ecuyer and Touzin, Fast combined multiple recursive generators with multipliers of the form a = +-2^q +-2^r (Winter
Simulation Conference, 2000). A state is six 32-bit integers, three for each of two recurrences modulo `M1` and `M2`;
streams are 2^72 steps apart, draws 2^134.
"""

from __future__ import annotations

from typing import Any

import numpy as np

M1 = 2147483647
M2 = 2147462579

Words = np.ndarray[Any, np.dtype[np.int32]]
Jump = tuple[np.ndarray[Any, np.dtype[np.uint64]], np.ndarray[Any, np.dtype[np.uint64]]]


def _jump(first: list[list[int]], second: list[list[int]]) -> Jump:
    return np.array(first, dtype=np.uint64), np.array(second, dtype=np.uint64)


JUMP_72 = _jump(
    [[1516919229, 758510237, 499121365], [1884998244, 1516919229, 335398200], [601897748, 1884998244, 358115744]],
    [[1228857673, 1496414766, 954677935], [1133297478, 1407477216, 1496414766], [2002613992, 1639496704, 1407477216]],
)
JUMP_134 = _jump(
    [[1702500920, 1849582496, 1656874625], [828554832, 1702500920, 1512419905], [1143731069, 828554832, 102237247]],
    [[796789021, 1464208080, 607337906], [1241679051, 1431130166, 1464208080], [1401213391, 1178684362, 1431130166]],
)
"""The matrices of the recurrences raised to the powers 2^72 and 2^134."""

MODULI = (M1, M2)


def _product(matrix: Any, columns: Any, modulus: int) -> Any:
    """Return a 3 x 3 matrix times columns, modulo a number below 2^31."""
    m = np.uint64(modulus)
    total = matrix[:, 0:1] * columns[0:1] % m
    for k in (1, 2):
        total = (total + matrix[:, k : k + 1] * columns[k : k + 1] % m) % m
    return total


def jumped(states: Words, jump: Jump) -> Words:
    """Return states (n, 6) moved ahead."""
    columns = states.astype(np.uint64).T
    halves = [
        _product(matrix, columns[3 * i : 3 * i + 3], modulus)
        for i, (matrix, modulus) in enumerate(zip(jump, MODULI, strict=True))
    ]
    return np.ascontiguousarray(np.concatenate(halves).T.astype(np.int32))


def substreams(state: Words, count: int) -> Words:
    """Return the states (count, 6) of streams 2^72 apart, the first at `state`.

    Each round doubles the streams: those made so far, moved ahead by as many streams as there are.
    """
    states = np.asarray(state, dtype=np.int32).reshape(1, 6)
    first, second = JUMP_72
    while len(states) < count:
        states = np.concatenate([states, jumped(states[: count - len(states)], (first, second))])
        first, second = _product(first, first, M1), _product(second, second, M2)
    return states[:count]


def _reduced(y: Words, modulus: int) -> Words:
    """Return y modulo a number where it lies below twice that, and may have wrapped around to a negative one."""
    return np.where((y < 0) | (y >= modulus), y - np.int32(modulus), y)


def step(x11: Words, x12: Words, x13: Words, x21: Words, x22: Words, x23: Words) -> tuple[tuple[Words, ...], Words]:
    """Return the next words of states, and the numbers that they give, from 1 to `M1`.

    All arithmetic is that of 32-bit integers, which wrap around.
    """
    y = ((x12 & 511) << 22) + (x12 >> 9) + ((x13 & 16777215) << 7) + (x13 >> 24)
    y = _reduced(y, M1)
    y = _reduced(y + x13, M1)
    u = _reduced(((x21 & 65535) << 15) + 21069 * (x21 >> 16), M2)
    v = _reduced(((x23 & 65535) << 15) + 21069 * (x23 >> 16), M2)
    v = _reduced(v + x23, M2)
    v = _reduced(v + u, M2)
    difference = y - v
    return (y, x11, x12, v, x21, x22), np.where(y <= v, difference + np.int32(M1), difference)


def as_uniform(z: Words, dtype: str) -> np.ndarray[Any, Any]:
    """Return numbers from 1 to `M1` as floats between 0 and 1, both excluded.

    In float32 the number is rounded before the product, as a compiler for C does; in float16 only the product is.
    """
    if dtype == "float16":
        return (((z & 0x7FFF) + 1) * np.float64(np.float16(3.0458e-05))).astype(np.float16)
    if dtype == "float32":
        return z.astype(np.float32) * np.float32(4.6566126e-10)
    return z * 4.656612873077392578125e-10  # 2^-31


def draw(states: Words, count: int, dtype: str) -> tuple[Words, np.ndarray[Any, Any]]:
    """Return the next states of streams, and `count` uniform numbers.

    Number i comes from stream i modulo the number of streams; each number advances its stream by one step.
    """
    width = len(states)
    words = tuple(np.ascontiguousarray(column) for column in states.T)
    numbers = np.empty(count, dtype=np.int32)
    for begin in range(0, count, width):
        used = min(width, count - begin)
        moved, numbers[begin : begin + used] = step(*[w[:used] for w in words])
        words = tuple(
            np.concatenate([new, old[used:]]) if used < width else new for new, old in zip(moved, words, strict=True)
        )
    return np.ascontiguousarray(np.stack(words, axis=1)), as_uniform(numbers, dtype)
