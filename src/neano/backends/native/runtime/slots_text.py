"""LLVM IR of what the collector calls on instances of the callable type: traverse, clear, dealloc."""

from __future__ import annotations

from neano.backends.native.runtime import abi

SLOTS_TEXT = f"""
define internal void @drop(ptr %self, i64 %offset) nounwind {{
  %place = getelementptr i8, ptr %self, i64 %offset
  %old = load ptr, ptr %place
  store ptr null, ptr %place
  call void @Py_DecRef(ptr %old)
  ret void
}}

define i32 @neano_traverse(ptr %self, ptr %visit, ptr %argument) nounwind {{
entry:
  br label %loop
loop:
  %k = phi i64 [0, %entry], [%next, %skip]
  %offset.place = getelementptr [3 x i64], ptr @visited, i64 0, i64 %k
  %offset = load i64, ptr %offset.place
  %place = getelementptr i8, ptr %self, i64 %offset
  %object = load ptr, ptr %place
  %some = icmp ne ptr %object, null
  br i1 %some, label %visit.it, label %skip
visit.it:
  %result = call i32 %visit(ptr %object, ptr %argument)
  %stop = icmp ne i32 %result, 0
  br i1 %stop, label %stopped, label %skip
stopped:
  ret i32 %result
skip:
  %next = add i64 %k, 1
  %more = icmp slt i64 %next, 3
  br i1 %more, label %loop, label %done
done:
  ret i32 0
}}
@visited = internal constant [3 x i64] [i64 {abi.TYPE_OFFSET}, i64 {abi.CALLABLE_DICT}, i64 {abi.CALLABLE_OWNED}]

; Without a vectorcall pointer a call raises TypeError: nobody reaches code whose owner is about to go.
define i32 @neano_clear(ptr %self) nounwind {{
  %vectorcall = getelementptr i8, ptr %self, i64 {abi.CALLABLE_VECTORCALL}
  store ptr null, ptr %vectorcall
  call void @drop(ptr %self, i64 {abi.CALLABLE_DICT})
  call void @drop(ptr %self, i64 {abi.CALLABLE_OWNED})
  ret i32 0
}}

define void @neano_dealloc(ptr %self) nounwind {{
  call void @PyObject_GC_UnTrack(ptr %self)
  %weak.place = getelementptr i8, ptr %self, i64 {abi.CALLABLE_WEAKLIST}
  %weak = load ptr, ptr %weak.place
  %any = icmp ne ptr %weak, null
  br i1 %any, label %clear.weak, label %free
clear.weak:
  call void @PyObject_ClearWeakRefs(ptr %self)
  br label %free
free:
  %type.place = getelementptr i8, ptr %self, i64 {abi.TYPE_OFFSET}
  %type = load ptr, ptr %type.place
  %cleared = call i32 @neano_clear(ptr %self)
  call void @PyObject_GC_Del(ptr %self)
  call void @Py_DecRef(ptr %type)
  ret void
}}
declare void @PyObject_GC_UnTrack(ptr)
declare void @PyObject_GC_Del(ptr)
declare void @PyObject_ClearWeakRefs(ptr)
declare void @Py_IncRef(ptr)
declare void @Py_DecRef(ptr)
"""
