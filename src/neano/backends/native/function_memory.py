"""Whole functions in the cache: a function that was made before is linked from its objects, without rewriting or scheduling.

A function's place in the cache is a digest of its key (`compile.function_key`), its signature, the package's sources, the
versions of Python, NumPy and LLVM, and the processor. What stands there is plain data: the names of its objects, its tables of
constants, and the texts of its errors. All that people may look at beside (graph, stages, which node is to blame for an error)
is made when they look. Within a process the machine code itself is shared between equal functions.

A function is kept only where this is all that it consists of: no Python object stands in its tables, nothing in it runs Python,
nothing measures it.
"""

from __future__ import annotations

import sys
import weakref
from dataclasses import dataclass, replace
from functools import cache
from hashlib import blake2b
from typing import Any

import numpy as np

from neano.backends.native.ir import ErrorText
from neano.backends.native.runtime import Linked, Signature, default_cache, link_known, support
from neano.backends.native.runtime.machine import identity
from neano.config import config
from neano.graph.variable import Apply
from neano.sources import STAMP
from neano.version import __version__

LARGEST = 2**20
"""Bytes of constants up to which a function is kept."""


@dataclass(frozen=True, eq=False)
class Code:
    """What a function keeps of its compilation.

    Attributes:
        linked, signature: its machine code and calling form.
        objects, constants: the tables that the code reads.
        errors: what its checks raise.
        nodes: the nodes that are to blame for errors; None where the graph must be asked.
        fallbacks: the nodes that run in Python.
        sites, table: what is measured, and the position of the counters among the constants; -1 without a profile.
    """

    linked: Linked
    signature: Signature
    objects: tuple[Any, ...]
    constants: tuple[Any, ...]
    errors: tuple[ErrorText, ...]
    nodes: tuple[Apply, ...] | None
    fallbacks: tuple[Apply, ...] = ()
    sites: tuple[Any, ...] = ()
    table: int = -1


_known: weakref.WeakValueDictionary[tuple[str, str], Code] = weakref.WeakValueDictionary()
"""The code of functions that live in this process."""


@cache
def _ground() -> str:
    versions = (__version__, sys.version, np.__version__, STAMP)
    return "|".join((*versions, identity()))


def place_of(key: str | None, signature: Signature) -> str | None:
    """Return the name of a function in the cache, None where it has none."""
    if key is None or not STAMP:
        return None
    return blake2b(f"{_ground()}|{key}|{signature}".encode(), digest_size=20).hexdigest()


def _here(place: str) -> tuple[str, str]:
    """Return the name of a function in this process: one for each folder that it may be kept in."""
    return str(config.cache_dir), place


def recall(place: str | None, signature: Signature) -> Code | None:
    """Return the code of a function that was made before, None where there is none that can be used."""
    if place is None:
        return None
    known = _known.get(_here(place))
    if known is not None:
        shared = _known[_here(place)] = replace(known, nodes=None)
        return shared
    entry = default_cache().load_function(place)
    if entry is None:
        return None
    header, data = entry
    support()
    linked = link_known(header["objects"])
    if linked is None:
        return None
    errors = tuple(ErrorText(*each) for each in header["errors"])
    code = Code(linked, signature, (), tuple(_arrays(header["constants"], data)), errors, None)
    _known[_here(place)] = code
    return code


def remember(place: str | None, code: Code, owns_symbols: bool) -> None:
    """Keep the code of a function, where that can be done.

    Args:
        place: its name in the cache.
        code: the code.
        owns_symbols: whether the code refers to addresses that only this process has.
    """
    size = sum(constant.nbytes for constant in code.constants)
    if place is None or code.objects or code.fallbacks or owns_symbols or code.table >= 0 or size > LARGEST:
        return
    if any(constant.dtype.hasobject for constant in code.constants):
        return
    _known[_here(place)] = code
    header = {
        "objects": code.linked.keys,
        "errors": [(each.exception, each.template, each.node) for each in code.errors],
        "constants": [(constant.dtype.str, constant.shape) for constant in code.constants],
    }
    default_cache().store_function(place, header, b"".join(constant.tobytes() for constant in code.constants))


def _arrays(descriptions: list[tuple[str, list[int]]], data: bytes) -> list[np.ndarray[Any, Any]]:
    """Return the constants, each in memory of its own."""
    arrays, at = [], 0
    for dtype, shape in descriptions:
        array = np.empty(shape, dtype)
        array.reshape(-1).view(np.uint8)[:] = np.frombuffer(data, np.uint8, array.nbytes, at)
        array.flags.writeable = False
        arrays.append(array)
        at += array.nbytes
    return arrays
