"""Input values and their places in memory, as Python expressions, so that a failing program can be printed."""

from __future__ import annotations

from typing import Any

import numpy as np

from differential.choices import Choices

DTYPES = {
    "float64": 30, "float32": 22, "int64": 8, "int32": 6, "bool": 5, "int8": 5, "uint8": 4, "float16": 4,
    "int16": 3, "uint16": 3, "uint32": 3, "uint64": 3, "complex128": 3, "complex64": 2,
}  # fmt: skip

KINDS = {"tame": 70, "special": 15, "extreme": 15}
"""Small numbers; small numbers among which NaN, infinities, zeros of both signs; the ends of the dtype's range."""

LAYOUTS = {
    "C": 46, "F": 14, "negative": 10, "sliced": 10, "read-only": 8, "misaligned": 3, "swapped": 3, "number": 6,
}  # fmt: skip


def random_array(shape: tuple[int, ...], dtype: str, kind: str, seed: int) -> np.ndarray[Any, Any]:
    """Return an array of one of `KINDS`."""
    rng = np.random.default_rng(seed)
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    if dtype[0] in "iu":
        info = np.iinfo(dtype)
        low = -5 if dtype[0] == "i" else 0
        found = rng.integers(low, 6, shape)
        if kind == "extreme":
            ends = np.array([info.min, info.max, info.max // 2, info.min + 1, 0, 1], dtype)
            return np.where(rng.random(shape) < 0.4, ends[rng.integers(0, 6, shape)], found.astype(dtype))
        return found.astype(dtype)
    if dtype[0] == "c":
        part = "float32" if dtype == "complex64" else "float64"
        made = np.empty(shape, dtype)
        made.real, made.imag = (random_array(shape, part, kind, seed + k) for k in (0, 1_000_003))
        return made
    # quarters: short to print, and often equal to each other, which sorting and comparing must bear
    found = (np.round(rng.normal(0, 2, shape) * 4) / 4).astype(dtype)
    if kind == "tame":
        return found if rng.random() < 0.5 else np.round(rng.normal(0, 1.5, shape), 3).astype(dtype)
    info = np.finfo(dtype)
    if kind == "special":
        ends = np.array([np.nan, np.inf, -np.inf, -0.0, 0.0, 1.0], dtype)
    else:
        ends = np.array([info.max, info.min, info.tiny, info.smallest_subnormal, info.eps, -0.0], dtype)
    return np.where(rng.random(shape) < 0.35, ends[rng.integers(0, 6, shape)], found)


def literal(array: np.ndarray[Any, Any]) -> str:
    """Return a Python expression that makes an array."""
    if 0 in array.shape:
        return f"np.zeros({array.shape}, '{array.dtype}')"
    if array.dtype.kind == "c":  # Python's own text of complex numbers loses signs and cannot say inf
        part = "float32" if array.dtype == "complex64" else "float64"
        pairs = np.stack([array.real, array.imag], axis=-1).tolist()
        return f"np.array({pairs!r}, '{part}').view('{array.dtype}')[..., 0]"
    return f"np.array({array.tolist()!r}, '{array.dtype}')"


def layout_of(choices: Choices, array: np.ndarray[Any, Any]) -> str:
    """Return one of `LAYOUTS` that makes sense for an array."""
    layout = choices.weighted(LAYOUTS)
    if layout == "number" and (array.ndim or array.dtype.name not in ("float64", "int64", "bool")):
        return "C"
    if layout in ("negative", "sliced", "F") and not array.ndim:
        return "C"
    return layout


def placed(text: str, layout: str, ndim: int) -> str:
    """Return an expression for the same array in another place of memory."""
    everywhere = ", ".join(["::-1"] * ndim)
    match layout:
        case "F":
            return f"np.asfortranarray({text})"
        case "negative":
            return f"{text}[{everywhere}].copy()[{everywhere}]"
        case "sliced":
            return f"np.repeat({text}, 3, axis=-1)[..., 1::3]"
        case "read-only":
            return f"read_only({text})"
        case "misaligned":
            return f"misaligned({text})"
        case "swapped":
            return f"swapped({text})"
        case "number":
            return f"{text}.item()"
    return text


def read_only(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the array, which nobody may write."""
    array.flags.writeable = False
    return array


def misaligned(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a copy that starts one byte after a multiple of its item's size."""
    raw = np.zeros(array.nbytes + array.itemsize + 1, "uint8")
    start = (-raw.ctypes.data) % array.itemsize + 1
    made = raw[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    made[...] = array
    return made


def swapped(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a copy in the other byte order."""
    return array.astype(array.dtype.newbyteorder())


def moved(value: Any, offset: int) -> Any:
    """Return an equal array with the same strides, so many elements after an address that 64 divides."""
    if not isinstance(value, np.ndarray) or not value.size or not value.dtype.isnative or not value.flags.aligned:
        return value
    lowest = sum(min(0, (n - 1) * s) for n, s in zip(value.shape, value.strides, strict=True))
    highest = sum(max(0, (n - 1) * s) for n, s in zip(value.shape, value.strides, strict=True)) + value.itemsize
    raw = np.zeros(highest - lowest + 128 + offset * value.itemsize, "uint8")
    start = (-raw.ctypes.data) % 64 + offset * value.itemsize - lowest
    made = np.ndarray(value.shape, value.dtype, raw, start, value.strides)
    made[...] = value
    return made
