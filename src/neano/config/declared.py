"""`Config`: the table of all flags, with the names, defaults and allowed values of Theano 1.0, and Neano's own."""

from __future__ import annotations

import os
import platform
import sys
from typing import Any

from neano.config import groups, inert
from neano.config.flags import BOOL, NO_EFFECT, TEXT, Group, Kind, flag, group, integer, one_of
from neano.config.sources import substitute

_ACTION = one_of("ignore", "warn", "raise", "pdb")
_TEST_VALUES = one_of("off", "ignore", "warn", "raise", "pdb")
_LINKERS = one_of("cvm", "c|py", "py", "c", "c|py_nogc", "vm", "vm_nogc", "cvm_nogc")
_OPTIMIZERS = one_of("o4", "o3", "o2", "o1", "unsafe", "fast_run", "fast_compile", "merge", "None")
_MODES = one_of("Mode", "FAST_RUN", "FAST_COMPILE", "DebugMode", "DEBUG_MODE", "NanGuardMode")


def _to_mode(given: Any) -> Any:
    return _MODES.convert(given) if isinstance(given, str) or given is None else given


def _to_device(given: Any) -> str:
    if not str(given).startswith(("cpu", "cuda", "opencl")):
        raise ValueError(given)
    return str(given)


def _to_directory(given: str | os.PathLike[str]) -> str:
    return os.path.abspath(os.path.expanduser(os.fspath(given)))


def _user_cache_directory(config: Any) -> str:
    """Return where this platform keeps what may be deleted at any time."""
    if sys.platform == "win32":
        return _to_directory(os.path.join(os.environ.get("LOCALAPPDATA", "~/AppData/Local"), "neano", "Cache"))
    if sys.platform == "darwin":
        return _to_directory("~/Library/Caches/neano")
    return _to_directory(os.path.join(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "neano"))


def _compile_directory(config: Any) -> str:
    if not config.compiledir_format:
        return str(config.base_compiledir)
    names = {
        "short_platform": sys.platform,
        "platform": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "python_version": platform.python_version(),
        "python_bitwidth": str(sys.maxsize.bit_length() + 1),
        "hostname": platform.node(),
        "device": config.device,
    }
    return os.path.join(config.base_compiledir, substitute(config.compiledir_format, names))


_MODE = Kind(_to_mode, f"a Mode or one of {_MODES.allowed}")
_DEVICE = Kind(_to_device, "cpu | cuda* | opencl*")
_DEVICE_OR_NONE = Kind(lambda given: given and _to_device(given), f"'' | {_DEVICE.allowed}")
_DIRECTORY = Kind(_to_directory, "a directory")


