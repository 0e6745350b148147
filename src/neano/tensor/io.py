"""`load`: an array from a file, read anew at each call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.errors import ShapeError
from neano.graph.generic import generic
from neano.graph.op import Op
from neano.graph.variable import Apply, Constant, Variable
from neano.tensor.type import TensorType


class LoadFromDisk(Op):
    """The array in an npy file: `LoadFromDisk(dtype, broadcastable)(path)`.

    Args:
        dtype, broadcastable: the array's.
        mmap_mode: None to read the file, or 'c' to map it into memory, where changes stay private.

    Raises:
        ValueError: another `mmap_mode`.
        TypeError: (at run time) the file holds an array of another dtype or rank.
    """

    __props__ = ("dtype", "broadcastable", "mmap_mode")

    def __init__(self, dtype: Any, broadcastable: Sequence[bool], mmap_mode: str | None = None) -> None:
        if mmap_mode not in (None, "c"):
            raise ValueError(f"the mode is None or 'c' (changes stay private), not {mmap_mode!r}")
        self.dtype = np.dtype(dtype).name
        self.broadcastable = tuple(map(bool, broadcastable))
        self.mmap_mode: Any = mmap_mode

    def make_node(self, path: Any) -> Apply:
        where = path if isinstance(path, Variable) else Constant(generic, str(path))
        return Apply(self, [where], [TensorType(self.dtype, self.broadcastable)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        output_storage[0][0] = node.outputs[0].type.filter(np.load(inputs[0], mmap_mode=self.mmap_mode), strict=True)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        raise ShapeError("the shape of an array in a file is known when it is read")

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[False]]

    def do_constant_folding(self, node: Apply) -> bool:
        return False


def load(path: Any, dtype: Any, broadcastable: Sequence[bool], mmap_mode: str | None = None) -> Any:
    """Return the array in an npy file, read anew at each call.

    Args:
        path: the file's name.
        dtype, broadcastable: the array's.
        mmap_mode: None to read the file, or 'c' to map it into memory, where changes stay private.
    """
    return LoadFromDisk(dtype, broadcastable, mmap_mode)(path)
