"""Where a `numpy.random.RandomState` keeps its state: found by looking for known values, once a process.

RandomState is a C struct in which these stand, all at places that no header tells:

    a bitgen_t: five pointers (the Mersenne Twister's state, then functions that draw from it)
    int has_gauss, double gauss: the spare number of the polar method

The Mersenne Twister's state is 624 words of 32 bits and the position among them. Where any of this is not found as
expected, `layout` says so and draws run in Python.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

KEYS = 624
NEXT_DOUBLE = 3
"""Position of `double next_double(void *state)` among the pointers of a bitgen_t."""

POINTERS = 5
_SPARE = 0.7182818284590452

_pointer_of = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)


@dataclass(frozen=True)
class Layout:
    """Offsets, in bytes, from the start of a RandomState, and the address of MT19937's `next_double`."""

    bitgen: int
    has_gauss: int
    gauss: int
    next_double: int


def state_of(generator: np.random.RandomState) -> tuple[Any, ...]:
    """Return the state of a generator: name, words, position, whether there is a spare normal number, and that."""
    return tuple(generator.get_state(legacy=True))


def _words(generator: np.random.RandomState, dtype: str) -> list[int]:
    """Return the memory of a RandomState as numbers."""
    size = type(generator).__basicsize__
    memory = ctypes.string_at(id(generator), size)
    return list(np.frombuffer(memory, dtype, size // np.dtype(dtype).itemsize).tolist())


@cache
def layout() -> Layout | None:
    """Return where a RandomState keeps its state, None where this cannot be told for certain."""
    generator = np.random.RandomState(5)
    source = getattr(generator, "_bit_generator", None)
    if type(source) is not np.random.MT19937:
        return None
    pointers = list((ctypes.c_uint64 * POINTERS).from_address(_pointer_of(source.capsule, b"BitGenerator")))
    keys = state_of(generator)[1]
    found = []
    for has_gauss, spare in ((1, _SPARE), (0, 0.0)):
        generator.set_state(("MT19937", keys, 17, has_gauss, spare))
        found.append((_words(generator, "uint64"), _words(generator, "int32")))
    (wide, narrow), (wide_after, narrow_after) = found
    bits = ctypes.c_uint64.from_buffer_copy(ctypes.c_double(_SPARE)).value
    heads = [8 * i for i in range(len(wide)) if wide[i : i + POINTERS] == pointers]
    spares = [8 * i for i, word in enumerate(wide) if word == bits and wide_after[i] == 0]
    changed = [4 * i for i, word in enumerate(narrow) if word == 1 and narrow_after[i] == 0]
    state = (ctypes.c_uint32 * (KEYS + 1)).from_address(pointers[0])
    if not (len(heads) == len(spares) == len(changed) == 1 and list(state) == [*keys.tolist(), 17]):
        return None
    return Layout(heads[0], changed[0], spares[0], pointers[NEXT_DOUBLE])


def symbol_address(name: str) -> int | None:
    """Return the address of `RandomState` (the type) or `next_double` (MT19937's), None for anything else."""
    where = layout()
    if where is None:
        return None
    return {"RandomState": id(np.random.RandomState), "next_double": where.next_double}.get(name)
