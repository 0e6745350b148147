"""From IR text to addresses: look up or compile each module, check the symbols, link, and own the machine code.

>>> import ctypes
>>> twice = "define i64 @twice(i64 %x) { %r = add i64 %x, %x\\n ret i64 %r }"
>>> linked = link([Module("twice", twice)], exports=("twice",))
>>> ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(linked.addresses["twice"])(21)
42
"""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from llvmlite import binding as llvm

from neano.backends.native.runtime import symbols as known_symbols
from neano.backends.native.runtime.abi import ENTRY_NAME
from neano.backends.native.runtime.cache import CachedObject, ObjectCache, default_cache
from neano.backends.native.runtime.codegen import Module
from neano.backends.native.runtime.machine import target_machine
from neano.backends.native.runtime.objects import objects_of

__all__ = ["CodeToken", "LinkError", "Linked", "Module", "link"]


class LinkError(RuntimeError):
    """Generated code needs symbols that this process does not have, or defines one twice. The message lists them."""


_engines: dict[int, Any] = {}
_numbers = itertools.count(1)
_added: dict[str, int] = {}


class CodeToken(int):
    """Keeps machine code loaded for as long as the token lives.

    When the collector finds a cycle it first runs the finalizers of all the objects in it, in any order. Machine code
    whose owner had a finalizer there would be gone when the finalizer of another object calls the function. So the
    collector does not know of tokens: they go by their reference count alone, after all that can call.
    """

    __slots__ = ()

    def __del__(self) -> None:
        if _engines is not None:  # None at the end of the process
            _engines.pop(int(self), None)


_hide_from_collector = ctypes.PYFUNCTYPE(None, ctypes.py_object)(("PyObject_GC_UnTrack", ctypes.pythonapi))


def _token(engine: Any) -> CodeToken:
    token = CodeToken(next(_numbers))
    _hide_from_collector(token)
    _engines[int(token)] = engine
    return token


def keep_for_ever(token: CodeToken) -> None:
    """Keep machine code until the process is gone, past the end of the interpreter: threads or live arrays may need it there."""
    for each in (token, _engines[int(token)]):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(each))


@dataclass(frozen=True, slots=True)
class Linked:
    """Machine code in memory. Whoever keeps an address keeps `token` too.

    Attributes:
        token: owner of the code.
        addresses: of each exported symbol.
        cached: how many of the modules came from the cache.
        keys: the objects' names in the cache.
    """

    token: CodeToken
    addresses: Mapping[str, int]
    cached: int
    keys: tuple[str, ...]


def link(
    modules: Sequence[Module | tuple[str, str]],
    symbols: Mapping[str, int] | None = None,
    *,
    exports: Sequence[str] = (ENTRY_NAME,),
    cache: ObjectCache | None = None,
) -> Linked:
    """Compile or load modules and link them into one piece of machine code.

    Args:
        modules: (name, IR text) or `Module`, which carries levels of optimisation too. Equal texts are linked once.
        symbols: addresses of names that `symbols.address` does not know. A name has one address in the whole process.
        exports: names that the modules define, whose addresses are wanted.
        cache: another object cache than the user's.

    Raises:
        CompileError: LLVM refuses a module.
        LinkError: a symbol is missing or defined twice.
        SymbolConflict: a name has another address already.
    """
    for name, address in (symbols or {}).items():
        known_symbols.register(name, address)
    unique = {(each.text, each.passes, each.codegen): each for each in (Module(*module) for module in modules)}
    keys, objects, cached = objects_of(list(unique.values()), default_cache() if cache is None else cache)
    return _assemble(keys, objects, cached, exports)


def link_known(
    keys: Sequence[str], *, exports: Sequence[str] = (ENTRY_NAME,), cache: ObjectCache | None = None
) -> Linked | None:
    """Link objects of the cache; None where one of them is not there any more, or needs what this process does not have."""
    folder = default_cache() if cache is None else cache
    objects = [folder.load(key) for key in keys]
    found = [each for each in objects if each is not None]
    if len(found) < len(objects):
        return None
    try:
        return _assemble(tuple(keys), found, len(keys), exports)
    except LinkError:
        return None


def _assemble(keys: tuple[str, ...], objects: list[CachedObject], cached: int, exports: Sequence[str]) -> Linked:
    _resolve(objects, exports)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly("", llvm.create_context()), target_machine())
    for each in objects:
        engine.add_object_file(llvm.ObjectFileRef.from_data(each.data))
    engine.finalize_object()
    return Linked(_token(engine), {name: engine.get_function_address(name) for name in exports}, cached, keys)


def _resolve(objects: list[CachedObject], exports: Sequence[str]) -> None:
    """Check that every symbol is there, exactly once, and tell the linker where the outside ones are."""
    defined: set[str] = set()
    for each in objects:
        twice = defined.intersection(each.defined)
        if twice:
            raise LinkError(f"defined in two modules: {', '.join(sorted(twice))}")
        defined.update(each.defined)
    needed = {name for each in objects for name in each.needed} - defined
    addresses = {name: known_symbols.address(name) for name in needed if name not in _added}
    missing = [name for name, address in addresses.items() if address is None] + [
        name for name in exports if name not in defined
    ]
    if missing:
        raise LinkError(f"no such symbol in this process: {', '.join(sorted(missing))}")
    for name, address in addresses.items():
        llvm.add_symbol(name, address)
        _added[name] = address or 0
