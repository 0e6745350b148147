"""The contract in memory between the entry (which Python calls) and the body (which the emitter writes).

A compiled function is LLVM IR text in several modules:

* one module for each kernel: `define void @neano_k_<hash of its content>(ptr %args, i64 %from, i64 %to)`;
* one module for the body: `define i32 @neano_body(ptr %inputs, ptr %outputs, ptr %context)`.

Each names everything outside itself as an external symbol, by the names that `symbols.address` knows (PyArray_New,
`blas.dgemm`, `tanh`, ...), never as a constant address. The body is called with the GIL held and returns one of
`OK`, `CHECK_FAILED`, `PYTHON_ERROR`.

`%inputs` points to one descriptor for each input of the function, explicit inputs first, then implicit ones (shared
variables), each of `INPUT_SIZE` bytes:

    offset  0  ptr data      first element (negative strides: still the element at index 0, 0, ...)
    offset  8  ptr dims      i64 for each axis
    offset 16  ptr strides   i64 for each axis, in bytes
    offset 24  ptr object    the ndarray, borrowed; NULL where a 0-d input was given as a Python or NumPy number

The dtype, the rank, the alignment and the lengths declared static have been checked. The data is read only. For an
input of dtype "object" (random states, generic values) only `object` is set; it is never NULL. Everything that a
descriptor points to lives until the body returns; read dims and strides before releasing the GIL, for another thread
may set `array.shape`.

For a value from a storage (shared variable, default) the storage holds one reference and the entry another. Where
`call i1 @neano_is_private(ptr %object)` holds for the array of such an input, nobody else sees it or its data. The old
value of an updated input may then be handed out as an output itself (with a new reference) instead of a copy; or,
while the GIL is held and when nothing can fail any more, be overwritten and handed back as the new value.

`%outputs` is an array of PyObject*: the outputs of the function, then the new values of the updated inputs. All are
NULL when the body starts; the body stores new (owned) references. On failure it may leave some of them filled, which
the entry releases. Nothing else that the body made may be left behind on any path. New values reach their storages
only when all of the call has succeeded.

`%context` points to a struct on the stack of the call (so that the function is reentrant), whose members stand at:

    offset   0  i64 error_code     set before returning CHECK_FAILED: the position in the table of errors
    offset   8  [8 x i64] args     set before returning CHECK_FAILED: numbers for the message (not set: any value)
    offset  72  ptr objects        table of PyObject* (borrowed): Python callables and opaque constants
    offset  80  ptr constants      table of data pointers of the constant arrays (C contiguous, aligned)
    offset  88  ptr self           the function object, borrowed

Releasing the GIL is the body's decision: `%t = call ptr @PyEval_SaveThread()` and, before any further call of the
Python or NumPy C API and before returning, `call void @PyEval_RestoreThread(ptr %t)`.

Scratch memory of a call comes from a pool of the process; in steady state nothing is allocated:

    %block = call ptr @neano_scratch_take(i64 %bytes)     ; aligned to 64 bytes, not initialised; NULL: out of memory
    call void @neano_scratch_give(ptr %block)             ; NULL is allowed

Both work with or without the GIL and from several threads at once; a call that runs inside another (a Python callback
calls the function again) gets a block of its own. On NULL the body, holding the GIL, calls `PyErr_NoMemory` and returns
`PYTHON_ERROR`.
"""

from __future__ import annotations

OK = 0
CHECK_FAILED = 1
PYTHON_ERROR = -1

BODY_NAME = "neano_body"
ENTRY_NAME = "neano_entry"
KERNEL_PREFIX = "neano_k_"

INPUT_SIZE = 32
INPUT_DATA = 0
INPUT_DIMS = 8
INPUT_STRIDES = 16
INPUT_OBJECT = 24

CONTEXT_ERROR_CODE = 0
CONTEXT_ERROR_ARGS = 8
CONTEXT_OBJECTS = 72
CONTEXT_CONSTANTS = 80
CONTEXT_SELF = 88
CONTEXT_SIZE = 96

MAX_ERROR_ARGS = 8

SCRATCH_TAKE = "neano_scratch_take"
SCRATCH_GIVE = "neano_scratch_give"
IS_PRIVATE = "neano_is_private"
SCRATCH_ALIGNMENT = 64

HEAD: int = object.__basicsize__
"""Bytes of a PyObject's head: 16, or more in a free-threaded build."""

TYPE_OFFSET = HEAD - 8
"""Where a PyObject keeps its type: the last word of the head in every build."""

# PyArrayObject, unchanged since NumPy 1.22.
ARRAY_DATA = HEAD
ARRAY_NDIM = HEAD + 8
ARRAY_DIMS = HEAD + 16
ARRAY_STRIDES = HEAD + 24
ARRAY_BASE = HEAD + 32
ARRAY_DESCR = HEAD + 40
ARRAY_FLAGS = HEAD + 48
ARRAY_WEAKREFS = HEAD + 56
ARRAY_HANDLER = HEAD + 72

FLAG_C_CONTIGUOUS = 0x0001
FLAG_F_CONTIGUOUS = 0x0002
FLAG_OWNDATA = 0x0004
FLAG_ALIGNED = 0x0100
FLAG_WRITEABLE = 0x0400

# Instances of the callable type (`callable_type`), after the head.
CALLABLE_VECTORCALL = HEAD
CALLABLE_DICT = HEAD + 8
CALLABLE_WEAKLIST = HEAD + 16
CALLABLE_OWNED = HEAD + 24
"""The one object that keeps alive all that the tables point to; for a Python callable, the callable itself."""
CALLABLE_TABLES = HEAD + 32
CALLABLE_SIZE = HEAD + 40

# The tables of an instance: words that the entry reads (`native_callable` writes them once).
TABLE_CONVERT = 0
TABLE_RAISE = 8
TABLE_OBJECTS = 16
TABLE_CONSTANTS = 24
TABLE_KEYS = 32
TABLE_STORAGES = 40
"""From here on: one Python list of length 1 for each input that has a storage."""

# PyListObject: ob_size, ob_item. PyTupleObject: ob_size, then the items.
LIST_SIZE = HEAD
LIST_ITEMS = HEAD + 8
TUPLE_SIZE = HEAD
TUPLE_ITEMS = HEAD + 8

# PyArray_Descr: typeobj, kind, type, byteorder, flags, type_num.
DESCR_BYTEORDER = HEAD + 10
DESCR_TYPE_NUMBER = HEAD + 12

NOT_FIT = -1
"""The code that `raise_error` gets, with the position of an input, when a value does not fit even after conversion."""
