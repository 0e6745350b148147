"""Pickles with their arrays apart: a zip whose member `pkl` is the pickle and whose others are the arrays, as `.npy`.

The array of a named shared variable goes by that name (`name_2` for a second of the name), any other by `array_N`. So
NumPy alone can read the parameters of a model: `numpy.load` takes the whole file. `StripPickler` leaves out what a graph
carries for debugging, `function_dump` keeps the arguments of `function` to look into later.
"""

from __future__ import annotations

import io
import pickle
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import IO, Any

import numpy as np

from neano.graph.pickling import reduce_node, reduce_variable
from neano.graph.shared import SharedVariable
from neano.graph.variable import Apply, Variable

MAIN = "pkl"
"""The member that is the pickle itself."""


def zipadd(write: Callable[[IO[bytes]], Any], zip_file: zipfile.ZipFile, name: str) -> None:
    """Add to a zip a member that `write` writes into the file that it is given."""
    with tempfile.TemporaryFile() as buffer:
        write(buffer)
        buffer.seek(0)
        with zip_file.open(name, "w", force_zip64=True) as member:
            while block := buffer.read(1 << 20):
                member.write(block)


class PersistentNdarrayID:
    """Stores each array once as a member of a zip and names it in the pickle; made for `pickle.Pickler.persistent_id`.

    Args:
        zip_file: where arrays go.
    """

    def __init__(self, zip_file: zipfile.ZipFile) -> None:
        self.zip_file = zip_file
        self.count = 0
        self.seen: dict[int, str] = {}
        self._kept: list[Any] = []  # an id is of use only while its object lives

    def _name(self, array: Any) -> str:
        name = f"array_{self.count}"
        self.count += 1
        return name

    def __call__(self, value: Any) -> str | None:
        if type(value) is not np.ndarray or value.dtype.hasobject:
            return None
        if id(value) not in self.seen:
            name = self._name(value)
            zipadd(lambda file: np.lib.format.write_array(file, value), self.zip_file, name)
            self.seen[id(value)] = f"ndarray.{name}"
            self._kept.append(value)
        return self.seen[id(value)]


class PersistentSharedVariableID(PersistentNdarrayID):
    """Names the arrays of shared variables after them.

    Args:
        zip_file: where arrays go.
        allow_unnamed: whether shared variables may have no name.
        allow_duplicates: whether several may have one name.

    Raises:
        ValueError: a shared variable has no name, or another's, and that is not allowed; or its name is `pkl`.
    """

    def __init__(self, zip_file: zipfile.ZipFile, allow_unnamed: bool = True, allow_duplicates: bool = True) -> None:
        super().__init__(zip_file)
        self.allow_unnamed = allow_unnamed
        self.allow_duplicates = allow_duplicates
        self.ndarray_names: dict[int, str] = {}
        self._named: set[int] = set()
        self._uses: dict[str, int] = defaultdict(int)

    def _name(self, array: Any) -> str:
        return self.ndarray_names.get(id(array)) or super()._name(array)

    def __call__(self, value: Any) -> str | None:
        if isinstance(value, SharedVariable) and id(value.container) not in self._named:
            self._named.add(id(value.container))
            self._name_after(value)
        return super().__call__(value)

    def _name_after(self, variable: SharedVariable) -> None:
        name = variable.name
        if not name:
            if not self.allow_unnamed:
                raise ValueError(f"unnamed shared variable, {variable}")
            return
        if name == MAIN:
            raise ValueError(f"a shared variable cannot be stored under the name {MAIN!r}, which is the pickle's own")
        self._uses[name] += 1
        if self._uses[name] > 1:
            if not self.allow_duplicates:
                raise ValueError(f"multiple shared variables with the name `{name}` found")
            name = f"{name}_{self._uses[name]}"
        self.ndarray_names[id(variable.container.value)] = name


class PersistentNdarrayLoad:
    """Reads the arrays that a pickle names from a zip; made for `pickle.Unpickler.persistent_load`."""

    def __init__(self, zip_file: zipfile.ZipFile) -> None:
        self.zip_file = zip_file
        self.cache: dict[str, Any] = {}

    def __call__(self, persistent_id: str) -> Any:
        kind, _, name = persistent_id.partition(".")
        if kind != "ndarray":
            raise pickle.UnpicklingError(f"{persistent_id!r} names nothing that this file stores apart")
        if name not in self.cache:
            with self.zip_file.open(name) as member:
                self.cache[name] = np.lib.format.read_array(member, allow_pickle=False)
        return self.cache[name]


