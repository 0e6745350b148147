"""Runs a program of the loop IR on NumPy arrays, element by element: slow, plain, and an oracle for the emitter.

Scalar functions are the references of the table's rows; library routines interpret themselves (`calls`).
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.backends.native.calls import routine
from neano.backends.native.ir import (
    Accumulate,
    AccumulateArg,
    Alloc,
    Cast,
    Check,
    Const,
    Declare,
    Dim,
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
from neano.scalar.rows import row


class OutOfBounds(IndexError):
    """A program reads or writes outside a buffer."""


def apply_row(function: str, values: Sequence[Any], dtype: str) -> Any:
    """Return a scalar function of the table at NumPy scalars, as a NumPy scalar."""
    return np.asarray(row(function).reference([np.asarray(v) for v in values], (dtype,))[0])[()]


def cast_value(value: Any, dtype: str) -> Any:
    """Return a NumPy scalar converted as `astype` does."""
    with np.errstate(all="ignore"):
        return np.asarray(value).astype(dtype, copy=True)[()]


class Interpreter:
    """The state of one run: values of names, arrays of buffers.

    Args:
        program: what to run.
        inputs: an ndarray for each input (an object for one of dtype "object"), in order.
    """

    def __init__(self, program: Program, inputs: Sequence[Any]) -> None:
        self.program = program
        self.values: dict[str, Any] = {}
        self.arrays: dict[str, Any] = dict(zip(program.inputs, inputs, strict=True))
        self.arrays.update(program.constants)

    def run(self) -> list[Any]:
        """Run the program and return its results."""
        with np.errstate(all="ignore"):
            self.block(self.program.body)
        return [self.arrays[name] for name in self.program.results]

    def expr(self, expr: Expr) -> Any:
        """Return the value of an expression as a NumPy scalar."""
        while isinstance(expr, Select):
            expr = expr.then if self.expr(expr.condition) else expr.otherwise
        known: dict[int, Any] = {}
        stack: list[tuple[Expr, bool]] = [(expr, False)]
        while stack:
            item, ready = stack.pop()
            if id(item) in known:
                continue
            if isinstance(item, Select):
                known[id(item)] = self.expr(item)
            elif isinstance(item, Load) and not ready:
                stack.append((item, True))
                stack.extend((i, False) for i in item.index)
            elif isinstance(item, Scalar) and not ready:
                stack.append((item, True))
                stack.extend((a, False) for a in item.args)
            elif isinstance(item, Cast) and not ready:
                stack += [(item, True), (item.value, False)]
            else:
                known[id(item)] = self._reduce(item, known)
        return known[id(expr)]

    def _reduce(self, expr: Expr, known: dict[int, Any]) -> Any:
        """Return the value of an expression whose operands' values are known."""
        match expr:
            case Const():
                return np.dtype(expr.dtype).type(expr.value)
            case Ref():
                return self.values[expr.name]
            case Dim():
                return np.int64(self.arrays[expr.buffer].shape[expr.axis])
            case Load():
                return self.arrays[expr.buffer][self.position(expr.buffer, [known[id(i)] for i in expr.index])]
            case Scalar():
                return apply_row(expr.function, [known[id(a)] for a in expr.args], expr.dtype)
            case Cast():
                return cast_value(known[id(expr.value)], expr.dtype)
            case _:
                raise TypeError(f"{expr!r} is no expression of the loop IR")

    def integers(self, exprs: Sequence[Expr]) -> tuple[int, ...]:
        return tuple(int(self.expr(e)) for e in exprs)

    def position(self, buffer: str, index: Sequence[Any]) -> tuple[int, ...]:
        """Return an index as a tuple.

        Raises:
            OutOfBounds: it lies outside the buffer.
        """
        found = tuple(int(i) for i in index)
        if not all(0 <= i < n for i, n in zip(found, self.arrays[buffer].shape, strict=True)):
            raise OutOfBounds(f"{buffer}{list(found)} with lengths {self.arrays[buffer].shape}")
        return found

    def block(self, block: Sequence[Stmt]) -> None:
        for statement in block:
            self.statement(statement)

    def statement(self, statement: Stmt) -> None:
        """Run one statement.

        Raises:
            Exception: of the class that the program's table of errors gives, where a check fails.
        """
        match statement:
            case Let():
                self.values[statement.name] = self.expr(statement.value)
            case Declare():
                self.values[statement.name] = self.expr(statement.init)
            case Store():
                position = self.position(statement.buffer, [self.expr(i) for i in statement.index])
                self.arrays[statement.buffer][position] = self.expr(statement.value)
            case Update():
                array = self.arrays[statement.buffer]
                position = self.position(statement.buffer, [self.expr(i) for i in statement.index])
                array[position] = apply_row(
                    statement.combine, (array[position], self.expr(statement.value)), array.dtype.name
                )
            case Accumulate():
                operands = (self.values[statement.name], self.expr(statement.value))
                self.values[statement.name] = apply_row(statement.combine, operands, operands[0].dtype.name)
            case AccumulateArg():
                self._accumulate_arg(statement)
            case Loop():
                for i in range(int(self.expr(statement.extent))):
                    self.values[statement.index] = np.int64(i)
                    self.block(statement.body)
            case If():
                self.block(statement.then if self.expr(statement.condition) else statement.otherwise)
            case Alloc():
                dtype = self.program.buffers[statement.buffer].dtype
                self.arrays[statement.buffer] = poisoned(self.integers(statement.dims), dtype)
            case View():
                self.arrays[statement.buffer] = self._view(statement)
            case Reinterpret():
                self.arrays[statement.buffer] = self._reinterpret(statement)
            case Check():
                self._check(statement)
            case Invoke():
                self._invoke(statement)

    def _accumulate_arg(self, statement: AccumulateArg) -> None:
        best, value = self.values[statement.value_name], self.expr(statement.value)
        is_nan = value != value
        better = value > best if statement.combine == "maximum" else value < best
        if (better or is_nan) and best == best:
            self.values[statement.value_name] = value
            self.values[statement.position_name] = self.expr(statement.position)

    def _view(self, view: View) -> Any:
        base = self.arrays[view.base]
        dims, start, steps = self.integers(view.dims), self.integers(view.start), self.integers(view.steps)
        if 0 in dims:
            return np.empty(dims, base.dtype)
        for corner in range(2 ** len(dims)):
            index = list(start)
            for k, axis in enumerate(view.axes):
                if axis is not None and corner >> k & 1:
                    index[axis] += (dims[k] - 1) * steps[k]
            self.position(view.base, index)
        strides = [0 if a is None else base.strides[a] * s for a, s in zip(view.axes, steps, strict=True)]
        first = base[tuple(slice(i, i + 1) for i in start)].reshape(())
        return np.lib.stride_tricks.as_strided(first, dims, strides)

    def _reinterpret(self, statement: Reinterpret) -> Any:
        base, dims = self.arrays[statement.base], self.integers(statement.dims)
        if not base.flags.c_contiguous or base.size != math.prod(dims):
            raise OutOfBounds(
                f"{statement.base} of lengths {base.shape}, strides {base.strides}, cannot be read as {dims}"
            )
        view = base.reshape(dims)
        return view

    def _check(self, check: Check) -> None:
        if not self.expr(check.condition):
            error = self.program.errors[check.error]
            raise getattr(builtins, error.exception)(error.template.format(*self.integers(check.args)))

    def _invoke(self, invoke: Invoke) -> None:
        operands = [self.arrays[name] for name in invoke.operands]
        results = [self.arrays.get(name) for name in invoke.results]
        scalars = [self.expr(s) for s in invoke.scalars]
        made = routine(invoke.routine).interpret(
            results, operands, scalars, dict(invoke.attributes), self.program.objects
        )
        for name, array in zip(invoke.results, made, strict=True):
            self.arrays[name] = array


def poisoned(dims: tuple[int, ...], dtype: str) -> Any:
    """Return an array whose elements show that nothing was written to them: NaN, or the largest number."""
    if dtype[0] in "fc":
        return np.full(dims, np.nan, dtype)
    return np.full(dims, True if dtype == "bool" else np.iinfo(dtype).max, dtype)


def interpret(program: Program, inputs: Sequence[Any]) -> list[Any]:
    """Run a program on arrays and return its results.

    >>> from neano.backends.native.ir import Alloc, Buffer, Load, Program, Store
    >>> buffers = {"x": Buffer("x", "float64", 0, "input"), "z": Buffer("z", "float64", 0, "output")}
    >>> copy = Program(("x",), ("z",), buffers, (Alloc("z", ()), Store("z", (), Load("x", (), "float64"))))
    >>> interpret(copy, [np.array(2.0)])
    [array(2.)]
    """
    return Interpreter(program, inputs).run()
