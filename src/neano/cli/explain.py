"""`neano explain`: a function in each of its forms, from the graph to assembly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from neano.backends.native.describe import kernels_text, names_text
from neano.backends.native.printing import program_text
from neano.backends.native.runtime.codegen import Module, machine_texts, with_level
from neano.backends.native.schedule.printing import schedule_text
from neano.cli.target import TargetError, find_function
from neano.debug.tree import debugprint


def _graph(compiled: Any) -> str:
    return str(debugprint(compiled, file="str", print_type=True))


def _kernels(compiled: Any) -> str:
    stages, spec = compiled.stages, compiled.spec
    inputs = [each.name or str(each.variable) for each in spec.inputs]
    names = names_text(stages.program, inputs, spec.returned, [inputs[k] for k in spec.updates])
    return f"{names}\n\n{kernels_text(stages.program, stages.emitted, stages.fallbacks)}"


def _schedule(compiled: Any) -> str:
    return schedule_text(compiled.stages.schedule)


def _loops(compiled: Any) -> str:
    return program_text(compiled.stages.program)


def _modules(compiled: Any, comment: str, text: Callable[[Module], str]) -> str:
    modules = [with_level(*module) for module in compiled.stages.emitted.modules]
    return "\n".join(f"{comment} {module.name}\n{text(module)}" for module in modules)


def _llvm(compiled: Any) -> str:
    return _modules(compiled, ";", lambda module: module.text)


def _optimized(compiled: Any) -> str:
    return _modules(compiled, ";", lambda module: machine_texts(module).optimized)


def _assembly(compiled: Any) -> str:
    return _modules(compiled, "#", lambda module: machine_texts(module).assembly)


_PRINTERS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "graph": ("Graph, after rewriting", _graph),
    "kernels": ("Kernels: how their loops run, what they read and write, how much work they are", _kernels),
    "schedule": ("Schedule: what is stored, and which loops compute it", _schedule),
    "loops": ("Loop IR", _loops),
    "llvm": ("LLVM IR, as emitted", _llvm),
    "optimized": ("LLVM IR, optimised", _optimized),
    "assembly": ("Assembly", _assembly),
}
STAGES: tuple[str, ...] = tuple(_PRINTERS)


def run_explain(target: str, stages: Sequence[str]) -> int:
    """Print the wanted stages of a function, in the order in which they follow each other.

    Raises:
        TargetError: the target is no function that runs natively.
    """
    compiled = find_function(target)
    if not hasattr(compiled, "stages") and set(stages) != {"graph"}:
        raise TargetError(f"{target} does not run natively, so there is only its graph (--stage graph)")
    for stage in STAGES:
        if stage in stages:
            title, show = _PRINTERS[stage]
            print(f"== {title}\n\n{show(compiled).rstrip()}\n")
    return 0
