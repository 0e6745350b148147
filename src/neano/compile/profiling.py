"""`ProfileStats`: how long a function takes, to compile and in its calls; kernel by kernel, or node by node."""

from __future__ import annotations

import atexit
import dataclasses
import sys
import time
from collections import defaultdict
from typing import IO, Any

from neano.compile.function_object import Function
from neano.compile.linkers import FunctionSpec, Link
from neano.compile.mode import Watch
from neano.compile.profile_table import Meter, Row, table_lines
from neano.compile.twin import Run, make_run
from neano.config import config
from neano.graph.variable import Apply

_to_print: list[ProfileStats] = []
_printers: list[Any] = []


class ProfileStats:
    """What was measured of a function.

    Args:
        atexit_print: print a summary when Python ends.
        flag_time_thunks, gpu_checks: taken for compatibility.
        kwargs: attributes to set, such as `message`.

    Attributes:
        message: the title of the summary.
        fct_callcount, fct_call_time: number of calls, and seconds in them all.
        compile_time, optimizer_time, linker_time: seconds for making the function, for rewriting, for machine code.
        apply_time, apply_callcount: node -> seconds, number of times it ran; empty where nodes do not run one by one.
        nb_nodes: how many nodes the graph has.
        meters: of the functions that measure themselves.
    """

    def __init__(
        self, atexit_print: bool = True, flag_time_thunks: Any = None, gpu_checks: bool = True, **kwargs: Any
    ) -> None:
        self.message: str | None = None
        self.compile_time = 0.0
        self.optimizer_time = 0.0
        self.linker_time = 0.0
        self.nb_nodes = 0
        self.meters: list[Meter] = []
        self.reset()
        for name, value in kwargs.items():
            if not hasattr(self, name):
                raise TypeError(f"a profile has no attribute {name!r}")
            setattr(self, name, value)
        if atexit_print:
            _to_print.append(self)

    def reset(self) -> None:
        """Forget the calls."""
        self._calls = 0
        self._seconds = 0.0
        for meter in self.meters:
            meter.reset()
        self.apply_time: dict[Apply, float] = defaultdict(float)
        self.apply_callcount: dict[Apply, int] = defaultdict(int)

    @property
    def fct_callcount(self) -> int:
        return self._calls + sum(meter.totals()[0] for meter in self.meters)

    @property
    def fct_call_time(self) -> float:
        return self._seconds + sum(meter.totals()[1] for meter in self.meters)

    @property
    def kernels(self) -> list[Row]:
        """What was measured of each kernel and each call of machine code, the hottest first."""
        return sorted((row for meter in self.meters for row in meter.rows()), key=lambda row: -row.seconds)

    @property
    def vm_call_time(self) -> float:
        return self.fct_call_time

    def watching(self, watch: Watch | None) -> Watch:
        """Return a watch of the reference backend that measures nodes and does what another one does."""

        def watched(i: int, node: Apply, fn: Any) -> None:
            started = time.perf_counter()
            if watch is None:
                fn()
            else:
                watch(i, node, fn)
            self.apply_time[node] += time.perf_counter() - started
            self.apply_callcount[node] += 1

        return watched

    def timed(self, run: Run) -> Run:
        """Return `run` with its calls counted and measured."""

        def measured(values: list[Any]) -> list[Any]:
            started = time.perf_counter()
            try:
                return run(values)
            finally:
                self._seconds += time.perf_counter() - started
                self._calls += 1

        return measured

    def op_time(self) -> dict[Any, float]:
        """Return Op -> seconds in all its nodes."""
        total: dict[Any, float] = defaultdict(float)
        for node, seconds in self.apply_time.items():
            total[node.op] += seconds
        return dict(total)

    def summary(
        self, file: IO[str] | None = None, n_ops_to_print: int | None = None, n_apply_to_print: int | None = None
    ) -> None:
        """Print what was measured.

        Args:
            file: where; standard error by default.
            n_ops_to_print, n_apply_to_print: how many Ops and nodes are listed; by default as the flags say.
        """
        out = sys.stderr if file is None else file
        print("Function profiling\n==================", file=out)
        print(f"  Message: {self.message}", file=out)
        print(f"  Time in {self.fct_callcount} calls to Function.__call__: {self.fct_call_time:e}s", file=out)
        if self.fct_callcount:
            print(f"  Time per call: {self.fct_call_time / self.fct_callcount:e}s", file=out)
        print(f"  Total compile time: {self.compile_time:e}s", file=out)
        print(f"    Number of Apply nodes: {self.nb_nodes}", file=out)
        print(f"    Optimizer time: {self.optimizer_time:e}s", file=out)
        print(f"    Linker time: {self.linker_time:e}s", file=out)
        rows = self.kernels
        if rows:
            print("\nKernels and calls (amounts are for one call)\n-----------------", file=out)
            print(*table_lines(rows, self.fct_call_time, config.profiling.output_line_width), sep="\n", file=out)
            print(f"  The machine's limits: {self.meters[0].limits_text()}", file=out)
        if not self.apply_time:
            return
        spent = sum(self.apply_time.values()) or 1.0
        flags = config.profiling
        count = flags.n_ops if n_ops_to_print is None else n_ops_to_print
        print("\nOps\n---\n<% time> <seconds> <Op name>", file=out)
        for op, seconds in sorted(self.op_time().items(), key=lambda pair: -pair[1])[:count]:
            print(f"  {100 * seconds / spent:5.1f}%  {seconds:.3e}s  {op}"[: flags.output_line_width], file=out)
        count = flags.n_apply if n_apply_to_print is None else n_apply_to_print
        print("\nApply\n------\n<% time> <seconds> <#call> <Apply name>", file=out)
        for node, seconds in sorted(self.apply_time.items(), key=lambda pair: -pair[1])[:count]:
            line = f"  {100 * seconds / spent:5.1f}%  {seconds:.3e}s  {self.apply_callcount[node]:6d}  {node}"
            print(line[: flags.output_line_width], file=out)


