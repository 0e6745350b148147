"""Matrix products: the routines "gemm", "gemv", "dot", "ger" and "batched_gemm", on operands of any strides.

All compute `C = alpha A B + beta C` in float32, float64, complex64 or complex128, where C is the result:

    gemm          A of m x k, B of k x n, C of m x n
    gemv          A of m x k, B of k, C of m
    dot           A of k, B of k, C 0-d
    ger           A of m, B of n, C of m x n
    batched_gemm  A, B, C as for gemm with one more axis in front

    operands: A, B, and C itself as a third where it is read (beta not 0).
    scalars: alpha and beta in the operands' dtype; 1 and 0 where they are left out.
    attributes: transpose_a, transpose_b (bool): the operand's last two axes are turned round; windows do as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from neano.backends.native.calls.block_product_text import block_product_text
from neano.backends.native.calls.matrix_text import LIMIT, NO_MEMORY, matmul_text
from neano.backends.native.emit.body import BodyEmitter
from neano.backends.native.emit.memory import Memory, Size, offset, size_mul, store
from neano.backends.native.emit.ranges import Ranged, run
from neano.backends.native.emit.routines import ROUTINES, Interpret, Routine, Sure
from neano.backends.native.emit.target import Target, host
from neano.backends.native.emit.text import SIZE, Builder, Value, constant, is_complex
from neano.backends.native.ir import Invoke
from neano.backends.native.runtime.cache import ObjectCache, default_cache
from neano.backends.native.runtime.codegen import Module
from neano.backends.native.runtime.objects import begin

GRAIN = 20_000
"""Nanoseconds of work that are worth a thread."""

KIND = {"float32": "s", "float64": "d", "complex64": "c", "complex128": "z"}


class Matrix:
    """A matrix operand: pointer, lengths and strides of its two axes."""

    def __init__(self, data: str, dims: tuple[Size, Size], strides: tuple[Size, Size]) -> None:
        self.data, self.dims, self.strides = data, dims, strides

    def turned(self, turn: bool) -> Matrix:
        return Matrix(self.data, self.dims[::-1], self.strides[::-1]) if turn else self


def _matrix(memory: Memory, first: int = 0) -> Matrix:
    return Matrix(
        memory.data,
        (memory.dim(first), memory.dim(first + 1)),
        (memory.stride(first), memory.stride(first + 1)),
    )


def _column(memory: Memory) -> Matrix:
    return Matrix(memory.data, (memory.dim(0), 1), (memory.stride(0), SIZE[memory.buffer.dtype]))


def _row(memory: Memory) -> Matrix:
    return _column(memory).turned(True)


def _cell(memory: Memory) -> Matrix:
    size = SIZE[memory.buffer.dtype]
    return Matrix(memory.data, (1, 1), (size, size))


Shapes = tuple[Callable[[Memory], Matrix], Callable[[Memory], Matrix], Callable[[Memory], Matrix]]

SHAPES: dict[str, Shapes] = {
    "gemm": (_matrix, _matrix, _matrix),
    "gemv": (_matrix, _column, _column),
    "dot": (_row, _column, _cell),
    "ger": (_column, _row, _matrix),
}
"""How the operands A, B and the result C are matrices."""


def _scalar_places(body: BodyEmitter, invoke: Invoke, dtype: str) -> tuple[str, str]:
    """Return pointers to alpha and beta."""
    given = body.scalars(invoke.scalars) or [constant(1, dtype), constant(0, dtype)]
    return _place(body.b, given[0]), _place(body.b, given[1])


def _place(b: Builder, value: Value) -> str:
    """Return a pointer to a scalar; constants, which most factors are, stand in the module."""
    if value.text[0] == "%" or is_complex(value.dtype):
        place = b.stack(f"[{SIZE[value.dtype]} x i8]", 16)
        store(b, value, place)
        return place
    name = f"factor.{value.dtype}.{value.text}"  # texts of float32 are those of float64
    b.module.helpers.setdefault(name, f'@"{name}" = private constant {value.typed}')
    return f'@"{name}"'


def _operands(name: str, body: BodyEmitter, invoke: Invoke) -> tuple[Matrix, Matrix]:
    """Return A and B as matrices."""
    attributes = dict(invoke.attributes)
    of_a, of_b, _ = SHAPES[name]
    a = of_a(body.memory(invoke.operands[0])).turned(attributes.get("transpose_a", False))
    b = of_b(body.memory(invoke.operands[1])).turned(attributes.get("transpose_b", False))
    return a, b


def _sure(name: str) -> Sure:
    def sure(body: BodyEmitter, invoke: Invoke) -> tuple[str, Size]:
        size = SIZE[body.program.buffers[invoke.results[0]].dtype]
        matrices = _operands(name, body, invoke)
        holds = [_fits_blas(body, matrix, size) for matrix in matrices]
        a, b = matrices
        return body.b.op(f"and i1 {holds[0]}, {holds[1]}"), _work(body, a.dims[0], b.dims[1], a.dims[1])

    return sure


def _fits_blas(body: BodyEmitter, matrix: Matrix, size: int) -> str:
    """Return whether BLAS can certainly take a matrix as it is: lines of consecutive elements, of a length that it takes."""
    b = body.b
    (rows, columns), (outer, inner) = matrix.dims, matrix.strides
    either = []
    for one, step, count in ((inner, outer, columns), (outer, inner, rows)):
        unit = b.op(f"icmp eq i64 {one}, {size}")
        far = b.op(f"icmp sge i64 {step}, {size_mul(b, count, size)}")
        whole = b.op(f"icmp eq i64 {b.op(f'and i64 {step}, {size - 1}')}, 0")
        short = b.op(f"icmp slt i64 {step}, {LIMIT}")
        both = b.op(f"and i1 {b.op(f'and i1 {unit}, {far}')}, {b.op(f'and i1 {whole}, {short}')}")
        either.append(both)
    fits = b.op(f"or i1 {either[0]}, {either[1]}")
    for length in (rows, columns):
        fits = b.op(f"and i1 {fits}, {b.op(f'icmp slt i64 {length}, {LIMIT}')}")
    return fits


def _emit_product(name: str) -> Callable[[BodyEmitter, Invoke], None]:
    def emit(body: BodyEmitter, invoke: Invoke) -> None:
        (result,) = invoke.results
        dtype, of_c = body.program.buffers[result].dtype, SHAPES[name][2]
        a, b = _operands(name, body, invoke)
        alpha, beta = _scalar_places(body, invoke, dtype)
        body.release(_work(body, a.dims[0], b.dims[1], a.dims[1]))
        _call(body, dtype, (a, b, of_c(body.memory(result))), alpha, beta)

    return emit


def _work(body: BodyEmitter, *lengths: Size) -> Size:
    """Return nanoseconds: a sixteenth for each product of two numbers."""
    total: Size = 1
    for length in lengths:
        total = size_mul(body.b, total, length)
    return total // 16 if isinstance(total, int) else body.b.op(f"ashr i64 {total}, 4")


def _call(body: BodyEmitter, dtype: str, matrices: tuple[Matrix, Matrix, Matrix], alpha: str, beta: str) -> None:
    """Call the product; the function stops with an error where it has no memory or a length does not fit BLAS."""
    _look_at(body, _write_call(body, body.b, dtype, matrices, alpha, beta))


def product_libraries(dtype: str, target: Target) -> dict[str, str]:
    """Return the modules that products of a dtype are calls of, by name; the first one has the function of its name."""
    kind = KIND[dtype]
    own = block_product_text(kind, target) if kind in "sd" else {}
    return {**own, f"neano_matmul_{kind}": matmul_text(kind)}


def begin_products(dtype: str) -> None:
    """Let the modules that products of a dtype need be ready when they are asked for: they are the same in every function."""
    _begin_products(dtype, default_cache())


@cache
def _begin_products(dtype: str, place: ObjectCache) -> None:
    for name, text in product_libraries(dtype, host()).items():
        begin(Module(name, text), place)


def _write_call(
    body: BodyEmitter, b: Builder, dtype: str, matrices: tuple[Matrix, Matrix, Matrix], alpha: str, beta: str
) -> str:
    """Write the call of the product into a function of the body's module and return its status."""
    libraries = product_libraries(dtype, body.target)
    b.module.libraries.update(libraries)
    name = next(iter(libraries))
    arguments: list[tuple[str, str]] = []
    for matrix in matrices:
        arguments += [("ptr", matrix.data), ("i64", str(matrix.strides[0])), ("i64", str(matrix.strides[1]))]
    left, right, _ = matrices
    arguments += [("i64", str(n)) for n in (left.dims[0], right.dims[1], left.dims[1])]
    status = b.call(name, "i32", *arguments, ("ptr", alpha), ("ptr", beta))
    b.module.symbols.discard(name)
    return status


