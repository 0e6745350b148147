"""The key of a function: a text that is equal for two functions only where all that compiling does is the same.

It is made of the graph before rewriting (the structure alone: neither names nor places in the user's program change the code;
what messages say of them is asked of the function itself), the calling form, the mode, and the flags. The key says what it
knows, by a list of what may occur: Ops that the package defines, found there under their own names, whose properties are plain
values; rows of the scalar table; tensor types; constants of plain dtypes, by their bytes. Anything else (an Op of the user's, a
rewriter of the user's, an object as a constant, a mode that looks at values) has no key, and its function is compiled anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from enum import Enum
from hashlib import blake2b
from typing import Any

import numpy as np

from neano.compile.io import In, SymbolicOutput
from neano.compile.mode import Linker, Mode
from neano.config import config
from neano.graph.generic import Generic
from neano.graph.op import Op
from neano.graph.rewriting.database import Query
from neano.graph.traverse import toposort
from neano.graph.type import Type
from neano.graph.variable import Constant, Variable
from neano.random.state import RandomStateType
from neano.rewrites import optdb
from neano.scalar.op import ScalarOp
from neano.scalar.rows import ROWS
from neano.scalar.type import Scalar
from neano.tensor.type import TensorType

_own_rows: dict[int, str] = {}
"""The rows that the package itself has put into the table."""
_own_rules = -1
"""The version of the database with the package's own rules alone."""


def seal() -> None:
    """Take what there is for the package's own, and all that comes later for the user's; called when the package is loaded."""
    global _own_rules
    _own_rules = optdb.version
    _own_rows.update((id(row), name) for name, row in ROWS.items())


_NO_KEY_WITH = (
    "profile", "optimizer_verbose", "check_stages", "profile_optimizer", "print_test_value", "reoptimize_unpickled_function",
)  # fmt: skip
"""Flags with which compiling is watched, or does more than compile."""
_NO_MATTER = ("mode", "cache_dir", "cache_size", "base_compiledir", "compiledir", "compiledir_format")
"""Flags that say where things are kept; and the mode, which has its own part of the key."""

Flags = tuple[tuple[str, Any], ...]


class NoKey(Exception):
    """Something in a graph, mode or flag is not known well enough."""


_latest: list[Flags] = [()]
"""The flags of the latest function: most functions of a program have the same."""


def flags_now() -> Flags:
    """Return every flag that may matter, with its value."""
    now = tuple((path, holder.__dict__[name]) for path, holder, name, _ in config.walk() if path not in _NO_MATTER)
    if now != _latest[0]:
        _latest[0] = now
    return _latest[0]


def function_key(
    inputs: Sequence[In], outputs: Sequence[SymbolicOutput], form: str, mode: Any, accept_inplace: bool, flags: Flags
) -> str | None:
    """Return the key of a function, None where it has none.

    Args:
        inputs: explicit inputs, then implicit ones.
        outputs: the results.
        form: how a call returns them.
        mode: the mode.
        accept_inplace: whether the graph may have nodes that overwrite their inputs.
        flags: what `flags_now` gave.
    """
    digest = blake2b(digest_size=24)
    try:
        for part in (form, str(accept_inplace), _mode(mode), _flags(flags)):
            digest.update(part.encode() + b"\n")
        for each in inputs:
            digest.update(_input(each).encode())
        digest.update(f"{[o.borrow for o in outputs]}\n".encode())
        values = [*(o.variable for o in outputs), *(each.update for each in inputs if each.update is not None)]
        for line in _graph([each.variable for each in inputs], values):
            digest.update(line)
    except NoKey:
        return None
    return digest.hexdigest()


def _mode(mode: Any) -> str:
    if type(mode) is not Mode or type(mode.linker) is not Linker:
        raise NoKey(mode)
    linker = mode.linker
    if linker.watch is not None or linker.exact_outputs or linker.check_native or optdb.version != _own_rules:
        raise NoKey(mode)
    try:
        query = mode.query
    except TypeError as error:  # a rewriter of the user's own
        raise NoKey(mode) from error
    return f"{linker.name} {mode.backend} {linker.collects_garbage} {_query(query)}"


