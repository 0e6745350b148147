"""LLVM IR as text: types and constants of the language's dtypes, values, and the builder that a function is written with.

A value has `lanes` elements: one for a scalar, more for a vector. A complex value is two texts, real and imaginary.
In registers a bool is an `i1`; in memory it is a byte.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neano.backends.native.emit.target import Options, Target

ELEMENT = {
    "bool": "i1",
    "int8": "i8",
    "int16": "i16",
    "int32": "i32",
    "int64": "i64",
    "uint8": "i8",
    "uint16": "i16",
    "uint32": "i32",
    "uint64": "i64",
    "float16": "half",
    "float32": "float",
    "float64": "double",
    "complex64": "float",
    "complex128": "double",
}
"""The LLVM type of an element; of each part where the dtype is complex."""

SIZE = {
    "bool": 1,
    "int8": 1,
    "int16": 2,
    "int32": 4,
    "int64": 8,
    "uint8": 1,
    "uint16": 2,
    "uint32": 4,
    "uint64": 8,
    "float16": 2,
    "float32": 4,
    "float64": 8,
    "complex64": 8,
    "complex128": 16,
    "object": 8,
}
"""Bytes of an element in memory."""

PART = {"complex64": "float32", "complex128": "float64"}
"""The dtype of the parts of a complex number."""


def words(text: str) -> list[str]:
    """Return the words of a text: a table of names that reads as one."""
    return text.split()


def is_float(dtype: str) -> bool:
    return dtype[0] == "f"


def is_complex(dtype: str) -> bool:
    return dtype[0] == "c"


def is_signed(dtype: str) -> bool:
    return dtype[0] == "i"


def is_integer(dtype: str) -> bool:
    """Return whether a dtype is one of signed or unsigned integers; bool is none of them."""
    return dtype[0] in "iu"


def bits(dtype: str) -> int:
    """Return the width of a number, or of each part of a complex one; one for bool."""
    return 1 if dtype == "bool" else SIZE[PART.get(dtype, dtype)] * 8


def vector_type(element: str, lanes: int) -> str:
    return element if lanes == 1 else f"<{lanes} x {element}>"


def type_of(dtype: str, lanes: int = 1) -> str:
    """Return the LLVM type of a value of a dtype (of each part, where it is complex)."""
    return vector_type(ELEMENT[dtype], lanes)


def suffix(dtype: str, lanes: int = 1) -> str:
    """Return how intrinsics name a type: `f64`, `v8f32`, `v16i8`."""
    element = ("f" if ELEMENT[dtype] in ("half", "float", "double") else "i") + str(bits(dtype))
    return element if lanes == 1 else f"v{lanes}{element}"


def number_text(value: Any, dtype: str) -> str:
    """Return a real constant as LLVM writes it.

    >>> number_text(1.5, "float64"), number_text(200, "uint8"), number_text(True, "bool")
    ('0x3FF8000000000000', '-56', 'true')
    """
    if dtype == "bool":
        return "true" if value else "false"
    if is_integer(dtype):
        width = bits(dtype)
        wrapped = int(value) & ((1 << width) - 1)
        return str(wrapped - (1 << width) if wrapped >> (width - 1) else wrapped)
    if dtype == "float16":
        return f"0xH{struct.unpack('<H', struct.pack('<e', value))[0]:04X}"
    if dtype == "float32" and math.isfinite(value):
        value = struct.unpack("<f", struct.pack("<f", value))[0]
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


@dataclass(frozen=True, slots=True)
class Value:
    """A value in a register, or a constant.

    Attributes:
        text: name or literal; the real part of a complex value.
        dtype, lanes: what it is.
        imaginary: name or literal of the imaginary part, "" unless complex.
    """

    text: str
    dtype: str
    lanes: int = 1
    imaginary: str = ""

    @property
    def type(self) -> str:
        return type_of(self.dtype, self.lanes)

    @property
    def typed(self) -> str:
        return f"{self.type} {self.text}"

    def parts(self) -> tuple[Value, Value]:
        """Return the real and the imaginary part of a complex value."""
        part = PART[self.dtype]
        return Value(self.text, part, self.lanes), Value(self.imaginary, part, self.lanes)

    def same(self, text: str) -> Value:
        """Return a real value of the same dtype and lanes with another text."""
        return Value(text, self.dtype, self.lanes)


def join_parts(real: Value, imaginary: Value) -> Value:
    """Return the complex value with these parts."""
    dtype = "complex64" if real.dtype == "float32" else "complex128"
    return Value(real.text, dtype, real.lanes, imaginary.text)


def constant(value: Any, dtype: str, lanes: int = 1) -> Value:
    """Return a constant, the same in all lanes."""
    if is_complex(dtype):
        number = complex(value)
        real, imaginary = (constant(part, PART[dtype], lanes) for part in (number.real, number.imag))
        return join_parts(real, imaginary)
    text = number_text(value, dtype)
    return Value(text if lanes == 1 else f"splat ({ELEMENT[dtype]} {text})", dtype, lanes)


class Module:
    """What a module holds beside its main function: declarations, helper functions, names of outside symbols.

    Attributes:
        libraries: name -> text of the modules that must be linked with this one; modules that will be linked may share them.
    """

    def __init__(self, libraries: dict[str, str] | None = None) -> None:
        self.declarations: dict[str, str] = {}
        self.helpers: dict[str, str] = {}
        self.symbols: set[str] = set()
        self.libraries: dict[str, str] = {} if libraries is None else libraries

    def declare(self, name: str, result: str, *types: str) -> str:
        """Declare an outside function, or an intrinsic of LLVM, and return how it is named in a call."""
        quoted = f"@{name}" if name.replace("_", "").replace(".", "").isalnum() else f'@"{name}"'
        if name not in self.declarations:
            self.declarations[name] = f"declare {result} {quoted}({', '.join(types)})"
            if not name.startswith("llvm."):
                self.symbols.add(name)
        return quoted

    def share(self, name: str, result: str, types: Sequence[str], write: Callable[[Module], str]) -> str:
        """Declare a function that has a module of its own and return how it is named in a call.

        Its code is generated once for all that call it, and a call costs no more than that of a helper. What is named the same
        is the same, whoever calls it.

        Args:
            write: gets the new module and returns the text of the function.
        """
        self.declarations[name] = f"declare {result} @{name}({', '.join(types)})"
        if name not in self.libraries:
            own = Module(self.libraries)
            self.libraries[name] = own.text(write(own))
            self.symbols |= own.symbols
        return f"@{name}"

    def declare_data(self, name: str) -> str:
        """Declare an outside variable and return its name, a pointer."""
        quoted = f'@"{name}"'
        self.declarations.setdefault(name, f"{quoted} = external global i8")
        self.symbols.add(name)
        return quoted

    def string(self, text: str) -> str:
        """Return the name of a constant C string."""
        raw = text.encode() + b"\0"
        name = f"text.{len(self.helpers)}"
        escaped = "".join(chr(c) if 32 <= c < 127 and c not in b'"\\' else f"\\{c:02X}" for c in raw)
        self.helpers[name] = f'@{name} = private constant [{len(raw)} x i8] c"{escaped}"'
        return f"@{name}"

    def text(self, main: str) -> str:
        """Return the module with its main function as text."""
        return "\n".join([*self.declarations.values(), *self.helpers.values(), main, ""])


class Builder:
    """Writes a function, line by line. Names of registers are numbered; blocks are named by what they are for."""

    def __init__(self, module: Module, target: Target, options: Options) -> None:
        self.module = module
        self.target = target
        self.options = options
        self.entry: list[str] = []
        self.lines: list[str] = []
        self.current = "start"
        self.flags = "contract " if options.contract else ""
        self._count = 0
        self._zeros = ""

    def fresh(self) -> str:
        self._count += 1
        return f"%v{self._count}"

    def op(self, text: str) -> str:
        """Write an instruction and return the name of its result."""
        name = self.fresh()
        self.lines.append(f"  {name} = {text}")
        return name

    def early(self, text: str) -> str:
        """Write an instruction at the function's entry and return the name of its result."""
        name = self.fresh()
        self.entry.append(f"  {name} = {text}")
        return name

    def do(self, text: str) -> None:
        """Write an instruction without a result."""
        self.lines.append(f"  {text}")

    def label(self, purpose: str) -> str:
        """Return the name of a new block."""
        self._count += 1
        return f"{purpose}.{self._count}"

    def place(self, label: str) -> None:
        """Begin a block."""
        self.lines.append(f"{label}:")
        self.current = label

    def jump(self, label: str) -> None:
        self.do(f"br label %{label}")

    def branch(self, condition: str, then: str, otherwise: str) -> None:
        self.do(f"br i1 {condition}, label %{then}, label %{otherwise}")

    def reserve(self) -> int:
        """Leave a line to be filled later (`fill`): a phi whose operands are not known yet."""
        self.lines.append("")
        return len(self.lines) - 1

    def fill(self, line: int, text: str) -> None:
        self.lines[line] = f"  {text}"

    def stack(self, type_text: str, alignment: int = 8) -> str:
        """Return memory in the frame of the function."""
        return self.early(f"alloca {type_text}, align {alignment}")

    def zeros(self) -> str:
        """Return a place in the frame that holds an element of zeros."""
        if not self._zeros:
            self._zeros = self.stack("[16 x i8]", 16)
            self.entry.append(f"  store [16 x i8] zeroinitializer, ptr {self._zeros}")
        return self._zeros

    def call(self, name: str, result: str, *arguments: tuple[str, str]) -> str:
        """Call an outside function with arguments `(type, text)` and return the result's name, "" for void."""
        function = self.module.declare(name, result, *[kind for kind, _ in arguments])
        text = f"call {result} {function}({', '.join(' '.join(a) for a in arguments)})"
        if result == "void":
            self.do(text)
            return ""
        return self.op(text)

    def splat(self, value: Value, lanes: int) -> Value:
        """Return a scalar in all lanes of a vector; a vector of these lanes as it is."""
        if value.lanes == lanes:
            return value
        if is_complex(value.dtype):
            real, imaginary = (self.splat(part, lanes) for part in value.parts())
            return join_parts(real, imaginary)
        wide = type_of(value.dtype, lanes)
        if value.text[0] != "%":
            return Value(f"splat ({ELEMENT[value.dtype]} {value.text})", value.dtype, lanes)
        one = self.op(f"insertelement {wide} poison, {value.typed}, i64 0")
        return Value(
            self.op(f"shufflevector {wide} {one}, {wide} poison, <{lanes} x i32> zeroinitializer"), value.dtype, lanes
        )

    def select(self, condition: Value, then: Value, otherwise: Value) -> Value:
        """Return `then` where the bool holds, else `otherwise`, lane by lane."""
        if is_complex(then.dtype):
            pairs = zip(then.parts(), otherwise.parts(), strict=True)
            real, imaginary = (self.select(condition, a, b) for a, b in pairs)
            return join_parts(real, imaginary)
        return then.same(self.op(f"select {condition.typed}, {then.typed}, {otherwise.typed}"))

    def compare(self, predicate: str, x: Value, y: Value) -> Value:
        """Compare with an LLVM predicate: `oeq`, `ult` for floats; `eq`, `slt` for integers."""
        kind = "fcmp" if is_float(x.dtype) else "icmp"
        return Value(self.op(f"{kind} {predicate} {x.typed}, {y.text}"), "bool", x.lanes)

    def float_op(self, name: str, x: Value, y: Value, *, exact: bool = False) -> Value:
        """Write fadd, fsub, fmul, fdiv or frem; `exact` forbids that it is contracted with another."""
        return x.same(self.op(f"{name} {'' if exact else self.flags}{x.typed}, {y.text}"))

    def int_op(self, name: str, x: Value, y: Value) -> Value:
        return x.same(self.op(f"{name} {x.typed}, {y.text}"))

    def intrinsic(self, name: str, *values: Value, extra: str = "") -> Value:
        """Call an intrinsic of LLVM that is overloaded on the type of its first operand and returns that type."""
        x = values[0]
        full = f"llvm.{name}.{suffix(x.dtype, x.lanes)}"
        types = [v.type for v in values] + ([extra.split(" ")[0]] if extra else [])
        self.module.declare(full, x.type, *types)
        arguments = ", ".join([v.typed for v in values] + ([extra] if extra else []))
        return x.same(self.op(f"call {x.type} @{full}({arguments})"))

    def text(self, head: str) -> str:
        """Return the function as text, with everything of its entry in front."""
        return "\n".join([f"{head} {{", "entry:", *self.entry, "  br label %start", "start:", *self.lines, "}"])
