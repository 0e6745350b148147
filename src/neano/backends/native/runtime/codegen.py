"""From LLVM IR text to object files, by any thread.

llvmlite's binding takes one lock around every call into LLVM, so threads that use it take turns. Code generation,
which is nearly all of the cost, goes through a second ctypes handle on the same library, which has no such lock; LLVM
is safe as long as each module has a context and a target machine of its own.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any, NamedTuple

from llvmlite import binding as llvm
from llvmlite.binding import ffi

from neano.backends.native.runtime.abi import BODY_NAME
from neano.backends.native.runtime.machine import target_machine

CHEAP_PASSES = ("always_inliner", "sroa", "instruction_combine", "simplify_cfg")


class Module(NamedTuple):
    """One module to compile.

    Attributes:
        name: for messages; equal text under another name is the same object.
        text: LLVM IR.
        passes: 0 none; 1 inlining of `alwaysinline`, sroa, instcombine, simplifycfg; 2 and 3 LLVM's pipelines, which
            vectorise.
        codegen: level of code generation, 0 to 3.
    """

    name: str
    text: str
    passes: int = 0
    codegen: int = 2


LONG_BODY = 40_000
"""Characters of a function's body from which its code is generated without optimising: LLVM's time for a long function grows
faster than the function, and such a body spends its own time in what it calls."""


def with_level(name: str, text: str) -> Module:
    """Return a module of a function, whose code is generated at the level that pays off."""
    return Module(name, text, codegen=0 if name == BODY_NAME and len(text) > LONG_BODY else 2)


class CompileError(RuntimeError):
    """LLVM refused generated IR: a defect of the emitter. The message has LLVM's words and the module's name."""


class _Prepared(NamedTuple):
    context: Any  # kept: the module lives in it
    module: Any
    machine: Any


def generate_object(module: Module) -> bytes:
    """Return the object file of a module.

    Raises:
        CompileError: it does not parse or does not verify.
    """
    prepared = _prepare(module)
    return _emit_without_lock(prepared) if _direct_functions() else _emit(prepared)


class MachineTexts(NamedTuple):
    """What LLVM makes of a module, for people."""

    optimized: str
    assembly: str


def machine_texts(module: Module) -> MachineTexts:
    """Return a module's IR after its passes, and its assembly on this machine."""
    prepared = _prepare(Module(*module))
    return MachineTexts(str(prepared.module), prepared.machine.emit_assembly(prepared.module))


def _prepare(module: Module) -> _Prepared:
    """Return a module as LLVM has it.

    Raises:
        CompileError: LLVM refuses it. What LLVM made so far is gone by then: an error may come to stand in a cycle of
            references, whose parts are given up in any order, but a context must outlive its module.
    """
    prepared = _parse(module)
    if isinstance(prepared, str):
        raise CompileError(f"LLVM refuses module {module.name!r}: {prepared}")
    if module.passes:
        _run_passes(prepared.module, prepared.machine, module.passes)
    return prepared


def _parse(module: Module) -> _Prepared | str:
    """Return a module, or LLVM's words on what is wrong with it."""
    context = llvm.create_context()
    try:
        parsed = llvm.parse_assembly(module.text, context)
        parsed.verify()
    except RuntimeError as error:
        return str(error)
    return _Prepared(context, parsed, target_machine(module.codegen))


def _run_passes(parsed: Any, machine: Any, level: int) -> None:
    options = llvm.create_pipeline_tuning_options(speed_level=level)
    options.loop_vectorization = options.slp_vectorization = level > 1
    builder = llvm.create_pass_builder(machine, options)
    if level > 1:
        builder.getModulePassManager().run(parsed, builder)
        return
    passes = llvm.create_new_module_pass_manager()
    for name in CHEAP_PASSES:
        getattr(passes, f"add_{name}_pass")()
    passes.run(parsed, builder)


def _emit(prepared: _Prepared) -> bytes:
    return bytes(prepared.machine.emit_object(prepared.module))


class _DirectFunctions(NamedTuple):
    emit: Any
    start: Any
    size: Any
    dispose: Any


@cache
def _direct_functions() -> _DirectFunctions | None:
    """The functions behind `emit_object`, past the lock; None where llvmlite has them under other names."""
    try:
        library = ctypes.CDLL(ffi.lib._lib_handle._name)
        found = _DirectFunctions(
            library.LLVMPY_TargetMachineEmitToMemory,
            library.LLVMPY_GetBufferStart,
            library.LLVMPY_GetBufferSize,
            library.LLVMPY_DisposeMemoryBuffer,
        )
    except (AttributeError, OSError):
        return None
    found.emit.restype = ctypes.c_void_p
    found.emit.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(ctypes.c_char_p)]
    for function, result in ((found.start, ctypes.c_void_p), (found.size, ctypes.c_size_t), (found.dispose, None)):
        function.restype, function.argtypes = result, [ctypes.c_void_p]
    return found


def _emit_without_lock(prepared: _Prepared) -> bytes:
    direct = _direct_functions()
    assert direct is not None
    machine, module = (ctypes.cast(each._ptr, ctypes.c_void_p) for each in (prepared.machine, prepared.module))
    error = ctypes.c_char_p()
    buffer = direct.emit(machine, module, 1, ctypes.byref(error))
    if not buffer:
        raise CompileError(f"LLVM generates no code: {(error.value or b'').decode(errors='replace')}")
    try:
        return ctypes.string_at(direct.start(buffer), direct.size(buffer))
    finally:
        direct.dispose(buffer)
