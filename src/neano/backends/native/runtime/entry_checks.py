"""The part of an entry that decides whether a value fits an input, and fills the input's descriptor.

An ndarray fits by its exact type, its dtype object, rank, alignment and declared lengths; arrays whose dtype is
another object of the same meaning are found out by a helper. A 0-d input takes NumPy's scalars of its dtype and
Python's numbers that it can hold exactly without an array being made.
"""

from __future__ import annotations

from neano.backends.native.runtime import abi
from neano.backends.native.runtime.capi import TYPE_NUMBERS
from neano.backends.native.runtime.ir_text import Lines
from neano.backends.native.runtime.signature import Input, Signature

UNFIT = "unfit"
"""The block to which a value that does not fit leads, with the input's position."""

_INTEGERS = {f"{sign}int{bits}": bits for sign in ("", "u") for bits in (8, 16, 32, 64)}
_EXACT_BITS = {"float32": 24, "float64": 53}


def check_declarations(signature: Signature) -> str:
    """Return the declarations that the checks of all inputs need."""
    dtypes = sorted({each.dtype for each in signature.inputs} - {"object"})
    names = ["PyArray_Type", "PyFloat_Type", "PyLong_Type", "_Py_TrueStruct", "_Py_FalseStruct"]
    names += [f'"{family}.{dtype}"' for dtype in dtypes for family in ("descr", "scalar")]
    return (
        "\n".join(f"@{name} = external global i8" for name in names)
        + """
declare i1 @neano_array_fits(ptr, i32, i32, i32)
declare i1 @neano_integer(ptr, i64, i64, ptr)
"""
    )


def check_input(lines: Lines, position: int, given: Input, value: str) -> None:
    """Check one value: on return the current block is one where it fits and its descriptor is filled."""
    if given.dtype == "object":
        lines.store("ptr", value, "%inputs", position * abi.INPUT_SIZE + abi.INPUT_OBJECT)
        return
    takes_numbers = given.ndim == 0 and given.numbers
    lines.load(f"%type.{position}", "ptr", value, abi.TYPE_OFFSET)
    lines += f"%is.array.{position} = icmp eq ptr %type.{position}, @PyArray_Type"
    otherwise = f"number.{position}" if takes_numbers else UNFIT
    lines.likely(f"%is.array.{position}", f"array.{position}", otherwise)
    if not takes_numbers:
        lines.leave(UNFIT, position)
    _check_array(lines, position, given, value)
    if takes_numbers:
        lines += f"br label %fits.{position}"
        _check_number(lines, position, given, value)
        lines.label(f"fits.{position}")


def _check_array(lines: Lines, position: int, given: Input, value: str) -> None:
    number, *others = TYPE_NUMBERS[given.dtype]
    lines.label(f"array.{position}")
    lines.load(f"%descr.{position}", "ptr", value, abi.ARRAY_DESCR)
    lines += f'%same.{position} = icmp eq ptr %descr.{position}, @"descr.{given.dtype}"'
    lines.load(f"%ndim.{position}", "i32", value, abi.ARRAY_NDIM)
    lines += f"%rank.{position} = icmp eq i32 %ndim.{position}, {given.ndim}"
    lines.load(f"%flags.{position}", "i32", value, abi.ARRAY_FLAGS)
    lines += f"%aligned.bit.{position} = and i32 %flags.{position}, {abi.FLAG_ALIGNED}"
    lines += f"%aligned.{position} = icmp ne i32 %aligned.bit.{position}, 0"
    lines += f"%like.{position} = and i1 %same.{position}, %rank.{position}"
    lines += f"%as.usual.{position} = and i1 %like.{position}, %aligned.{position}"
    lines.likely(f"%as.usual.{position}", f"usual.{position}", f"unusual.{position}")
    lines.label(f"unusual.{position}")
    other = others[0] if others else number
    arguments = f"ptr {value}, i32 {number}, i32 {other}, i32 {given.ndim}"
    lines += f"%may.{position} = call i1 @neano_array_fits({arguments})"
    lines.likely(f"%may.{position}", f"usual.{position}", UNFIT)
    lines.leave(UNFIT, position)
    lines.label(f"usual.{position}")
    _fill_from_array(lines, position, given, value)


def _fill_from_array(lines: Lines, position: int, given: Input, value: str) -> None:
    start = position * abi.INPUT_SIZE
    lines.load(f"%data.{position}", "ptr", value, abi.ARRAY_DATA)
    lines.store("ptr", f"%data.{position}", "%inputs", start + abi.INPUT_DATA)
    lines.store("ptr", value, "%inputs", start + abi.INPUT_OBJECT)
    if given.ndim == 0:
        return
    lines.load(f"%dims.{position}", "ptr", value, abi.ARRAY_DIMS)
    lines.load(f"%strides.{position}", "ptr", value, abi.ARRAY_STRIDES)
    lines.store("ptr", f"%dims.{position}", "%inputs", start + abi.INPUT_DIMS)
    lines.store("ptr", f"%strides.{position}", "%inputs", start + abi.INPUT_STRIDES)
    for axis, length in enumerate(given.static):
        if length is None:
            continue
        lines.load(f"%length.{position}.{axis}", "i64", f"%dims.{position}", 8 * axis)
        lines += f"%has.length.{position}.{axis} = icmp eq i64 %length.{position}.{axis}, {length}"
        lines.likely(f"%has.length.{position}.{axis}", f"length.{position}.{axis}", UNFIT)
        lines.leave(UNFIT, position)
        lines.label(f"length.{position}.{axis}")


