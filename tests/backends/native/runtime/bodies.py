"""Bodies written by hand, as the emitter would write them, and callables made of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from neano.backends.native.runtime import (
    Input,
    Linked,
    Signature,
    link_function,
    make_callable_type,
    native_callable,
)
from neano.backends.native.runtime.abi import ARRAY_DATA

F64 = 12  # NumPy's type number

CONVERTED: list[tuple[tuple[Any, ...], dict[str, Any] | None]] = []
"""What went the slow way since the last `clear()`."""

CallableType = make_callable_type("tests.Function", {"__doc__": "What tests call."})

NEW = f"""
declare ptr @PyArray_New(ptr, i32, ptr, i32, ptr, ptr, i32, i32, ptr)
declare void @Py_IncRef(ptr)
declare void @Py_DecRef(ptr)
@PyArray_Type = external global i8

define internal ptr @new(double %value) {{
  %array = call ptr @PyArray_New(
      ptr @PyArray_Type, i32 0, ptr null, i32 {F64}, ptr null, ptr null, i32 0, i32 0, ptr null)
  %data.place = getelementptr i8, ptr %array, i64 {ARRAY_DATA}
  %data = load ptr, ptr %data.place
  store double %value, ptr %data
  ret ptr %array
}}
define internal double @input(ptr %inputs, i64 %k) {{
  %offset = mul i64 %k, 32
  %descriptor = getelementptr i8, ptr %inputs, i64 %offset
  %data = load ptr, ptr %descriptor
  %value = load double, ptr %data
  ret double %value
}}
define internal void @output(ptr %outputs, i64 %k, ptr %object) {{
  %place = getelementptr ptr, ptr %outputs, i64 %k
  store ptr %object, ptr %place
  ret void
}}
"""

ADD = (
    NEW
    + """
define i32 @neano_body(ptr %inputs, ptr %outputs, ptr %context) {
  %x = call double @input(ptr %inputs, i64 0)
  %y = call double @input(ptr %inputs, i64 1)
  %sum = fadd double %x, %y
  %array = call ptr @new(double %sum)
  store ptr %array, ptr %outputs
  ret i32 0
}
"""
)

ACCUMULATE = (
    NEW
    + """
define i32 @neano_body(ptr %inputs, ptr %outputs, ptr %context) {
  %x = call double @input(ptr %inputs, i64 0)
  %state = call double @input(ptr %inputs, i64 1)
  %sum = fadd double %x, %state
  %old = call ptr @new(double %state)
  store ptr %old, ptr %outputs
  %new = call ptr @new(double %sum)
  call void @output(ptr %outputs, i64 1, ptr %new)
  ret i32 0
}
"""
)

ACCUMULATE_WITHOUT_COPY = (
    NEW
    + """
declare i1 @neano_is_private(ptr)
define i32 @neano_body(ptr %inputs, ptr %outputs, ptr %context) {
entry:
  %x = call double @input(ptr %inputs, i64 0)
  %state = call double @input(ptr %inputs, i64 1)
  %sum = fadd double %x, %state
  %object.place = getelementptr i8, ptr %inputs, i64 56
  %object = load ptr, ptr %object.place
  %private = call i1 @neano_is_private(ptr %object)
  br i1 %private, label %share, label %copy
share:
  call void @Py_IncRef(ptr %object)
  br label %done
copy:
  %copied = call ptr @new(double %state)
  br label %done
done:
  %old = phi ptr [%object, %share], [%copied, %copy]
  store ptr %old, ptr %outputs
  %new = call ptr @new(double %sum)
  call void @output(ptr %outputs, i64 1, ptr %new)
  ret i32 0
}
"""
)

SWAP_THEN_CALL = (
    NEW
    + """
