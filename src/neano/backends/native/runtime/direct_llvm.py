"""Code generation by functions of llvmlite's library itself, past its binding.

The binding takes a lock of its own around every call into LLVM, and gives up Python's meanwhile: threads take turns, and one that
runs beside Python waits after each call, up to five milliseconds (`sys.getswitchinterval`), until it may go on. Here, what takes
microseconds keeps Python's lock, and code generation, nearly all of the cost, takes none. LLVM is safe as long as each module has
a context and a target machine of its own.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, byref, c_bool, c_char_p, c_int, c_size_t, c_void_p
from functools import cache
from typing import Any

import llvmlite
from llvmlite.binding import ffi

KNOWN = "0.50."
"""The releases of llvmlite whose functions have these arguments; with others the binding is used."""

_OBJECT = 1  # of LLVM's kinds of output; the other one is assembly

_SHORT: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "ContextCreate": (c_void_p, ()),
    "ContextDispose": (None, (c_void_p,)),
    "ParseAssembly": (c_void_p, (c_void_p, c_char_p, POINTER(c_char_p))),
    "VerifyModule": (c_bool, (c_void_p, POINTER(c_char_p))),
    "DisposeModule": (None, (c_void_p,)),
    "GetBufferStart": (c_void_p, (c_void_p,)),
    "GetBufferSize": (c_size_t, (c_void_p,)),
    "DisposeMemoryBuffer": (None, (c_void_p,)),
    "DisposeString": (None, (c_char_p,)),
}
_LONG: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "TargetMachineEmitToMemory": (c_void_p, (c_void_p, c_void_p, c_int, POINTER(c_char_p))),
}


class DirectLLVM:
    """The functions, by their names without the prefix."""

    def __init__(self, path: str) -> None:
        self._functions: dict[str, Any] = {}
        for library, table in ((ctypes.PyDLL(path), _SHORT), (ctypes.CDLL(path), _LONG)):
            for name, (result, arguments) in table.items():
                function = self._functions[name] = library[f"LLVMPY_{name}"]
                function.restype, function.argtypes = result, arguments

    def __getattr__(self, name: str) -> Any:
        return self._functions[name]

    def object_file(self, text: str, machine: Any) -> bytes | str:
        """Return the object file of a module in LLVM IR, or LLVM's words on what is wrong with it.

        Args:
            machine: a target machine of llvmlite's that nobody else uses meanwhile.
        """
        parsing, checking, generating = messages = c_char_p(), c_char_p(), c_char_p()
        context = self.ContextCreate()
        module = self.ParseAssembly(context, text.encode(), byref(parsing))
        try:
            if not module:
                return _words(parsing)
            if self.VerifyModule(module, byref(checking)):
                return _words(checking)
            buffer = self.TargetMachineEmitToMemory(_address(machine), module, _OBJECT, byref(generating))
            if not buffer:
                return _words(generating)
            try:
                return ctypes.string_at(self.GetBufferStart(buffer), self.GetBufferSize(buffer))
            finally:
                self.DisposeMemoryBuffer(buffer)
        finally:
            if module:
                self.DisposeModule(module)
            self.ContextDispose(context)
            for message in messages:
                self.DisposeString(message)


def _address(machine: Any) -> c_void_p:
    return ctypes.cast(machine._ptr, c_void_p)


def _words(said: c_char_p) -> str:
    return (said.value or b"no reason given").decode(errors="replace")


@cache
def direct_llvm() -> DirectLLVM | None:
    """Return the functions, None in a release of llvmlite that may have others: they are no public interface."""
    if not llvmlite.__version__.startswith(KNOWN):
        return None
    try:
        return DirectLLVM(ffi.lib._lib_handle._name)
    except (AttributeError, OSError):
        return None
