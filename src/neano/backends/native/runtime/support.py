"""Machine code that every function of the process shares, loaded once: slots of the callable type, the slow ways of
an entry, the pool of scratch memory.

    neano_traverse, neano_clear, neano_dealloc    the collector's slots of the callable type
    neano_python_entry                            a vectorcall that goes to a Python callable
    neano_convert                                 asks the function's Python side for converted arguments
    neano_raise_check, neano_refuse               ask it to raise
    neano_array_fits, neano_number                the less likely half of an entry's checks
    neano_release                                 gives up references after a failure
    neano_is_private                              whether nobody else can see an array of a storage (see `abi`)
    neano_scratch_take, neano_scratch_give        scratch memory (see `abi`)
    neano_parallel_for, neano_share               hand a job to the thread pool, which loads with the first large one
    neano_new_array                               makes a result, with `memory`, which loads with the first large one
"""

from __future__ import annotations

import sys

import neano.backends.native.runtime.blas_threads  # noqa: F401 - its symbols load when they are first asked for
from neano.backends.native.runtime import abi, gates, symbols
from neano.backends.native.runtime.cache import default_cache
from neano.backends.native.runtime.engine import Linked, Module, link
from neano.backends.native.runtime.entry import FREE_THREADED
from neano.backends.native.runtime.entry_checks import AS_DOUBLE, AS_SINGLE, TAKES_BOOL, TAKES_FLOAT, TAKES_INT
from neano.backends.native.runtime.gates_text import GATES_TEXT
from neano.backends.native.runtime.memory_text import NEW_ARRAY
from neano.backends.native.runtime.objects import begin
from neano.backends.native.runtime.once import once
from neano.backends.native.runtime.pool_text import PARALLEL_FOR, SHARE
from neano.backends.native.runtime.scratch_text import SCRATCH_TEXT
from neano.backends.native.runtime.slots_text import SLOTS_TEXT

SLOTS = ("neano_traverse", "neano_clear", "neano_dealloc")
HELPERS = (
    "neano_python_entry", "neano_convert", "neano_raise_check", "neano_refuse", "neano_array_fits", "neano_number",
    "neano_release",
    abi.IS_PRIVATE,
    abi.SCRATCH_TAKE, abi.SCRATCH_GIVE,
    PARALLEL_FOR, SHARE, NEW_ARRAY,
)  # fmt: skip


def _string(name: str, text: str) -> str:
    return f'@{name} = internal constant [{len(text) + 1} x i8] c"{text}\\00"'


