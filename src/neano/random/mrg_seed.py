"""How MRG streams begin: the number of streams of a draw, and the words of a seed."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from neano.random.mrg_recurrence import M1, M2

MOST_STREAMS = 60 * 256


def guess_n_streams(size: Any, warn: bool = False) -> int:
    """Return how many streams a draw of a size has: a sixth of its numbers, at most 15360 (symbolic: 15360).

    Args:
        size: the draw's.
        warn: say so where the size is symbolic.
    """
    if isinstance(size, (tuple, list)) and all(isinstance(n, int) for n in size):
        numbers = math.prod(size)
        return min(numbers // 6 if numbers > 6 else numbers, MOST_STREAMS)
    if warn:
        warnings.warn(f"the number of streams cannot be told from the size {size}: {MOST_STREAMS} it is", stacklevel=2)
    return MOST_STREAMS


def checked_seed(seed: Any) -> np.ndarray[Any, np.dtype[np.int32]]:
    """Return the six words of a state from a seed: one integer, six times, or six.

    Raises:
        TypeError: it is neither.
        ValueError: the words are out of range, or all three of a recurrence are 0.
    """
    if isinstance(seed, (int, np.integer)) and not isinstance(seed, bool):
        if seed == 0:
            raise ValueError("seed should not be 0", seed)
        if not 0 < seed < M2:
            raise ValueError(f"seed should be positive and less than {M2}", seed)
        return np.full(6, seed, dtype=np.int32)
    if isinstance(seed, (list, tuple, np.ndarray)) and len(seed) == 6:
        words = [int(word) for word in seed]
        for name, three, modulus in (("first", words[:3], M1), ("last", words[3:], M2)):
            if not any(three):
                raise ValueError(f"The {name} 3 values of seed should not be all 0", seed)
            if not all(0 <= word < modulus for word in three):
                raise ValueError(f"The {name} 3 values of seed should be less than {modulus}", seed)
        return np.array(words, dtype=np.int32)
    raise TypeError(f"seed should be 1 integer or 6 integers, not {seed!r}")
