"""The functions of the scalar table that write their result over their first operand: `exp_inplace`, `add_inplace` ...

Generated from the table. A function is compiled with them only where `accept_inplace=True` says that it may.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neano.tensor.convert import as_tensor_variable
from neano.tensor.elemwise import DimShuffle, Elemwise
from neano.tensor.math import ALIASES, CAST_PREFIX, ELEMENTWISE

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...


INPLACE: dict[str, Elemwise] = {
    f"{name}_inplace": Elemwise(op.scalar_op, {0: 0}, name=f"{name}_inplace")
    for name, op in ELEMENTWISE.items()
    if name not in ALIASES and not name.startswith(CAST_PREFIX)
}
"""Every operation in place, by name."""

INPLACE.update(
    {f"{alias}_inplace": INPLACE[f"{name}_inplace"] for alias, name in ALIASES.items() if f"{name}_inplace" in INPLACE}
)

globals().update(INPLACE)


def transpose_inplace(x: Any) -> Any:
    """Return a view of `x` with its dimensions reversed."""
    x = as_tensor_variable(x)
    return DimShuffle(x.type.broadcastable, list(range(x.ndim - 1, -1, -1)), inplace=True)(x)


__all__ = ["INPLACE", "transpose_inplace", *INPLACE]
