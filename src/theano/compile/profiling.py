"""`theano.compile.profiling`."""

from neano.compile.profiling import ProfileStats, print_global_stats, register_profiler_printer
