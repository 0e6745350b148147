"""Calls of kernels by the body: what they are handed, over which range they run, and whether on several threads.

Loops of a nest that fit together at run time are merged here: the kernel gets their lengths, and a flag where they are all one.

Where threads are asked for, a nest whose iterations may run in any order is handed to

    void neano_parallel_for(ptr kernel, ptr args, i64 n, i64 grain)

which calls `kernel(args, from, to)` for pieces of 0 .. n, each of some whole grains but for the last. What an element becomes
depends neither on the pieces nor on the threads.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neano.backends.native.emit.chunks import Chunks, reductions_of
from neano.backends.native.emit.kernel import OUT_OF_MEMORY, SLOT, Kernel, KernelEmitter, Key
from neano.backends.native.emit.loop_shapes import shape_of
from neano.backends.native.emit.memory import Size, offset, size_add, size_mul, store
from neano.backends.native.emit.nest import Nest, nest_of
from neano.backends.native.emit.ranges import PARALLEL_FOR, Ranged
from neano.backends.native.emit.streaming import unread_results
from neano.backends.native.emit.text import Value
from neano.backends.native.ir import Alloc, Dim, Load, Loop, Program, Ref, Reinterpret, View
from neano.backends.native.runtime.abi import CHECK_FAILED
from neano.backends.native.traverse import all_expressions, buffers_used, postorder, statements

if TYPE_CHECKING:
    from neano.backends.native.emit.body import BodyEmitter

GRAIN_WORK = 80_000
"""Work of one grain, in quarters of a nanosecond: well above what handing it to a thread costs."""

ELEMENTS = 4096
"""Elements of merged loops come in multiples of this many."""

TILE_ROWS = 8
"""Rows come in multiples of this many, if they are so many, where an operand may be read across (`tiles`)."""

COLUMNS_FROM = 4096
"""Columns from which rows are combined into one for some columns after the other, on threads for different columns."""

COLUMNS = 512
"""Columns come in multiples of this many."""


@dataclass(frozen=True, eq=False)
class KernelCall:
    """A call of a kernel: its loop, the program that has its buffers, and whether threads may share its iterations."""

    kernel: Kernel
    loop: Loop
    program: Program
    threaded: bool


@dataclass(frozen=True)
class _Made:
    """A kernel, the lengths of its loops after merging, whether all are one, the length of its range, what it is handed."""

    kernel: Kernel
    nest: Nest
    extents: tuple[Size, ...]
    flat: str
    total: Size
    args: str


class KernelCalls:
    """Makes the kernels of one body and writes their calls.

    Attributes:
        kernels: by name, in the order of their first call.
        calls: every call.
        begin: told the name and the text of each kernel as soon as it is written.
    """

    def __init__(self, body: BodyEmitter, begin: Callable[[str, str], None] | None = None) -> None:
        self.body = body
        self.begin = begin
        self._begun: set[str] = set()
        self.kernels: dict[str, Kernel] = {}
        self.calls: list[KernelCall] = []
        self.unread = unread_results(body.program)
        self._status = ""
        self._strides: dict[tuple[str, int], Size] = {}
        self._by_shape: dict[Hashable, tuple[Kernel, tuple[str, ...]]] = {}
        self._areas: list[tuple[str, int, int]] = []
        self._depth = 0

    def call(self, loop: Loop) -> None:
        """Make a kernel of a loop and call it."""
        body, made = self.body, self._made(loop)
        kernel, nest, flat, args, total = made.kernel, made.nest, made.flat, made.args, made.total
        whole = f"call void @{kernel.name}(ptr {args}, i64 0, i64 {total})"
        reductions = reductions_of(loop, body.views) if body.options.threads and loop.parallel else None
        shared = reductions is not None and (not flat or (nest.splittable if reductions else nest.any_order))
        grain = self._grain(nest, kernel, made.extents, flat) if shared else ""
        shared = shared and not (isinstance(total, int) and grain.isdecimal() and total < 2 * int(grain))
        self.calls.append(KernelCall(kernel, loop, body.program, shared))
        if not shared:
            body.b.do(whole)
        elif reductions and nest.columns:
            rows = lambda: Chunks(body, kernel, reductions).call(args, total, grain, whole, PARALLEL_FOR)  # noqa: E731
            across = self._columns_grain(kernel, made.extents[0])
            columns = lambda: self._parallel(kernel, args, total, across)  # noqa: E731
            self._either(flat, columns, rows)
        elif reductions:
            Chunks(body, kernel, reductions).call(args, total, grain, whole, PARALLEL_FOR)
        else:
            self._parallel(kernel, args, total, grain)
        self._after(kernel)

    def ranged(self, loop: Loop) -> Ranged:
        """Make a kernel of a loop that combines nothing, and write all of its call but the call."""
        made = self._made(loop)
        shared = not made.flat or made.nest.any_order
        grain = self._grain(made.nest, made.kernel, made.extents, made.flat) if shared else None
        self.calls.append(KernelCall(made.kernel, loop, self.body.program, shared))
        return Ranged(made.kernel.name, made.args, made.total, grain, lambda: self._after(made.kernel))

    def _made(self, loop: Loop) -> _Made:
        """Make a kernel of a loop, and hand it what it needs."""
        body, b = self.body, self.body.b
        nest = nest_of(loop, body.views, body.program.buffers)
        kernel = self._kernel(loop, nest)
        extents, flat, total = self._extents(nest)
        body.release(self._nanoseconds(nest, kernel))
        args = self._arguments(kernel, loop, extents, flat)
        b.module.declare(kernel.name, "void", "ptr", "i64", "i64")
        b.module.symbols.discard(kernel.name)
        return _Made(kernel, nest, tuple(extents), flat, total, args)

    def _after(self, kernel: Kernel) -> None:
        """Write what comes after the call of a kernel."""
        if kernel.can_fail:
            self._look_at_status()
        self._depth -= 1

    def _kernel(self, loop: Loop, nest: Nest) -> Kernel:
        """Return the kernel of a loop, which is that of an earlier one of its shape where there is one."""
        body = self.body
        shape = shape_of(loop, body.program.buffers, body.views)
        key = shape.exact, tuple(name in self.unread for name in shape.names)
        known = self._by_shape.get(key)
        if known is not None:
            kernel, names = known
            return kernel.renamed(dict(zip(names, shape.names, strict=True)))
        libraries = body.b.module.libraries
        kernel = KernelEmitter(body.program, body.target, body.options, body.views, nest, self.unread, libraries).emit()
        if self.kernels.setdefault(kernel.name, kernel) is kernel and self.begin:  # later ones have the same text
            new = {kernel.name: kernel.text, **libraries}
            for name in new.keys() - self._begun:
                self.begin(name, new[name])
            self._begun |= new.keys()
        self._by_shape[key] = kernel, shape.names
        return kernel

    def _area(self, size: int) -> str:
        """Return a place in the frame for what a kernel is handed, the same for all calls that are not made for another call."""
        b = self.body.b
        if self._depth == len(self._areas):
            self._areas.append((b.stack("[0 x i8]", 16), len(b.entry) - 1, 0))
        name, line, reserved = self._areas[self._depth]
        self._areas[self._depth] = name, line, max(size, reserved)
        b.entry[line] = f"  {name} = alloca [{max(size, reserved)} x i8], align 16"
        self._depth += 1
        return name

    def _parallel(self, kernel: Kernel, args: str, total: Size, grain: str) -> None:
        b = self.body.b
        b.call(PARALLEL_FOR, "void", ("ptr", f"@{kernel.name}"), ("ptr", args), ("i64", str(total)), ("i64", grain))

    def _either(self, condition: str, then: Callable[[], None], otherwise: Callable[[], None]) -> None:
        """Write one of two things to be done under a condition, and the other where it does not hold."""
        b = self.body.b
        labels = [b.label(purpose) for purpose in ("columns", "rows", "combined")]
        b.branch(condition, labels[0], labels[1])
        for label, work in zip(labels, (then, otherwise), strict=False):
            b.place(label)
            work()
            b.jump(labels[2])
        b.place(labels[2])

    def _columns_grain(self, kernel: Kernel, rows: Size) -> str:
        """Return how many columns are worth a thread where each has some rows to be combined."""
        b = self.body.b
        each = b.op(f"add i64 {size_mul(b, kernel.weight, rows)}, 1")
        columns = b.op(f"add i64 {b.op(f'sdiv i64 {GRAIN_WORK}, {each}')}, {COLUMNS}")
        return b.op(f"and i64 {columns}, {-COLUMNS}")

    def _arguments(self, kernel: Kernel, loop: Loop, extents: list[Size], flat: str) -> str:
        """Write what a kernel is handed into the frame and return a pointer to it."""
        b = self.body.b
        args = self._area(SLOT * max(len(kernel.arguments), 1))
        if kernel.can_fail and not self._status:
            self._status = b.stack("i64")
        if kernel.can_fail:
            b.do(f"store i64 0, ptr {self._status}")
        for position, key in enumerate(kernel.arguments):
            value = self._streams(loop) if key == ("streams",) else self._argument(key, extents, flat)
            place = offset(b, args, SLOT * position)
            if isinstance(value, Value):
                store(b, value, place)
            else:
                b.do(f"store ptr {value}, ptr {place}")
        return args

    def _argument(self, key: Key, extents: list[Size], flat: str) -> Value | str:
        """Return what the kernel finds under a key: a value, or a pointer as text."""
        body = self.body
        match key:
            case ("data", name):
                return body.memory(name).data
            case ("dim", name, axis):
                return Value(str(body.memory(name).dim(int(axis))), "int64")
            case ("stride", name, axis):
                return Value(str(self._stride(name, int(axis))), "int64")
            case ("value", name, dtype):
                return body.value(name, dtype)
            case ("accumulator", name, dtype):
                return body.accumulator(name, dtype).cell
            case ("extent", position):
                return Value(str(extents[int(position)]), "int64")
            case ("flat",):
                return Value(body.b.op(f"zext i1 {flat} to i64"), "int64")
            case ("status",):
                return self._status
            case ("context",):
                return "%context"
            case _:
                raise LookupError(f"a kernel wants {key}")

    def _streams(self, loop: Loop) -> Value:
        """Return whether what a loop reads and writes is more than stays in the cache until it is read again."""
        b, body = self.body.b, self.body
        made = {s.buffer for s in statements(loop.body) if isinstance(s, (Alloc, View, Reinterpret))}
        names = {e.buffer for e in all_expressions(loop.body) if isinstance(e, Load)}
        names.update(name for s in statements(loop.body) for name in buffers_used(s)[1])
        touched: Size = 0
        for name in sorted(names - made):
            memory = body.memory(name)
            touched = size_add(b, touched, body.byte_count(name, [memory.dim(k) for k in range(memory.buffer.ndim)]))
        large = b.op(f"icmp sgt i64 {touched}, {body.target.cache_bytes // 2}")
        return Value(b.op(f"zext i1 {large} to i64"), "int64")

    def _look_at_status(self) -> None:
        """Leave the function where a kernel failed."""
        body, b = self.body, self.body.b

        def write() -> None:
            again = b.op(f"load i64, ptr {self._status}")
            body.no_memory(b.op(f"icmp eq i64 {again}, {OUT_OF_MEMORY}"))
            body.end(CHECK_FAILED)

        status = b.op(f"load i64, ptr {self._status}")
        body.leave_where(b.op(f"icmp eq i64 {status}, 0"), False, "kernel failed", write)

    # Lengths.

    def _extents(self, nest: Nest) -> tuple[list[Size], str, Size]:
        """Return the lengths of the loops after merging, whether all are merged, and the length of the kernel's range."""
        body, b, last = self.body, self.body.b, len(nest.loops) - 1
        self._strides = {}
        if nest.merged_from == last and not nest.columns:
            return [], "", body.sizes((nest.loops[0].extent,))[0]
        extents = body.sizes([loop.extent for loop in nest.loops])
        if nest.reversible:
            extents = self._reversed(nest, extents)
        fits, inner = "true", extents[last]
        for level in range(last - 1, 0 if nest.columns else -1, -1):
            alone = b.op(f"icmp eq i64 {extents[level]}, 1")
            if level >= nest.merged_from:
                alone = b.op(f"or i1 {alone}, {self._strides_fit(nest, level, inner)}")
            fits = alone if fits == "true" else b.op(f"and i1 {fits}, {alone}")
            longer = size_mul(b, inner, extents[level])
            inner = b.op(f"select i1 {fits}, i64 {longer}, i64 {inner}")
            extents[level] = b.op(f"select i1 {fits}, i64 1, i64 {extents[level]}")
        extents[last] = inner
        if nest.columns:
            fits = b.op(f"and i1 {fits}, {b.op(f'icmp sge i64 {inner}, {COLUMNS_FROM}')}")
        return extents, fits, b.op(f"select i1 {fits}, i64 {inner}, i64 {extents[0]}")

    def _stride(self, buffer: str, axis: int) -> Size:
        """Return the stride that the kernel sees."""
        found = self._strides.get((buffer, axis))
        return self.body.memory(buffer).stride(axis) if found is None else found

    def _reversed(self, nest: Nest, extents: list[Size]) -> list[Size]:
        """Let the loops run the other way round where the first operand's neighbours stand along the outermost one.

        The kernel is the same: it sees the axes of each operand in the reversed order.
        """
        b, memory = self.body.b, self.body.memory
        buffer, axes = nest.axes[0]
        steps = []
        for axis in (axes[0], axes[-1]):
            stride = memory(buffer).stride(axis)
            steps.append(b.op(f"mul i64 {stride}, {stride}"))
        turned = b.op(f"icmp slt i64 {steps[0]}, {steps[1]}")
        for buffer, axes in nest.axes:
            for axis, other in zip(axes, reversed(axes), strict=True):
                own, its = memory(buffer).stride(axis), memory(buffer).stride(other)
                self._strides[buffer, axis] = b.op(f"select i1 {turned}, i64 {its}, i64 {own}")
        return [
            b.op(f"select i1 {turned}, i64 {its}, i64 {own}")
            for own, its in zip(extents, reversed(extents), strict=True)
        ]

    def _strides_fit(self, nest: Nest, level: int, inner: Size) -> str:
        """Return whether an axis goes on where the merged axes inside it end, in all places that the nest touches."""
        b, total = self.body.b, "true"
        pairs = {(buffer, axes[level - nest.merged_from], axes[-1]) for buffer, axes in nest.axes}
        for buffer, axis, innermost in sorted(pairs):
            wanted = size_mul(b, self._stride(buffer, innermost), inner)
            same = b.op(f"icmp eq i64 {self._stride(buffer, axis)}, {wanted}")
            total = same if total == "true" else b.op(f"and i1 {total}, {same}")
        return total

    # Work.

    def _nanoseconds(self, nest: Nest, kernel: Kernel) -> Size:
        """Return an estimate of a nest's work: a quarter of a nanosecond for each simple operation on an element."""
        if not self.body.releases:
            return 0
        total = self._work(kernel, _longest_chain(nest.loops[0]))
        return total // 4 if isinstance(total, int) else self.body.b.op(f"ashr i64 {total}, 2")

    def _work(self, kernel: Kernel, loops: list[Loop]) -> Size:
        """Return the number of simple operations of loops, as far as their lengths are known before the nest starts."""
        total: Size = kernel.weight
        for length in self.body.sizes([loop.extent for loop in loops if self._is_known(loop)]):
            total = size_mul(self.body.b, total, length)
        return total

    def _grain(self, nest: Nest, kernel: Kernel, extents: Sequence[Size], flat: str) -> str:
        """Return how many iterations of the kernel's range are worth a thread."""
        b = self.body.b
        elements = (GRAIN_WORK // kernel.weight // ELEMENTS + 1) * ELEMENTS
        if len(nest.loops) == 1 and not any(isinstance(s, Loop) for s in nest.loops[0].body):
            return str(elements)
        row = b.op(f"add i64 {self._work(kernel, _longest_chain(nest.loops[0])[1:])}, 1")
        rows = b.op(f"add i64 {b.op(f'sdiv i64 {GRAIN_WORK}, {row}')}, 1")
        if nest.turned:
            several = b.op(f"icmp sge i64 {rows}, {TILE_ROWS}")
            rows = b.op(f"select i1 {several}, i64 {b.op(f'and i64 {rows}, {-TILE_ROWS}')}, i64 {rows}")
        return b.op(f"select i1 {flat}, i64 {elements}, i64 {rows}") if flat else rows

    def _is_known(self, loop: Loop) -> bool:
        """Return whether the length of an inner loop can be computed before the nest starts."""
        for part in postorder((loop.extent,)):
            if isinstance(part, Ref) and part.name not in self.body.values:
                return False
            if isinstance(part, Load) or (isinstance(part, Dim) and not self._has_memory(part.buffer)):
                return False
        return True

    def _has_memory(self, name: str) -> bool:
        return name in self.body.memories or self.body.program.buffers[name].kind in ("input", "constant")


def _longest_chain(loop: Loop) -> list[Loop]:
    """Return a loop and, inside it, the loops of the deepest nest."""
    inner = [_longest_chain(s) for s in loop.body if isinstance(s, Loop)]
    return [loop, *max(inner, key=len, default=[])]
