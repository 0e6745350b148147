"""`NanGuardMode`: every value of a call is looked at; NaN, infinity or a huge number is an error where it comes up."""

from __future__ import annotations

import logging
import pdb
from typing import Any

import numpy as np

from neano.compile.mode import Mode, mode_factories, predefined_linkers
from neano.config import config
from neano.graph.printing import graph_text
from neano.graph.trace import creation_text
from neano.graph.variable import Constant, Variable

_log = logging.getLogger("neano.compile.nan_guard_mode")

HUGE = 1e10
"""The largest magnitude that is no error under `big_is_error`."""


def _numbers(value: Any) -> Any:
    """Return a value as an array where it can hold NaN, infinity or huge numbers; None for others."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "fc" and value.size:
        return value
    return None


def contains_nan(arr: Any, node: Any = None, var: Any = None) -> bool:
    """Say whether a value holds NaN."""
    array = _numbers(arr)
    return array is not None and bool(np.isnan(array).any())


def contains_inf(arr: Any, node: Any = None, var: Any = None) -> bool:
    """Say whether a value holds an infinity."""
    array = _numbers(arr)
    return array is not None and bool(np.isinf(array).any())


def contains_huge(arr: Any) -> bool:
    """Say whether a value holds a number of magnitude over 1e10."""
    array = _numbers(arr)
    if array is None:
        return False
    with np.errstate(all="ignore"):
        return bool((np.abs(array) > HUGE).any())


class NanGuardMode(Mode):
    """Runs on the reference backend and raises AssertionError at the first bad value.

    Args:
        nan_is_error, inf_is_error, big_is_error: what is bad; by default as the flags `NanGuardMode.*` say.
        optimizer: see `Mode`.
        linker: taken for compatibility.
    """

    def __init__(
        self,
        nan_is_error: bool | None = None,
        inf_is_error: bool | None = None,
        big_is_error: bool | None = None,
        optimizer: Any = "default",
        linker: Any = None,
    ) -> None:
        super().__init__("py", optimizer)
        flags = config.NanGuardMode
        self.nan_is_error = flags.nan_is_error if nan_is_error is None else nan_is_error
        self.inf_is_error = flags.inf_is_error if inf_is_error is None else inf_is_error
        self.big_is_error = flags.big_is_error if big_is_error is None else big_is_error
        if not (self.nan_is_error or self.inf_is_error or self.big_is_error):
            raise ValueError("a NanGuardMode must look for something: NaN, infinities or huge numbers")
        self.linker = predefined_linkers["py"].clone(watch=self._watch)

    def _watch(self, i: int, node: Any, fn: Any) -> None:
        for variable, cell in zip(node.inputs, fn.inputs, strict=True):
            if variable.owner is None and not isinstance(variable, Constant):
                self._check(variable, cell[0], None)
        fn()
        for variable, cell in zip(node.outputs, fn.outputs, strict=True):
            self._check(variable, cell[0], node)

    def _check(self, variable: Variable, value: Any, node: Any) -> None:
        found = [
            text
            for wanted, holds, text in (
                (self.nan_is_error, contains_nan, "NaN detected"),
                (self.inf_is_error, contains_inf, "Inf detected"),
                (self.big_is_error, contains_huge, "Big value detected"),
            )
            if wanted and holds(value)
        ]
        if not found:
            return
        if node is None:
            found.append(f"NanGuardMode found an error in an input of the graph: {variable}.{creation_text(variable)}")
        else:
            found.append("NanGuardMode found an error in the output of a node in this variable:")
            found.append(graph_text(variable))
        message = "\n".join(found)
        if config.NanGuardMode.action == "raise":
            raise AssertionError(message)
        if config.NanGuardMode.action == "pdb":
            print(message)
            pdb.set_trace()
        else:
            _log.error(message)


mode_factories["NanGuardMode"] = lambda: NanGuardMode(True, True, True)
