"""`python -m differential.sweep FIRST COUNT`: checks programs of seeds, and shows the kinds of failures, each made small."""

from __future__ import annotations

import collections
import sys
import time
import traceback
from dataclasses import replace

from differential.comparison import Mismatch, check
from differential.graphs import program_of_seed
from differential.program import Program


def failure(program: Program) -> str | None:
    """Return what is wrong with a program in a short form, None where nothing is."""
    try:
        check(program)
    except Mismatch as mismatch:
        return f"{mismatch.kind}: {type(mismatch.__cause__).__name__}" if mismatch.__cause__ else mismatch.kind
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} at {last.filename.rsplit('/', 2)[-1]}:{last.lineno}"
    return None


def smaller(program: Program) -> list[Program]:
    """Return programs with one thing less."""
    found = [replace(program, outputs=(name,)) for name in program.outputs if len(program.outputs) > 1]
    if program.updates:
        found += [replace(program, updates=()), replace(program, updates=(), outputs=(program.updates[0][1],))]
    if program.givens:
        found.append(replace(program, givens=()))
    for i in range(len(program.statements) - 1, -1, -1):
        names = program.statements[i].names
        rest = program.statements[:i] + program.statements[i + 1 :]
        outputs = tuple(n for n in program.outputs if n not in names)
        if outputs:
            found.append(replace(program, statements=rest, outputs=outputs))
        found += [
            replace(program, statements=program.statements[: i + 1], outputs=(name,), updates=())
            for name in names
            if (name,) != program.outputs
        ]
    for i in range(len(program.inputs)):
        found.append(replace(program, inputs=program.inputs[:i] + program.inputs[i + 1 :]))
    for i, each in enumerate(program.inputs):
        if each.layout != "C":
            plain = replace(each, layout="C")
            found.append(replace(program, inputs=(*program.inputs[:i], plain, *program.inputs[i + 1 :])))
    return found


def minimal(program: Program, kind: str) -> Program:
    """Return a small program that fails in the same way."""
    while True:
        for candidate in smaller(program):
            try:
                if failure(candidate) == kind:
                    program = candidate
                    break
            except RecursionError:
                continue
        else:
            return program


def main(first: int, count: int) -> None:
    """Check the programs of some seeds."""
    failures: dict[str, list[int]] = collections.defaultdict(list)
    started = time.perf_counter()
    for seed in range(first, first + count):
        print("seed", seed, end="\r", file=sys.stderr, flush=True)
        kind = failure(program_of_seed(seed))
        if kind:
            failures[kind].append(seed)
            if len(failures[kind]) <= 3:
                small = minimal(program_of_seed(seed), kind)
                print(f"==== seed {seed}: {kind}\n{small}")
                try:
                    check(small)
                except Exception as error:
                    print("    ", f"{type(error).__name__}: {error}"[:1500], "\n", flush=True)
    print(f"{count} programs in {time.perf_counter() - started:.0f} s")
    for kind, seeds in failures.items():
        print(len(seeds), kind, seeds[:10])


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
