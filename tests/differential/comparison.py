"""The check of one program: the reference, the native backend and the interpreter of the loop IR must agree.

Three comparisons, so that a failure says where to look:
- "lowering": the interpreter of the native function's own loop IR against its rewritten graph, op by op;
- "emission": the native function against the same; both strictly, NaN, infinities and signs of zeros included;
- "rewriting": the rewritten graph against the graph as it was written, both op by op. Here other roundings may decide
  whether something overflows, so that only values far from the ends of the range bind.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

import neano
from differential import noise, slopes
from differential.mismatch import Mismatch
from differential.program import Program
from differential.values import moved
from neano.backends.native.interpreter import interpret
from neano.backends.native.schedule.spec import check_schedule
from neano.backends.native.spec import check_program
from neano.config import config

REFERENCE = neano.Mode("py", None)
SAMPLES, MORE_SAMPLES = 3, 40
MARGIN = 8.0


class Check:
    """One program, built and compiled both ways.

    Raises:
        Mismatch: from `run`.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        names = program.build()
        self.names = names
        self.reference = program.function(names, REFERENCE)
        self.shared = [names[each.name] for each in program.shared]
        self.initial = [copy.deepcopy(s.get_value()) for s in self.shared]
        try:
            self.native = program.function(names, neano.compile.mode.get_mode("FAST_RUN"))
        except Exception as error:
            raise Mismatch("compile", f"{type(error).__name__}: {error}") from error
        self.stages = self.native.stages
        self.plain = program.without_layouts().arguments()

    # runs

    def call(self, function: Any, arguments: Sequence[Any]) -> Any:
        """Return the results of a call and the shared variables' new values, or the error; the old values are put back."""
        for variable, value in zip(self.shared, self.initial, strict=True):
            variable.set_value(value)
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                results = list(function(*arguments))
        except (ValueError, IndexError, TypeError, AssertionError, ZeroDivisionError, OverflowError) as error:
            for variable, value in zip(self.shared, self.initial, strict=True):
                if not same_bits(variable.get_value(), value):
                    raise Mismatch("half updated", f"{variable} after {error}") from error
            return error
        updated = {s for s, _ in self.program.updates}
        implicit = [v.name for v in function.maker.fgraph.inputs[len(self.program.explicit) :]]
        for variable, value in zip(self.shared, self.initial, strict=True):
            if variable.name not in updated and not same_bits(variable.get_value(), value):
                raise Mismatch("shared", f"{variable} has no update and changed")
        return [*results, *(self.names[name].get_value() for name in implicit if name in updated)]

    def graph(self, function: Any) -> tuple[list[Any], list[Any], list[Any]]:
        """Return a function's inputs, outputs and the values of the inputs."""
        fgraph = function.maker.fgraph
        count = len(self.plain)
        by_name = dict(zip([s.name for s in self.shared], self.initial, strict=True))
        implicit = [by_name[v.name] for v in fgraph.inputs[count:]]
        return list(fgraph.inputs), list(fgraph.outputs), [*self.plain, *implicit]

    # the checks

    def run(self) -> str:
        """Compare everything; return what happened: "same" or "raises"."""
        arguments = self.program.arguments()
        before = copy.deepcopy(arguments)
        expected = self.call(self.reference, arguments)
        found = self.call(self.native, arguments)
        for given, old in zip(arguments, before, strict=True):
            if not same_bits(given, old):
                raise Mismatch("input modified", f"{old!r} became {given!r}")
        if isinstance(expected, Exception) and isinstance(found, Exception) and type(expected) is type(found):
            arguments = self.plain
            expected, found = self.call(self.reference, arguments), self.call(self.native, arguments)
        if isinstance(expected, Exception) or isinstance(found, Exception):
            return self._errors(expected, found)
        self._own_memory(found, arguments)
        self._same_bits(found)
        self._compare(expected, found)
        if self.program.derivative and not self.program.wild:
            slopes.check(self.program, self.reference)
        return "same"

    def _errors(self, expected: Any, found: Any) -> str:
        if not isinstance(expected, Exception):
            raise Mismatch("raises", f"native: {type(found).__name__}: {found}") from found
        if not isinstance(found, Exception):
            try:
                noise.evaluate(*self.graph(self.native))
            except type(expected) as error:
                raise Mismatch("does not raise", f"{type(expected).__name__}: {expected}") from error
            raise Mismatch("rewritten away", f"{type(expected).__name__}: {expected}")
        if type(found) is not type(expected) and type(found) not in noise.errors_of(*self.graph(self.reference)):
            raise Mismatch(
                "error class", f"{type(expected).__name__} ({expected}), native {type(found).__name__} ({found})"
            )
        return "raises"

    def _own_memory(self, found: list[Any], arguments: list[Any]) -> None:
        arrays = [a for a in arguments if isinstance(a, np.ndarray)]
        arrays += [s.get_value(borrow=True) for s in self.shared]
        for i, result in enumerate(found):
            if not isinstance(result, np.ndarray):
                raise Mismatch("form", f"output {i} is a {type(result)}")
            if result.size and any(np.may_share_memory(result, a) for a in [*arrays, *found[:i]]):
                raise Mismatch("memory", f"output {i} shares memory")
            if not result.flags.writeable or not result.flags.aligned:
                raise Mismatch("memory", f"output {i}: {result.flags}")

    def _same_bits(self, found: list[Any]) -> None:
        """Check that neither a second call nor another position in memory nor more threads change a bit."""
        kept = copy.deepcopy(found)
        first = self.call(self.native, self.plain)
        for offset, threads in ((0, 1), (1, 2), (3, 3)):
            with config.change_flags(threads=threads):
                again = self.call(self.native, [moved(a, offset) for a in self.plain])
            for i, (a, b) in enumerate(zip(first, again, strict=True)):
                if not same_bits(a, b):
                    raise Mismatch("position", f"output {i} at offset {offset}, {threads} threads:\n{a!r}\n{b!r}")
        for i, (a, b) in enumerate(zip(kept, found, strict=True)):
            if not same_bits(a, b):
                raise Mismatch("memory", f"a later call changed output {i}")

    def _compare(self, expected: list[Any], found: list[Any]) -> None:
        check_schedule(self.stages.schedule)
        check_program(self.stages.program)
        inputs, outputs, values = self.graph(self.native)
        compare("types", [x.dtype for x in found], [x.dtype for x in expected])
        compare("shapes", [x.shape for x in found], [x.shape for x in expected])
        rewritten = Band(inputs, outputs, values, moved=False)
        rewritten.contains("emission", found, signs=True)
        rewritten.contains("lowering", interpret(self.stages.program, [np.array(v) for v in values]), signs=True)
        written = Band(*self.graph(self.reference), moved=True)
        written.contains("reference", expected)
        written.contains("rewriting", rewritten.centre)