_CALLS_TEXT = f"""
define ptr @neano_python_entry(ptr %self, ptr %args, i64 %nargsf, ptr %kwnames) nounwind {{
  %place = getelementptr i8, ptr %self, i64 {abi.CALLABLE_OWNED}
  %callable = load ptr, ptr %place
  call void @Py_IncRef(ptr %callable)
  %result = call ptr @PyObject_Vectorcall(ptr %callable, ptr %args, i64 %nargsf, ptr %kwnames)
  call void @Py_DecRef(ptr %callable)
  ret ptr %result
}}
declare ptr @PyObject_Vectorcall(ptr, ptr, i64, ptr)

; convert(self, (positional ...), {{keyword: value}} or None): a list of one value for each explicit input, or
; (result,).
define ptr @neano_convert(ptr %self, ptr %args, i64 %count, ptr %kwnames, ptr %convert, i64 %inputs) nounwind {{
entry:
  %tuple = call ptr @PyTuple_New(i64 %count)
  %no.tuple = icmp eq ptr %tuple, null
  br i1 %no.tuple, label %fail, label %fill
fill:
  %k = phi i64 [0, %entry], [%k.next, %fill.one]
  %filled = icmp sge i64 %k, %count
  br i1 %filled, label %keywords, label %fill.one
fill.one:
  %arg.place = getelementptr ptr, ptr %args, i64 %k
  %arg = load ptr, ptr %arg.place
  call void @Py_IncRef(ptr %arg)
  %set = call i32 @PyTuple_SetItem(ptr %tuple, i64 %k, ptr %arg)
  %k.next = add i64 %k, 1
  br label %fill
keywords:
  %positional.only = icmp eq ptr %kwnames, null
  br i1 %positional.only, label %without, label %with
without:
  call void @Py_IncRef(ptr @_Py_NoneStruct)
  br label %ask
with:
  %dict = call ptr @PyDict_New()
  %no.dict = icmp eq ptr %dict, null
  br i1 %no.dict, label %fail.tuple, label %count.keywords
count.keywords:
  %keyword.count.place = getelementptr i8, ptr %kwnames, i64 {abi.TUPLE_SIZE}
  %keyword.count = load i64, ptr %keyword.count.place
  br label %keyword
keyword:
  %j = phi i64 [0, %count.keywords], [%j.next, %keyword.one]
  %all = icmp sge i64 %j, %keyword.count
  br i1 %all, label %ask, label %keyword.one
keyword.one:
  %names = getelementptr i8, ptr %kwnames, i64 {abi.TUPLE_ITEMS}
  %name.place = getelementptr ptr, ptr %names, i64 %j
  %name = load ptr, ptr %name.place
  %position = add i64 %count, %j
  %value.place = getelementptr ptr, ptr %args, i64 %position
  %value = load ptr, ptr %value.place
  %stored = call i32 @PyDict_SetItem(ptr %dict, ptr %name, ptr %value)
  %j.next = add i64 %j, 1
  %bad = icmp ne i32 %stored, 0
  br i1 %bad, label %fail.dict, label %keyword
ask:
  %kwargs = phi ptr [@_Py_NoneStruct, %without], [%dict, %keyword]
  %answer = call ptr (ptr, ...) @PyObject_CallFunctionObjArgs(
      ptr %convert, ptr %self, ptr %tuple, ptr %kwargs, ptr null)
  call void @Py_DecRef(ptr %tuple)
  call void @Py_DecRef(ptr %kwargs)
  %no.answer = icmp eq ptr %answer, null
  br i1 %no.answer, label %fail, label %look
look:
  %type.place = getelementptr i8, ptr %answer, i64 {abi.TYPE_OFFSET}
  %type = load ptr, ptr %type.place
  %size.place = getelementptr i8, ptr %answer, i64 {abi.LIST_SIZE}
  %is.list = icmp eq ptr %type, @PyList_Type
  %is.tuple = icmp eq ptr %type, @PyTuple_Type
  %is.either = or i1 %is.list, %is.tuple
  br i1 %is.either, label %measure, label %wrong
measure:
  %size = load i64, ptr %size.place
  %expected = select i1 %is.list, i64 %inputs, i64 1
  %right = icmp eq i64 %size, %expected
  br i1 %right, label %give, label %wrong
give:
  ret ptr %answer
wrong:
  call void @Py_DecRef(ptr %answer)
  %error = load ptr, ptr @PyExc_SystemError
  call void @PyErr_SetString(ptr %error, ptr @wrong.answer)
  ret ptr null
fail.dict:
  call void @Py_DecRef(ptr %dict)
  br label %fail.tuple
fail.tuple:
  call void @Py_DecRef(ptr %tuple)
  br label %fail
fail:
  ret ptr null
}}
{_string("wrong.answer", "convert must return a list of all inputs or (the result,)")}
@_Py_NoneStruct = external global i8
@PyList_Type = external global i8
@PyTuple_Type = external global i8
@PyExc_SystemError = external global ptr
declare ptr @PyTuple_New(i64)
declare i32 @PyTuple_SetItem(ptr, i64, ptr)
declare ptr @PyDict_New()
declare i32 @PyDict_SetItem(ptr, ptr, ptr)
declare ptr @PyObject_CallFunctionObjArgs(ptr, ...)
declare void @PyErr_SetString(ptr, ptr)

define internal void @must_raise(ptr %returned) nounwind {{
  %nothing = icmp eq ptr %returned, null
  br i1 %nothing, label %done, label %wrong
wrong:
  call void @Py_DecRef(ptr %returned)
  %error = load ptr, ptr @PyExc_SystemError
  call void @PyErr_SetString(ptr %error, ptr @not.raised)
  br label %done
done:
  ret void
}}
{_string("not.raised", "raise_error must raise, but has returned")}

define void @neano_raise_check(ptr %context, ptr %raise) nounwind {{
  %code = load i64, ptr %context
  {{load_arguments}}
  %returned = call ptr (ptr, ptr, ...) @PyObject_CallFunction(ptr %raise, ptr @check.format, i64 %code, {{arguments}})
  call void @must_raise(ptr %returned)
  ret void
}}
{_string("check.format", "L(LLLLLLLL)")}

define void @neano_refuse(ptr %raise, i64 %input) nounwind {{
  %returned = call ptr (ptr, ptr, ...) @PyObject_CallFunction(
      ptr %raise, ptr @refuse.format, i64 {abi.NOT_FIT}, i64 %input)
  call void @must_raise(ptr %returned)
  ret void
}}
{_string("refuse.format", "L(L)")}
declare ptr @PyObject_CallFunction(ptr, ptr, ...)

; Whether an array that a storage and the entry hold (two references) can be seen by nobody else, nor its data: then it
; may be handed out or overwritten. The low half of the count is the count in every version of CPython; where several
; threads count at once the answer is no.
define i1 @{abi.IS_PRIVATE}(ptr %array) nounwind {{
  %count = load i32, ptr %array
  %two = icmp eq i32 %count, 2
  %flags.place = getelementptr i8, ptr %array, i64 {abi.ARRAY_FLAGS}
  %flags = load i32, ptr %flags.place
  %own.bits = and i32 %flags, {abi.FLAG_OWNDATA | abi.FLAG_WRITEABLE}
  %own = icmp eq i32 %own.bits, {abi.FLAG_OWNDATA | abi.FLAG_WRITEABLE}
  %weak.place = getelementptr i8, ptr %array, i64 {abi.ARRAY_WEAKREFS}
  %weak = load ptr, ptr %weak.place
  %unwatched = icmp eq ptr %weak, null
  %some = and i1 %two, %own
  %most = and i1 %some, %unwatched
  %private = and i1 %most, {"false" if FREE_THREADED else "true"}
  ret i1 %private
}}

; Whether an ndarray is aligned, of a rank and of one of two type numbers in native byte order, whatever its dtype
; object is.
define i1 @neano_array_fits(ptr %array, i32 %number, i32 %other.number, i32 %ndim) nounwind {{
  %descr.place = getelementptr i8, ptr %array, i64 {abi.ARRAY_DESCR}
  %descr = load ptr, ptr %descr.place
  %given.place = getelementptr i8, ptr %descr, i64 {abi.DESCR_TYPE_NUMBER}
  %given = load i32, ptr %given.place
  %is.first = icmp eq i32 %given, %number
  %is.other = icmp eq i32 %given, %other.number
  %kind = or i1 %is.first, %is.other
  %order.place = getelementptr i8, ptr %descr, i64 {abi.DESCR_BYTEORDER}
  %order = load i8, ptr %order.place
  %native = icmp ne i8 %order, {ord(">") if sys.byteorder == "little" else ord("<")}
  %ndim.place = getelementptr i8, ptr %array, i64 {abi.ARRAY_NDIM}
  %given.ndim = load i32, ptr %ndim.place
  %rank = icmp eq i32 %given.ndim, %ndim
  %flags.place = getelementptr i8, ptr %array, i64 {abi.ARRAY_FLAGS}
  %flags = load i32, ptr %flags.place
  %aligned.bit = and i32 %flags, {abi.FLAG_ALIGNED}
  %aligned = icmp ne i32 %aligned.bit, 0
  %some = and i1 %kind, %native
  %more = and i1 %rank, %aligned
  %all = and i1 %some, %more
  ret i1 %all
}}

; The data of a NumPy scalar of one type or of a Python number that an input takes, NULL for anything else. Python's
; floats and NumPy's scalars have their value right after the head; other numbers are converted into %cell.
define ptr @neano_number(
    ptr %object, ptr %scalar, i32 %kind, i64 %least, i64 %most, ptr %cell) nounwind {{
entry:
  %overflow = alloca i32
  %inside = getelementptr i8, ptr %object, i64 {abi.HEAD}
  %type.place = getelementptr i8, ptr %object, i64 {abi.TYPE_OFFSET}
  %type = load ptr, ptr %type.place
  %is.scalar = icmp eq ptr %type, %scalar
  br i1 %is.scalar, label %in.place, label %try.float
in.place:
  ret ptr %inside
try.float:
  %float.bit = and i32 %kind, {TAKES_FLOAT}
  %takes.float = icmp ne i32 %float.bit, 0
  %float.type = icmp eq ptr %type, @PyFloat_Type
  %is.float = and i1 %takes.float, %float.type
  br i1 %is.float, label %float, label %try.int
float:
  %double.bit = and i32 %kind, {AS_DOUBLE}
  %is.double = icmp ne i32 %double.bit, 0
  br i1 %is.double, label %in.place, label %single
single:
  %double = load double, ptr %inside
  %rounded = fptrunc double %double to float
  store float %rounded, ptr %cell
  ret ptr %cell
try.int:
  %int.bit = and i32 %kind, {TAKES_INT}
  %takes.int = icmp ne i32 %int.bit, 0
  %int.type = icmp eq ptr %type, @PyLong_Type
  %is.int = and i1 %takes.int, %int.type
  br i1 %is.int, label %int, label %try.bool
int:
  %value = call i64 @PyLong_AsLongLongAndOverflow(ptr %object, ptr %overflow)
  %flag = load i32, ptr %overflow
  %fits = icmp eq i32 %flag, 0
  %from = icmp sge i64 %value, %least
  %to = icmp sle i64 %value, %most
  %between = and i1 %from, %to
  %good = and i1 %fits, %between
  br i1 %good, label %store.int, label %no
store.int:
  %size.bits = and i32 %kind, {AS_DOUBLE | AS_SINGLE}
  switch i32 %size.bits, label %as.int [i32 {AS_DOUBLE}, label %as.double
                                         i32 {AS_SINGLE}, label %as.single]
as.int:  ; a little-endian machine finds the narrower integer at the same place
  store i64 %value, ptr %cell
  ret ptr %cell
as.double:
  %exact.double = sitofp i64 %value to double
  store double %exact.double, ptr %cell
  ret ptr %cell
as.single:
  %exact.single = sitofp i64 %value to float
  store float %exact.single, ptr %cell
  ret ptr %cell
try.bool:
  %bool.bit = and i32 %kind, {TAKES_BOOL}
  %takes.bool = icmp ne i32 %bool.bit, 0
  %is.true = icmp eq ptr %object, @_Py_TrueStruct
  %is.false = icmp eq ptr %object, @_Py_FalseStruct
  %either = or i1 %is.true, %is.false
  %is.bool = and i1 %takes.bool, %either
  br i1 %is.bool, label %bool, label %no
bool:
  %truth = zext i1 %is.true to i8
  store i8 %truth, ptr %cell
  ret ptr %cell
no:
  ret ptr null
}}
@PyFloat_Type = external global i8
@PyLong_Type = external global i8
@_Py_TrueStruct = external global i8
@_Py_FalseStruct = external global i8

define void @neano_release(ptr %objects, i64 %count) nounwind {{
entry:
  br label %head
head:
  %k = phi i64 [0, %entry], [%next, %one]
  %more = icmp slt i64 %k, %count
  br i1 %more, label %one, label %done
one:
  %place = getelementptr ptr, ptr %objects, i64 %k
  %object = load ptr, ptr %place
  call void @Py_DecRef(ptr %object)
  %next = add i64 %k, 1
  br label %head
done:
  ret void
}}
declare i64 @PyLong_AsLongLongAndOverflow(ptr, ptr)
"""


