"""The table of Theano's public names, and how to look a name up through `import theano`.

`names.tsv` has a line for each name: where it stands, its kind, its parameters, how common it is (1 is in nearly every
program, 4 is internal), and whether it is there: `yes`; `partly` (its parameters have other names, or some are missing);
`later`; `never` (C code, GPU arrays and MPI, for which Neano has other means, and the internals of Theano's rewriting).
"""

from __future__ import annotations

import csv
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

TABLE = Path(__file__).with_name("names.tsv")


@dataclass(frozen=True)
class Name:
    """A line of the table."""

    module: str
    name: str
    kind: str
    signature: str
    tier: int
    status: str

    @property
    def path(self) -> str:
        return f"{self.module}.{self.name}"


def read_table() -> list[Name]:
    """Return the lines of the table."""
    with TABLE.open(newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [Name(**{**row, "tier": int(row["tier"])}) for row in rows]


def examples() -> dict[str, Any]:
    """Return an object of each class whose attributes are listed, for those that only objects have."""
    import theano
    import theano.tensor as T
    from theano.sandbox.rng_mrg import MRG_RandomStreams
    from theano.tensor.shared_randomstreams import RandomStreams

    x = T.dvector("x")
    return {
        "theano.tensor.TensorVariable": x,
        "theano.compile.SharedVariable": theano.shared(1.0),
        "theano.compile.Function": theano.function([x], x + 1),
        "theano.tensor.shared_randomstreams.RandomStreams": RandomStreams(1),
        "theano.sandbox.rng_mrg.MRG_RandomStreams": MRG_RandomStreams(1),
        "theano.gof.graph.Apply": (x + 1).owner,
        "theano.gof.graph.Constant": T.constant(np.float64(1)),
        "theano.gof.Op": (x + 1).owner.op,
        "theano.gof.Type": x.type,
        "theano.compile.Mode": theano.compile.get_default_mode(),
        "theano.gof.FunctionGraph": theano.gof.FunctionGraph([x], [x + 1], clone=False),
    }


def module_of(path: str) -> Any:
    """Return a module, or the class in a module, by its dotted path."""
    parts = path.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        for part in parts[count:]:
            found = getattr(found, part)
        return found
    raise ModuleNotFoundError(path)


def resolve(entry: Name, objects: dict[str, Any]) -> Any:
    """Return what a name of the table means.

    Raises:
        AttributeError, ImportError, KeyError: there is no such thing.
    """
    import theano
    from neano.graph.rewriting.database import tag_sets

    if entry.module == "theano.config":
        return theano.config.find(entry.name)
    if entry.module == "theano.compile.mode [mode names]":
        return theano.compile.MonitorMode if entry.name == "MonitorMode" else theano.compile.get_mode(entry.name)
    if entry.module == "theano.compile.mode [linker names]":
        return theano.compile.predefined_linkers[entry.name]
    if entry.module == "theano.compile.mode [optimizer names]":
        return theano.compile.predefined_optimizers[None if entry.name == "None" else entry.name]
    if entry.module.startswith("theano.compile.optdb ["):
        known = tag_sets([theano.compile.optdb])
        if entry.signature != "optimizer_excluding" and not known & {entry.name, entry.signature}:
            raise KeyError(entry.name)
        return theano.compile.FAST_RUN.excluding(entry.name)
    if entry.name.startswith("."):  # an attribute of each draw
        return getattr(objects[entry.module].uniform(), entry.name.split()[0][1:])
    holder = module_of(entry.module)
    for part in entry.name.split("."):
        if hasattr(holder, part) or entry.module not in objects:
            holder = getattr(holder, part)
        else:
            holder = getattr(objects[entry.module], part)
    return holder


def parameters(signature: str) -> Iterator[str]:
    """Yield the names of the parameters of a signature as the table writes it; `*args` with its star."""
    depth, current, quote = 0, "", ""
    for character in signature + ",":
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "," and depth == 0:
            if current.strip():
                yield current.split("=")[0].strip()
            current = ""
            continue
        current += character


def differences(function: Any, signature: str, is_method: bool) -> list[str]:
    """Return how the parameters of a function differ from those of the table; an empty list where they do not."""
    try:
        taken = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return []  # an exception or another built-in class
    if is_method and taken and taken[0].name == "self":
        del taken[0]
    by_name = {p.name for p in taken if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    in_order = [p.name for p in taken if p.kind is p.POSITIONAL_OR_KEYWORD]
    takes_any_name = any(p.kind is p.VAR_KEYWORD for p in taken)
    takes_any_number = any(p.kind is p.VAR_POSITIONAL for p in taken)
    found = []
    for position, name in enumerate(parameters(signature)):
        if name.startswith("**"):
            continue
        if name.startswith("*"):
            return found if takes_any_number else [*found, f"takes no {name}"]
        if name not in by_name and not takes_any_name:
            found.append(f"does not take {name}")
        elif not takes_any_number and in_order[position : position + 1] != [name]:
            found.append(f"does not take {name} at position {position}")
    return found


def status(entry: Name, objects: dict[str, Any]) -> str:
    """Return what the table should say of a name."""
    try:
        found = resolve(entry, objects)
    except (AttributeError, ImportError, KeyError):
        return entry.status if entry.status in ("later", "never") else "later"
    if entry.kind in ("function", "method", "class") and differences(found, entry.signature, entry.kind == "method"):
        return "partly"
    return "yes"


def main() -> None:
    """Bring the table up to date with the package."""
    objects = examples()
    table = read_table()
    with TABLE.open("w") as file:
        print("module\tname\tkind\tsignature\ttier\tstatus", file=file)
        for entry in table:
            line = (entry.module, entry.name, entry.kind, entry.signature, str(entry.tier), status(entry, objects))
            print("\t".join(line), file=file)


if __name__ == "__main__":
    main()
