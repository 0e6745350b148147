"""The run-time shell of the native backend: all between Python's call and the generated body, and machine code on disk.

How a function is made, in the order of its stages:

1. `Signature` (of `Input`) says how the function is called: dtypes, ranks, declared lengths, which inputs have a
   storage, how the result looks, which storages are updated.
2. `link_function(signature, [Module(name, ir_text), ...])` compiles the body and its kernels or loads them from the
   object cache, with the entry for the signature, and links them. `abi` is the contract between entry and body;
   `symbols.address` says which names IR may use for things outside.
   `begin_support()`, `begin_entry(signature)` and `begin_module(name, text)` let LLVM begin with what is known before all is.
3. `native_callable(callable_type, linked, signature, ...)` makes the Python callable. What is per function stands
   there: storages, the Python functions that convert odd arguments and raise errors, tables of objects and constants.
   Copies of a function that share its code but not its state are further calls with the same `linked`.

`make_callable_type(name, namespace)` makes the type of the callables; methods and properties come from the namespace.
`python_callable(callable_type, function)` makes instances of the same type that run a Python callable (for the
reference backend). Instances take attributes (`__dict__`, so `f.__signature__`, `f.__doc__`, `f.name`), weak
references, and are freed in cycles. A function must not replace what it was made with; to change its code make
another instance.

A storage is a list of length 1 that holds the current value of a shared variable or a default. The Python side may put
another value there at any time (`storage[0] = value`): the entry reads it at each call, checks it, and holds it
during the call. New values are put into the storages together, when all else has succeeded. A call that is not plain
(keywords, missing or surplus arguments, values that are not arrays of the dtype) asks `convert(function, args,
kwargs)`.

Threads may call one function at the same time (updates are then as racy as any read-modify-write, but never torn),
fork may come between calls, and a function may be dropped while it runs: its caller holds it.

`link`, `Linked`, `CompileError`, `LinkError` serve other generated code; `default_cache().report()`, `.prune()` and
`.clear()` are what `neano cache` shows and does; `CacheWarning` says once why a cache folder is not used.
"""

from neano.backends.native.runtime.cache import CacheReport, CacheWarning, ObjectCache, default_cache
from neano.backends.native.runtime.callable_type import make_callable_type, python_callable
from neano.backends.native.runtime.codegen import CompileError, Module
from neano.backends.native.runtime.engine import Linked, LinkError, link, link_known
from neano.backends.native.runtime.native_callable import begin_entry, begin_module, link_function, native_callable
from neano.backends.native.runtime.signature import Input, Signature
from neano.backends.native.runtime.support import begin_support, support

__all__ = [
    "CacheReport", "CacheWarning", "CompileError", "Input", "LinkError", "Linked", "Module", "ObjectCache", "Signature",
    "begin_entry", "begin_module", "begin_support", "default_cache", "link", "link_function", "link_known", "make_callable_type",
    "native_callable", "python_callable", "support",
]  # fmt: skip