def support_text() -> str:
    """Return the IR of the module."""
    loads = []
    for k in range(abi.MAX_ERROR_ARGS):
        loads.append(f"%place.{k} = getelementptr i8, ptr %context, i64 {abi.CONTEXT_ERROR_ARGS + 8 * k}")
        loads.append(f"%value.{k} = load i64, ptr %place.{k}")
    arguments = ", ".join(f"i64 %value.{k}" for k in range(abi.MAX_ERROR_ARGS))
    calls = _CALLS_TEXT.replace("{load_arguments}", "\n  ".join(loads)).replace("{arguments}", arguments)
    return SLOTS_TEXT + calls + SCRATCH_TEXT


def _modules() -> tuple[Module, ...]:
    """What every function of the process shares; what is called with every small array is generated with more care."""
    return Module("support", support_text(), codegen=0), Module("gates", GATES_TEXT)


@once
def begin_support() -> None:
    """Let the module be ready when the first function is."""
    for module in _modules():
        begin(module, default_cache())


@once
def support() -> Linked:
    """Load the module, once a process, and make its helpers known to generated code."""
    linked = link(_modules(), exports=SLOTS + HELPERS + gates.GATES)
    for name in HELPERS:
        symbols.register(name, linked.addresses[name])
    gates.install(linked)
    return linked