def _query(query: Any) -> str:
    if type(query) is not Query or query.extra:
        raise NoKey(query)
    parts = [sorted(tags) for tags in (query.include, query.require, query.exclude)]
    inside = {name: _query(each) for name, each in sorted(query.subquery.items())}
    return f"{parts} {query.position_cutoff} {inside}"


def _flags(flags: Flags) -> str:
    values = dict(flags)
    if not values["cache_functions"]:
        raise NoKey
    if any(values[name] for name in _NO_KEY_WITH) or values["compute_test_value"] != "off":
        raise NoKey
    if values["compute_test_value_opt"] != "off" or not all(map(_is_plain, values.values())):
        raise NoKey
    return repr(flags)


def _is_plain(value: Any) -> bool:
    return value is None or type(value) in (bool, int, float, str, bytes, complex)


def _input(each: In) -> str:
    has_value = each.value is not None
    flags = (each.implicit, each.update is not None, each.mutable, each.borrow, each.strict, each.allow_downcast)
    return f"{_type(each.variable.type)} {has_value} {flags}\n"


def _graph(inputs: Sequence[Variable], outputs: Sequence[Variable]) -> Iterator[bytes]:
    """Yield the nodes in the order of a walk from the outputs: each with its Op, the numbers of its operands, its types."""
    numbers: dict[Variable, int] = {variable: k for k, variable in enumerate(inputs)}
    known: dict[int, str] = {}
    for node in toposort(outputs, inputs):
        for operand in node.inputs:
            if operand not in numbers:
                numbers[operand] = len(numbers)
                yield from _constant(operand)
        op = node.op
        if id(op) not in known:
            known[id(op)] = _op(op)
        types = " ".join(_type(output.type) for output in node.outputs)
        yield f"{known[id(op)]} {[numbers[operand] for operand in node.inputs]} {types}\n".encode()
        for output in node.outputs:
            numbers[output] = len(numbers)
    for output in outputs:
        if output not in numbers:
            numbers[output] = len(numbers)
            yield from _constant(output)
    yield f"{[numbers[variable] for variable in outputs]}\n".encode()


def _constant(variable: Variable) -> Iterator[bytes]:
    if not isinstance(variable, Constant):
        raise NoKey(variable)
    data: Any = variable.data
    if isinstance(variable.type, Generic):
        yield f"object {_value(data)}\n".encode()
        return
    array = np.asarray(data)
    if not isinstance(variable.type, (TensorType, Scalar)) or array.dtype.kind not in "biufc":
        raise NoKey(variable)
    yield f"constant {_type(variable.type)} {array.dtype.str} {array.shape}\n".encode()
    yield np.ascontiguousarray(array).tobytes()


def _is_own(cls: type) -> bool:
    """Say whether a class is the package's: it stands under its name in the module that it says it is from."""
    found: Any = sys.modules.get(cls.__module__) if cls.__module__.startswith("neano.") else None
    for name in cls.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is cls


def _op(op: Op) -> str:
    if isinstance(op, ScalarOp):
        if id(op) not in _own_rows:
            raise NoKey(op)
        return f"row {_own_rows[id(op)]}"
    cls = type(op)
    if not _is_own(cls) or not hasattr(cls, "__props__"):
        raise NoKey(op)
    values = [_value(getattr(op, name)) for name in cls.__props__]
    return f"{cls.__module__}.{cls.__qualname__} {values}"


def _type(type_: Type) -> str:
    if type(type_) is TensorType:
        return f"{type_.dtype}{type_.shape}"
    if type(type_) is Scalar:
        return f"scalar {type_.dtype}"
    if type(type_) in (RandomStateType, Generic):
        return type(type_).__name__
    raise NoKey(type_)


def _value(value: Any) -> str:
    """Return a text for the value of a property, with its type."""
    if _is_plain(value) or value is Ellipsis:
        return f"{type(value).__name__} {value!r}"
    if type(value) in (tuple, list):
        return f"{type(value).__name__} [{', '.join(map(_value, value))}]"
    if isinstance(value, (np.dtype, np.generic)):
        return f"{type(value).__name__} {value.dtype.str if isinstance(value, np.generic) else value.str} {value!r}"
    if isinstance(value, Enum) and _is_own(type(value)):
        return str(value)
    if isinstance(value, Type):
        return _type(value)
    if isinstance(value, Op):
        return _op(value)
    raise NoKey(value)
