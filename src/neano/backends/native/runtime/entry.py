"""The entry: LLVM IR with the vectorcall signature, made for one calling form.

It runs in five steps: *gather* a value for each input (positional arguments, storages), *check* them and fill the
descriptors, run the *body*, build the *result*, *commit* the updates and release. What does not fit goes to the slow
way once: the function's Python side converts the arguments or raises (`neano_convert`), and the converted values pass
through the same checks. Values from storages are held by a reference from the moment they are gathered; new values
are stored only when nothing can fail any more, and old ones released after that, for a release may run any Python
code.
"""

from __future__ import annotations

import sysconfig

from neano.backends.native.runtime import abi
from neano.backends.native.runtime.entry_checks import UNFIT, check_declarations, check_input
from neano.backends.native.runtime.ir_text import Lines
from neano.backends.native.runtime.signature import Signature

FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
"""Whether another thread may change a list between two machine instructions: then only the C API touches storages."""

_DECLARATIONS = f"""
declare i32 @{abi.BODY_NAME}(ptr, ptr, ptr)
declare ptr @neano_convert(ptr, ptr, i64, ptr, ptr, i64)
declare void @neano_raise_check(ptr, ptr)
declare void @neano_refuse(ptr, i64)
declare void @neano_release(ptr, i64)
declare void @Py_IncRef(ptr)
declare void @Py_DecRef(ptr)
declare ptr @PyList_New(i64)
declare ptr @PyList_GetItemRef(ptr, i64)
declare i32 @PyList_SetItem(ptr, i64, ptr)
declare ptr @PyDict_New()
declare i32 @PyDict_SetItem(ptr, ptr, ptr)
declare void @PyErr_Clear()
@PyTuple_Type = external global i8
@_Py_NoneStruct = external global i8
@nothing = internal constant ptr @_Py_NoneStruct
"""


def entry_text(signature: Signature, free_threaded: bool = FREE_THREADED) -> str:
    """Return the IR of the module that defines `abi.ENTRY_NAME` for a calling form."""
    return _Entry(signature, free_threaded).write()


