"""From LLVM IR text to object files, by any thread.

Target machines are used again: what LLVM works out about a processor takes as long as generating a small function.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple

from llvmlite import binding as llvm

from neano.backends.native.runtime.abi import BODY_NAME
from neano.backends.native.runtime.direct_llvm import direct_llvm
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


LONG_BODY = 12_000
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
    direct = direct_llvm()
    if module.passes or direct is None:
        prepared = _prepare(module)
        return bytes(prepared.machine.emit_object(prepared.module))
    machine = _take_machine(module.codegen)
    made = direct.object_file(module.text, machine)
    _idle_machines[module.codegen].append(machine)
    if isinstance(made, str):
        raise _refused(module, made)
    return made


_idle_machines: defaultdict[int, list[Any]] = defaultdict(list)
"""By level of code generation: target machines that wait for the next module."""


def _take_machine(codegen: int) -> Any:
    """Return a target machine that nobody else uses."""
    try:
        return _idle_machines[codegen].pop()
    except IndexError:
        return target_machine(codegen)


def _refused(module: Module, words: str) -> CompileError:
    return CompileError(f"LLVM refuses module {module.name!r}: {words}")


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
        raise _refused(module, prepared)
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
