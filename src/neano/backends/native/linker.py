"""The native backend: from a function's graph to machine code behind a Python callable."""

from __future__ import annotations

import builtins
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import neano.backends.native.lower  # noqa: F401 - registers the lowerings
from neano.backends.native import ir
from neano.backends.native.emit import Emitted, Options, emit
from neano.backends.native.function_memory import Code, place_of, recall, remember
from neano.backends.native.lower.decompose import decomposed
from neano.backends.native.lower.program import lower_schedule
from neano.backends.native.runtime import (
    Input,
    Signature,
    abi,
    begin_entry,
    begin_module,
    link_function,
    make_callable_type,
    native_callable,
)
from neano.backends.native.runtime.once import once
from neano.backends.native.schedule.fuse import Schedule, fuse
from neano.backends.native.schedule.planner import Planner
from neano.backends.reference.errors import annotate
from neano.compile.function_methods import FunctionMethods
from neano.compile.function_object import Function
from neano.compile.linkers import FunctionSpec, InputSpec
from neano.config import config
from neano.graph.variable import Apply
from neano.tensor.type import TensorType


@dataclass(frozen=True, eq=False)
class Stages:
    """Every form that a function takes on its way to machine code; `f.stages` makes them anew, for people to look at.

    Attributes:
        schedule: stored values and loops.
        program: loop IR.
        emitted: LLVM IR, a module for each kernel and one for the body.
        fallbacks: the nodes that run in Python.
    """

    schedule: Schedule
    program: ir.Program
    emitted: Emitted
    fallbacks: tuple[Apply, ...]


def compile_graph(spec: FunctionSpec, begin: Callable[[str, str], None] | None = None) -> Stages:
    """Return the stages of a function, up to LLVM IR; `begin` is told the name and the text of a kernel when it is written."""
    fgraph = decomposed(spec.fgraph)
    replaced = dict(zip(range(spec.returned, len(fgraph.outputs)), spec.updates, strict=True))
    own = {k: fgraph.inputs[position] for k, position in replaced.items() if spec.inputs[position].implicit}
    planner = Planner(fgraph, own)
    schedule = fuse(planner.run())
    program = lower_schedule(schedule)
    updates = tuple((k, position) for k, position in replaced.items() if k in own)
    options = Options(updates=updates, profile=spec.profile is not None)
    return Stages(schedule, program, emit(program, options=options, begin=begin), tuple(planner.fallbacks))


def signature_of(spec: FunctionSpec) -> Signature:
    """Return the calling form of a function."""
    return Signature(
        inputs=tuple(map(_input, spec.inputs)),
        outputs=spec.returned,
        result=spec.form,
        updates=spec.updates,
    )


def _input(each: InputSpec) -> Input:
    type_ = each.variable.type
    argument, storage = not each.implicit, each.storage is not None
    if not isinstance(type_, TensorType):
        return Input("object", 0, argument=argument, storage=storage)
    lossy = each.allow_downcast is True or (each.allow_downcast is None and config.floatX == "float32")
    return Input(
        type_.dtype,
        type_.ndim,
        type_.shape,
        argument=argument,
        storage=storage,
        numbers=not each.strict,
        inexact_float=lossy and type_.dtype == "float32",
    )


@once
def function_type() -> type:
    """Return the type of native functions, which counts as a subclass of `Function`."""
    namespace = {
        **vars(FunctionMethods),
        "stages": property(lambda self: compile_graph(self.spec), doc=Stages.__doc__),
        "fallbacks": property(lambda self: self.code.fallbacks, doc="The nodes that call back into Python."),
    }
    made = make_callable_type("neano.compile.function_object.Function", namespace)
    Function.register(made)
    return made


def link(spec: FunctionSpec) -> Any:
    """Return a function that runs natively."""
    signature = signature_of(spec)
    code = None if spec.like is None else spec.like.__dict__.get("code")
    if code is None or code.signature != signature or (code.table >= 0) != (spec.profile is not None):
        place = None if spec.profile is not None else place_of(spec.key, signature)
        code = recall(place, signature) or compile_code(spec, signature, place)
    constants = list(code.constants)
    if spec.profile is not None:  # every function counts for itself
        from neano.backends.native.profile import NativeMeter  # what few functions need, and costs some milliseconds

        constants[code.table] = np.zeros_like(constants[code.table])
        spec.profile.meters.append(NativeMeter(constants[code.table], code.sites, code.fallbacks))
    function = native_callable(
        function_type(),
        code.linked,
        signature,
        convert=_convert,
        raise_error=_Raise(spec, code),
        storages=[each.storage for each in spec.inputs if each.storage is not None],
        objects=code.objects,
        constants=constants,
        keys=spec.keys,
    )
    function.__dict__["code"] = code
    return function


def compile_code(spec: FunctionSpec, signature: Signature, place: str | None = None) -> Code:
    """Return the machine code of a function, and keep it in its place in the cache."""
    begin_entry(signature)
    stages = compile_graph(spec, begin_module)
    emitted, program = stages.emitted, stages.program
    linked = link_function(signature, emitted.modules, emitted.symbols)
    tables = (tuple(emitted.objects), tuple(emitted.constants), program.errors, program.nodes)
    code = Code(linked, signature, *tables, stages.fallbacks, emitted.sites, emitted.table)
    remember(place, code, bool(emitted.symbols))
    return code


def _convert(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> Any:
    return function.convert_arguments(args, kwargs)


class _Raise:
    """Raises the error of a check that failed, with the node that it is about."""

    def __init__(self, spec: FunctionSpec, code: Code) -> None:
        self._inputs = [(each.name or str(each.variable), each.variable.type) for each in spec.inputs]
        self._storages = [each.storage for each in spec.inputs]
        self._errors = code.errors
        self._nodes = code.nodes
        self._spec = dataclasses.replace(spec, like=None) if code.nodes is None else None

    def __call__(self, code: int, args: tuple[int, ...]) -> None:
        if code == abi.NOT_FIT:
            name, type_ = self._inputs[args[0]]
            storage = self._storages[args[0]]
            if storage is not None:
                type_.filter(storage[0], strict=True)
            raise TypeError(f"the value of input {name} is not one of type {type_}")
        text = self._errors[code]
        error = getattr(builtins, text.exception)(text.template.format(*args))
        node = self._to_blame(text)
        if node is not None:
            annotate(error, node, [])
        raise error

    def _to_blame(self, text: ir.ErrorText) -> Apply | None:
        """Return the node that an error is about, of this function's own graph."""
        if text.node < 0:
            return None
        if self._nodes is None and self._spec is not None:
            program = compile_graph(self._spec).program
            self._nodes = program.nodes if program.errors == self._errors else ()
        return self._nodes[text.node] if self._nodes else None
