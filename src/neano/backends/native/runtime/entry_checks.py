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

TAKES_FLOAT, TAKES_INT, TAKES_BOOL, AS_SINGLE, AS_DOUBLE = 1, 2, 4, 8, 16

_INTEGERS = {f"{sign}int{bits}": bits for sign in ("", "u") for bits in (8, 16, 32, 64)}
_EXACT_BITS = {"float32": 24, "float64": 53}


def check_declarations(signature: Signature) -> str:
    """Return the declarations that the checks of all inputs need."""
    dtypes = sorted({each.dtype for each in signature.inputs} - {"object"})
    names = ["PyArray_Type", *(f'"{family}.{dtype}"' for dtype in dtypes for family in ("descr", "scalar"))]
    return (
        "\n".join(f"@{name} = external global i8" for name in names)
        + """
declare i1 @neano_array_fits(ptr, i32, i32, i32)
declare ptr @neano_number(ptr, ptr, i32, i64, i64, ptr)
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
        lines.likely(f"%has.length.{position}.{axis}", f"axis.{position}.{axis}", UNFIT)
        lines.leave(UNFIT, position)
        lines.label(f"axis.{position}.{axis}")


def _check_number(lines: Lines, position: int, given: Input, value: str) -> None:
    """Take a NumPy scalar or a Python number where this can be done in place; other objects do not fit here."""
    start = position * abi.INPUT_SIZE
    kind, least, most = number_kind(given)
    lines.label(f"number.{position}")
    lines.store("ptr", "null", "%inputs", start + abi.INPUT_OBJECT)
    arguments = f'ptr {value}, ptr @"scalar.{given.dtype}", i32 {kind}, i64 {least}, i64 {most}, ptr %cell.{position}'
    lines += f"%found.{position} = call ptr @neano_number({arguments})"
    lines.store("ptr", f"%found.{position}", "%inputs", start + abi.INPUT_DATA)
    lines += f"%is.number.{position} = icmp ne ptr %found.{position}, null"
    lines.likely(f"%is.number.{position}", f"fits.{position}", UNFIT)
    lines.leave(UNFIT, position)


def number_kind(given: Input) -> tuple[int, int, int]:
    """Which Python numbers an input takes, as `neano_number` is told: a sum of TAKES_..., and the range of ints."""
    if given.dtype == "bool":
        return TAKES_BOOL, 0, 0
    if given.dtype in _EXACT_BITS:
        takes_float = given.dtype == "float64" or given.inexact_float
        size = AS_DOUBLE if given.dtype == "float64" else AS_SINGLE
        most = 2 ** _EXACT_BITS[given.dtype]
        return TAKES_INT | size | (TAKES_FLOAT if takes_float else 0), -most, most
    if given.dtype in _INTEGERS:
        return TAKES_INT, *_integer_range(given.dtype)
    return 0, 0, 0


def _integer_range(dtype: str) -> tuple[int, int]:
    """The ints of a dtype, of those that an int64 holds."""
    bits = _INTEGERS[dtype]
    if dtype.startswith("u"):
        return 0, min(2**bits, 2**63) - 1
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
