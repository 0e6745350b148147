"""References from SciPy, imported when first computed: importing this package stays light."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def special(name: str, complex_name: str | None = None) -> Callable[..., Any]:
    """Return the function of `scipy.special` with this name.

    Args:
        name: the function.
        complex_name: the one that takes its place on complex numbers.
    """

    def compute(*operands: Any) -> Any:
        import scipy.special

        is_complex = complex_name is not None and any(x.dtype.kind == "c" for x in operands)
        return getattr(scipy.special, complex_name if is_complex else name)(*operands)  # type: ignore[arg-type]

    return compute
