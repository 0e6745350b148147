"""`MonitorMode`: a user's functions are called before and after each node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neano.compile.mode import Linker, Mode, predefined_linkers

Hook = Callable[[int, Any, Any], None]


class MonitorMode(Mode):
    """Runs on the reference backend, node by node.

    Args:
        pre_func, post_func: called as `hook(i, node, fn)` before and after each node, with its place in the order of
            execution; `fn.inputs` and `fn.outputs` are lists of lists of one value.
        optimizer: see `Mode`.
        linker: taken for compatibility.
    """

    def __init__(
        self,
        pre_func: Hook | None = None,
        post_func: Hook | None = None,
        optimizer: Any = "default",
        linker: Any = None,
    ) -> None:
        super().__init__("py", optimizer)
        self.pre_func = pre_func
        self.post_func = post_func
        self.provided_linker = linker
        given = predefined_linkers["py"] if not isinstance(linker, Linker) else linker
        self.linker = given.clone(backend="reference", watch=self.eval)

    def eval(self, i: int, node: Any, fn: Any) -> None:
        """Compute a node between the two hooks."""
        if self.pre_func is not None:
            self.pre_func(i, node, fn)
        fn()
        if self.post_func is not None:
            self.post_func(i, node, fn)


def detect_nan(i: int, node: Any, fn: Any) -> None:
    """Print a node that gives NaN, with its inputs and outputs; for `post_func`."""
    for cell in fn.outputs:
        value = cell[0]
        if isinstance(value, np.ndarray) and value.dtype.kind in "fc" and np.isnan(value).any():
            print("*** NaN detected ***")
            print(f"{i}: {node}")
            print(f"Inputs : {[given[0] for given in fn.inputs]}")
            print(f"Outputs: {[made[0] for made in fn.outputs]}")
            break