def compare(kind: str, found: Any, expected: Any) -> None:
    if found != expected:
        raise Mismatch(kind, f"{found}, expected {expected}")


class Band:
    """What the outputs of a graph may be, whatever the roundings.

    Args:
        moved: whether the inputs' last places are open too, which allows for other formulas of the same function.
    """

    def __init__(self, inputs: list[Any], outputs: list[Any], values: list[Any], moved: bool) -> None:
        self._graph = (inputs, outputs, values)
        self._moved = moved
        evaluation = noise.evaluate(*self._graph)
        self.centre, self.wild = evaluation.outputs, evaluation.wild and moved
        self._samples: list[list[Any]] = []

    def _sample(self, count: int) -> None:
        while len(self._samples) < count:
            try:
                made = noise.evaluate(*self._graph, seed=len(self._samples), moved=self._moved)
                self._samples.append(made.outputs)
            except (ValueError, IndexError, TypeError, AssertionError):  # what is computed became an index or a length
                self._samples.append(self.centre)

    def contains(self, kind: str, found: list[Any], signs: bool = False) -> None:
        """Check results against the band.

        Raises:
            Mismatch: one lies outside.
        """
        for i, (value, centre) in enumerate(zip(found, self.centre, strict=True)):
            if value.shape != centre.shape or value.dtype != centre.dtype:
                raise Mismatch(kind, f"output {i} is {value.dtype}{value.shape}, expected {centre.dtype}{centre.shape}")
            for count in (0, SAMPLES, MORE_SAMPLES):
                self._sample(count)
                outside = self._outside(i, value, centre, count, signs)
                if not outside.any():
                    break
            else:
                where = tuple(int(k) for k in np.argwhere(outside)[0])
                raise Mismatch(kind, f"output {i} at {where}: {value[where]!r}, expected {centre[where]!r}")

    def _outside(self, i: int, value: Any, centre: Any, count: int, signs: bool) -> Any:
        samples = [s[i] for s in self._samples[:count] if s[i].shape == centre.shape]
        if len(samples) < count:
            return np.zeros(centre.shape, bool)
        with np.errstate(all="ignore"):
            if centre.dtype.kind == "c":
                parts = [(a.real, b.real, [s.real for s in samples]) for a, b in ((value, centre),)]
                parts += [(a.imag, b.imag, [s.imag for s in samples]) for a, b in ((value, centre),)]
                size = np.where(np.isfinite(centre), np.abs(centre), 0.0)
                off = np.logical_or(*[outside(a, b, s, size, signs=False, lenient=self.wild) for a, b, s in parts])
                # what part of an overflowing product is NaN and what infinite depends on its order, and says nothing
                return off & (np.isfinite(value) | np.isfinite(centre))
            return outside(value, centre, samples, np.abs(centre), signs, self.wild)


