"""From a program of the loop IR to LLVM IR: one module for the body, one for each kernel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import neano.backends.native.calls  # noqa: F401 - registers the routines
from neano.backends.native.emit.body import BodyEmitter
from neano.backends.native.emit.kernel import Kernel
from neano.backends.native.emit.kernel_calls import KernelCall
from neano.backends.native.emit.loop_shapes import with_numbers_outside
from neano.backends.native.emit.metering import FIRST, TABLE, WORDS, Site
from neano.backends.native.emit.pipelines import Pipeline, with_pipelines
from neano.backends.native.emit.results import with_owned_results
from neano.backends.native.emit.target import Options, Target, host
from neano.backends.native.emit.updates import give_away, in_place
from neano.backends.native.ir import Program, Stmt
from neano.backends.native.runtime.abi import BODY_NAME


@dataclass(frozen=True)
class Emitted:
    """A program as LLVM IR.

    Attributes:
        modules: name and text of the body's module, then of each kernel's.
        needed: names of everything outside that the modules use, all known to `runtime.symbols`.
        objects: Python objects of the context's table: those of the program, then its opaque constants.
        constants: arrays of the context's table.
        kernels: what is known of each kernel.
        calls: every call of a kernel, in order.
        sites: what is measured, where a profile is asked for.
        table: position among the constants of the table that the counters stand in; -1 without a profile.
        pipelines: statements that run piece by piece together.
        symbols: addresses of names that only this program uses.
    """

    modules: tuple[tuple[str, str], ...]
    needed: frozenset[str]
    objects: tuple[Any, ...]
    constants: tuple[Any, ...]
    kernels: tuple[Kernel, ...]
    calls: tuple[KernelCall, ...] = ()
    sites: tuple[Site, ...] = ()
    table: int = -1
    pipelines: tuple[tuple[Stmt, ...], ...] = ()
    symbols: Mapping[str, int] = field(default_factory=dict)


def emit(
    program: Program,
    target: Target | None = None,
    options: Options | None = None,
    begin: Callable[[str, str], None] | None = None,
) -> Emitted:
    """Return a program as LLVM IR.

    Args:
        target: the processor to write for; the one that runs this process by default.
        options: what the compilation is asked for.
        begin: called with the name and the text of each kernel as soon as it is written.

    Raises:
        UnknownFunction: the program names a scalar function without native code.
    """
    chosen = options or Options()
    program = with_numbers_outside(program)
    same = {position for position, k in chosen.updates if program.results[position] == program.inputs[k]}
    with_old, given_away = give_away(program, chosen.updates)
    owned = with_owned_results(with_old, chosen.borrowed | same)
    prepared, updates = in_place(owned, chosen.updates, given_away)
    pipelines: dict[int, Pipeline] = {}
    if not chosen.profile:  # each statement is measured by itself
        prepared, pipelines = with_pipelines(prepared, updates.tail)
    body = BodyEmitter(prepared, target or host(), chosen, updates, pipelines, begin)
    text = body.emit()
    kernels = tuple(body.calls.kernels.values())
    needed = frozenset(body.b.module.symbols).union(*(kernel.symbols for kernel in kernels))
    sites = tuple(body.meter.sites) if body.meter else ()
    known = {**program.constants, TABLE: np.zeros((FIRST + len(sites), WORDS), np.int64)}
    return Emitted(
        modules=(
            (BODY_NAME, text),
            *((kernel.name, kernel.text) for kernel in kernels),
            *body.b.module.libraries.items(),
        ),
        needed=needed,
        objects=(*program.objects, *(program.constants[name] for name in body.objects)),
        constants=tuple(known[name] for name in body.constants),
        kernels=kernels,
        calls=tuple(body.calls.calls),
        sites=sites,
        table=body.constants.index(TABLE) if body.meter else -1,
        pipelines=tuple(prepared.body[each.start : each.stop] for each in pipelines.values()),
    )
