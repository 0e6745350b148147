"""`take`: elements along one dimension by position, with the three ways to treat positions out of range."""

from __future__ import annotations

from typing import Any

from neano.scalar.dtypes import is_discrete
from neano.scalar.rows import row
from neano.tensor.convert import as_tensor_variable
from neano.tensor.indexing import getitem
from neano.tensor.shape import shape_i
from neano.tensor.static import static_length


def take(a: Any, indices: Any, axis: Any = None, mode: str = "raise") -> Any:
    """Return the elements of a tensor at positions along a dimension.

    Args:
        a: a tensor.
        indices: integers of any shape, which takes the place of the dimension in the result.
        axis: the dimension; None: the flattened tensor.
        mode: "raise": positions out of range are errors, negative ones count from the end; "wrap": positions are taken
            modulo the length; "clip": they are moved to the nearest end.

    Raises:
        TypeError: `indices` are not integers, or `axis` is not known.
        IndexError: there is no such dimension; (at run time) a position is out of range.
        ValueError: another mode.
    """
    a, positions = as_tensor_variable(a), as_tensor_variable(indices)
    if positions.type.shape == (0,) and isinstance(indices, (list, tuple)):
        positions = positions.astype("int64")
    if not is_discrete(positions.dtype) or positions.dtype == "bool":
        raise TypeError(f"index must be integers, not {positions} of dtype {positions.dtype}")
    if axis is None:
        return take(a.flatten(), positions, 0, mode)
    known = static_length(axis)
    if known is None:
        raise TypeError(f"the axis must be an integer that is known, not {axis}")
    if not -a.ndim <= known < a.ndim:
        raise IndexError(f"axis {known} does not exist in a tensor of {a.ndim} dimensions")
    known %= a.ndim
    length = shape_i(a, known)
    if mode in ("wrap", "clip") and positions.dtype == "uint64":
        positions = positions.astype("int64")
    if mode == "wrap":
        positions = row("mod")(positions, length)
    elif mode == "clip":
        positions = row("clip")(positions, 0, row("sub")(length, 1))
    elif mode != "raise":
        raise ValueError(f"the mode must be 'raise', 'wrap' or 'clip', not {mode!r}")
    return getitem(a, (*[slice(None)] * known, positions, ...))
