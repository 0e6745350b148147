"""From graphs to functions: `function()` and what it takes and gives, modes, shared variables, Ops made of graphs.

The way of a function: `function` checks what the user gave; `rebuild` copies the graph with givens put in and updates
collected; `FunctionMaker` has it rewritten as the `Mode` says and puts copies where results would share memory; a
backend, found by name in `linkers`, makes it run; `FunctionMethods` is what users see of the result.
"""

import neano.compile.evaluate
import neano.compile.test_values  # noqa: F401 - sets a hook, as the one before
from neano.compile.as_op import FromFunctionOp, as_op
from neano.compile.debug_mode import DebugMode
from neano.compile.function import function, orig_function
from neano.compile.function_maker import FunctionMaker
from neano.compile.function_object import Function
from neano.compile.function_pickle import AliasedMemoryError
from neano.compile.io import In, Out, Param, SymbolicInput, SymbolicOutput
from neano.compile.mode import (
    FAST_COMPILE,
    FAST_RUN,
    Linker,
    Mode,
    get_default_mode,
    get_mode,
    register_linker,
    register_mode,
    register_optimizer,
)
from neano.compile.monitor_mode import MonitorMode
from neano.compile.nan_guard_mode import NanGuardMode
from neano.compile.op_from_graph import OpFromGraph
from neano.compile.ops import DeepCopyOp, ViewOp, deep_copy_op, view_op
from neano.compile.rebuild import clone, rebuild_collect_shared
from neano.compile.shared import SharedVariable, shared, shared_constructor

__all__ = [
    "FAST_COMPILE",
    "FAST_RUN",
    "AliasedMemoryError",
    "DebugMode",
    "DeepCopyOp",
    "FromFunctionOp",
    "Function",
    "FunctionMaker",
    "In",
    "Linker",
    "Mode",
    "MonitorMode",
    "NanGuardMode",
    "OpFromGraph",
    "Out",
    "Param",
    "SharedVariable",
    "SymbolicInput",
    "SymbolicOutput",
    "ViewOp",
    "as_op",
    "clone",
    "deep_copy_op",
    "function",
    "get_default_mode",
    "get_mode",
    "orig_function",
    "rebuild_collect_shared",
    "register_linker",
    "register_mode",
    "register_optimizer",
    "shared",
    "shared_constructor",
    "view_op",
]
