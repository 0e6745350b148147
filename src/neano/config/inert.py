"""The groups of flags that steer what Neano does not have: CUDA kernels, a C compiler, Theano's old bugs.

They are taken and checked, so that old programs and files run as they are, and have no effect.
"""

from __future__ import annotations

import os

from neano.config.flags import BOOL, FLOAT, NO_EFFECT, OPTIONAL_BOOL, TEXT, Group, Kind, flag, group, integer, one_of

_PATTERNS = ("guess_once", "guess_on_shape_change", "time_once", "time_on_shape_change")
_RELEASES = ("0.4.1", "0.8.1", "0.8.2", "1.0", *(f"0.{n}" for n in range(3, 11)), *(f"1.0.{n}" for n in range(1, 6)))
_TRUE = Kind({True: True, "True": True, "true": True, "1": True}.__getitem__, "True")


class WarnFlags(Group):
    """Old bugs of Theano: none of them lives here, so none of these warns."""

    ignore_bug_before: str = flag(
        "0.9",
        one_of("None", "all", *_RELEASES),
        f"Warn of bugs fixed since this version {NO_EFFECT}.",
        fixed=True,
    )
    argmax_pushdown_bug: bool = flag(False, BOOL, NO_EFFECT)
    gpusum_01_011_0111_bug: bool = flag(False, BOOL, NO_EFFECT)
    sum_sum_bug: bool = flag(False, BOOL, NO_EFFECT)
    sum_div_dimshuffle_bug: bool = flag(False, BOOL, NO_EFFECT)
    subtensor_merge_bug: bool = flag(False, BOOL, NO_EFFECT)
    gpu_set_subtensor1: bool = flag(False, BOOL, NO_EFFECT)
    vm_gc_bug: bool = flag(False, BOOL, NO_EFFECT)
    signal_conv2d_interface: bool = flag(False, BOOL, NO_EFFECT)
    reduce_join: bool = flag(False, BOOL, NO_EFFECT)
    inc_set_subtensor1: bool = flag(False, BOOL, NO_EFFECT)
    round: bool = flag(False, BOOL, NO_EFFECT)
    inc_subtensor1_opt: bool = flag(True, BOOL, NO_EFFECT)
    identify_1pexp_bug: bool = flag(False, BOOL, NO_EFFECT)


class MetaoptFlags(Group):
    verbose: int = flag(0, integer(), f"Verbosity of the meta-optimizer {NO_EFFECT}.")
    optimizer_excluding: str = flag("", TEXT, f"Tags left out of it {NO_EFFECT}.")
    optimizer_including: str = flag("", TEXT, f"Tags added to it {NO_EFFECT}.")


class ExperimentalFlags(Group):
    unpickle_gpu_on_cpu: bool = flag(False, BOOL, NO_EFFECT)
    local_alloc_elemwise: bool = flag(True, _TRUE, NO_EFFECT)
    local_alloc_elemwise_assert: bool = flag(
        True, BOOL, "Check shapes where an alloc is removed before an elementwise op."
    )


class VmFlags(Group):
    lazy: bool | None = flag(None, OPTIONAL_BOOL, f"Evaluate lazily {NO_EFFECT}.")


class GpuarrayFlags(Group):
    preallocate: float = flag(0.0, FLOAT, NO_EFFECT, fixed=True)
    sched: str = flag("default", one_of("default", "multi", "single"), NO_EFFECT)
    single_stream: bool = flag(True, BOOL, NO_EFFECT)
    sync: bool = flag(False, BOOL, NO_EFFECT)
    cache_path: str = flag(
        lambda config: os.path.join(config.compiledir, "gpuarray_kernels"), TEXT, NO_EFFECT, fixed=True
    )


class CudaFlags(Group):
    root: str = flag("", TEXT, NO_EFFECT)
    include_path: str = flag("", TEXT, NO_EFFECT)


class DnnConvFlags(Group):
    workmem: str = flag("", TEXT, NO_EFFECT)
    workmem_bwd: str = flag("", TEXT, NO_EFFECT)
    algo_bwd: str = flag("", TEXT, NO_EFFECT)
    algo_fwd: str = flag(
        "small",
        one_of("small", "none", "large", "fft", "fft_tiling", "winograd", "winograd_non_fused", *_PATTERNS),
        NO_EFFECT,
    )
    algo_bwd_data: str = flag(
        "none",
        one_of("none", "deterministic", "fft", "fft_tiling", "winograd", "winograd_non_fused", *_PATTERNS),
        NO_EFFECT,
    )
    algo_bwd_filter: str = flag(
        "none",
        one_of("none", "deterministic", "fft", "small", "winograd_non_fused", "fft_tiling", *_PATTERNS),
        NO_EFFECT,
    )
    precision: str = flag(
        "as_input_f32", one_of("as_input_f32", "as_input", "float16", "float32", "float64"), NO_EFFECT
    )


class DnnFlags(Group):
    enabled: str = flag("auto", one_of("auto", "True", "False", "no_check"), NO_EFFECT)
    include_path: str = flag("", TEXT, NO_EFFECT)
    library_path: str = flag("", TEXT, NO_EFFECT)
    bin_path: str = flag("", TEXT, NO_EFFECT)
    base_path: str = flag("", TEXT, NO_EFFECT)
    conv: DnnConvFlags = group(DnnConvFlags)


class MagmaFlags(Group):
    enabled: bool = flag(False, BOOL, NO_EFFECT)
    include_path: str = flag("", TEXT, NO_EFFECT)
    library_path: str = flag("", TEXT, NO_EFFECT)


class CtcFlags(Group):
    root: str = flag("", TEXT, NO_EFFECT, fixed=True)


class GpuFlags(Group):
    local_elemwise_fusion: bool = flag(True, BOOL, NO_EFFECT)


class GpuelemwiseFlags(Group):
    sync: bool = flag(True, BOOL, NO_EFFECT)


class LibFlags(Group):
    amdlibm: bool = flag(False, BOOL, NO_EFFECT)


class GccFlags(Group):
    cxxflags: str = flag("", TEXT, NO_EFFECT)


class CmoduleFlags(Group):
    warn_no_version: bool = flag(False, BOOL, NO_EFFECT)
    remove_gxx_opt: bool = flag(False, BOOL, NO_EFFECT)
    compilation_warning: bool = flag(False, BOOL, NO_EFFECT)
    preload_cache: bool = flag(False, BOOL, NO_EFFECT, fixed=True)
    age_thresh_use: int = flag(2073600, integer(), NO_EFFECT, fixed=True)
    debug: bool = flag(False, BOOL, NO_EFFECT)


class BlasFlags(Group):
    ldflags: str = flag("", TEXT, f"BLAS comes with SciPy {NO_EFFECT}.")
    check_openmp: bool = flag(True, BOOL, NO_EFFECT)


class CompileFlags(Group):
    wait: int = flag(5, integer(1), f"Retry delay of the lock {NO_EFFECT}.", fixed=True)
    timeout: int = flag(
        lambda config: 24 * config.compile.wait, integer(0), f"Age of a stale lock {NO_EFFECT}.", fixed=True
    )