def _look_at(body: BodyEmitter, status: str) -> None:
    """Leave the function where a product has failed."""
    b = body.b
    body.no_memory(b.op(f"icmp eq i32 {status}, {NO_MEMORY}"))
    text = f"a matrix product with a length above {LIMIT}, which BLAS does not take"
    body.require_or_raise(b.op(f"icmp eq i32 {status}, 0"), "PyExc_ValueError", text)


def _emit_batched(body: BodyEmitter, invoke: Invoke) -> None:
    batch = _prepare_batched(body, invoke)
    run(body, batch)
    batch.finish()


def _prepare_batched(body: BodyEmitter, invoke: Invoke) -> Ranged:
    (result,), (first, second) = invoke.results, invoke.operands[:2]
    dtype, attributes = body.program.buffers[result].dtype, dict(invoke.attributes)
    memories = [body.memory(name) for name in (first, second, result)]
    a = _matrix(memories[0], 1).turned(attributes.get("transpose_a", False))
    b = _matrix(memories[1], 1).turned(attributes.get("transpose_b", False))
    c = _matrix(memories[2], 1)
    alpha, beta = _scalar_places(body, invoke, dtype)
    count = memories[2].dim(0)
    work = _work(body, count, a.dims[0], b.dims[1], a.dims[1])
    body.release(work)
    steps = [memory.stride(0) for memory in memories]
    status = body.b.stack("i32")
    body.b.do(f"store i32 0, ptr {status}")
    numbers: list[Size] = [n for m in (a, b, c) for n in (*m.dims, *m.strides)]
    words = [("ptr", m.data) for m in (a, b, c)] + [("ptr", alpha), ("ptr", beta), ("ptr", status)]
    words += [("i64", str(n)) for n in (*numbers, *steps)]
    handed = body.b.stack(f"[{len(words)} x i64]")
    for position, (kind, value) in enumerate(words):
        body.b.do(f"store {kind} {value}, ptr {offset(body.b, handed, 8 * position)}")
    name = _batch(body, dtype, [kind for kind, _ in words])
    grain: Size | None = None
    if body.options.threads:
        each = body.b.op(f"sdiv i64 {work}, {body.b.op(f'add i64 {count}, 1')}")
        worth = body.b.op(f"sdiv i64 {GRAIN}, {body.b.op(f'add i64 {each}, 1')}")
        grain = body.b.op(f"add i64 {worth}, 1")
    return Ranged(name, handed, count, grain, lambda: _look_at(body, body.b.op(f"load i32, ptr {status}")))


