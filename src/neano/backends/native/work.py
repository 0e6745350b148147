"""How much work a statement does: floating point operations, bytes read and written, as expressions of run-time lengths.

What is counted is what the loop IR says, not what the processor does: an expression counts once for each iteration of the
outermost loop that it can be computed in. A scalar function counts as many operations as `FLOPS` says; integers, comparisons of
them and casts count none. A buffer counts as read once however often its elements are read, for the second time they come from
the cache; fewer bytes where a loop reads fewer elements than there are. Memory that lives inside a nest counts nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from neano.backends.native.emit.numbering import Numbering
from neano.backends.native.emit.text import SIZE
from neano.backends.native.ir import (
    Accumulate,
    AccumulateArg,
    Alloc,
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
    Stmt,
    Store,
    Update,
    View,
)
from neano.backends.native.traverse import expressions, postorder, statements

FLOPS = {
    **dict.fromkeys("second identity real imag conj sgn isnan isinf abs_ neg switch and_ or_ xor invert".split(), 0),
    **dict.fromkeys(
        "add sub mul sqr maximum minimum lt gt le ge eq neq true_div reciprocal sqrt clip floor ceil".split(), 1
    ),
    **dict.fromkeys("exp exp2 exp10 expm1 log log2 log10 log1p sigmoid tanh sin cos".split(), 16),
}
"""Operations of a function on real numbers. A polynomial or rational approximation is counted by its usual length."""

LONG = 24
"""Operations of every function that `FLOPS` does not have."""


@dataclass(frozen=True)
class Work:
    """What one execution of a statement amounts to.

    Attributes:
        flops: the number of operations.
        read, written: buffer -> bytes.
        functions: the scalar functions that are computed, the costliest first, without those on indices.
        dtype: of most of the operations; "" where there are none.
        exact: False where a length is only known inside the nest; it then counts as 1.
    """

    flops: Expr
    read: Mapping[str, Expr]
    written: Mapping[str, Expr]
    functions: tuple[str, ...] = ()
    dtype: str = ""
    exact: bool = True


def flops_of(function: str, dtype: str) -> int:
    """Return how many operations a function of a dtype counts.

    >>> flops_of("add", "float64"), flops_of("mul", "complex128"), flops_of("add", "int64"), flops_of("exp", "float32")
    (1, 6, 0, 16)
    """
    if dtype[0] not in "fc":
        return 0
    count = FLOPS.get(function, LONG)
    return count * (6 if function == "mul" else 2) if dtype[0] == "c" else count


def number(value: int) -> Expr:
    return Const(value, "int64")


def plus(a: Expr, b: Expr) -> Expr:
    if isinstance(a, Const) and isinstance(b, Const):
        return number(a.value + b.value)
    if isinstance(a, Const) and a.value == 0:
        return b
    return a if isinstance(b, Const) and b.value == 0 else Scalar("add", (a, b), "int64")


def times(a: Expr, b: Expr) -> Expr:
    if isinstance(a, Const) and isinstance(b, Const):
        return number(a.value * b.value)
    for one, other in ((a, b), (b, a)):
        if isinstance(one, Const) and one.value in (0, 1):
            return other if one.value else number(0)
    return Scalar("mul", (a, b), "int64")


def total(parts: Iterable[Expr]) -> Expr:
    """Return the sum of some expressions."""
    result = number(0)
    for part in parts:
        result = plus(result, part)
    return result


def elements(program: Program, name: str, lengths: tuple[Expr, ...] = ()) -> Expr:
    """Return how many elements a buffer has; `lengths` are what it was made with, where that is known."""
    buffer = program.buffers[name]
    result = number(1)
    for axis in range(buffer.ndim):
        static = buffer.static[axis] if buffer.static else None
        length = lengths[axis] if lengths else Dim(name, axis)
        result = times(result, length if static is None else number(static))
    return result


def work_of(program: Program, statement: Loop | Invoke) -> Work:
    """Return the work of a nest, or of a call of a routine, at top level."""
    return _of_call(program, statement) if isinstance(statement, Invoke) else _Counter(program).count(statement)


def _of_call(program: Program, invoke: Invoke) -> Work:
    def size(name: str) -> Expr:
        dtype = program.buffers[name].dtype
        return number(0) if dtype == "object" else times(number(SIZE[dtype]), elements(program, name))

    operands = invoke.results if invoke.routine == "sort" else invoke.operands  # which sorts where its result lies
    read, written = ({name: size(name) for name in names} for names in (operands, invoke.results))
    flops, dtype = _product(program, invoke), program.buffers[invoke.results[0]].dtype if invoke.results else ""
    return Work(flops, read, written, dtype=dtype if flops != number(0) else "")


def _product(program: Program, invoke: Invoke) -> Expr:
    """Return the operations of a matrix product: two for each element of the result and each term of its sum."""
    if invoke.routine not in ("gemm", "gemv", "dot", "ger", "batched_gemm"):
        return number(0)
    left, turned = invoke.operands[0], dict(invoke.attributes).get("transpose_a", False)
    ndim = program.buffers[left].ndim
    terms = number(1) if invoke.routine == "ger" else Dim(left, ndim - 2 if turned else ndim - 1)
    each = 8 if program.buffers[left].dtype[0] == "c" else 2
    return times(number(each), times(elements(program, invoke.results[0]), terms))


@dataclass
class _Block:
    """A block of a nest: the positions of its loops from the outermost on, and how often each of them goes round."""

    path: tuple[int, ...] = ()
    trips: tuple[Expr, ...] = (Const(1, "int64"),)


@dataclass
class _Counter:
    """Counts one nest."""

    program: Program
    numbering: Numbering = field(default_factory=Numbering)
    depths: dict[str, int] = field(default_factory=dict)
    counted: set[tuple[tuple[int, ...], int]] = field(default_factory=set)
    flops: dict[tuple[int, ...], int] = field(default_factory=dict)
    trips: dict[tuple[int, ...], Expr] = field(default_factory=dict)
    loads: dict[str, dict[tuple[int, ...], int]] = field(default_factory=dict)
    stores: dict[str, dict[tuple[int, ...], int]] = field(default_factory=dict)
    functions: dict[str, int] = field(default_factory=dict)
    dtypes: dict[str, int] = field(default_factory=dict)
    exact: bool = True
    loops: int = 0

    def count(self, loop: Loop) -> Work:
        inside = list(statements((loop,)))
        self.bases = {s.buffer: s.base for s in inside if isinstance(s, (View, Reinterpret))}
        self.local = {s.buffer for s in inside if isinstance(s, Alloc)}
        made = (s for s in statements(self.program.body) if isinstance(s, (Alloc, Reinterpret)))
        self.lengths = {s.buffer: s.dims for s in made}
        self.written = {self._root(s.buffer) for s in inside if isinstance(s, (Store, Update))}
        self.trips[()] = number(1)
        self._loop(loop, _Block())
        flops = self._times(self.flops)
        named = sorted(self.functions, key=lambda name: -self.functions[name])
        dtype = max(self.dtypes, key=lambda name: self.dtypes[name], default="")
        return Work(flops, self._bytes(self.loads), self._bytes(self.stores), tuple(named), dtype, self.exact)

    def _times(self, counts: Mapping[tuple[int, ...], int]) -> Expr:
        """Return the sum of some counts, each times how often its block is run."""
        together: dict[Expr, int] = {}
        for path, count in counts.items():
            together[self.trips[path]] = together.get(self.trips[path], 0) + count
        return total(times(number(count), trips) for trips, count in together.items())

    def _bytes(self, touched: dict[str, dict[tuple[int, ...], int]]) -> dict[str, Expr]:
        found: dict[str, Expr] = {}
        for name, counts in touched.items():
            whole = elements(self.program, name, self.lengths.get(name, ()))
            accesses = self._times(counts)
            if whole != number(1) and whole not in {self.trips[path] for path in counts}:
                whole = Scalar("minimum", (accesses, whole), "int64")
            found[name] = times(number(SIZE[self.program.buffers[name].dtype]), whole)
        return found

    def _root(self, name: str) -> str:
        while name in self.bases:
            name = self.bases[name]
        return name

    def _loop(self, loop: Loop, outside: _Block) -> None:
        inner = any(isinstance(e, (Load, Ref)) and self._is_inside(e) for e in postorder((loop.extent,)))
        inner |= any(isinstance(e, Dim) and e.buffer in self.local | set(self.bases) for e in postorder((loop.extent,)))
        self.exact &= not inner
        self.loops += 1
        trips = times(outside.trips[-1], number(1) if inner else loop.extent)
        block = _Block((*outside.path, self.loops), (*outside.trips, trips))
        self.trips[block.path] = trips
        self.depths[loop.index] = len(block.path)
        self._block(loop.body, block)

    def _is_inside(self, expr: Expr) -> bool:
        return isinstance(expr, Load) or (isinstance(expr, Ref) and expr.name in self.depths)

    def _block(self, body: Iterable[Stmt], block: _Block) -> None:
        for statement in body:
            if isinstance(statement, Loop):
                self._loop(statement, block)
                continue
            for expr in expressions(statement):
                self._expression(expr, block)
            self._statement(statement, block)

    def _statement(self, statement: Stmt, block: _Block) -> None:
        here = block.path
        match statement:
            case Let():
                self.depths[statement.name] = self._depth(self.numbering.number(statement.value), block)
            case Declare():
                self.depths[statement.name] = len(here)
            case Accumulate() | AccumulateArg():
                self._operation(statement.combine, statement.value.dtype, here)
                self.functions.setdefault(statement.combine, 0)  # of integers, too
            case Store() | Update():
                self._touch(self.stores, statement.buffer, here)
                if isinstance(statement, Update):
                    self._touch(self.loads, statement.buffer, here)
                    self._operation(statement.combine, statement.value.dtype, here)
            case If():
                self._block((*statement.then, *statement.otherwise), block)
            case _:
                pass

    def _touch(self, places: dict[str, dict[tuple[int, ...], int]], name: str, path: tuple[int, ...]) -> None:
        root = self._root(name)
        if root not in self.local:
            counts = places.setdefault(root, {})
            counts[path] = counts.get(path, 0) + 1

    def _operation(self, function: str, dtype: str, path: tuple[int, ...]) -> None:
        count = flops_of(function, dtype)
        self.flops[path] = self.flops.get(path, 0) + count
        if dtype != "int64":
            self.functions[function] = self.functions.get(function, 0) + (count + 1) * 100 ** len(path)
        if count:
            self.dtypes[dtype] = self.dtypes.get(dtype, 0) + count * 100 ** len(path)

    def _expression(self, root: Expr, block: _Block) -> None:
        stack = [self.numbering.number(root)]
        while stack:
            each = stack.pop()
            path = block.path[: self._depth(each, block)]
            if (path, each) in self.counted:
                continue
            self.counted.add((path, each))
            node = self.numbering.nodes[each]
            stack += self.numbering.kids[each]
            if isinstance(node, Load):
                self._touch(self.loads, node.buffer, path)
            elif isinstance(node, Scalar):
                self._operation(node.function, node.args[0].dtype if node.args else node.dtype, path)

    def _depth(self, each: int, block: _Block) -> int:
        """Return how many of the loops around a block an expression depends on."""
        known: dict[int, int] = {}
        stack = [each]
        while stack:
            top = stack[-1]
            waiting = [kid for kid in self.numbering.kids[top] if kid not in known]
            if waiting:
                stack += waiting
                continue
            stack.pop()
            node = self.numbering.nodes[top]
            own = self.depths.get(node.name, 0) if isinstance(node, Ref) else 0
            if isinstance(node, Load) and self._root(node.buffer) in self.written:
                own = len(block.path)
            known[top] = max([own, *(known[kid] for kid in self.numbering.kids[top])])
        return min(known[each], len(block.path))
