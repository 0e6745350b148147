"""`Container` (a place for one value) and `SharedVariable` (a variable whose value lives in one, for all functions).

`shared(value)` asks the constructors, newest first, which kind of shared variable fits the value. Upper layers add
theirs: tensors in `neano.tensor.shared`, random states with random variables.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, TypeVar

from neano.graph.generic import generic
from neano.graph.type import Type
from neano.graph.variable import Variable, user_trace


class Container:
    """Holds one value of a type. Compiled code reads and writes `storage`, a list of one element, directly.

    Args:
        variable: what the value is of; a `Type` serves as well.
        storage: the list of one element.
        readonly: whether setting the value is an error.
        strict: refuse values that are not already of the type's exact form.
        allow_downcast: see `Type.filter`.
        name: for messages; by default the variable's.

    Raises:
        TypeError: `storage` is not a list of one element.
    """

    def __init__(
        self,
        variable: Variable | Type,
        storage: list[Any],
        readonly: bool = False,
        strict: bool = False,
        allow_downcast: bool | None = None,
        name: str | None = None,
    ) -> None:
        if not isinstance(storage, list) or len(storage) < 1:
            raise TypeError(f"the storage of a Container is a list of one element, not {storage!r}")
        self.storage = storage
        self.readonly = readonly
        self.strict = strict
        self.allow_downcast = allow_downcast
        if isinstance(variable, Type):
            self.type, self.name = variable, name
        else:
            self.type, self.name = variable.type, variable.name if name is None else name

    @property
    def value(self) -> Any:
        """The value itself, not a copy; assignment filters."""
        return self.storage[0]

    @value.setter
    def value(self, value: Any) -> None:
        if self.readonly:
            raise TypeError(f"the value of {self.name!r} is read-only")
        if value is None and self.type != generic:
            self.storage[0] = None
            return
        self.storage[0] = self.filter(value)

    data = value

    def filter(self, value: Any) -> Any:
        """Return a value in the form that this container takes.

        Raises:
            TypeError, ValueError: the type refuses it; the text names the container.
        """
        try:
            return self.type.filter(value, strict=self.strict, allow_downcast=self.allow_downcast)
        except (TypeError, ValueError) as error:
            error.args = (f"{error} Container name {self.name!r}.",)
            raise

    def __deepcopy__(self, memo: dict[int, Any]) -> Container:
        known = id(self.storage) in memo
        copied = type(self)(
            self.type, copy.deepcopy(self.storage, memo), self.readonly, self.strict, self.allow_downcast, self.name
        )
        if not known and copied.storage[0] is not None:
            copied.storage[0] = self.type.filter(copied.storage[0], strict=False, allow_downcast=False)
        extra = {name: value for name, value in vars(self).items() if name not in vars(copied)}
        vars(copied).update(copy.deepcopy(extra, memo))
        return copied

    def __repr__(self) -> str:
        return f"<{self.storage[0]!r}>"


class SharedVariable(Variable):
    """A variable with a value that lasts between calls and is seen by every function that reads it.

    Args:
        name: how it is printed.
        type: its type.
        value: the first value; not copied. Must be None where `container` is given.
        strict: refuse values that are not already of the exact form.
        allow_downcast: see `Type.filter`.
        container: where the value lives, to have two variables share it.

    Attributes:
        default_update: an expression that every function reading this variable stores in it after a call, unless the
            function says otherwise; None for none.
    """

    default_update: Any = None

    def __init__(
        self,
        name: str | None,
        type: Type,
        value: Any,
        strict: bool,
        allow_downcast: bool | None = None,
        container: Container | None = None,
    ) -> None:
        super().__init__(type, name=name)
        if container is not None:
            if value is not None:
                raise TypeError("a shared variable takes a value or a container, not both")
            self.container = container
            return
        filtered = type.filter(value, strict=strict, allow_downcast=allow_downcast)
        self.container = Container(self, [filtered], strict=strict, allow_downcast=allow_downcast)

    def get_value(self, borrow: bool = False, return_internal_type: bool = False) -> Any:
        """Return the value.

        Args:
            borrow: False: a copy that nobody else sees; True: possibly the value itself.
            return_internal_type: give the form in which a device keeps it; the same thing on a CPU.
        """
        return self.container.value if borrow else copy.deepcopy(self.container.value)

    def set_value(self, new_value: Any, borrow: bool = False) -> None:
        """Replace the value, for every function at once.

        Args:
            new_value: anything that the type takes.
            borrow: True: the variable may keep `new_value` itself, so that changing it later changes the variable.

        Raises:
            TypeError: the type refuses the value.
        """
        self.container.value = new_value if borrow else copy.deepcopy(new_value)

    def get_test_value(self) -> Any:
        """Return the present value."""
        return self.get_value(borrow=True, return_internal_type=True)

    def zero(self, borrow: bool = False) -> None:
        """Make all numbers of the value zero, inside the present array where `borrow`."""
        if borrow:
            self.container.value[...] = 0
        else:
            self.container.value = 0 * self.container.value

    def clone(self) -> SharedVariable:
        """Return another variable on the same container."""
        copied = self.__class__(self.name, self.type, None, self.container.strict, container=self.container)
        if "_tag" in self.__dict__:
            copied.tag = SimpleNamespace(**vars(self.tag))
        return copied

    @property
    def value(self) -> Any:
        raise AttributeError("a shared variable has no `value`; use get_value() and set_value()")

    @value.setter
    def value(self, new_value: Any) -> None:
        raise AttributeError("a shared variable has no `value`; use get_value() and set_value()")

    def __getitem__(self, *args: Any) -> Any:
        kind = type(self.container.value)
        raise TypeError(
            f"The generic '{type(self).__name__}' object is not subscriptable: it holds a "
            f"{kind.__module__}.{kind.__name__}. Give `shared` a NumPy array to have a tensor."
        )


_Constructor = TypeVar("_Constructor", bound=Callable[..., SharedVariable])

_constructors: list[Callable[..., SharedVariable]] = []


def shared_constructor(ctor: _Constructor, remove: bool = False) -> _Constructor:
    """Register a constructor: `(value, name, strict, allow_downcast, **kwargs) -> SharedVariable`; also as a decorator.

    It raises TypeError where the value is not of its kind, and the next older constructor is asked.

    Args:
        ctor: what to register.
        remove: take it out again.
    """
    if remove:
        _constructors.remove(ctor)
    else:
        _constructors.append(ctor)
    return ctor


def shared(
    value: Any, name: str | None = None, strict: bool = False, allow_downcast: bool | None = None, **kwargs: Any
) -> Any:
    """Return a variable that holds a value between calls.

    Args:
        value: the first value. A number or array gives a tensor of its own dtype, with no dimension declared to
            broadcast; any other object a generic variable.
        name: how it is printed.
        strict: refuse later values that are not already of the exact form.
        allow_downcast: see `Type.filter`.
        kwargs: for the constructor: `borrow=True` keeps the array itself instead of a copy, `broadcastable=` declares
            dimensions of length 1.

    Raises:
        TypeError: the value is symbolic, or no constructor takes the keyword arguments.

    >>> counter = shared([1, 2])
    >>> counter.get_value()
    [1, 2]
    """
    if isinstance(value, Variable):
        raise TypeError("Shared variable constructor needs numeric values and not symbolic variables.")
    for constructor in reversed(_constructors):
        try:
            variable = constructor(value, name=name, strict=strict, allow_downcast=allow_downcast, **kwargs)
        except TypeError:
            continue
        variable.tag.trace = user_trace()
        return variable
    raise TypeError(
        "No suitable SharedVariable constructor could be found. Are you sure all keyword arguments are supported? "
        f"(dtype and type are not: convert the value first.) value={value!r}, arguments={kwargs!r}"
    )


@shared_constructor
def generic_constructor(
    value: Any, name: str | None = None, strict: bool = False, allow_downcast: bool | None = None
) -> SharedVariable:
    """Return a shared variable for any object."""
    return SharedVariable(name, generic, value, strict, allow_downcast)


shared.constructors = _constructors  # type: ignore[attr-defined]  # where Theano's programs look for them
