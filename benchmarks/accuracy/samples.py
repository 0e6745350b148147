"""Where functions are measured: all magnitudes, chosen intervals, and the surroundings of difficult points."""

from __future__ import annotations

import math
from collections.abc import Sequence

import mpmath
import numpy as np

SPECIAL = (0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.5)
"""Arguments at which results must equal the reference's: signed zeros, infinities, NaN, domain errors."""


def bit_patterns(count: int, dtype: str, rng: np.random.Generator) -> np.ndarray:
    """Return finite numbers whose bits are random: each binade is as likely as any other, subnormal numbers too."""
    width = np.dtype(dtype).itemsize * 8
    found = rng.integers(0, 2**width, count, dtype=f"uint{width}", endpoint=False).view(dtype)
    return found[np.isfinite(found)]


def every_number(dtype: str) -> np.ndarray:
    """Return all finite numbers of a dtype of 16 bits."""
    found = np.arange(2**16, dtype="uint16").view(dtype)
    return found[np.isfinite(found)]


def around(points: Sequence[float], dtype: str) -> np.ndarray:
    """Return each point's neighbours, first one by one, then at growing distances, on both sides."""
    centres = np.array([p for p in points if abs(p) <= float(np.finfo(dtype).max)], dtype)
    spacing = np.spacing(np.abs(centres))
    steps = np.concatenate([np.arange(17), 2.0 ** np.arange(5, np.finfo(dtype).nmant, 0.5)])
    with np.errstate(over="ignore"):
        offsets = np.concatenate([steps, -steps])[None, :] * spacing[:, None]
        found = (centres[:, None] + offsets).astype(dtype).ravel()
    return found[np.isfinite(found)]


def multiples(dtype: str, rng: np.random.Generator) -> np.ndarray:
    """Return the numbers nearest to multiples of pi/2 of all sizes: where reducing an argument loses most."""
    with mpmath.workprec(1200):
        unit = mpmath.pi / 2
        largest = int(np.finfo(dtype).maxexp) - 2
        factors = [*range(1, 400), *(int(rng.integers(1, 2**53)) << int(s) for s in rng.integers(0, largest - 53, 300))]
        found = np.array([float(k * unit) for k in factors if k * unit < float(np.finfo(dtype).max)])
    with np.errstate(over="ignore"):
        found = found.astype(dtype)
    found = found[np.isfinite(found)]
    return np.concatenate([found, np.nextafter(found, np.dtype(dtype).type(np.inf)), -found])


def within(
    intervals: Sequence[tuple[float, float]], points: Sequence[float], count: int, dtype: str, rng: np.random.Generator
) -> np.ndarray:
    """Return arguments for a function: random bits, evenly spread in intervals, and around points."""
    parts = [bit_patterns(count // 2, dtype, rng), around(points, dtype)]
    each = count // (2 * max(len(intervals), 1))
    parts += [rng.uniform(low, high, each).astype(dtype) for low, high in intervals]
    return np.concatenate(parts)