class Config(Group):
    """All flags. Use the instance `neano.config.config`."""

    # What a graph means
    floatX: str = flag("float64", one_of("float64", "float32", "float16"), "The dtype of floats that name none.")
    warn_float64: str = flag("ignore", _ACTION, "What happens where a float64 variable is made.")
    cast_policy: str = flag("custom", one_of("custom", "numpy+floatX"), "Which dtypes constants and results get.")
    int_division: str = flag(
        "int", one_of("int", "raise", "floatX"), "What int / int gives in div_proxy and for scalars."
    )
    deterministic: str = flag("default", one_of("default", "more"), "Prefer implementations that repeat bit for bit.")
    compute_test_value: str = flag("off", _TEST_VALUES, "Compute each new node on its inputs' tag.test_value.")
    compute_test_value_opt: str = flag("off", _TEST_VALUES, "The same for nodes that rewriting makes.")
    print_test_value: bool = flag(False, BOOL, "Show the test value in the repr of a variable.")
    pickle_test_value: bool = flag(True, BOOL, "Keep test values when variables are pickled.")

    # How it is compiled
    mode: Any = flag("Mode", _MODE, "The mode of functions that name none.")
    linker: str = flag("cvm", _LINKERS, "The linker of mode 'Mode': py runs op by op with NumPy, all others natively.")
    optimizer: str = flag("o4", _OPTIMIZERS, "The rewriting of mode 'Mode'.")
    optimizer_verbose: bool = flag(False, BOOL, "Print each rewriting.")
    optimizer_excluding: str = flag("", TEXT, "Tags, separated by ':', left out of the default mode.", fixed=True)
    optimizer_including: str = flag("", TEXT, "Tags, separated by ':', added to the default mode.", fixed=True)
    optimizer_requiring: str = flag(
        "", TEXT, "Tags, separated by ':', that rules of the default mode must have.", fixed=True
    )
    on_opt_error: str = flag("warn", one_of("warn", "raise", "pdb", "ignore"), "What happens where a rewriting fails.")
    on_shape_error: str = flag("warn", one_of("warn", "raise"), "What happens where infer_shape fails.")
    on_unused_input: str = flag(
        "raise", one_of("raise", "warn", "ignore"), "What happens at an input that nothing reads."
    )
    cycle_detection: str = flag(
        "regular", one_of("regular", "fast"), f"How the in-place pass looks for cycles {NO_EFFECT}."
    )
    check_stack_trace: str = flag(
        "off", one_of("off", "log", "warn", "raise"), "Whether rewriting must keep stack traces."
    )
    cache_optimizations: bool = flag(False, BOOL, f"Keep rewritten graphs on disk {NO_EFFECT}.")
    unpickle_function: bool = flag(True, BOOL, "False: a pickled function loads as None.")
    reoptimize_unpickled_function: bool = flag(False, BOOL, "Rewrite the graph of an unpickled function again.")

    # How it runs
    backend: str = flag(
        "native", one_of("native", "reference", "xla"), "What runs functions whose mode names no backend."
    )
    device: str = flag("cpu", _DEVICE, "Where functions run; cuda means the XLA backend.", fixed=True)
    init_gpu_device: str = flag("", _DEVICE_OR_NONE, f"A device to initialise only {NO_EFFECT}.")
    force_device: bool = flag(False, BOOL, "Whether a device that is not there is an error.", fixed=True)
    print_active_device: bool = flag(True, BOOL, "Print the device when it is first used.", fixed=True)
    contexts: str = flag("", TEXT, "Several devices: name->device;name->device.")
    assert_no_cpu_op: str = flag("ignore", _ACTION, f"What happens at a node that stays on the CPU {NO_EFFECT}.")
    threads: int = flag(
        lambda config: os.environ.get("NEANO_NUM_THREADS", "0"),
        integer(0),
        "Threads of a call; 0: OMP_NUM_THREADS, or as many as this process may use.",
    )
    openmp: bool = flag(False, BOOL, "Run loops on the threads of an OpenMP runtime rather than on Neano's own.")
    openmp_runtime: str = flag(
        "", TEXT, "The library of openmp, by name or path; by default one that is loaded, else the system's."
    )
    openmp_elemwise_minsize: int = flag(
        200000, integer(0), f"Fewest elements that threads share {NO_EFFECT}; an estimate of the work decides."
    )
    vector_bits: int = flag(
        512, integer(256), "The widest vectors in bits, up to the processor's; 256 leaves AVX-512 out.", fixed=True
    )
    fma: bool = flag(True, BOOL, "Contract a*b + c to one rounding, as C compilers do.")
    allow_gc: bool = flag(True, BOOL, "Free intermediate values during a call where nodes run one by one.")
    check_input: bool = flag(True, BOOL, f"Check inputs in C code {NO_EFFECT}; arguments are always checked.")
    check_stages: bool = flag(False, BOOL, "Verify graph, schedule and loops after each pass of the compiler.")
    exception_verbosity: str = flag("low", one_of("low", "high"), "How much an error at run time tells.")

    # Profiles
    profile: bool = flag(False, BOOL, "Profile functions and print it at exit.")
    profile_optimizer: bool = flag(False, BOOL, "Profile rewriting, too.")
    profile_memory: bool = flag(False, BOOL, "Profile memory, too.")
    print_global_stats: bool = flag(False, BOOL, "Print the time spent in functions at exit.")

    # Files. Each default rests on the one before
    base_compiledir: str = flag(_user_cache_directory, _DIRECTORY, "Where compiledir lies.", fixed=True)
    compiledir_format: str = flag(
        "", TEXT, "Name of a directory inside base_compiledir; may say %(hostname)s.", fixed=True
    )
    compiledir: str = flag(
        _compile_directory,
        _DIRECTORY,
        "Where compiled code is kept, under Theano's name.",
        fixed=True,
    )
    cache_dir: str = flag(
        lambda config: os.environ.get("NEANO_CACHE_DIR") or config.compiledir,
        _DIRECTORY,
        "Where compiled code is kept.",
    )
    cache_size: int = flag(
        512 * 2**20, integer(0), "Bytes that it may take; what was used longest ago goes first. 0: keep nothing."
    )
    cache_functions: bool = flag(
        True, BOOL, "Know functions of earlier processes by their graphs, and neither rewrite nor schedule them again."
    )
    nocleanup: bool = flag(False, BOOL, f"Keep failed C sources {NO_EFFECT}.")
    cxx: str = flag("", TEXT, f"The C++ compiler {NO_EFFECT}.")

    traceback: groups.TracebackFlags = group(groups.TracebackFlags)
    numpy: groups.NumpyFlags = group(groups.NumpyFlags)
    tensor: groups.TensorFlags = group(groups.TensorFlags)
    conv: groups.ConvFlags = group(groups.ConvFlags)
    scan: groups.ScanFlags = group(groups.ScanFlags)
    optdb: groups.OptdbFlags = group(groups.OptdbFlags)
    profiling: groups.ProfilingFlags = group(groups.ProfilingFlags)
    DebugMode: groups.DebugModeFlags = group(groups.DebugModeFlags)
    NanGuardMode: groups.NanGuardModeFlags = group(groups.NanGuardModeFlags)
    unittests: groups.UnittestsFlags = group(groups.UnittestsFlags)

    warn: inert.WarnFlags = group(inert.WarnFlags)
    experimental: inert.ExperimentalFlags = group(inert.ExperimentalFlags)
    metaopt: inert.MetaoptFlags = group(inert.MetaoptFlags)
    vm: inert.VmFlags = group(inert.VmFlags)
    gpuarray: inert.GpuarrayFlags = group(inert.GpuarrayFlags)
    cuda: inert.CudaFlags = group(inert.CudaFlags)
    dnn: inert.DnnFlags = group(inert.DnnFlags)
    magma: inert.MagmaFlags = group(inert.MagmaFlags)
    ctc: inert.CtcFlags = group(inert.CtcFlags)
    gpu: inert.GpuFlags = group(inert.GpuFlags)
    gpuelemwise: inert.GpuelemwiseFlags = group(inert.GpuelemwiseFlags)
    lib: inert.LibFlags = group(inert.LibFlags)
    gcc: inert.GccFlags = group(inert.GccFlags)
    cmodule: inert.CmoduleFlags = group(inert.CmoduleFlags)
    blas: inert.BlasFlags = group(inert.BlasFlags)
    compile: inert.CompileFlags = group(inert.CompileFlags)

    def __init__(self, settings: dict[str, str] | None = None) -> None:
        super().__init__()
        given = dict(settings or {})
        self.__dict__["_unused"] = given
        for path, holder, name, declared in self.walk():
            self._set_first(path, holder, name, declared)

    _unused: dict[str, str]

    def _set_first(self, path: str, holder: Group, name: str, declared: Any) -> None:
        """Give a flag its first value: what environment and files say, or its default."""
        default = declared.default
        value = self._unused.pop(path, None)
        if value is None:
            value = default(self) if callable(default) else default
        holder.__dict__[name] = declared.convert(path, value)