declare ptr @PyObject_CallNoArgs(ptr)
define i32 @neano_body(ptr %inputs, ptr %outputs, ptr %context) {
  ; New values for both states are there before object 0 is called; what it returns is the output.
  %a = call double @input(ptr %inputs, i64 0)
  %b = call double @input(ptr %inputs, i64 1)
  %new.a = call ptr @new(double %b)
  call void @output(ptr %outputs, i64 1, ptr %new.a)
  %new.b = call ptr @new(double %a)
  call void @output(ptr %outputs, i64 2, ptr %new.b)
  %objects.place = getelementptr i8, ptr %context, i64 72
  %objects = load ptr, ptr %objects.place
  %callable = load ptr, ptr %objects
  %result = call ptr @PyObject_CallNoArgs(ptr %callable)
  store ptr %result, ptr %outputs
  %failed = icmp eq ptr %result, null
  %status = select i1 %failed, i32 -1, i32 0
  ret i32 %status
}
"""
)

VECTOR_ADD = f"""
declare ptr @PyArray_New(ptr, i32, ptr, i32, ptr, ptr, i32, i32, ptr)
@PyArray_Type = external global i8
define i32 @neano_body(ptr %inputs, ptr %outputs, ptr %context) {{
entry:
  %x = load ptr, ptr %inputs
  %x.dims.place = getelementptr i8, ptr %inputs, i64 8
  %x.dims = load ptr, ptr %x.dims.place
  %x.strides.place = getelementptr i8, ptr %inputs, i64 16
  %x.strides = load ptr, ptr %x.strides.place
  %x.stride = load i64, ptr %x.strides
  %y.place = getelementptr i8, ptr %inputs, i64 32
  %y = load ptr, ptr %y.place
  %y.dims.place = getelementptr i8, ptr %inputs, i64 40
  %y.dims = load ptr, ptr %y.dims.place
  %y.strides.place = getelementptr i8, ptr %inputs, i64 48
  %y.strides = load ptr, ptr %y.strides.place
  %y.stride = load i64, ptr %y.strides
  %n = load i64, ptr %x.dims
  %m = load i64, ptr %y.dims
  %same = icmp eq i64 %n, %m
  br i1 %same, label %good, label %mismatch
mismatch:
  store i64 7, ptr %context
  %first = getelementptr i8, ptr %context, i64 8
  store i64 %n, ptr %first
  %second = getelementptr i8, ptr %context, i64 16
  store i64 %m, ptr %second
  ret i32 1
good:
  %out = call ptr @PyArray_New(
      ptr @PyArray_Type, i32 1, ptr %x.dims, i32 {F64}, ptr null, ptr null, i32 0, i32 0, ptr null)
  store ptr %out, ptr %outputs
  %out.data.place = getelementptr i8, ptr %out, i64 {ARRAY_DATA}
  %out.data = load ptr, ptr %out.data.place
  br label %head
head:
  %i = phi i64 [0, %good], [%next, %loop]
  %more = icmp slt i64 %i, %n
  br i1 %more, label %loop, label %done
loop:
  %x.offset = mul i64 %i, %x.stride
  %x.at = getelementptr i8, ptr %x, i64 %x.offset
  %y.offset = mul i64 %i, %y.stride
  %y.at = getelementptr i8, ptr %y, i64 %y.offset
  %a = load double, ptr %x.at
  %b = load double, ptr %y.at
  %sum = fadd double %a, %b
  %out.at = getelementptr double, ptr %out.data, i64 %i
  store double %sum, ptr %out.at
  %next = add i64 %i, 1
  br label %head
done:
  ret i32 0
}}
"""

SCRATCH = (
    NEW
    + """
declare ptr @neano_scratch_take(i64)
declare void @neano_scratch_give(ptr)
declare ptr @PyErr_NoMemory()
declare ptr @PyEval_SaveThread()
declare void @PyEval_RestoreThread(ptr)
define i32 @neano_body(ptr %inputs, ptr %outputs, ptr %context) {
entry:
  ; Fills a block of x doubles with y, without the GIL, and sums it.
  %x = call double @input(ptr %inputs, i64 0)
  %y = call double @input(ptr %inputs, i64 1)
  %n = fptosi double %x to i64
  %bytes = mul i64 %n, 8
  %block = call ptr @neano_scratch_take(i64 %bytes)
  %none = icmp eq ptr %block, null
  br i1 %none, label %fail, label %go
fail:
  %ignored = call ptr @PyErr_NoMemory()
  ret i32 -1
go:
  %thread = call ptr @PyEval_SaveThread()
  br label %fill
fill:
  %i = phi i64 [0, %go], [%i.next, %fill.one]
  %filling = icmp slt i64 %i, %n
  br i1 %filling, label %fill.one, label %add
fill.one:
  %at = getelementptr double, ptr %block, i64 %i
  store volatile double %y, ptr %at
  %i.next = add i64 %i, 1
  br label %fill
add:
  %j = phi i64 [0, %fill], [%j.next, %add.one]
  %sum = phi double [0.0, %fill], [%sum.next, %add.one]
  %adding = icmp slt i64 %j, %n
  br i1 %adding, label %add.one, label %done
add.one:
  %from = getelementptr double, ptr %block, i64 %j
  %value = load volatile double, ptr %from
  %sum.next = fadd double %sum, %value
  %j.next = add i64 %j, 1
  br label %add
done:
  call void @PyEval_RestoreThread(ptr %thread)
  %bits = ptrtoint ptr %block to i64
  %misaligned = and i64 %bits, 63
  %aligned = icmp eq i64 %misaligned, 0
  call void @neano_scratch_give(ptr %block)
  %answer = select i1 %aligned, double %sum, double -1.0
  %array = call ptr @new(double %answer)
  store ptr %array, ptr %outputs
  ret i32 0
}
"""
)


def passing(count: int) -> str:
    """A body whose outputs are the objects of its inputs (None for a number that is no array)."""
    text = """