class _Entry:
    """The text of one entry in the making, step by step."""

    def __init__(self, signature: Signature, free_threaded: bool) -> None:
        self.signature = signature
        self.free_threaded = free_threaded
        self.lines = Lines()
        self.slots = signature.outputs + len(signature.updates)

    def write(self) -> str:
        lines = self.lines
        lines.raw(_DECLARATIONS + check_declarations(self.signature))
        lines.raw(f"define ptr @{abi.ENTRY_NAME}(ptr %self, ptr %args, i64 %nargsf, ptr %kwnames) nounwind {{")
        lines.label("start")
        self._allocate()
        self._gather()
        self._check()
        self._run_body()
        self._build_result()
        self._commit()
        self._fail()
        self._convert()
        lines.raw("}")
        return lines.text()

    def _allocate(self) -> None:
        lines, inputs = self.lines, self.signature.inputs
        lines += f"%inputs = alloca [{max(1, len(inputs)) * abi.INPUT_SIZE} x i8], align 16"
        lines += f"%slots = alloca [{max(1, self.slots)} x ptr], align 16"
        lines += f"%context = alloca [{abi.CONTEXT_SIZE} x i8], align 16"
        for k, each in enumerate(inputs):
            if each.ndim == 0 and each.dtype != "object":
                lines += f"%cell.{k} = alloca i64, align 8"
        lines.load("%tables", "ptr", "%self", abi.CALLABLE_TABLES)

    def _gather(self) -> None:
        """Find a value for each input; those of inputs with a storage are held by a reference."""
        lines, signature = self.lines, self.signature
        for k, each in enumerate(signature.inputs):
            if not each.argument:
                self._hold_stored(k, f"%value.{k}")
        lines += f"%count = and i64 %nargsf, {2**63 - 1}"
        lines += "%no.keywords = icmp eq ptr %kwnames, null"
        lines += f"%surplus = sub i64 %count, {signature.required}"
        lines += f"%right.count = icmp ule i64 %surplus, {signature.explicit - signature.required}"
        lines += "%plain = and i1 %no.keywords, %right.count"
        lines.likely("%plain", "fast", "slow")
        lines.label("fast")
        for k, each in enumerate(signature.inputs[: signature.explicit]):
            if k < signature.required:
                lines.load(f"%given.{k}", "ptr", "%args", 8 * k)
                if each.storage:
                    lines += f"call void @Py_IncRef(ptr %given.{k})"
            else:
                self._argument_or_stored(k)
        fast_end = lines.current
        lines += "br label %check"
        self._take_converted()
        lines.label("check")
        lines += f"%list = phi ptr [null, %{fast_end}], [%answer, %converted]"
        for k in range(signature.explicit):
            lines += f"%value.{k} = phi ptr [%given.{k}, %{fast_end}], [%item.{k}, %converted]"

    def _storage(self, position: int, name: str) -> None:
        self.lines.load(name, "ptr", "%tables", abi.TABLE_STORAGES + 8 * self.signature.storage_index(position))

    def _item_place(self, storage: str, name: str, otherwise: str) -> None:
        """Name the address of a storage's item; where somebody has emptied the list, of something else."""
        lines = self.lines
        lines.load(f"{name}.size", "i64", storage, abi.LIST_SIZE)
        lines.load(f"{name}.items", "ptr", storage, abi.LIST_ITEMS)
        lines += f"{name}.some = icmp ne i64 {name}.size, 0"
        lines += f"{name} = select i1 {name}.some, ptr {name}.items, ptr {otherwise}"

    def _hold_stored(self, position: int, name: str) -> None:
        """Name the value of a storage, held by a new reference; an emptied storage holds None, which fits no array."""
        lines, storage = self.lines, f"%storage.{position}"
        self._storage(position, storage)
        if not self.free_threaded:
            self._item_place(storage, f"%place.{position}", "@nothing")
            lines.load(name, "ptr", f"%place.{position}", 0)
            lines += f"call void @Py_IncRef(ptr {name})"
            return
        lines += f"%item.ref.{position} = call ptr @PyList_GetItemRef(ptr {storage}, i64 0)"
        lines += f"%is.gone.{position} = icmp eq ptr %item.ref.{position}, null"
        lines += f"br i1 %is.gone.{position}, label %gone.{position}, label %stored.{position}"
        before = lines.current
        lines.label(f"gone.{position}")
        lines += "call void @PyErr_Clear()"
        lines += "call void @Py_IncRef(ptr @_Py_NoneStruct)"
        lines += f"br label %stored.{position}"
        lines.label(f"stored.{position}")
        lines += f"{name} = phi ptr [%item.ref.{position}, %{before}], [@_Py_NoneStruct, %gone.{position}]"

    def _argument_or_stored(self, position: int) -> None:
        lines = self.lines
        lines += f"%is.given.{position} = icmp ugt i64 %count, {position}"
        lines += f"br i1 %is.given.{position}, label %argument.{position}, label %default.{position}"
        lines.label(f"argument.{position}")
        lines.load(f"%positional.{position}", "ptr", "%args", 8 * position)
        lines += f"call void @Py_IncRef(ptr %positional.{position})"
        lines += f"br label %chosen.{position}"
        lines.label(f"default.{position}")
        self._hold_stored(position, f"%kept.{position}")
        default_end = lines.current
        lines += f"br label %chosen.{position}"
        lines.label(f"chosen.{position}")
        sources = f"[%positional.{position}, %argument.{position}], [%kept.{position}, %{default_end}]"
        lines += f"%given.{position} = phi ptr {sources}"

    def _take_converted(self) -> None:
        lines = self.lines
        lines.label("converted")
        lines.load("%items", "ptr", "%answer", abi.LIST_ITEMS)
        for k, each in enumerate(self.signature.inputs[: self.signature.explicit]):
            lines.load(f"%item.{k}", "ptr", "%items", 8 * k)
            if each.storage:
                lines += f"call void @Py_IncRef(ptr %item.{k})"
        lines += "br label %check"

    def _check(self) -> None:
        for k, each in enumerate(self.signature.inputs):
            check_input(self.lines, k, each, f"%value.{k}")

    def _run_body(self) -> None:
        lines = self.lines
        for k in range(self.slots):
            lines.store("ptr", "null", "%slots", 8 * k)
        for table, member in ((abi.TABLE_OBJECTS, abi.CONTEXT_OBJECTS), (abi.TABLE_CONSTANTS, abi.CONTEXT_CONSTANTS)):
            lines.load(f"%table.{table}", "ptr", "%tables", table)
            lines.store("ptr", f"%table.{table}", "%context", member)
        lines.store("ptr", "%self", "%context", abi.CONTEXT_SELF)
        lines += f"%status = call i32 @{abi.BODY_NAME}(ptr %inputs, ptr %slots, ptr %context)"
        lines += f"%good = icmp eq i32 %status, {abi.OK}"
        lines.likely("%good", "result", "body.failed")

    def _build_result(self) -> None:
        lines, outputs = self.lines, range(self.signature.outputs)
        lines.label("result")
        for k in range(self.slots):
            lines.load(f"%new.{k}", "ptr", "%slots", 8 * k)
        if self.signature.result == "single":
            return
        maker = f"@PyList_New(i64 {len(outputs)})" if self.signature.result == "list" else "@PyDict_New()"
        lines += f"%built = call ptr {maker}"
        lines += "%is.built = icmp ne ptr %built, null"
        lines.likely("%is.built", "build", "release.slots")
        lines.label("build")
        if self.signature.result == "list":
            lines.load("%places", "ptr", "%built", abi.LIST_ITEMS)
            for k in outputs:
                lines.store("ptr", f"%new.{k}", "%places", 8 * k)
            return
        lines.load("%keys", "ptr", "%tables", abi.TABLE_KEYS)
        for k in outputs:
            lines.load(f"%key.{k}", "ptr", "%keys", 8 * k)
            lines += f"%put.{k} = call i32 @PyDict_SetItem(ptr %built, ptr %key.{k}, ptr %new.{k})"
            lines += f"%is.put.{k} = icmp eq i32 %put.{k}, 0"
            lines.likely(f"%is.put.{k}", f"set.{k}", "drop.dict")
            lines.label(f"set.{k}")

    def _commit(self) -> None:
        """Put the new values into their storages, then release the old ones and all that was held."""
        lines, signature = self.lines, self.signature
        for k, position in enumerate(signature.updates, signature.outputs):
            self._storage(position, f"%target.{k}")
            if self.free_threaded:
                lines += f"%swapped.{k} = call i32 @PyList_SetItem(ptr %target.{k}, i64 0, ptr %new.{k})"
                continue
            self._item_place(f"%target.{k}", f"%target.place.{k}", lines.place("%slots", 8 * k))
            lines.load(f"%old.{k}", "ptr", f"%target.place.{k}", 0)
            lines.store("ptr", f"%new.{k}", f"%target.place.{k}", 0)
        if not self.free_threaded:
            for k in range(signature.outputs, self.slots):
                lines += f"call void @Py_DecRef(ptr %old.{k})"
        elif signature.updates:
            lines += "call void @PyErr_Clear()"  # a storage that was emptied takes nothing
        if signature.result == "dict":
            for k in range(signature.outputs):
                lines += f"call void @Py_DecRef(ptr %new.{k})"
        self._release_held()
        lines += f"ret ptr {'%new.0' if signature.result == 'single' else '%built'}"

    def _release_held(self) -> None:
        lines = self.lines
        for k, each in enumerate(self.signature.inputs):
            if each.storage:
                lines += f"call void @Py_DecRef(ptr %value.{k})"
        lines += "call void @Py_DecRef(ptr %list)"

    def _fail(self) -> None:
        lines = self.lines
        lines.label("body.failed")
        lines += f"%is.check = icmp eq i32 %status, {abi.CHECK_FAILED}"
        lines += "br i1 %is.check, label %check.failed, label %release.slots"
        lines.label("check.failed")
        lines.load("%raise", "ptr", "%tables", abi.TABLE_RAISE)
        lines += "call void @neano_raise_check(ptr %context, ptr %raise)"
        lines += "br label %release.slots"
        if self.signature.result == "dict" and self.signature.outputs:
            lines.label("drop.dict")
            lines += "call void @Py_DecRef(ptr %built)"
            lines += "br label %release.slots"
        lines.label("release.slots")
        lines += f"call void @neano_release(ptr %slots, i64 {self.slots})"
        lines += "br label %release"
        if lines.is_reached(UNFIT):
            self._unfit()
        lines.label("release")
        self._release_held()
        lines += "ret ptr null"

    def _unfit(self) -> None:
        """A value did not fit: the first time it goes the slow way, converted ones (or a storage's) are refused."""
        lines = self.lines
        lines.numbered("%misfit", UNFIT)
        lines += "%first = icmp eq ptr %list, null"
        lines += "br i1 %first, label %give.back, label %refuse"
        lines.label("refuse")
        lines.load("%refusing", "ptr", "%tables", abi.TABLE_RAISE)
        lines += "call void @neano_refuse(ptr %refusing, i64 %misfit)"
        lines += "br label %release"
        lines.label("give.back")
        for k, each in enumerate(self.signature.inputs[: self.signature.explicit]):
            if each.storage:
                lines += f"call void @Py_DecRef(ptr %value.{k})"
        lines += "br label %slow"

    def _convert(self) -> None:
        """The slow way: the Python side gives a list of converted values, or a tuple with the result of the call."""
        lines, signature = self.lines, self.signature
        implicit = [k for k, each in enumerate(signature.inputs) if not each.argument]
        lines.label("slow")
        lines.load("%converter", "ptr", "%tables", abi.TABLE_CONVERT)
        arguments = f"ptr %self, ptr %args, i64 %count, ptr %kwnames, ptr %converter, i64 {signature.explicit}"
        lines += f"%answer = call ptr @neano_convert({arguments})"
        lines += "%refused = icmp eq ptr %answer, null"
        lines += "br i1 %refused, label %answered, label %look"
        lines.label("look")
        lines.load("%answer.type", "ptr", "%answer", abi.TYPE_OFFSET)
        lines += "%is.result = icmp eq ptr %answer.type, @PyTuple_Type"
        lines += "br i1 %is.result, label %unpack, label %converted"
        lines.label("unpack")
        lines.load("%answer.item", "ptr", "%answer", abi.TUPLE_ITEMS)
        lines += "call void @Py_IncRef(ptr %answer.item)"
        lines += "call void @Py_DecRef(ptr %answer)"
        lines += "br label %answered"
        lines.label("answered")
        lines += "%final = phi ptr [null, %slow], [%answer.item, %unpack]"
        for k in implicit:
            lines += f"call void @Py_DecRef(ptr %value.{k})"
        lines += "ret ptr %final"