def _batch(body: BodyEmitter, dtype: str, kinds: Sequence[str]) -> str:
    """Write a function that computes some products of a batch, handed as `_emit_batched` does, and return its name."""
    outer = body.b
    name = f"batch.{len(outer.module.helpers)}"
    outer.module.helpers[name] = ""  # keeps its place while helpers of its own are added
    b = Builder(outer.module, outer.target, outer.options)
    given = [
        b.early(f"load {kind}, ptr {b.early(f'getelementptr i8, ptr %given, i64 {8 * position}')}")
        for position, kind in enumerate(kinds)
    ]
    datas, (alpha, beta, status), numbers, steps = given[:3], given[3:6], given[6:18], given[18:]
    head, inside, after = b.label("product"), b.label("product.body"), b.label("product.done")
    b.jump(head)
    b.place(head)
    i, phi = b.fresh(), b.reserve()
    b.branch(b.op(f"icmp slt i64 {i}, %to"), inside, after)
    b.place(inside)
    here = []
    for k, (data, step) in enumerate(zip(datas, steps, strict=True)):
        rows, columns, outer_step, inner_step = numbers[4 * k : 4 * k + 4]
        place = offset(b, data, size_mul(b, i, step))
        here.append(Matrix(place, (rows, columns), (outer_step, inner_step)))
    code = _write_call(body, b, dtype, (here[0], here[1], here[2]), alpha, beta)
    failed, good = b.label("failed"), b.label("good")
    b.branch(b.op(f"icmp eq i32 {code}, 0"), good, failed)
    b.place(failed)
    b.do(f"store atomic i32 {code}, ptr {status} monotonic, align 4")
    b.jump(good)
    b.place(good)
    following = b.op(f"add i64 {i}, 1")
    b.fill(phi, f"{i} = phi i64 [%from, %start], [{following}, %{b.current}]")
    b.jump(head)
    b.place(after)
    b.do("ret void")
    outer.module.helpers[name] = b.text(f"define internal void @{name}(ptr %given, i64 %from, i64 %to) nounwind")
    return name


def _interpret(product: Callable[[Any, Any], Any]) -> Interpret:
    def interpret(
        results: Sequence[Any],
        operands: Sequence[Any],
        scalars: Sequence[Any],
        attributes: Mapping[str, Any],
        objects: Sequence[Any],
    ) -> Sequence[Any]:
        a, b = operands[:2]
        alpha, beta = scalars or (1, 0)
        a = a.swapaxes(-1, -2) if attributes.get("transpose_a") else a
        b = b.swapaxes(-1, -2) if attributes.get("transpose_b") else b
        value = np.asarray(alpha * product(a, b))
        results[0][...] = value if beta == 0 else value + beta * results[0]
        return results

    return interpret


PRODUCTS: dict[str, Callable[[Any, Any], Any]] = {
    "gemm": np.matmul,
    "gemv": np.matmul,
    "dot": np.dot,
    "ger": np.multiply.outer,
}

for _name, _product in PRODUCTS.items():
    ROUTINES[_name] = Routine(_emit_product(_name), _interpret(_product), _sure(_name))
ROUTINES["batched_gemm"] = Routine(_emit_batched, _interpret(np.matmul), ranged=_prepare_batched)
