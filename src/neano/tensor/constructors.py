"""Constructors of variables: `scalar`, `dmatrix("x")`, `fvectors("a", "b")`, `tensor("int8", (None, 3))`.

All are generated from two small tables: the letters of dtypes and the ranks with their broadcast patterns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neano.config import config
from neano.tensor.type import TensorType

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...


DTYPE_LETTERS = {
    "b": "int8",
    "w": "int16",
    "i": "int32",
    "l": "int64",
    "f": "float32",
    "d": "float64",
    "c": "complex64",
    "z": "complex128",
}
"""The prefix that stands for each dtype: `d` for float64 in `dmatrix`."""

PATTERNS: dict[str, tuple[bool, ...]] = {
    "scalar": (),
    "vector": (False,),
    "row": (True, False),
    "col": (False, True),
    "matrix": (False, False),
    **{f"tensor{rank}": (False,) * rank for rank in range(3, 8)},
}
"""The broadcast pattern of each constructor."""

PLURALS = {name: "matrices" if name == "matrix" else f"{name}s" for name in PATTERNS}

Constructor = Callable[..., Any]


def tensor(*args: Any, **kwargs: Any) -> Any:
    """Return a fresh variable of `TensorType(*args, **kwargs)`; `name=` names it.

    >>> tensor("float32", (None, 1), name="x").type
    TensorType(float32, col)
    """
    name = kwargs.pop("name", None)
    return TensorType(*args, **kwargs)(name=name)


def _of_floatX(label: str, pattern: tuple[bool, ...]) -> Constructor:
    """Return the constructor whose dtype is floatX unless given."""

    def construct(name: str | None = None, dtype: Any = None) -> Any:
        return TensorType(config.floatX if dtype is None else dtype, pattern)(name)

    construct.__name__ = construct.__qualname__ = label
    construct.__doc__ = f"Return a fresh {label} variable of the dtype given, by default `config.floatX`."
    return construct


def _several(construct: Constructor, label: str) -> Constructor:
    """Return the plural of a constructor."""

    def construct_several(*names: Any, **kwargs: Any) -> Any:
        wanted: Sequence[Any] = names
        if len(names) == 1:
            if isinstance(names[0], (int, np.integer)):
                return [construct(**kwargs) for _ in range(int(names[0]))]
            wanted = names[0]
        return [construct(name, **kwargs) for name in wanted]

    construct_several.__name__ = construct_several.__qualname__ = label
    construct_several.__doc__ = (
        "Return several variables: one for each name, for each letter of one string, or a number of them."
    )
    return construct_several


def _generate() -> dict[str, Any]:
    made: dict[str, Any] = {}
    for label, pattern in PATTERNS.items():
        made[label] = _of_floatX(label, pattern)
        made[PLURALS[label]] = _several(made[label], PLURALS[label])
        for letter, dtype in DTYPE_LETTERS.items():
            made[letter + label] = TensorType(dtype, pattern)
            made[letter + PLURALS[label]] = _several(made[letter + label], letter + PLURALS[label])
    return made


CONSTRUCTORS = _generate()
"""Every constructor by name; also the names of this module."""

globals().update(CONSTRUCTORS)

__all__ = ["CONSTRUCTORS", "DTYPE_LETTERS", "PATTERNS", "PLURALS", "tensor", *CONSTRUCTORS]
