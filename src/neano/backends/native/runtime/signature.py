"""What an entry must know of a function: inputs, results, updates. Equal signatures have equal entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from neano.backends.native.runtime.capi import TYPE_NUMBERS


@dataclass(frozen=True, slots=True)
class Input:
    """One input.

    Attributes:
        dtype: NumPy's name, or "object" for a value that the body takes as it is.
        ndim: its rank.
        static: lengths that must hold (1 for a broadcastable dimension), None where any will do; () means all None.
        argument: whether callers can give it; False for shared variables and other implicit inputs.
        storage: whether it has a storage, which gives the value where the caller gives none.
        numbers: whether a 0-d input takes, besides arrays, NumPy scalars of its dtype and those Python floats, ints
            and bools that it holds exactly, without asking the Python side (a strict input does not).
        inexact_float: whether a float32 takes a Python float although digits may be lost.
    """

    dtype: str
    ndim: int
    static: tuple[int | None, ...] = ()
    argument: bool = True
    storage: bool = False
    numbers: bool = True
    inexact_float: bool = False

    def __post_init__(self) -> None:
        if self.dtype not in TYPE_NUMBERS and self.dtype != "object":
            raise ValueError(f"no entry takes dtype {self.dtype!r}")
        if self.static and len(self.static) != self.ndim:
            raise ValueError(f"{len(self.static)} lengths for {self.ndim} dimensions")
        if not (self.argument or self.storage):
            raise ValueError("an input that cannot be given needs a storage")


@dataclass(frozen=True, slots=True)
class Signature:
    """The calling form of a function.

    Attributes:
        inputs: explicit inputs (`argument`) in the order of positional arguments, then implicit ones.
        outputs: how many outputs the body gives.
        result: "single" (the one output itself), "list", "dict" (of the keys that the instance has).
        updates: for each new value that the body gives after the outputs, the position of the input whose storage
        takes it.
    """

    inputs: tuple[Input, ...]
    outputs: int
    result: Literal["single", "list", "dict"] = "single"
    updates: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if any(later.argument > before.argument for before, later in zip(self.inputs, self.inputs[1:], strict=False)):
            raise ValueError("explicit inputs come first")
        if self.result == "single" and self.outputs != 1:
            raise ValueError(f"a single result of {self.outputs} outputs")
        if len(set(self.updates)) != len(self.updates) or any(not self.inputs[k].storage for k in self.updates):
            raise ValueError("updates go to the storages of different inputs")

    @property
    def explicit(self) -> int:
        """How many inputs callers can give."""
        return sum(each.argument for each in self.inputs)

    @property
    def required(self) -> int:
        """How many positional arguments a call must have at least."""
        return max((k + 1 for k, each in enumerate(self.inputs) if each.argument and not each.storage), default=0)

    def storage_index(self, position: int) -> int:
        """The position of an input's storage among all storages."""
        return sum(each.storage for each in self.inputs[:position])
