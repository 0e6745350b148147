"""The type of compiled functions: a heap type of CPython whose instances are entered by vectorcall.

No Python frame and no `__call__` stands between a call and the instance's code. The type is made through CPython's
own C API (PyType_FromSpec), with the collector's slots in machine code; methods, properties and special methods are
given from Python. Instances have a `__dict__` and weak references, are garbage-collected, and cannot be made or
subclassed from Python.
"""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from neano.backends.native.runtime import abi
from neano.backends.native.runtime.capi import python_address
from neano.backends.native.runtime.support import support

_PY_SSIZE_T, _READ_ONLY = 19, 1  # structmember.h
_TP_CALL, _TP_CLEAR, _TP_DEALLOC, _TP_TRAVERSE, _TP_MEMBERS, _TP_GETSET = 50, 51, 52, 71, 72, 73  # typeslots.h
_DISALLOW_INSTANTIATION, _HAVE_VECTORCALL, _HAVE_GC, _DEFAULT = 1 << 7, 1 << 11, 1 << 14, 1 << 18  # object.h

_NOT_FOR_NAMESPACE = frozenset({"__call__", "__slots__", "__dict__", "__weakref__", "__new__", "__init__"})
_MADE_BY_CLASS = frozenset({"__dict__", "__weakref__"})


class _Slot(ctypes.Structure):
    _fields_ = [("slot", ctypes.c_int), ("function", ctypes.c_void_p)]


class _Spec(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("basicsize", ctypes.c_int),
        ("itemsize", ctypes.c_int),
        ("flags", ctypes.c_uint),
        ("slots", ctypes.POINTER(_Slot)),
    ]


class _Member(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("type", ctypes.c_int),
        ("offset", ctypes.c_ssize_t),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    ]


class _GetSet(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("get", ctypes.c_void_p),
        ("set", ctypes.c_void_p),
        ("doc", ctypes.c_char_p),
        ("closure", ctypes.c_void_p),
    ]


_kept_for_cpython: list[Any] = []
"""What a type goes on pointing to for as long as it lives."""

_made: weakref.WeakSet[type] = weakref.WeakSet()

_type_from_spec = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.POINTER(_Spec))(("PyType_FromSpec", ctypes.pythonapi))
_allocate = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object, ctypes.c_ssize_t)(
    ("PyType_GenericAlloc", ctypes.pythonapi)
)
_increment = ctypes.PYFUNCTYPE(None, ctypes.py_object)(("Py_IncRef", ctypes.pythonapi))


def make_callable_type(name: str, namespace: Mapping[str, Any]) -> type:
    """Return a new type of callables.

    Args:
        name: the dotted name of the type, "neano.compile.function.Function"; its last part is `__name__`.
        namespace: methods, properties, special methods, `__doc__` ...: `dict(vars(SomeClass))` will do. `super()`
            without arguments does not work in it.

    Raises:
        TypeError: the namespace has `__call__`, `__new__`, `__init__` or `__slots__`.
    """
    forbidden = (_NOT_FOR_NAMESPACE - _MADE_BY_CLASS) & namespace.keys()
    if forbidden:
        raise TypeError(f"a callable type cannot define {', '.join(sorted(forbidden))}")
    made: Any = _type_from_spec(ctypes.byref(_spec(name)))
    _made.add(made)
    made.__module__, _, made.__qualname__ = name.rpartition(".")
    for key, value in namespace.items():
        if key in _MADE_BY_CLASS or key in ("__module__", "__qualname__"):
            continue
        setattr(made, key, value)
        set_name = getattr(type(value), "__set_name__", None)
        if set_name is not None:
            set_name(value, made, key)
    return made  # type: ignore[no-any-return]


def _spec(name: str) -> _Spec:
    code = support().addresses
    members = (_Member * 4)(
        _Member(b"__vectorcalloffset__", _PY_SSIZE_T, abi.CALLABLE_VECTORCALL, _READ_ONLY, None),
        _Member(b"__dictoffset__", _PY_SSIZE_T, abi.CALLABLE_DICT, _READ_ONLY, None),
        _Member(b"__weaklistoffset__", _PY_SSIZE_T, abi.CALLABLE_WEAKLIST, _READ_ONLY, None),
        _Member(),
    )
    attributes = (_GetSet * 2)(
        _GetSet(
            b"__dict__",
            python_address("PyObject_GenericGetDict"),
            python_address("PyObject_GenericSetDict"),
            None,
            None,
        ),
        _GetSet(),
    )
    slots = (_Slot * 7)(
        _Slot(_TP_CALL, python_address("PyVectorcall_Call")),
        _Slot(_TP_TRAVERSE, code["neano_traverse"]),
        _Slot(_TP_CLEAR, code["neano_clear"]),
        _Slot(_TP_DEALLOC, code["neano_dealloc"]),
        _Slot(_TP_MEMBERS, ctypes.addressof(members)),
        _Slot(_TP_GETSET, ctypes.addressof(attributes)),
        _Slot(),
    )
    flags = _DEFAULT | _HAVE_VECTORCALL | _HAVE_GC | _DISALLOW_INSTANTIATION
    spec = _Spec(name.encode(), abi.CALLABLE_SIZE, 0, flags, slots)
    _kept_for_cpython.extend((members, attributes, slots, spec))
    return spec


def new_instance(callable_type: type, entry: int, owned: object, tables: int = 0) -> Any:
    """Return a new instance.

    Args:
        callable_type: made by `make_callable_type`.
        entry: address of a function with the vectorcall signature.
        owned: kept alive by the instance, with all that `entry` and `tables` point to. Nothing of that may be an
            object that
            the collector clears or that has a finalizer: finalizers of a cycle run, in any order, while calls are
            possible.
        tables: address of the words that a native entry reads (see `abi`).
    """
    if callable_type not in _made:
        raise TypeError(f"{callable_type!r} is not a type of compiled functions")
    made = _allocate(callable_type, 0)
    start = id(made)
    _increment(owned)
    # The vectorcall pointer comes last: until it is there, a call raises TypeError.
    for offset, word in (
        (abi.CALLABLE_OWNED, id(owned)), (abi.CALLABLE_TABLES, tables), (abi.CALLABLE_VECTORCALL, entry),
    ):  # fmt: skip
        ctypes.c_void_p.from_address(start + offset).value = word
    return made


def python_callable(callable_type: type, function: Callable[..., Any]) -> Any:
    """Return an instance whose calls go to a Python callable as they are."""
    return new_instance(callable_type, support().addresses["neano_python_entry"], function)
