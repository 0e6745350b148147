"""The Python side of compiled functions: how arguments become values, and the attributes that users see.

`FunctionMethods` is a plain namespace without `__init__`, `__call__` or `super()`, so that a backend may give its
methods to a callable type of its own. An instance's `__dict__` is filled by `FunctionMaker.create`:

    maker       the `FunctionMaker`
    spec        the `FunctionSpec`
    finder      index, variable and name -> Container
    defaults    for each explicit input its filtered default, or None
    name        for messages
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from neano.compile.function_pickle import reduce_function
from neano.compile.function_values import AMBIGUOUS, ContainerView, ValueView, describe_inputs
from neano.compile.linkers import FunctionSpec, InputSpec
from neano.graph.shared import Container, SharedVariable
from neano.graph.variable import Variable

if TYPE_CHECKING:
    from neano.compile.function_maker import FunctionMaker

_MISSING: Any = object()


class _SignatureOfInstance:
    """`inspect.signature(f)` shows the inputs; made when asked for. The class itself has none."""

    def __get__(self, instance: Any, owner: type) -> inspect.Signature:
        if instance is None:
            raise AttributeError("__signature__")
        return function_signature(instance.spec, instance.defaults)


class FunctionMethods:
    """A compiled function: call it with values for its inputs, by position or by name."""

    pickle_aliased_memory_strategy = "warn"
    """What pickling does where two values share memory, which a pickle cannot keep: 'warn', 'raise' or 'ignore'."""

    maker: FunctionMaker
    spec: FunctionSpec
    finder: dict[Any, Container]
    defaults: list[Any]
    name: str | None
    profile: Any
    trust_input: bool

    __signature__ = _SignatureOfInstance()

    # Calls

    def convert_arguments(self, args: Sequence[Any], kwargs: Mapping[str, Any] | None) -> list[Any] | tuple[Any]:
        """Return one value in its exact form for each explicit input, or a tuple of the call's whole result.

        Raises:
            TypeError: an input is missing, unknown, given twice or implicit; or a value does not fit.
            ValueError: a value does not fit.
        """
        if kwargs and "output_subset" in kwargs and "output_subset" not in self.finder:
            named = dict(kwargs)
            wanted = named.pop("output_subset")
            if wanted is not None:
                return (self._call_subset(wanted, args, named),)
            kwargs = named
        spec = self.spec
        explicit = len(self.defaults)
        if len(args) > explicit:
            raise TypeError(self._surplus_message(len(args)))
        values = [_MISSING] * explicit
        for k, value in enumerate(args):
            values[k] = self._filter_argument(k, value)
        for name, value in (kwargs or {}).items():
            k = self._position_of_keyword(name)
            if values[k] is not _MISSING:
                raise TypeError(f"Multiple values for input: {name}")
            values[k] = self._filter_argument(k, value)
        for k in range(explicit):
            if values[k] is _MISSING:
                values[k] = self._stored_value(k)
            elif spec.inputs[k].required and spec.inputs[k].update is None:
                spec.inputs[k].container.storage[0] = None
        if any(each.mutable for each in spec.inputs[:explicit]):
            self._separate_memory(values)
        return values

    def _surplus_message(self, given: int) -> str:
        for each in self.spec.inputs[len(self.defaults) : given]:
            if given <= len(self.spec.inputs):
                return f"Tried to provide value for implicit input: {each.name or each.variable}"
        return f"Too many parameter passed to theano function: {describe_inputs(self.spec)}, {given} values were given"

    def _position_of_keyword(self, name: str) -> int:
        container = self.finder.get(name)
        if container is None:
            raise TypeError(f"Unknown input or state: {name}. {describe_inputs(self.spec)}.")
        if container is AMBIGUOUS:
            raise TypeError(
                f"Ambiguous name: {name} - please check the names of the inputs of your function for duplicates."
            )
        k = next(k for k, each in enumerate(self.spec.inputs) if each.container is container)
        if self.spec.inputs[k].implicit:
            raise TypeError(f"Tried to provide value for implicit input: {name}")
        return k

    def _filter_argument(self, k: int, value: Any) -> Any:
        if self.trust_input:
            return value
        each = self.spec.inputs[k]
        try:
            return each.variable.type.filter(value, strict=each.strict, allow_downcast=each.allow_downcast)
        except (TypeError, ValueError, OverflowError) as error:
            name = f' "{self.name}"' if self.name else ""
            what = f" ({each.name})" if each.name else ""
            error.args = (
                f"Bad input argument to theano function with name{name} at index {k} (0-based){what}. {error}",
            )
            raise

    def _stored_value(self, k: int) -> Any:
        """Return the value of an input that the caller did not give, and put its default back."""
        each = self.spec.inputs[k]
        if each.required:
            raise TypeError(f"Missing required input: {each.name or each.variable}")
        value = each.container.storage[0]
        if each.container.storage is not each.storage:
            restore_default(each, self.defaults[k])
        return copy.deepcopy(value) if each.mutable else value

    def _separate_memory(self, values: list[Any]) -> None:
        """Copy mutable arguments that share memory with another value of the call."""
        inputs = self.spec.inputs
        everything = [*values, *(each.container.storage[0] for each in inputs[len(values) :])]
        for k, each in enumerate(inputs[: len(values)]):
            if each.mutable and any(
                i != k and each.variable.type.may_share_memory(values[k], other) for i, other in enumerate(everything)
            ):
                values[k] = everything[k] = copy.deepcopy(values[k])

    def _call_subset(self, wanted: Sequence[Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Return only some of the results, computing no others; all updates happen."""
        keys = self.spec.keys
        indices = [keys.index(key) for key in wanted] if self.spec.form == "dict" else list(wanted)
        chosen = tuple(range(self.spec.returned)[i] for i in indices)
        cache: dict[tuple[int, ...], Any] = self.__dict__.setdefault("_subsets", {})
        function = cache.get(chosen)
        if function is None:
            function = cache[chosen] = self.maker.subset(self, chosen)
        results = function(*args, **kwargs)
        if self.spec.form == "dict":
            return {keys[i]: result for i, result in zip(chosen, results, strict=True)}
        return results

    # Values

    @property
    def value(self) -> ValueView:
        """The current values, by index, variable or name; assignment filters and sets."""
        return ValueView(self)

    @property
    def container(self) -> ContainerView:
        """The containers of the current values, by index, variable or name."""
        return ContainerView(self)

    def __getitem__(self, item: Any) -> Any:
        return self.value[item]

    def __setitem__(self, item: Any, value: Any) -> None:
        self.value[item] = value

    def __contains__(self, item: Any) -> bool:
        return item in self.finder

    @property
    def input_storage(self) -> list[Container]:
        """The containers of all inputs, implicit ones included."""
        return [each.container for each in self.spec.inputs]

    @property
    def inv_finder(self) -> dict[Container, Any]:
        """Container -> the `In` that it belongs to."""
        return dict(zip(self.input_storage, self.maker.inputs, strict=True))

    @property
    def outputs(self) -> list[Variable]:
        """The variables that the results are values of."""
        return list(self.spec.fgraph.outputs[: self.spec.returned])

    @property
    def output_keys(self) -> list[str] | None:
        return list(self.spec.keys) if self.spec.form == "dict" else None

    @property
    def unpack_single(self) -> bool:
        return self.spec.form == "single"

    @property
    def n_returned_outputs(self) -> int:
        return self.spec.returned

    @property
    def return_none(self) -> bool:
        """Whether the function was made without outputs."""
        return self.maker.return_none

    @property
    def output_storage(self) -> list[Container]:
        """Containers of the types of all outputs. They stay empty: no value is kept from a call."""
        return [Container(variable, [None]) for variable in self.spec.fgraph.outputs]

    @property
    def fn(self) -> Any:
        """What runs when all arguments are in their exact form: the function itself."""
        return self

    def get_shared(self) -> list[SharedVariable]:
        """Return the shared variables that the function reads or updates."""
        return [each.variable for each in self.spec.inputs if isinstance(each.variable, SharedVariable)]

    def free(self) -> None:
        """Drop what is kept between calls beside the values: functions for subsets of the outputs."""
        self.__dict__.pop("_subsets", None)

    def sync_shared(self) -> None:
        """Wait until updates have reached their variables: they have, when a call returns."""

    # Copies

    def copy(
        self,
        share_memory: bool = False,
        swap: Mapping[Any, SharedVariable] | None = None,
        delete_updates: bool = False,
        name: str | None = None,
        profile: Any = None,
    ) -> Any:
        """Return a function like this one, without rewriting the graph again.

        Args:
            share_memory: let both use the same intermediate storage (no effect: calls keep none).
            swap: shared variable (or its name or index) -> the one that stands in its place.
            delete_updates: leave all updates out.
            name: the copy's name; by default this one's with " copy".

        Raises:
            ValueError: a key of `swap` is not one of the function's shared variables.
            AssertionError: a replacement has another type.
        """
        return self.maker.copy(self, swap or {}, delete_updates, name, profile)

    def __copy__(self) -> Any:
        return self.maker.copy(self, {}, False, self.name, None)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        load, arguments, *_ = self.__reduce__()
        copied = load(*copy.deepcopy(arguments, memo))
        memo[id(self)] = copied
        return copied

    def __reduce__(self) -> Any:
        return reduce_function(self)

    def __repr__(self) -> str:
        name = f" {self.name!r}" if self.name else ""
        return f"<theano function{name}: {', '.join(str(each.name or each.variable) for each in self.spec.inputs)}>"

    def __iter__(self) -> Iterator[Any]:
        raise TypeError("a function is not iterable; f[name] gives the value of an input")


def restore_default(each: InputSpec, default: Any) -> None:
    """Let an input's default be its value again."""
    each.container.storage[0] = default
    if each.storage is not None and not each.mutable:
        each.storage[0] = default


def function_signature(spec: FunctionSpec, defaults: Sequence[Any]) -> inspect.Signature:
    """Return the signature that a call has: names where inputs have usable ones, and defaults."""
    parameters: list[inspect.Parameter] = []
    names: set[str] = set()
    named = all((each.name or "").isidentifier() for each in spec.inputs[: spec.explicit])
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD if named else inspect.Parameter.POSITIONAL_ONLY
    optional = False
    for k, each in enumerate(spec.inputs[: spec.explicit]):
        name = each.name if each.name and each.name.isidentifier() and each.name not in names else f"input_{k}"
        names.add(name)
        optional = optional or each.storage is not None
        default = defaults[k] if optional else inspect.Parameter.empty
        parameters.append(inspect.Parameter(name, kind, default=default))
    return inspect.Signature(parameters)
