"""Callables that enter machine code: from a signature and a body to something that Python calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from neano.backends.native.runtime import abi
from neano.backends.native.runtime.cache import ObjectCache, default_cache
from neano.backends.native.runtime.callable_type import new_instance
from neano.backends.native.runtime.codegen import with_level
from neano.backends.native.runtime.engine import Linked, Module, link
from neano.backends.native.runtime.entry import entry_text
from neano.backends.native.runtime.gates import begin_pool
from neano.backends.native.runtime.objects import begin
from neano.backends.native.runtime.signature import Signature
from neano.backends.native.runtime.support import support

Convert = Callable[[Any, tuple[Any, ...], dict[str, Any] | None], list[Any] | tuple[Any]]
RaiseError = Callable[[int, tuple[int, ...]], None]


def link_function(
    signature: Signature,
    modules: Sequence[tuple[str, str]],
    symbols: Mapping[str, int] | None = None,
    *,
    cache: ObjectCache | None = None,
) -> Linked:
    """Link a function's modules (its body and kernels) with the entry for its signature; errors are `link`'s."""
    support()
    own = [Module("entry", entry_text(signature)), *(with_level(*each) for each in modules)]
    linked = link(own, symbols, cache=cache)
    begin_pool()
    return linked


def begin_entry(signature: Signature) -> None:
    """Let the entry for a signature be ready when `link_function` asks for it."""
    begin(Module("entry", entry_text(signature)), default_cache())


def begin_module(name: str, text: str) -> None:
    """Let a module be ready when `link_function` asks for it."""
    begin(with_level(name, text), default_cache())


def native_callable(
    callable_type: type,
    linked: Linked,
    signature: Signature,
    *,
    convert: Convert,
    raise_error: RaiseError,
    storages: Sequence[list[Any]] = (),
    objects: Sequence[Any] = (),
    constants: Sequence[np.ndarray[Any, Any]] = (),
    keys: Sequence[str] = (),
) -> Any:
    """Return an instance of `callable_type` whose calls enter `linked`, which was linked for this signature.

    Several instances can share one `linked`, each with storages of its own.

    Args:
        convert: called as `convert(function, args, kwargs or None)` when a call is not plain: it returns a list of
            one fitting value for each explicit input, or `(result,)` to end the call with that result, or raises.
        raise_error: called as `raise_error(code, args)` when a check of the body fails, with the code and the eight
            numbers that the body has set; with `abi.NOT_FIT` and the position of an input when a value that `convert`
            gave or that stands in a storage does not fit. It raises.
        storages: a list of length 1 for each input that has a storage, in the order of the inputs.
        objects, constants: the body's tables. Constants are C contiguous arrays.
        keys: for a result "dict", the keys, in the order of the outputs.

    Raises:
        ValueError: the lists do not match the signature.
    """
    if len(storages) != sum(each.storage for each in signature.inputs):
        raise ValueError(f"{len(storages)} storages for another number of inputs that have one")
    if any(type(storage) is not list or len(storage) != 1 for storage in storages):
        raise ValueError("a storage is a list of length 1")
    if signature.result == "dict" and len(keys) != signature.outputs:
        raise ValueError(f"{len(keys)} keys for {signature.outputs} outputs")
    if not all(constant.flags.c_contiguous and constant.flags.aligned for constant in constants):
        raise ValueError("constants are C contiguous arrays")
    tables = [
        _words([id(each) for each in objects]),
        _words([constant.__array_interface__["data"][0] for constant in constants]),
        _words([id(key) for key in keys]),
    ]
    head = [id(convert), id(raise_error), *map(_address, tables)]
    words = _words([*head, *map(id, storages)])
    owned = (linked.token, words, *tables, convert, raise_error, *storages, *objects, *constants, *keys)
    return new_instance(callable_type, linked.addresses[abi.ENTRY_NAME], owned, _address(words))


def _words(values: Sequence[int]) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """Memory with these words. NumPy's, for the collector does not clear arrays (it clears ctypes' objects)."""
    return np.array(values, np.uint64)


def _address(words: np.ndarray[Any, Any]) -> int:
    return int(words.__array_interface__["data"][0])
