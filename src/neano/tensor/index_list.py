"""Index lists: what `x[i, 1:n, None]` means, with its structure apart from its numbers.

An indexing Op holds the structure (`idx_list`); the numbers and index arrays are inputs of its node, in order. An entry
of the list is one of

- a `Scalar` type: one integer, an input of that type, which drops a dimension;
- a `slice` whose parts are None or the `Scalar` types of inputs;
- `None`: a new dimension of length 1 (advanced indexing only);
- `ARRAY`: an integer tensor that indexes one dimension (advanced indexing only);
- `FRESH`: an integer tensor that indexes a new dimension of length 1, which is what a 0-d mask means.

Dimensions that the list does not reach are taken whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Any

from neano.graph.variable import Constant
from neano.scalar.type import Scalar
from neano.tensor.scalar_bridge import tensor_from_scalar
from neano.tensor.static import int64_scalar, static_length


class Kind(Enum):
    """Entries of an index list that stand for index arrays."""

    ARRAY = "array"
    FRESH = "fresh"

    def __repr__(self) -> str:
        return self.name


ARRAY = Kind.ARRAY
FRESH = Kind.FRESH

Entry = Scalar | slice | Kind | None
IndexList = tuple[Entry, ...]


def parts(entry: slice) -> tuple[Any, Any, Any]:
    """Return start, stop and step of a slice."""
    return entry.start, entry.stop, entry.step


def inputs_wanted(idx_list: IndexList) -> list[Any]:
    """Return the type of each input that an index list takes, in order; `ARRAY` or `FRESH` for index tensors."""
    wanted: list[Any] = []
    for entry in idx_list:
        if isinstance(entry, slice):
            wanted.extend(part for part in parts(entry) if part is not None)
        elif entry is not None:
            wanted.append(entry)
    return wanted


def fill(idx_list: IndexList, inputs: Iterable[Any], convert: Callable[[Any], Any] = lambda value: value) -> list[Any]:
    """Return the index with the inputs in their places.

    Args:
        idx_list: the structure.
        inputs: variables or values, in order.
        convert: applied to every integer (entries and parts of slices), not to index arrays.
    """
    source = iter(inputs)
    filled: list[Any] = []
    for entry in idx_list:
        if isinstance(entry, slice):
            filled.append(slice(*[None if part is None else convert(next(source)) for part in parts(entry)]))
        elif entry is None:
            filled.append(None)
        elif isinstance(entry, Kind):
            filled.append(next(source))
        else:
            filled.append(convert(next(source)))
    return filled


def key(idx_list: IndexList) -> tuple[Any, ...]:
    """Return a hashable form of an index list (slices can be hashed only by later Pythons)."""
    return tuple(("slice", *parts(entry)) if isinstance(entry, slice) else entry for entry in idx_list)


def text(idx_list: IndexList) -> str:
    """Return the index list as it is printed: `int64, int64:int64:`."""

    def one(entry: Entry) -> str:
        if isinstance(entry, slice):
            start, stop, step = ("" if part is None else str(part) for part in parts(entry))
            return f"{start}:{stop}:{step}"
        return str(entry)

    return ", ".join(map(one, idx_list))


def known_integer(scalar: Any) -> Any:
    """Return the value of a scalar as an int where it is known, else as a 0-d int64 tensor."""
    if isinstance(scalar, Constant):
        return int(scalar.data)
    tensor = tensor_from_scalar(scalar)
    known = static_length(tensor)
    return int64_scalar(tensor) if known is None else known


def check_index_list(idx_list: Sequence[Any], allowed: tuple[Any, ...]) -> IndexList:
    """Return an index list as a tuple, after checking each entry.

    Args:
        idx_list: entries; a variable stands for its type.
        allowed: which of None, `ARRAY` and `FRESH` may occur.

    Raises:
        TypeError: an entry is none of the allowed kinds, or a number is not an integer.
    """
    return tuple(_check_entry(entry, allowed) for entry in idx_list)


def _check_entry(entry: Any, allowed: tuple[Any, ...]) -> Entry:
    if isinstance(entry, slice):
        return slice(*[None if part is None else _integer_type(part) for part in parts(entry)])
    if entry is None or isinstance(entry, Kind):
        if entry not in allowed:
            raise TypeError(f"{entry} cannot stand in this index list")
        return entry
    return _integer_type(entry)


def _integer_type(part: Any) -> Scalar:
    kind = getattr(part, "type", part)
    if getattr(kind, "ndim", None) == 0 and not isinstance(kind, Scalar):
        kind = Scalar(kind.dtype)
    if not isinstance(kind, Scalar):
        raise TypeError(f"an index list holds types of scalars, slices of them and None, not {part!r}")
    if not kind.dtype.startswith(("int", "uint")):
        raise TypeError(f"Expected an integer index, not {kind}")
    return kind
