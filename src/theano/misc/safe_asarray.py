"""`theano.misc.safe_asarray`."""

from typing import Any

import numpy as np

from neano.config import config


def _asarray(a: Any, dtype: Any, order: str | None = None) -> np.ndarray:
    """Return an array of exactly this dtype; 'floatX' is the flag's."""
    return np.asarray(a, dtype=config.floatX if isinstance(dtype, str) and dtype == "floatX" else dtype, order=order)