@_Py_NoneStruct = external global i8
declare void @Py_IncRef(ptr)
define i32 @neano_body(ptr %inputs, ptr %outputs, ptr %context) {
"""
    for k in range(count):
        text += f"""
  %place.{k} = getelementptr i8, ptr %inputs, i64 {32 * k + 24}
  %object.{k} = load ptr, ptr %place.{k}
  %missing.{k} = icmp eq ptr %object.{k}, null
  %given.{k} = select i1 %missing.{k}, ptr @_Py_NoneStruct, ptr %object.{k}
  call void @Py_IncRef(ptr %given.{k})
  %slot.{k} = getelementptr ptr, ptr %outputs, i64 {k}
  store ptr %given.{k}, ptr %slot.{k}
"""
    return text + "  ret i32 0\n}\n"


def first_bytes(size: int) -> str:
    """A body whose output is a Python bytes of the first `size` bytes of its input's data."""
    return f"""
declare ptr @PyBytes_FromStringAndSize(ptr, i64)
define i32 @neano_body(ptr %inputs, ptr %outputs, ptr %context) {{
  %data = load ptr, ptr %inputs
  %bytes = call ptr @PyBytes_FromStringAndSize(ptr %data, i64 {size})
  store ptr %bytes, ptr %outputs
  ret i32 0
}}
"""


class Checked(Exception):
    """What `raise_error` raises."""


def raise_error(code: int, args: tuple[int, ...]) -> None:
    raise Checked(code, args)


def convert(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> list[Any]:
    """Convert everything to float64; keyword arguments follow in their order."""
    CONVERTED.append((args, kwargs))
    return [np.asarray(value, np.float64) for value in (*args, *(kwargs or {}).values())]


def function(signature: Signature, body: str, linked: Linked | None = None, **settings: Any) -> Any:
    """A callable of a signature and a body, with the functions above where no others are given."""
    linked = linked or link_function(signature, [("body", body)])
    settings = {"convert": convert, "raise_error": raise_error} | settings
    return native_callable(CallableType, linked, signature, **settings)


SCALAR = Input("float64", 0)
STATE = Input("float64", 0, argument=False, storage=True)
ADD_SIGNATURE = Signature((SCALAR, SCALAR), 1)
VECTOR_SIGNATURE = Signature((Input("float64", 1), Input("float64", 1)), 1)
ACCUMULATE_SIGNATURE = Signature((SCALAR, STATE), 1, updates=(1,))
SWAP_SIGNATURE = Signature((STATE, STATE), 1, updates=(0, 1))


def adder() -> Any:
    return function(ADD_SIGNATURE, ADD)


def vector_adder() -> Any:
    return function(VECTOR_SIGNATURE, VECTOR_ADD)


def accumulator(storage: list[Any]) -> Any:
    return function(ACCUMULATE_SIGNATURE, ACCUMULATE, storages=[storage])


def swapper(first: list[Any], second: list[Any], callback: Any) -> Any:
    return function(SWAP_SIGNATURE, SWAP_THEN_CALL, storages=[first, second], objects=[callback])


class Slow(Exception):
    """The call went the slow way."""


def refuse_slow(f: Any, args: Any, kwargs: Any) -> Any:
    raise Slow
