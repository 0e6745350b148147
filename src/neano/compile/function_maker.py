"""`FunctionMaker`: from inputs and outputs to a finished graph (checked, rewritten, with copies), and its functions."""

from __future__ import annotations

import copy
import dataclasses
import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from neano.collector import undisturbed
from neano.compile.copies import insert_copies
from neano.compile.function_key import Flags, flags_now, function_key
from neano.compile.function_values import make_finder
from neano.compile.io import In, SymbolicOutput, convert_function_input
from neano.compile.linkers import Form, FunctionSpec, InputSpec, backend, measures, prepare, remembers
from neano.compile.mode import get_mode
from neano.compile.profiling import as_profile, link_profiled
from neano.config import config
from neano.config.rewriting import rewriting
from neano.graph.destroy import DestroyHandler, Supervisor, has_destroyers
from neano.graph.errors import InconsistencyError, UnusedInputError
from neano.graph.fgraph import FunctionGraph
from neano.graph.null_type import NullType
from neano.graph.shared import Container, SharedVariable
from neano.graph.traverse import ancestors
from neano.graph.variable import Variable


class FunctionMaker:
    """Makes functions of one graph; `f.maker` of each of them.

    Args:
        inputs: variables or `In`, or tuples (see `convert_function_input`).
        outputs: a variable or `Out`, a list of them, or None.
        mode: how to compile; see `get_mode`.
        accept_inplace: let the graph have nodes that overwrite their inputs.
        function_builder: taken for compatibility; backends make functions.
        profile: measure the calls; see `as_profile`.
        on_unused_input: 'raise', 'warn' or 'ignore'; None for `config.on_unused_input`.
        fgraph: a finished graph of these inputs and outputs, to compile as it is.
        output_keys: the keys of results given as a dict.
        name: the functions' name.
        owns_graph: the graph between inputs and outputs is nobody else's and may be changed.

    Raises:
        MissingInputError: the graph depends on something that is not given.
        UnusedInputError: an input is not used.
        TypeError: the graph overwrites inputs or has undefined gradients.

    Attributes:
        fgraph: the finished graph.
        inputs: explicit inputs, then implicit ones.
        outputs: the results as `Out`.
        mode: the mode.
    """

    def __init__(
        self,
        inputs: Sequence[Any],
        outputs: Any,
        mode: Any = None,
        accept_inplace: bool = False,
        function_builder: Any = None,
        profile: Any = None,
        on_unused_input: str | None = None,
        fgraph: FunctionGraph | None = None,
        output_keys: Sequence[str] | None = None,
        name: str | None = None,
        owns_graph: bool = False,
    ) -> None:
        self.mode = get_mode(mode)
        self.accept_inplace = accept_inplace
        self.on_unused_input = on_unused_input
        self.profile = as_profile(profile, name)
        self.name = name
        self.output_keys = None if output_keys is None else list(output_keys)
        self.unpack_single = outputs is not None and not isinstance(outputs, (list, tuple))
        self.return_none = outputs is None
        given = [] if outputs is None else [outputs] if self.unpack_single else list(outputs)
        self.outputs = [o if isinstance(o, SymbolicOutput) else SymbolicOutput(o) for o in given]
        converted = [convert_function_input(each) for each in inputs]
        self.inputs: list[In] = [i for i in converted if not i.implicit] + [i for i in converted if i.implicit]
        self._key: str | None = None
        self._fgraph = fgraph
        self._flags: Flags = ()
        self._owns_graph = owns_graph
        self._finishing = threading.RLock()  # two threads may look at one function
        if fgraph is None:
            check_all_inputs_used(self.inputs, self.outputs, on_unused_input)
            self._flags = flags_now()
            if self.profile is None and remembers(self.mode.backend):
                self._key = function_key(
                    self.inputs, self.outputs, self._form(), self.mode, accept_inplace, self._flags
                )
            if self._key is None:
                self._finish()
        elif config.reoptimize_unpickled_function and fgraph.apply_nodes:
            self._rewrite(fgraph)

    # The graph

    @property
    def fgraph(self) -> FunctionGraph:
        """The finished graph; made when somebody asks for it, where the function's code was known without."""
        return self._fgraph if self._fgraph is not None else self._finish()

    @fgraph.setter
    def fgraph(self, fgraph: FunctionGraph) -> None:
        self._fgraph = fgraph

    def _finish(self) -> FunctionGraph:
        """Build and rewrite the graph, under the flags of the time when the function was made."""
        with self._finishing:
            if self._fgraph is None:
                changed = {path: value for path, value in self._flags if config.get(path) != value}
                with config.change_flags(changed):
                    fgraph = self._build(self._owns_graph)
                    self._rewrite(fgraph)
                self._fgraph = fgraph
            return self._fgraph

    def _build(self, owns_graph: bool) -> FunctionGraph:
        variables = [each.variable for each in self.inputs]
        updates = [each.update for each in self.inputs if each.update is not None]
        values = [*(o.variable for o in self.outputs), *updates]
        for variable in ancestors(values, variables):
            if isinstance(variable.type, NullType):
                raise TypeError(
                    f"Computation graph contains a NaN: {variable} is a gradient that cannot be had. "
                    f"{variable.type.why_null}"
                )
        fgraph = FunctionGraph(
            variables,
            values,
            clone=not owns_graph or any(v.owner is not None for v in variables),
            update_mapping=self._update_mapping(),
        )
        destroys = has_destroyers(fgraph)
        if destroys and not self.accept_inplace:
            raise TypeError(f"Graph must not contain inplace operations (accept_inplace=True allows them): {fgraph}")
        attach_guards(fgraph, self.inputs)
        if destroys:
            fgraph.validate()
        return fgraph

    def _update_mapping(self) -> dict[int, int]:
        """Return for each new value its position among the graph's outputs -> that of its input."""
        if self._fgraph is not None:
            return self._fgraph.update_mapping or {}
        updated = [k for k, each in enumerate(self.inputs) if each.update is not None]
        return {len(self.outputs) + i: k for i, k in enumerate(updated)}

    def _rewrite(self, fgraph: FunctionGraph) -> None:
        started = time.perf_counter()
        prepare(self.mode.backend)
        with rewriting():
            self.mode.rewrite(fgraph)
        attach_guards(fgraph, self.inputs)
        insert_copies(fgraph, self.inputs, self.outputs)
        try:
            fgraph.validate()
        except InconsistencyError as error:
            error.args = (f"{error} (after rewriting by {self.mode})",)
            raise
        if self.profile is not None:
            self.profile.optimizer_time += time.perf_counter() - started

    # Functions

    def create(
        self,
        values: Sequence[Any] | None = None,
        containers: Sequence[Container | None] | None = None,
        like: Any = None,
    ) -> Any:
        """Return a function.

        Args:
            values: the present values of explicit inputs, instead of their defaults.
            containers: containers to use for inputs, instead of new ones.
            like: a function of an equal graph, whose code may be used again.
        """
        update_of = {k: i for i, k in self._update_mapping().items()}
        specs, defaults = [], []
        for k, each in enumerate(self.inputs):
            held = containers[k] if containers is not None else None
            made, default = _input_spec(each, update_of.get(k), held)
            specs.append(made)
            if not each.implicit:
                defaults.append(default)
        spec = FunctionSpec(
            graph=self._fgraph if self._fgraph is not None else self._finish,
            inputs=tuple(specs),
            returned=len(self.outputs),
            form=self._form(),
            keys=tuple(self.output_keys or ()),
            borrow=tuple(o.borrow for o in self.outputs),
            allow_gc=self.mode.linker.collects_garbage,
            name=self.name,
            linker=self.mode.linker,
            like=like,
            key=self._key if containers is None else None,
        )
        with undisturbed():
            function = self._link(spec, defaults)
        if values is not None:
            for k, (value, made) in enumerate(zip(values, specs, strict=True)):
                if not made.implicit and value is not None and value is not defaults[k]:
                    function.value[k] = value
        return function

    def _form(self) -> Form:
        if self.output_keys is not None:
            return "dict"
        return "single" if self.unpack_single else "list"

    def _link(self, spec: FunctionSpec, defaults: list[Any]) -> Any:
        link = backend(self.mode.backend)
        started = time.perf_counter()
        if self.profile is not None and measures(self.mode.backend):
            spec = dataclasses.replace(spec, profile=self.profile)
            function = link(spec)
        else:
            function = link(spec) if self.profile is None else link_profiled(link, spec, self.profile)
        if self.profile is not None:
            self.profile.linker_time += time.perf_counter() - started
            self.profile.nb_nodes = len(spec.fgraph.apply_nodes)
        function.__dict__.update(
            maker=self,
            spec=dataclasses.replace(spec, like=None),  # a copy does not keep the original alive
            finder=make_finder(spec),
            defaults=defaults,
            name=self.name,
            profile=self.profile,
            trust_input=False,
        )
        return function

    def subset(self, function: Any, chosen: tuple[int, ...]) -> Any:
        """Return a function that computes only some of another's results, as a list, on the same containers."""
        spec: FunctionSpec = function.spec
        fgraph, copies = spec.fgraph.clone_get_equiv(attach_features=False)
        wanted = [spec.fgraph.outputs[i] for i in chosen] + spec.fgraph.outputs[spec.returned :]
        moved = len(chosen) - spec.returned
        smaller = FunctionGraph(fgraph.inputs, [copies[v] for v in wanted], clone=False)
        attach_guards(smaller, self.inputs)
        inputs = tuple(
            each if each.update is None else dataclasses.replace(each, update=each.update + moved)
            for each in spec.inputs
        )
        smaller.update_mapping = {each.update: k for k, each in enumerate(inputs) if each.update is not None}
        reduced = dataclasses.replace(
            spec,
            graph=smaller,
            key=None,
            inputs=inputs,
            returned=len(chosen),
            form="list",
            borrow=tuple(spec.borrow[i] for i in chosen),
            like=None,
        )
        return self._link(reduced, function.defaults)

    def copy(
        self, function: Any, swap: Mapping[Any, SharedVariable], delete_updates: bool, name: str | None, profile: Any
    ) -> Any:
        """Return a function of a copy of the graph, with some shared variables exchanged; see `Function.copy`."""
        replacement = self._replacement_of_inputs(function, swap)
        maker = copy.copy(self)
        maker.name = name if name is not None else f"{self.name} copy" if self.name else None
        maker.profile = as_profile(profile, maker.name)
        fgraph, copies = self.fgraph.clone_get_equiv(attach_features=False)
        maker.inputs = [copy.copy(each) for each in self.inputs]
        for k, given in replacement.items():
            maker.inputs[k].variable = given
            maker.inputs[k].value = given.container
        if delete_updates:
            for each in maker.inputs:
                each.update = None
            results = [copies[v] for v in self.fgraph.outputs[: len(self.outputs)]]
            fgraph = FunctionGraph(fgraph.inputs, results, clone=False, update_mapping={})
        attach_guards(fgraph, maker.inputs)
        maker.fgraph = fgraph
        maker._key = None
        values = [None if each.implicit else each.container.storage[0] for each in function.spec.inputs]
        containers = [
            each.container if each.implicit and k not in replacement else None
            for k, each in enumerate(function.spec.inputs)
        ]
        return maker.create(values, containers, None if delete_updates else function)

    def _replacement_of_inputs(self, function: Any, swap: Mapping[Any, SharedVariable]) -> dict[int, SharedVariable]:
        found: dict[int, SharedVariable] = {}
        for key, given in swap.items():
            container = function.finder.get(key)
            k = next((k for k, each in enumerate(function.spec.inputs) if each.container is container), None)
            if k is None or not isinstance(self.inputs[k].variable, SharedVariable):
                raise ValueError(f"swap names {key}, which is not a shared variable of the function")
            if not isinstance(given, SharedVariable):
                raise AssertionError(f"swap gives {given!r} for {key}; it must be a shared variable")
            if given.type != self.inputs[k].variable.type:
                raise AssertionError(
                    f"swap gives {given} of type {given.type} for {key} of type {self.inputs[k].variable.type}"
                )
            found[k] = given
        return found

    # Pickling

    def __getstate__(self) -> dict[str, Any]:
        state = {**self.__dict__, "profile": None, "_fgraph": self.fgraph, "_key": None, "_flags": ()}
        del state["_finishing"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._finishing = threading.RLock()
        if config.reoptimize_unpickled_function:
            self._rewrite(self.fgraph)


def attach_guards(fgraph: FunctionGraph, inputs: Sequence[In]) -> None:
    """Let a graph refuse to overwrite inputs that are not mutable, and order its nodes where any node overwrites."""
    if not any(isinstance(feature, Supervisor) for feature in fgraph._features):
        fgraph.attach_feature(Supervisor(v for v, each in zip(fgraph.inputs, inputs, strict=True) if not each.mutable))
    if has_destroyers(fgraph):
        fgraph.attach_feature(DestroyHandler())


def check_all_inputs_used(inputs: Sequence[In], outputs: Sequence[SymbolicOutput], action: str | None) -> None:
    """Raise, warn or say nothing where an input is not used.

    Raises:
        UnusedInputError: where the action is 'raise' and an input is neither used nor updated.
        ValueError: the action is none of the three.
    """
    if action is None:
        action = config.on_unused_input
    if action not in ("raise", "warn", "ignore"):
        raise ValueError(
            f"Invalid value for keyword on_unused_input of theano.function: {action!r}.\n"
            "Valid values are 'raise', 'warn', and 'ignore'."
        )
    if action == "ignore":
        return
    updates = [each.update for each in inputs if each.update is not None]
    used: set[Variable] = set()
    blockers = [each.variable for each in inputs]
    used.update(ancestors([*(o.variable for o in outputs), *updates], blockers))
    for k, each in enumerate(inputs):
        if each.variable in used or each.update is not None:
            continue
        message = (
            "theano.function was asked to create a function computing outputs given certain inputs, but the provided "
            f"input variable at index {k} is not part of the computational graph needed to compute the outputs: "
            f"{each.variable}.\n"
        )
        if action == "warn":
            warnings.warn(message, stacklevel=5)
            continue
        raise UnusedInputError(
            message + "To make this error into a warning, you can pass the parameter on_unused_input='warn' to "
            "theano.function. To disable it completely, use on_unused_input='ignore'."
        )


def _input_spec(each: In, update: int | None, held: Container | None) -> tuple[InputSpec, Any]:
    """Return the description of an input with its container, and its default in the exact form (None for none)."""
    default = None
    value = each.value
    storage: list[Any] | None
    if held is not None:
        container, storage = held, held.storage
    elif isinstance(value, (Container, SharedVariable)):
        container = value.container if isinstance(value, SharedVariable) else value
        storage = container.storage
    else:
        container = Container(
            each.variable, [None], strict=each.strict, allow_downcast=each.allow_downcast, name=each.name
        )
        storage = None
        if value is not None:
            default = container.filter(copy.deepcopy(value) if each.mutable else value)
            container.storage[0] = default
            storage = container.storage if update is not None else [None if each.mutable else default]
        elif each.implicit or update is not None:
            storage = container.storage
    made = InputSpec(
        variable=each.variable,
        name=each.name,
        container=container,
        storage=storage,
        implicit=each.implicit,
        update=update,
        mutable=each.mutable,
        borrow=each.borrow,
        strict=each.strict,
        allow_downcast=each.allow_downcast,
        required=value is None and not each.implicit,
    )
    return made, default
