"""What users write: `x[...]`, `set_subtensor(x[...], y)` and `inc_subtensor(x[...], y)`.

`getitem` sorts the entries of an index as NumPy does, and picks the Op: `Subtensor` for integers and slices,
`AdvancedSubtensor1` for one vector among whole dimensions, `AdvancedSubtensor` for the rest. Masks become the positions
where they are true.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neano.graph.variable import Variable
from neano.scalar.dtypes import is_discrete
from neano.scalar.type import Scalar, ScalarVariable
from neano.tensor.advanced_subtensor import AdvancedIncSubtensor, AdvancedSubtensor
from neano.tensor.convert import AsTensorError, as_tensor_variable
from neano.tensor.creation import alloc
from neano.tensor.elemwise import DimShuffle, pad_left
from neano.tensor.index_list import ARRAY, FRESH, parts
from neano.tensor.nonzero import mask_positions
from neano.tensor.scalar_bridge import scalar_from_tensor
from neano.tensor.shape import Reshape, reshape, shape_i
from neano.tensor.subtensor import IncSubtensor, Subtensor
from neano.tensor.take_rows import AdvancedIncSubtensor1, AdvancedSubtensor1, advanced_subtensor1

_BOOLS = (
    "TensorType does not support Python bools for indexing, such as tensor[[True, False]]. To use a boolean mask, "
    "convert the mask to a NumPy array first, e.g., tensor[numpy.array([True, False])]."
)


def getitem(x: Any, args: Any) -> Any:
    """Return the part of a tensor that an index names.

    Args:
        x: a tensor.
        args: what stands in the brackets: integers, slices, None, one Ellipsis, integer tensors, arrays and lists
            (combined as NumPy does), boolean arrays and tensors.

    Raises:
        TypeError: an entry is neither an integer nor a mask; Python bools, alone or in lists.
        IndexError: too many entries, two ellipses, or (at run time) an index that is out of range or a mask that does
            not fit.
    """
    x = as_tensor_variable(x)
    entries = [_entry(arg) for arg in (args if isinstance(args, tuple) else (args,))]
    entries = _without_ellipsis(entries, x.ndim)
    if not any(_is_array(entry) for entry in entries):
        return _basic(x, entries)
    whole = [isinstance(entry, slice) and entry == slice(None) for entry in entries]
    arrays = [axis for axis, entry in enumerate(entries) if _is_array(entry)]
    if len(arrays) == 1 and sum(whole) == len(entries) - 1 and entries[arrays[0]].ndim == 1:
        array = entries[arrays[0]]
        rows = mask_positions(array, [_length(x, arrays[0])])[0] if array.dtype == "bool" else array
        return take_along(x, rows, arrays[0])
    return _advanced(x, entries)


def take_along(x: Any, indices: Any, axis: int) -> Any:
    """Return the elements of one dimension that an integer vector names."""
    if axis == 0:
        return advanced_subtensor1(x, indices)
    order = list(range(x.ndim))
    order[0], order[axis] = axis, 0
    return advanced_subtensor1(x.dimshuffle(*order), indices).dimshuffle(*order)


def _entry(arg: Any) -> Any:
    """Return an entry of an index as None, Ellipsis, a slice of scalars, a scalar or a tensor (integers or a mask)."""
    if arg is None or arg is Ellipsis:
        return arg
    if isinstance(arg, slice):
        return slice(*[None if part is None else _slice_part(part) for part in parts(arg)])
    if _has_python_bool(arg):
        raise TypeError(_BOOLS)
    if isinstance(arg, (int, np.integer)):
        return _integer(int(arg))
    if isinstance(arg, ScalarVariable):
        return _check_integer(arg)
    if isinstance(arg, (list, tuple)) and len(arg) == 0:
        arg = np.zeros(0, dtype="int64")
    if isinstance(arg, (str, bytes, float)):
        raise TypeError("index must be integers or a boolean mask")
    try:
        tensor = as_tensor_variable(arg)
    except AsTensorError as error:
        raise TypeError(f"index must be integers or a boolean mask, not {arg!r}") from error
    if not is_discrete(tensor.dtype):
        raise TypeError(f"Expected an integer or a boolean mask as an index, not {tensor} of dtype {tensor.dtype}")
    if tensor.ndim == 0 and tensor.dtype != "bool":
        return scalar_from_tensor(tensor)
    return tensor


def _has_python_bool(arg: Any) -> bool:
    if isinstance(arg, (list, tuple)):
        return any(map(_has_python_bool, arg))
    return isinstance(arg, (bool, np.bool_))


def _integer(value: int) -> Any:
    if not -(2**63) <= value < 2**63:
        raise IndexError(f"the index {value} does not fit into 64 bits")
    return Scalar("int64").make_constant(np.int64(value))


def _slice_part(part: Any) -> Any:
    """Return a part of a slice as a scalar variable.

    Raises:
        TypeError: it is not an integer.
    """
    if isinstance(part, (int, np.integer)):
        return _integer(max(min(int(part), 2**63 - 1), -(2**63)))
    if isinstance(part, ScalarVariable):
        return _check_integer(part)
    if isinstance(part, (Variable, np.ndarray)) or hasattr(part, "_as_TensorVariable"):
        tensor = as_tensor_variable(part)
        if tensor.ndim == 0:
            return _check_integer(scalar_from_tensor(tensor))
    raise TypeError(f"the parts of a slice must be integers, not {part!r}")


def _check_integer(scalar: Any) -> Any:
    if not is_discrete(scalar.dtype) or scalar.dtype == "bool":
        raise TypeError(f"Expected an integer, not {scalar} of dtype {scalar.dtype}")
    return scalar


def _is_array(entry: Any) -> bool:
    """Say whether an entry makes an index advanced."""
    return isinstance(entry, Variable) and not isinstance(entry, ScalarVariable)


def _consumed(entry: Any) -> int:
    """Return how many dimensions an entry stands for."""
    if entry is None or entry is Ellipsis:
        return 0
    return int(entry.ndim) if _is_array(entry) and entry.dtype == "bool" else 1


def _without_ellipsis(entries: list[Any], rank: int) -> list[Any]:
    """Return the entries with whole slices where an ellipsis stood.

    Raises:
        IndexError: two ellipses, or more entries than dimensions.
    """
    places = [i for i, entry in enumerate(entries) if entry is Ellipsis]
    if len(places) > 1:
        raise IndexError("an index can only have a single Ellipsis (`...`)")
    consumed = sum(map(_consumed, entries))
    if consumed > rank:
        raise IndexError(f"too many indices for array: it has {rank} dimensions, {consumed} were indexed")
    if not places:
        return entries
    (place,) = places
    return [*entries[:place], *[slice(None)] * (rank - consumed), *entries[place + 1 :]]


def _flat(entries: Sequence[Any]) -> list[Any]:
    """Return the variables of an index, in the order in which an index list takes them."""
    flat: list[Any] = []
    for entry in entries:
        if isinstance(entry, slice):
            flat.extend(part for part in parts(entry) if part is not None)
        elif isinstance(entry, Variable):
            flat.append(entry)
    return flat


def _basic(x: Any, entries: list[Any]) -> Any:
    """Return `x` indexed by integers, slices and new dimensions."""
    if None in entries:
        axes = iter(range(x.ndim))
        order = ["x" if entry is None else next(axes) for entry in entries]
        x = x.dimshuffle(*order, *axes)
        entries = [slice(None) if entry is None else entry for entry in entries]
        if all(isinstance(entry, slice) and entry == slice(None) for entry in entries):
            return x
    return Subtensor(entries)(x, *_flat(entries))


def _length(x: Any, axis: int) -> Any:
    """Return a length of a tensor: an int where it is known, else a 0-d int64 tensor."""
    known = x.type.shape[axis]
    return shape_i(x, axis) if known is None else known


def _advanced(x: Any, entries: list[Any]) -> Any:
    """Return `x` indexed by integers, slices, new dimensions, integer tensors and masks."""
    idx_list: list[Any] = []
    inputs: list[Any] = []
    axis = 0
    for entry in entries:
        if _is_array(entry) and entry.dtype == "bool":
            arrays = _mask_arrays(x, entry, axis)
            idx_list += [ARRAY] * len(arrays) if entry.ndim else [FRESH]
        elif _is_array(entry):
            arrays = [entry]
            idx_list.append(ARRAY)
        else:
            arrays = _flat([entry])
            idx_list.append(entry)
        inputs += arrays
        axis += _consumed(entry)
    return AdvancedSubtensor(idx_list)(x, *inputs)


def _mask_arrays(x: Any, mask: Any, axis: int) -> list[Any]:
    """Return the vectors of positions that stand for a mask of the dimensions of `x` from `axis` on."""
    if mask.ndim == 0:
        return mask_positions(mask.dimshuffle("x"), [1])
    return mask_positions(mask, [_length(x, axis + i) for i in range(mask.ndim)])


def set_subtensor(x: Any, y: Any, inplace: bool = False, tolerate_inplace_aliasing: bool = False) -> Any:
    """Return a copy of a tensor with a part replaced: `set_subtensor(a[1:3], 7)` is `a` after `a[1:3] = 7`.

    Args:
        x: the part: an indexed tensor, or a dimshuffle, reshape or take of one.
        y: the new value, which broadcasts to the part and is converted to its dtype.
        inplace: overwrite the tensor itself (such Ops are for the optimiser; functions refuse them unless told).
        tolerate_inplace_aliasing: let `y` share memory with what is overwritten.

    Raises:
        TypeError: `x` is not part of a tensor, or `y` has more dimensions than it.
    """
    return inc_subtensor(x, y, inplace, True, tolerate_inplace_aliasing)


def inc_subtensor(
    x: Any,
    y: Any,
    inplace: bool = False,
    set_instead_of_inc: bool = False,
    tolerate_inplace_aliasing: bool = False,
) -> Any:
    """Return a copy of a tensor with a part raised: `inc_subtensor(a[1:3], 7)` is `a` after `a[1:3] += 7`.

    Where integer tensors name an element more than once, all its increments count.

    Args:
        x: the part: an indexed tensor, or a dimshuffle, reshape or take of one.
        y: the increment, which broadcasts to the part and is converted to its dtype.
        inplace: overwrite the tensor itself.
        set_instead_of_inc: set, as `set_subtensor` does.
        tolerate_inplace_aliasing: let `y` share memory with what is overwritten.

    Raises:
        TypeError: `x` is not part of a tensor, or `y` has more dimensions than it.
    """
    x, y = as_tensor_variable(x), as_tensor_variable(y)
    if y.ndim > x.ndim:
        raise TypeError(f"Trying to increment a {x.ndim}-dimensional subtensor with a {y.ndim}-dimensional value.")
    if x.owner is None:
        raise TypeError("x must be the result of a subtensor operation")
    _refuse_stretching(x, y)
    update = _updates.get(type(x.owner.op))
    if update is None:
        raise TypeError("x must be the result of a subtensor operation")
    return update(x, y, inplace, set_instead_of_inc, tolerate_inplace_aliasing)


def _refuse_stretching(part: Any, y: Any) -> None:
    """Refuse a value that would stretch the part rather than be stretched to it."""
    for axis in range(y.ndim):
        if part.type.broadcastable[part.ndim - y.ndim + axis] and y.type.shape[axis] not in (None, 1):
            raise ValueError(f"a value of shape {y.type.shape} does not fit into a part of shape {part.type.shape}")


def _update_basic(x: Any, y: Any, inplace: bool, set_it: bool, tolerate: bool) -> Any:
    op, (base, *index) = x.owner.op, x.owner.inputs
    aliased = [(0, 1)] if tolerate else []
    return IncSubtensor(op.idx_list, inplace, set_it, destroyhandler_tolerate_aliased=aliased)(base, y, *index)


def _update_rows(x: Any, y: Any, inplace: bool, set_it: bool, tolerate: bool) -> Any:
    base, rows = x.owner.inputs
    return AdvancedIncSubtensor1(inplace, set_it)(base, y, rows)


def _update_advanced(x: Any, y: Any, inplace: bool, set_it: bool, tolerate: bool) -> Any:
    op, (base, *index) = x.owner.op, x.owner.inputs
    return AdvancedIncSubtensor(op.idx_list, inplace, set_it)(base, y, *index)


def _update_dimshuffle(x: Any, y: Any, inplace: bool, set_it: bool, tolerate: bool) -> Any:
    """Update what was reordered by the value reordered back, and return the whole in the order of `x`.

    A part of fewer dimensions than its base says nothing of the others' order: the base comes back in its own.
    """
    op, (inner,) = x.owner.op, x.owner.inputs
    y = pad_left(y, x.ndim)
    back: list[Any] = ["x"] * inner.ndim
    for position, axis in enumerate(op.new_order):
        if axis != "x":
            back[axis] = position
    updated = inc_subtensor(inner, y.dimshuffle(*back), inplace, set_it, tolerate)
    return DimShuffle(updated.type.broadcastable, op.new_order)(updated) if updated.ndim == inner.ndim else updated


def _update_reshape(x: Any, y: Any, inplace: bool, set_it: bool, tolerate: bool) -> Any:
    """Update what was reshaped by the value stretched to `x` and reshaped back; the result is in the base's shape."""
    inner = x.owner.inputs[0]
    fits = y.type.shape == x.type.shape and None not in y.type.shape
    full = y if fits else alloc(y, *[shape_i(x, i) for i in range(x.ndim)])
    return inc_subtensor(inner, reshape(full, inner.shape, ndim=inner.ndim), inplace, set_it, tolerate)


_updates: dict[type, Callable[[Any, Any, bool, bool, bool], Any]] = {
    Subtensor: _update_basic,
    AdvancedSubtensor1: _update_rows,
    AdvancedSubtensor: _update_advanced,
    DimShuffle: _update_dimshuffle,
    Reshape: _update_reshape,
}
"""How a part of a tensor is updated, by the Op that made it."""