def as_profile(given: Any, name: str | None) -> ProfileStats | None:
    """Return the profile that the `profile` argument of `function` means.

    Args:
        given: a profile; True or a title for a new one; False for none; None for what `config.profile` says.
        name: the title where none is given.

    Raises:
        TypeError: none of these.
    """
    if given is None:
        given = bool(config.profile)
    if given is False:
        return None
    if given is True:
        return ProfileStats(message=name)
    if isinstance(given, str):
        return ProfileStats(message=given)
    if isinstance(given, ProfileStats):
        return given
    raise TypeError(f"profile is a bool, a title or a ProfileStats, not {given!r}")


def link_profiled(link: Link, spec: FunctionSpec, profile: ProfileStats) -> Function:
    """Return a function whose calls are measured. It runs through Python, which each call pays for."""
    watched = dataclasses.replace(spec, linker=spec.linker.clone(watch=profile.watching(spec.linker.watch)))
    return Function(spec, profile.timed(make_run(link, watched)))


def register_profiler_printer(printer: Any) -> Any:
    """Let a function of (message, compile time, call time, apply time, ...) print after each summary at exit."""
    _printers.append(printer)
    return printer


def print_global_stats(file: IO[str] | None = None) -> None:
    """Print the time in the calls of all profiled functions."""
    out = sys.stderr if file is None else file
    total = sum(profile.fct_call_time for profile in _to_print)
    print(f"Global stats: time in {len(_to_print)} profiled functions: {total:e}s", file=out)


def print_profiles() -> None:
    """Print the summaries of profiles that were made to be printed at exit, where the flags say."""
    if not _to_print:
        return
    where = config.profiling.destination
    if where in ("stderr", "stdout"):
        _print_all(sys.stderr if where == "stderr" else sys.stdout)
    else:
        with open(where, "w") as file:
            _print_all(file)


def _print_all(file: IO[str]) -> None:
    for profile in _to_print:
        if profile.fct_callcount or profile.compile_time:
            profile.summary(file)
            for printer in _printers:
                printer(profile.message, profile.compile_time, profile.fct_call_time, profile.apply_time, file)
    if config.print_global_stats:
        print_global_stats(file)


atexit.register(print_profiles)