def dump(
    obj: Any,
    file_handler: IO[bytes],
    protocol: int = pickle.DEFAULT_PROTOCOL,
    persistent_id: Callable[[zipfile.ZipFile], Callable[[Any], Any]] = PersistentSharedVariableID,
) -> None:
    """Write an object into a binary file as a zip of its pickle and its arrays.

    Args:
        obj: anything that can be pickled.
        file_handler: open for writing.
        protocol: the pickle's.
        persistent_id: says how arrays are stored.

    >>> from neano.graph.shared import shared
    >>> import neano.tensor.shared
    >>> file = io.BytesIO()
    >>> dump(shared(np.ones(2), name="weights"), file)
    >>> _ = file.seek(0)
    >>> np.load(file)["weights"]
    array([1., 1.])
    """
    with zipfile.ZipFile(file_handler, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as zip_file:
        stored = persistent_id(zip_file)

        class Pickler(pickle.Pickler):
            def persistent_id(self, value: Any) -> Any:
                return stored(value)

        zipadd(lambda file: Pickler(file, protocol).dump(obj), zip_file, MAIN)


def load(
    f: IO[bytes], persistent_load: Callable[[zipfile.ZipFile], Callable[[Any], Any]] = PersistentNdarrayLoad
) -> Any:
    """Return the object that `dump` wrote. As with any pickle: only from files that you trust."""
    with zipfile.ZipFile(f) as zip_file:
        found = persistent_load(zip_file)

        class Unpickler(pickle.Unpickler):
            def persistent_load(self, persistent_id: Any) -> Any:
                return found(persistent_id)

        return Unpickler(io.BytesIO(zip_file.read(MAIN))).load()


class StripPickler(pickle.Pickler):
    """Leaves traces and test values out of graphs.

    Args:
        file: where to.
        protocol: as of `pickle.Pickler`.
        extra_tag_to_remove: names of further attributes of tags to leave out.
    """

    def __init__(
        self, file: IO[bytes], protocol: int | None = None, extra_tag_to_remove: Iterable[str] | None = None
    ) -> None:
        super().__init__(file, protocol)
        self.removed = {"trace", "test_value", *(extra_tag_to_remove or ())}

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, Variable):
            make, arguments, state = reduce_variable(value)
            if "_tag" in state:
                for name in self.removed & vars(state["_tag"]).keys():
                    delattr(state["_tag"], name)
            return make, arguments, state
        if isinstance(value, Apply):
            make, arguments, state = reduce_node(value)
            return make, arguments, {**state, "trace": ()}
        return NotImplemented


def function_dump(
    filename: Any,
    inputs: Any,
    outputs: Any = None,
    mode: Any = None,
    updates: Any = None,
    givens: Any = None,
    no_default_updates: Any = False,
    accept_inplace: bool = False,
    name: str | None = None,
    rebuild_strict: bool = True,
    allow_input_downcast: bool | None = None,
    profile: Any = None,
    on_unused_input: str | None = None,
    extra_tag_to_remove: Iterable[str] | None = None,
) -> None:
    """Write the arguments of a call of `function` into a file, as the pickle of a dict that `function(**it)` takes.

    Args:
        filename: where to.
        extra_tag_to_remove: names of attributes of tags to leave out, beside traces and test values.
        others: see `function`.
    """
    arguments = {
        "inputs": inputs,
        "outputs": outputs,
        "mode": mode,
        "updates": updates,
        "givens": givens,
        "no_default_updates": no_default_updates,
        "accept_inplace": accept_inplace,
        "name": name,
        "rebuild_strict": rebuild_strict,
        "allow_input_downcast": allow_input_downcast,
        "profile": profile,
        "on_unused_input": on_unused_input,
    }
    with open(filename, "wb") as file:
        StripPickler(file, pickle.DEFAULT_PROTOCOL, extra_tag_to_remove).dump(arguments)