def outside(value: Any, centre: Any, samples: list[Any], size: Any, signs: bool, lenient: bool) -> Any:
    """Return which elements lie outside of a band.

    Args:
        size: the magnitude that relative errors refer to.
        signs: whether signs of zeros count.
        lenient: whether elements that are finite, or zero, in one only are let pass.
    """
    if centre.dtype.kind not in "f":
        undecided = np.zeros(centre.shape, bool)
        for sample in samples:
            undecided |= sample != centre
        return (value != centre) & ~undecided
    finite = np.isfinite(centre)
    undecided = np.zeros(centre.shape, bool)
    spread = np.zeros(centre.shape)
    exact = centre.astype("float64")
    for sample in samples:
        undecided |= np.isfinite(sample) != finite
        undecided |= ~finite & ~((sample == centre) | (np.isnan(sample) & np.isnan(centre)))
        spread = np.maximum(spread, np.where(np.isfinite(sample) & finite, np.abs(sample - exact), 0))
    unit = float(np.finfo(centre.dtype).eps)
    tolerance = MARGIN * spread + 4 * unit * size + float(np.finfo(centre.dtype).smallest_subnormal) * 2
    close = np.where(
        finite, np.abs(value - exact) <= tolerance, (value == centre) | (np.isnan(value) & np.isnan(centre))
    )
    if signs and not samples:
        close &= ~((value == 0) & (centre == 0) & (np.signbit(value) != np.signbit(centre)))
    elif signs:
        steady = np.all([(s == 0) & (np.signbit(s) == np.signbit(centre)) for s in samples], axis=0) & (centre == 0)
        close &= ~(steady & (value == 0) & (np.signbit(value) != np.signbit(centre)))
    if lenient:
        undecided |= finite != np.isfinite(value)
        undecided |= ~finite
        undecided |= (value == 0) != (centre == 0)
    return ~close & ~undecided


def same_bits(a: Any, b: Any) -> bool:
    """Say whether two values are the same; all NaN are."""
    x, y = np.asarray(a), np.asarray(b)
    if x.dtype != y.dtype or x.shape != y.shape:
        return False
    if x.dtype.kind not in "fc":
        return bool(np.array_equal(x, y))
    parts = [(x.real, y.real), (x.imag, y.imag)] if x.dtype.kind == "c" else [(x, y)]
    return all(np.array_equal(p, q, equal_nan=True) and _same_signs(p, q) for p, q in parts)


def _same_signs(p: Any, q: Any) -> bool:
    return bool(np.all((np.signbit(p) == np.signbit(q)) | np.isnan(p)))


def check(program: Program) -> str:
    """Check a program.

    Raises:
        Mismatch: two evaluations differ.
    """
    return Check(program).run()
