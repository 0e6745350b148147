"""The groups of flags (`traceback.limit`, `scan.debug` ...) that steer Neano."""

from __future__ import annotations

from neano.config.flags import BOOL, FLOAT, NO_EFFECT, TEXT, Group, Kind, flag, integer, one_of

_SETERR = one_of("None", "ignore", "warn", "raise", "call", "print", "log")
_SLOPPINESS = one_of("0", "1", "2")
_STRIDES = Kind(lambda given: int(_SLOPPINESS.convert(given)), _SLOPPINESS.allowed)
_SEED = Kind(lambda given: given if given == "random" else str(int(given)), "an integer | random")


class TracebackFlags(Group):
    limit: int = flag(8, integer(), "Frames of the user's code that are kept for each variable, for error messages.")
    compile_limit: int = flag(0, integer(), "The same for variables that rewriting makes.")


class NumpyFlags(Group):
    seterr_all: str = flag("ignore", _SETERR, "numpy.seterr(all=...) at the import of theano.", fixed=True)
    seterr_divide: str = flag("None", _SETERR, "numpy.seterr(divide=...); None: as seterr_all.", fixed=True)
    seterr_over: str = flag("None", _SETERR, "numpy.seterr(over=...); None: as seterr_all.", fixed=True)
    seterr_under: str = flag("None", _SETERR, "numpy.seterr(under=...); None: as seterr_all.", fixed=True)
    seterr_invalid: str = flag("None", _SETERR, "numpy.seterr(invalid=...); None: as seterr_all.", fixed=True)


class TensorFlags(Group):
    cmp_sloppy: str = flag("0", _SLOPPINESS, "Widen the tolerances of allclose (1, 2).", fixed=True)
    local_elemwise_fusion: bool = flag(True, BOOL, "Fuse elementwise operations into one loop.")
    insert_inplace_optimizer_validate_nb: int = flag(
        -1, integer(), f"How often the in-place pass validates {NO_EFFECT}."
    )


class ProfilingFlags(Group):
    time_thunks: bool = flag(True, BOOL, "Time each node.")
    n_apply: int = flag(20, integer(1), "How many nodes a profile lists.")
    n_ops: int = flag(20, integer(1), "How many ops a profile lists.")
    output_line_width: int = flag(512, integer(1), "Longest line of a profile.")
    min_memory_size: int = flag(1024, integer(0), "Smallest result, in bytes, that a memory profile lists.")
    min_peak_memory: bool = flag(False, BOOL, "Also print the least peak of memory that any order would need.")
    destination: str = flag("stderr", TEXT, "Where profiles go: stderr, stdout or a file name.")
    debugprint: bool = flag(False, BOOL, "Print the graphs of profiled functions, too.")
    ignore_first_call: bool = flag(False, BOOL, "Leave the first call out.")


class DebugModeFlags(Group):
    patience: int = flag(10, integer(1), "How often rewriting is repeated to see that it gives the same graph.")
    check_c: bool = flag(True, BOOL, "Run the native code of each node.")
    check_py: bool = flag(True, BOOL, "Run the reference of each node.")
    check_finite: bool = flag(True, BOOL, "Refuse values that are not finite.")
    check_strides: int = flag(0, _STRIDES, "Compare strides: 1 warns, 2 raises.")
    warn_input_not_reused: bool = flag(True, BOOL, "Warn where an in-place op made a new result.")
    check_preallocated_output: str = flag(
        "", TEXT, "Kinds of output buffers to try: initial:previous:c_contiguous ... or ALL."
    )
    check_preallocated_output_ndim: int = flag(4, integer(1), "Dimensions whose strides are varied.")


class NanGuardModeFlags(Group):
    nan_is_error: bool = flag(True, BOOL, "NaN is an error.")
    inf_is_error: bool = flag(True, BOOL, "Infinity is an error.")
    big_is_error: bool = flag(True, BOOL, "A magnitude over 1e10 is an error.")
    action: str = flag("raise", one_of("raise", "warn", "pdb"), "What happens at one.")


class ScanFlags(Group):
    allow_gc: bool = flag(False, BOOL, "Free what a step computed after each step.")
    allow_output_prealloc: bool = flag(True, BOOL, "Let a step write into the outputs directly.")
    debug: bool = flag(False, BOOL, "Print more about scans.")


class OptdbFlags(Group):
    position_cutoff: float = flag(float("inf"), FLOAT, "Leave out passes at positions beyond this one.")
    max_use_ratio: float = flag(
        8.0, FLOAT, "How often, for each node, one rule may apply before rewriting gives up on it."
    )


class ConvFlags(Group):
    assert_shape: bool = flag(False, BOOL, "Check the shapes given to convolutions at run time.")


class UnittestsFlags(Group):
    rseed: str = flag("666", _SEED, "Seed of tests.")