def _check_number(lines: Lines, position: int, given: Input, value: str) -> None:
    """Take a NumPy scalar or a Python number where this can be done in place; other objects do not fit here."""
    start = position * abi.INPUT_SIZE
    kind, cell, done = f"%type.{position}", f"%cell.{position}", f"fits.{position}"
    lines.label(f"number.{position}")
    lines.store("ptr", "null", "%inputs", start + abi.INPUT_OBJECT)
    lines += f'%is.scalar.{position} = icmp eq ptr {kind}, @"scalar.{given.dtype}"'
    if given.dtype == "float64":  # a Python float and a NumPy one hold a double at the same place
        lines += f"%is.float.{position} = icmp eq ptr {kind}, @PyFloat_Type"
        lines += f"%is.inside.{position} = or i1 %is.scalar.{position}, %is.float.{position}"
    else:
        lines += f"%is.inside.{position} = or i1 %is.scalar.{position}, false"
    lines += f"br i1 %is.inside.{position}, label %inside.{position}, label %convert.{position}"
    lines.label(f"inside.{position}")
    inside = lines.place(value, abi.HEAD)
    lines.store("ptr", inside, "%inputs", start + abi.INPUT_DATA)
    lines += f"br label %{done}"
    lines.label(f"convert.{position}")
    lines.store("ptr", cell, "%inputs", start + abi.INPUT_DATA)
    if given.dtype == "float32" and given.inexact_float:
        _convert_float(lines, position, value)
    if given.dtype == "bool":
        _convert_bool(lines, position, value)
    elif given.dtype in _INTEGERS or given.dtype in _EXACT_BITS:
        _convert_integer(lines, position, given.dtype, value)
    else:
        lines += f"br label %{UNFIT}"
        lines.leave(UNFIT, position)


def _convert_float(lines: Lines, position: int, value: str) -> None:
    lines += f"%is.float.{position} = icmp eq ptr %type.{position}, @PyFloat_Type"
    lines += f"br i1 %is.float.{position}, label %float.{position}, label %no.float.{position}"
    lines.label(f"float.{position}")
    lines.load(f"%double.{position}", "double", value, abi.HEAD)
    lines += f"%single.{position} = fptrunc double %double.{position} to float"
    lines.store("float", f"%single.{position}", f"%cell.{position}", 0)
    lines += f"br label %fits.{position}"
    lines.label(f"no.float.{position}")


def _convert_bool(lines: Lines, position: int, value: str) -> None:
    lines += f"%is.true.{position} = icmp eq ptr {value}, @_Py_TrueStruct"
    lines += f"%is.false.{position} = icmp eq ptr {value}, @_Py_FalseStruct"
    lines += f"%is.bool.{position} = or i1 %is.true.{position}, %is.false.{position}"
    lines += f"%truth.{position} = zext i1 %is.true.{position} to i8"
    lines.store("i8", f"%truth.{position}", f"%cell.{position}", 0)
    lines += f"br i1 %is.bool.{position}, label %fits.{position}, label %{UNFIT}"
    lines.leave(UNFIT, position)


def _convert_integer(lines: Lines, position: int, dtype: str, value: str) -> None:
    least, most = _exact_range(dtype)
    cell = f"%cell.{position}"
    lines += f"%is.int.{position} = icmp eq ptr %type.{position}, @PyLong_Type"
    lines += f"br i1 %is.int.{position}, label %int.{position}, label %{UNFIT}"
    lines.leave(UNFIT, position)
    lines.label(f"int.{position}")
    lines += f"%in.range.{position} = call i1 @neano_integer(ptr {value}, i64 {least}, i64 {most}, ptr {cell})"
    lines.likely(f"%in.range.{position}", f"held.{position}", UNFIT)
    lines.leave(UNFIT, position)
    lines.label(f"held.{position}")
    lines.load(f"%integer.{position}", "i64", cell, 0)
    if dtype in _EXACT_BITS:
        kind = "float" if dtype == "float32" else "double"
        lines += f"%exact.{position} = sitofp i64 %integer.{position} to {kind}"
        lines.store(kind, f"%exact.{position}", cell, 0)
    elif _INTEGERS[dtype] < 64:
        kind = f"i{_INTEGERS[dtype]}"
        lines += f"%narrow.{position} = trunc i64 %integer.{position} to {kind}"
        lines.store(kind, f"%narrow.{position}", cell, 0)
    lines += f"br label %fits.{position}"


def _exact_range(dtype: str) -> tuple[int, int]:
    """The ints, of those that an int64 holds, that a dtype holds exactly and without a gap."""
    if dtype in _EXACT_BITS:
        most = 2 ** _EXACT_BITS[dtype]
        return -most, most
    bits = _INTEGERS[dtype]
    if dtype.startswith("u"):
        return 0, min(2**bits, 2**63) - 1
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
