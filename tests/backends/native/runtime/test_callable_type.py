"""Instances of the callable type are full citizens of Python."""

from __future__ import annotations

import gc
import inspect
import sys
import weakref
from typing import Any

import pytest

from neano.backends.native.runtime import make_callable_type, python_callable
from neano.backends.native.runtime.entry import FREE_THREADED


class Named:
    """A descriptor that is told its name."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.owner, self.name = owner, name

    def __get__(self, instance: Any, owner: type) -> Any:
        return (self.name, instance)


class Methods:
    """What it does."""

    described = Named()
    constant = 7

    def __getitem__(self, key: Any) -> Any:
        return ("item", key)

    def __contains__(self, key: Any) -> bool:
        return bool(key == "inside")

    def __repr__(self) -> str:
        return "<a function>"

    def __reduce__(self) -> Any:
        return (str, ("pickled",))

    @property
    def twice(self) -> int:
        return 2 * self.constant

    @classmethod
    def make(cls) -> str:
        return cls.__name__

    @staticmethod
    def helper() -> str:
        return "help"


@pytest.fixture
def kind() -> type:
    return make_callable_type("some.module.Function", dict(vars(Methods)))


def test_names_and_doc(kind: type) -> None:
    assert (kind.__name__, kind.__qualname__, kind.__module__) == ("Function", "Function", "some.module")
    assert kind.__doc__ == "What it does."
    assert kind.__mro__ == (kind, object)


def test_methods_and_descriptors_work_on_instances(kind: Any) -> None:
    f = python_callable(kind, lambda *args, **kwargs: (args, kwargs))
    assert (f[3], "inside" in f, "outside" in f, repr(f)) == (("item", 3), True, False, "<a function>")
    assert (f.twice, f.constant, f.make(), f.helper(), f.described) == (14, 7, "Function", "help", ("described", f))
    assert vars(Methods)["described"].owner is kind
    kind.added = lambda self: "added"
    assert f.added() == "added"


def test_attributes_weak_references_and_signature(kind: Any) -> None:
    def original(x: int, y: int = 2) -> int:
        return x + y

    f = python_callable(kind, original)
    f.name = "f"
    f.__doc__ = "Adds."
    f.__signature__ = inspect.signature(original)
    assert (f.__dict__["name"], f.__doc__, inspect.signature(f)) == ("f", "Adds.", inspect.signature(original))
    with pytest.raises(AttributeError):
        f.missing  # noqa: B018
    seen: list[Any] = []
    reference = weakref.ref(f, seen.append)
    assert reference() is f
    assert {f: 1}[f] == 1
    del f
    assert seen == [reference]


def test_calls_reach_a_python_callable_as_they_are(kind: Any) -> None:
    f = python_callable(kind, lambda *args, **kwargs: (args, kwargs))
    assert f() == ((), {})
    assert f(1, 2, x=3, y=4) == ((1, 2), {"x": 3, "y": 4})
    assert callable(f)
    with pytest.raises(ZeroDivisionError):
        python_callable(kind, lambda: 1 / 0)()
    g = python_callable(kind, lambda x: 0 if x == 0 else g(x - 1))
    assert g(50) == 0
    with pytest.raises(RecursionError):
        g(10**6)


def test_instances_cannot_be_made_nor_the_type_subclassed(kind: Any) -> None:
    with pytest.raises(TypeError, match="cannot create"):
        kind()
    with pytest.raises(TypeError, match="not an acceptable base type"):
        type("Sub", (kind,), {})
    with pytest.raises(TypeError):
        object.__new__(kind)
    with pytest.raises(TypeError, match="not a type of compiled functions"):
        python_callable(int, len)


@pytest.mark.parametrize("name", ["__call__", "__init__", "__new__", "__slots__"])
def test_names_that_a_callable_type_cannot_define(name: str) -> None:
    with pytest.raises(TypeError, match=name):
        make_callable_type("some.module.Bad", {name: None})


@pytest.mark.skipif(
    FREE_THREADED and sys.version_info < (3, 14), reason="CPython 3.13t keeps all types once a thread has been started"
)
def test_types_are_freed_with_their_instances() -> None:
    kind = make_callable_type("some.module.Short", {})
    f = python_callable(kind, len)
    f.kind = kind
    gone = weakref.ref(kind)
    del kind
    assert f([1, 2]) == 2
    del f
    gc.collect()
    assert gone() is None


def test_a_long_chain_of_functions_is_freed(kind: Any) -> None:
    f = None
    for _ in range(100_000):
        before, f = f, python_callable(kind, len)
        f.before = before
    del f, before
    gc.collect()
