"""Reads a program of the loop IR from the text that `printing.program_text` writes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from neano.backends.native.ir import (
    Accumulate,
    AccumulateArg,
    Alloc,
    Buffer,
    Cast,
    Check,
    Const,
    Declare,
    Dim,
    ErrorText,
    Expr,
    If,
    Invoke,
    Let,
    Load,
    Loop,
    Program,
    Ref,
    Reinterpret,
    Scalar,
    Select,
    Stmt,
    Store,
    Update,
    View,
)

NUMBER = re.compile(r"(\([^()]*j\)|-?(?:\d[\w.]*(?:[-+]\d+)?|inf|nan)j?):(\w+)|-?\d+")
HEAD = re.compile(r"([A-Za-z_][\w.$]*)(?:<(\w+)>)?([(\[]?)")
BUFFER = re.compile(r"(\w+) (\S+): (\w+)\[([^]]*)\]( contiguous)?")
ERROR = re.compile(r"error (\w+) (.*) node (-?\d+)")


class ParseError(ValueError):
    """The text is no program of the loop IR."""


@dataclass
class _Frame:
    """An expression whose operands are being read."""

    name: str
    dtype: str
    bracket: str
    operands: list[Expr] = field(default_factory=list)


class _Reader:
    """Reads expressions from one line after another; knows the dtypes of buffers and names."""

    def __init__(self, buffers: Mapping[str, Buffer]) -> None:
        self.buffers = buffers
        self.dtypes: dict[str, str] = {}
        self.text = ""
        self.at = 0

    def skip(self, piece: str) -> None:
        """Step over a piece of text that must stand here."""
        if not self.text.startswith(piece, self.at):
            raise ParseError(f"expected {piece!r} at {self.text[self.at :]!r} in {self.text!r}")
        self.at += len(piece)

    def follows(self, piece: str) -> bool:
        found = self.text.startswith(piece, self.at)
        if found:
            self.at += len(piece)
        return found

    def word(self) -> str:
        match = re.compile(r"[\w.$]+").match(self.text, self.at)
        if match is None:
            raise ParseError(f"expected a name at {self.text[self.at :]!r}")
        self.at = match.end()
        return match.group()

    def expr(self) -> Expr:
        """Read one expression."""
        frames: list[_Frame] = []
        while True:
            value = self._leaf(frames)
            if value is None and not self._closes(frames):
                continue
            if value is None:
                value = self._reduce(frames.pop())
            while frames:
                frames[-1].operands.append(value)
                if self.follows(", "):
                    break
                self.skip(")" if frames[-1].bracket == "(" else "]")
                value = self._reduce(frames.pop())
            else:
                return value

    def _closes(self, frames: list[_Frame]) -> bool:
        """Step over the bracket that closes an expression without operands, where it stands here."""
        return self.follows("]" if frames[-1].bracket == "[" else ")")

    def _leaf(self, frames: list[_Frame]) -> Expr | None:
        """Read a constant, a name or a length; or open a frame for an expression with operands and return None."""
        number = NUMBER.match(self.text, self.at)
        if number:
            self.at = number.end()
            return Const(int(number.group()), "int64") if number[2] is None else _number(number[1], number[2])
        head = HEAD.match(self.text, self.at)
        if head is None:
            raise ParseError(f"expected an expression at {self.text[self.at :]!r}")
        self.at = head.end()
        name, dtype, bracket = head.groups()
        if name == "dim" and bracket == "(":
            buffer = self.word()
            self.skip(", ")
            axis = int(self.word())
            self.skip(")")
            return Dim(buffer, axis)
        if bracket:
            frames.append(_Frame(name, dtype or "", bracket))
            return None
        if name in ("true", "false"):
            return Const(name == "true", "bool")
        if name not in self.dtypes:
            raise ParseError(f"the name {name!r} is not defined before {self.text!r}")
        return Ref(name, self.dtypes[name])

    def _reduce(self, frame: _Frame) -> Expr:
        """Build the expression whose operands have been read."""
        if frame.bracket == "[":
            if frame.name not in self.buffers:
                raise ParseError(f"there is no buffer {frame.name!r}")
            return Load(frame.name, tuple(frame.operands), self.buffers[frame.name].dtype)
        if frame.name == "cast":
            return Cast(frame.operands[0], frame.dtype)
        if frame.name == "select":
            condition, then, otherwise = frame.operands
            return Select(condition, then, otherwise, frame.dtype)
        return Scalar(frame.name, tuple(frame.operands), frame.dtype)

    def exprs(self) -> tuple[Expr, ...]:
        """Read `[a, b, c]`."""
        self.skip("[")
        found: list[Expr] = []
        while not self.follows("]"):
            if found:
                self.skip(", ")
            found.append(self.expr())
        return tuple(found)

    def names(self) -> tuple[str, ...]:
        """Read `[x, y]` where x and y are names."""
        self.skip("[")
        end = self.text.index("]", self.at)
        inside = self.text[self.at : end]
        self.at = end + 1
        return tuple(inside.split(", ")) if inside else ()


def _number(text: str, dtype: str) -> Const:
    if dtype[0] in "iu":
        return Const(int(text), dtype)
    return Const(complex(text) if "j" in text else float(text) if not text.lstrip("-").isdigit() else int(text), dtype)


def _statement(reader: _Reader, line: str) -> Stmt:
    """Read a statement without blocks."""
    reader.text, reader.at = line, 0
    if reader.follows("let "):
        name = reader.word()
        reader.skip(" = ")
        value = reader.expr()
        reader.dtypes[name] = value.dtype
        return Let(name, value)
    if reader.follows("accumulator "):
        name = reader.word()
        reader.skip(": ")
        dtype = reader.dtypes[name] = reader.word()
        reader.skip(" = ")
        return Declare(name, dtype, reader.expr())
    if reader.follows("accumulate "):
        return _accumulate(reader)
    if reader.follows("alloc "):
        return Alloc(reader.word(), reader.exprs())
    if reader.follows("view "):
        return _view(reader)
    if reader.follows("reinterpret "):
        name = reader.word()
        reader.skip(" of ")
        base = reader.word()
        reader.skip(" dims ")
        return Reinterpret(name, base, reader.exprs())
    if reader.follows("check "):
        condition = reader.expr()
        reader.skip(" error ")
        error = int(reader.word())
        reader.skip(" ")
        return Check(condition, error, reader.exprs())
    if reader.follows("invoke "):
        return _invoke(reader)
    name, index = reader.word(), reader.exprs()
    if reader.follows(" = "):
        return Store(name, index, reader.expr())
    reader.skip(" (")
    combine = reader.word()
    unique = reader.follows(", unique")
    reader.skip(") = ")
    return Update(name, index, combine, reader.expr(), unique)


def _accumulate(reader: _Reader) -> Stmt:
    name = reader.word()
    position = reader.word() if reader.follows(", ") else None
    reader.skip(" (")
    combine = reader.word()
    reader.skip(") = ")
    if position is None:
        return Accumulate(name, combine, reader.expr())
    value, where = reader.exprs()
    return AccumulateArg(name, position, cast(Literal["maximum", "minimum"], combine), value, where)


def _view(reader: _Reader) -> View:
    name = reader.word()
    reader.skip(" of ")
    base = reader.word()
    reader.skip(" start ")
    start = reader.exprs()
    reader.skip(" dims ")
    dims = reader.exprs()
    reader.skip(" axes ")
    axes = tuple(None if axis == "none" else int(axis) for axis in reader.names())
    reader.skip(" steps ")
    return View(name, base, start, dims, axes, reader.exprs())


def _invoke(reader: _Reader) -> Invoke:
    routine = reader.word()
    reader.skip(" ")
    results = reader.names()
    reader.skip(" of ")
    operands = reader.names()
    reader.skip(" scalars ")
    scalars = reader.exprs()
    attributes = ast.literal_eval(reader.text[reader.at + 1 :])
    return Invoke(routine, results, operands, scalars, tuple(attributes.items()))


def _block(reader: _Reader, lines: list[str], start: int, indent: str) -> tuple[tuple[Stmt, ...], int]:
    """Read the lines from `start` that stand at an indentation; return them and where the next block begins."""
    found: list[Stmt] = []
    at = start
    while at < len(lines) and lines[at].startswith(indent) and lines[at][len(indent)] != " ":
        line = lines[at][len(indent) :]
        head = re.match(r"(parallel )?for (\S+) < (.*):$", line)
        at += 1
        if head:
            reader.text, reader.at = head[3], 0
            extent = reader.expr()
            reader.dtypes[head[2]] = "int64"
            body, at = _block(reader, lines, at, indent + "  ")
            found.append(Loop(head[2], extent, body, head[1] is not None))
        elif line.startswith("if "):
            reader.text, reader.at = line[3:-1], 0
            condition = reader.expr()
            then, at = _block(reader, lines, at, indent + "  ")
            otherwise: tuple[Stmt, ...] = ()
            if at < len(lines) and lines[at] == indent + "else:":
                otherwise, at = _block(reader, lines, at + 1, indent + "  ")
            found.append(If(condition, then, otherwise))
        elif line == "else:":
            at -= 1
            break
        else:
            found.append(_statement(reader, line))
    return tuple(found), at


def _buffer(line: str) -> Buffer:
    match = BUFFER.fullmatch(line)
    if match is None:
        raise ParseError(f"no declaration of a buffer: {line!r}")
    kind, name, dtype, lengths, contiguous = match.groups()
    static = tuple(None if n == "?" else int(n) for n in lengths.split(", ")) if lengths else ()
    kept = () if all(n is None for n in static) else static
    kinds = cast(Literal["input", "output", "array", "scratch", "constant", "view"], kind)
    return Buffer(name, dtype, len(static), kinds, kept, contiguous is not None)


def _names(line: str) -> tuple[str, ...]:
    _, _, names = line.partition(" ")
    return tuple(names.split(", ")) if names else ()


def parse_program(
    text: str, constants: Mapping[str, Any] | None = None, objects: Iterable[Any] = (), nodes: Iterable[Any] = ()
) -> Program:
    """Return the program that a text describes.

    Args:
        text: as `printing.program_text` writes it.
        constants, objects, nodes: what the text does not hold.

    Raises:
        ParseError: says what was expected and where.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 3 or "body" not in lines:
        raise ParseError("a program has lines 'inputs', 'results', its buffers and 'body'")
    body = lines.index("body")
    declared = [_buffer(line) for line in lines[2:body] if not line.startswith("error ")]
    errors = [match for line in lines[2:body] if (match := ERROR.fullmatch(line))]
    buffers = {buffer.name: buffer for buffer in declared}
    block, end = _block(_Reader(buffers), lines, body + 1, "  ")
    if end != len(lines):
        raise ParseError(f"no statement here: {lines[end]!r}")
    return Program(
        _names(lines[0]),
        _names(lines[1]),
        buffers,
        block,
        tuple(ErrorText(e[1], ast.literal_eval(e[2]), int(e[3])) for e in errors),
        dict(constants or {}),
        tuple(objects),
        tuple(nodes),
    )
