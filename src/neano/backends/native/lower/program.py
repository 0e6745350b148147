"""From a schedule to a program of the loop IR: registers, buffers, loops and statements in their final order.

An expression is evaluated once, in the outermost block where all that it needs is known: what does not depend on the inner
loop stands before it, and what several statements share has a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neano.backends.native import ir
from neano.backends.native.schedule.expressions import Access, Expr, children_of
from neano.backends.native.schedule.fuse import Nest, Schedule, common_depth
from neano.backends.native.schedule.plan import Guard, Invocation, Item, Operand, Root, Stored, Written
from neano.backends.native.schedule.storage import Storage, decide_storage, reading_level


class Block:
    """The statements of one loop body (or of the function) while it is being written."""

    def __init__(self, index: str | None) -> None:
        self.index = index
        self.statements: list[ir.Stmt] = []
        self.known: dict[int, ir.Expr] = {}
        self.registers: dict[Stored, ir.Expr] = {}


class ProgramBuilder:
    """Writes the program of one schedule."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.plan = schedule.plan
        self.storage = decide_storage(schedule)
        self.buffers: dict[str, ir.Buffer] = {}
        self.blocks: list[Block] = []
        self.allocated: set[Stored] = set()
        self.uses = _count_uses(schedule)
        self._current: Item | None = None
        self._names: dict[str, int] = {}
        self._homes: dict[int, int] = {}

    def build(self) -> ir.Program:
        """Return the program."""
        for stored in self.plan.values:
            if stored.kind in ("input", "constant"):
                self._declare(stored, tuple(range(stored.ndim)))
        top = Block(None)
        self.blocks.append(top)
        self._children(self.schedule.body)
        for stored in self.plan.results:  # results that nothing fills: empty ones
            self._allocate(stored)
        self.blocks.pop()
        return ir.Program(
            inputs=tuple(stored.name for stored in self.plan.inputs),
            results=tuple(stored.name for stored in self.plan.results),
            buffers=self.buffers,
            body=tuple(top.statements),
            errors=tuple(ir.ErrorText(*error) for error in self.plan.errors),
            constants=dict(self.plan.constants),
            objects=tuple(self.plan.objects),
            nodes=tuple(self.plan.nodes),
        )

    # Structure

    def _fresh(self, stem: str) -> str:
        count = self._names[stem] = self._names.get(stem, -1) + 1
        return f"{stem}_{count}" if count else stem

    def _children(self, nodes: Sequence[Nest | Item]) -> None:
        for node in nodes:
            if isinstance(node, Nest):
                self._nest(node)
            elif isinstance(node, Root):
                self._leaf(node)
            elif isinstance(node, Guard):
                self.current = node
                condition = self.lower(node.condition)
                arguments = tuple(self.lower(arg) for arg in node.args)
                self.blocks[-1].statements.append(ir.Check(condition, node.error, arguments))
            elif isinstance(node, Written):
                self._write(node)
            else:
                self._invoke(node)

    def _nest(self, nest: Nest) -> None:
        level = len(self.blocks) - 1
        reductions = [
            item
            for item in nest.items
            if isinstance(item, Root) and item.init is not None and reading_level(item) == level
        ]
        for item in nest.items:
            if isinstance(item, Root):
                for stored in (item.target, item.companion):
                    if (
                        stored is not None
                        and not self.storage[stored].in_register
                        and self.storage[stored].level == level
                    ):
                        self._allocate(stored)
        for root in reductions:
            self._start_reduction(root)
        self.current = nest.items[0]
        extent = self.lower(nest.extent)
        block = Block(self._fresh(f"i{nest.depth}"))
        self.blocks.append(block)
        self._children(nest.children)
        self.blocks.pop()
        # what a reduction combines from outside the loop is no dependence: see `ir.Loop`
        independent = level == 0 and all(
            isinstance(item, Root) and (item.init is not None or (item.combine is None and item.unique))
            for item in nest.items
        )
        assert block.index is not None
        self.blocks[-1].statements.append(ir.Loop(block.index, extent, tuple(block.statements), independent))
        for root in reductions:
            self._finish_reduction(root)

    # Places

    def _declare(self, stored: Stored, axes: Sequence[int]) -> None:
        static = tuple(length.value if isinstance(length := stored.lengths[axis], ir.Const) else None for axis in axes)
        self.buffers[stored.name] = ir.Buffer(
            stored.name, stored.dtype, len(axes), stored.kind, static, stored.contiguous or stored.kind != "input"
        )

    def _allocate(self, stored: Stored) -> None:
        """Give a value its memory, in the block that is open."""
        if stored in self.allocated or stored.kind in ("input", "constant", "view"):
            return
        self.allocated.add(stored)
        axes = self.storage[stored].axes
        self._declare(stored, axes)
        dims = tuple(self.lower(stored.lengths[axis]) for axis in axes)
        self.blocks[-1].statements.append(ir.Alloc(stored.name, dims))

    def _index_in(self, stored: Stored, index: Sequence[Expr]) -> tuple[ir.Expr, ...]:
        """Return the index of an element in a value's buffer, which may have lost axes."""
        return tuple(self.lower(index[axis]) for axis in self.storage[stored].axes)

    # Items

    def _leaf(self, root: Root) -> None:
        self.current = root
        block = self.blocks[-1]
        value = self.lower(root.value)
        if root.position is not None:
            assert root.companion is not None
            names = (f"{root.target.name}_best", f"{root.companion.name}_at")
            block.statements.append(
                ir.AccumulateArg(*names, root.combine, value, self.lower(root.position))  # type: ignore[arg-type]
            )
            return
        if root.init is not None:
            if self._accumulates_in_register(root):
                assert root.combine is not None
                block.statements.append(ir.Accumulate(self._accumulator(root.target), root.combine, value))
            else:
                unique = len(root.loops) - 1 not in root.reduced
                self._update(root, value, unique)
            return
        if root.combine is not None:
            self._allocate(root.target)
            self._update(root, value, root.unique)
            return
        place = self.storage[root.target]
        if place.in_register:
            block.registers[root.target] = self._named(value, root.target.name)
            return
        self._allocate(root.target)
        if root.is_whole:
            block.registers[root.target] = value = self._named(value, f"{root.target.name}_value")
        block.statements.append(ir.Store(root.target.name, self._index_in(root.target, root.index), value))

    def _update(self, root: Root, value: ir.Expr, unique: bool) -> None:
        assert root.combine is not None
        index = self._index_in(root.target, root.index)
        self.blocks[-1].statements.append(ir.Update(root.target.name, index, root.combine, value, unique))

    def _named(self, value: ir.Expr, name: str) -> ir.Expr:
        """Return the value as a name (or a constant) that later statements of the block may use."""
        if isinstance(value, (ir.Ref, ir.Const)):
            return value
        fresh = self._fresh(name)
        self.blocks[-1].statements.append(ir.Let(fresh, value))
        return ir.Ref(fresh, value.dtype)

    # Reductions

    def _accumulator(self, stored: Stored) -> str:
        return f"{stored.name}_sum"

    def _accumulates_in_register(self, root: Root) -> bool:
        kept = root.kept_loops
        return kept is not None and all(loop < reading_level(root) for loop in kept)

    def _start_reduction(self, root: Root) -> None:
        self.current = root
        assert root.init is not None
        init = self.lower(root.init)
        statements = self.blocks[-1].statements
        if root.position is not None:
            assert root.companion is not None
            statements.append(ir.Declare(f"{root.target.name}_best", root.target.dtype, init))
            statements.append(ir.Declare(f"{root.companion.name}_at", "int64", ir.Const(0, "int64")))
        elif self._accumulates_in_register(root):
            statements.append(ir.Declare(self._accumulator(root.target), root.target.dtype, init))
        else:
            self._fill_with(root, init)

    def _fill_with(self, root: Root, init: ir.Expr) -> None:
        """Set the part of a reduction's buffer that the coming loops combine into to its first value."""
        self._allocate(root.target)
        kept = root.kept_loops
        assert kept is not None
        outer = len(self.blocks) - 1
        index: list[ir.Expr] = []
        loops: list[tuple[str, ir.Expr]] = []
        for axis in self.storage[root.target].axes:
            if kept[axis] >= outer:
                name = self._fresh("z")
                loops.append((name, self.lower(root.target.lengths[axis])))
                index.append(ir.Ref(name, "int64"))
            else:
                index.append(self.lower(root.index[axis]))
        statement: ir.Stmt = ir.Store(root.target.name, tuple(index), init)
        for name, extent in reversed(loops):
            statement = ir.Loop(name, extent, (statement,), parallel=False)
        self.blocks[-1].statements.append(statement)

    def _finish_reduction(self, root: Root) -> None:
        """Make the results of a reduction known to what follows its loop."""
        self.current = root
        if root.position is not None:
            assert root.companion is not None
            self._keep(root, root.target, ir.Ref(f"{root.target.name}_best", root.target.dtype))
            self._keep(root, root.companion, ir.Ref(f"{root.companion.name}_at", "int64"))
        elif self._accumulates_in_register(root):
            self._keep(root, root.target, ir.Ref(self._accumulator(root.target), root.target.dtype))

    def _keep(self, root: Root, stored: Stored, value: ir.Expr) -> None:
        block = self.blocks[-1]
        block.registers[stored] = value
        if not self.storage[stored].in_register:
            self._allocate(stored)
            block.statements.append(ir.Store(stored.name, self._index_in(stored, root.index), value))

    # Calls

    def _invoke(self, call: Invocation) -> None:
        self.current = call
        statements = self.blocks[-1].statements
        if call.routine == "reinterpret":
            (result,), (base,) = call.results, call.operands
            assert isinstance(base, Stored)
            self._allocate(base)
            self._declare(result, tuple(range(result.ndim)))
            dims = tuple(self.lower(length) for length in result.lengths)
            statements.append(ir.Reinterpret(result.name, base.name, dims))
            return
        operands = tuple(self._operand(operand) for operand in call.operands)
        for result in call.results:
            if result.kind == "view":
                self._declare(result, tuple(range(result.ndim)))
            self._allocate(result)
        scalars = tuple(self.lower(scalar) for scalar in call.scalars)
        results = tuple(result.name for result in call.results)
        statements.append(ir.Invoke(call.routine, results, operands, scalars, call.attributes))

    def _write(self, item: Written) -> None:
        self.current = item
        operands = [self._operand(operand) for operand in item.operands]
        for result in item.results:
            self._allocate(result)
        self.blocks[-1].statements.extend(item.write(self.lower, operands))

    def _operand(self, operand: Operand) -> str:
        if isinstance(operand, Stored):
            if self.storage[operand].in_register:
                return self._spill(operand)
            self._allocate(operand)
            return operand.name
        base = self._operand(operand.base)
        name = self._fresh(f"{base}_view")
        static = tuple(length.value if isinstance(length, ir.Const) else None for length in operand.lengths)
        self.buffers[name] = ir.Buffer(name, operand.dtype, len(operand.lengths), "view", static)
        start, dims, steps = (tuple(map(self.lower, part)) for part in (operand.start, operand.lengths, operand.steps))
        self.blocks[-1].statements.append(ir.View(name, base, start, dims, operand.axes, steps))
        return name

    def _spill(self, stored: Stored) -> str:
        """Put a 0-d value that is in a register into memory, for a call."""
        name = self._fresh(f"{stored.name}_memory")
        self.buffers[name] = ir.Buffer(name, stored.dtype, 0, "scratch", (), True)
        value = self.blocks[-1].registers[stored]
        self.blocks[-1].statements.extend([ir.Alloc(name, ()), ir.Store(name, (), value)])
        return name

    # Expressions

    def lower(self, expr: Expr) -> ir.Expr:
        """Return an expression for the block that is open, naming what is shared or does not change inside it."""
        if isinstance(expr, (ir.Const, ir.Dim)):
            return self._dim(expr)
        if isinstance(expr, ir.Ref):
            index = self.blocks[int(expr.name[1:]) + 1].index
            assert index is not None
            return ir.Ref(index, "int64")
        level = self._home(expr)
        block = self.blocks[level]
        known = block.known.get(id(expr))
        if known is not None:
            return known
        lowered = self._rebuild(expr)
        if isinstance(lowered, (ir.Ref, ir.Const)):
            return lowered
        if level < len(self.blocks) - 1 or self.uses.get(id(expr), 0) > 1:
            name = self._fresh("t")
            block.statements.append(ir.Let(name, lowered))
            lowered = block.known[id(expr)] = ir.Ref(name, lowered.dtype)
        return lowered

    def _dim(self, expr: Any) -> ir.Expr:
        """Return a length; one of a buffer that has lost axes is what it was allocated with."""
        return expr  # type: ignore[no-any-return]

    def _rebuild(self, expr: Expr) -> ir.Expr:
        if isinstance(expr, ir.Scalar):
            return ir.Scalar(expr.function, tuple(map(self.lower, expr.args)), expr.dtype)
        if isinstance(expr, ir.Cast):
            return ir.Cast(self.lower(expr.value), expr.dtype)
        if isinstance(expr, ir.Select):
            return ir.Select(self.lower(expr.condition), self.lower(expr.then), self.lower(expr.otherwise), expr.dtype)
        if isinstance(expr, ir.Load):
            return ir.Load(expr.buffer, tuple(map(self.lower, expr.index)), expr.dtype)
        assert isinstance(expr, Access)
        register = self._register(expr)
        if register is not None:
            return register
        return ir.Load(expr.stored.name, self._index_in(expr.stored, expr.index), expr.dtype)

    def _register(self, access: Access) -> ir.Expr | None:
        """Return the name that holds the element which is read, where one does."""
        place = self.storage[access.stored]
        writer = access.stored.writers[0]
        if not place.in_register and (not isinstance(writer, Root) or not writer.is_whole):
            return None
        shared = reading_level(writer) if isinstance(writer, Root) else 0
        if not place.in_register and (
            self.current is None or common_depth(self.schedule, writer, self.current) < shared
        ):
            return None
        if not place.in_register and not self._is_same_element(writer, access):  # type: ignore[arg-type]
            return None
        for block in reversed(self.blocks):
            found = block.registers.get(access.stored)
            if found is not None:
                return found
        return None

    def _is_same_element(self, writer: Root, access: Access) -> bool:
        return all(a is b for a, b in zip(writer.index, access.index, strict=True))

    @property
    def current(self) -> Item | None:
        """The item whose statements are being written."""
        return self._current

    @current.setter
    def current(self, item: Item) -> None:
        self._current = item
        self._homes.clear()

    def _home(self, expr: Expr) -> int:
        """Return the number of the outermost block in which an expression can be evaluated."""
        home = self._homes.get(id(expr))
        if home is None:
            home = self._homes[id(expr)] = self._find_home(expr)
        return home

    def _find_home(self, expr: Expr) -> int:
        if isinstance(expr, (ir.Const, ir.Dim)):
            return 0
        if isinstance(expr, ir.Ref):
            return int(expr.name[1:]) + 1
        level = max((self._home(child) for child in children_of(expr)), default=0)
        if isinstance(expr, Access):
            writer = expr.stored.writers[0]
            if self._register(expr) is not None and isinstance(writer, Root):
                return (
                    max(level, reading_level(writer))
                    if not self.storage[expr.stored].in_register
                    else reading_level(writer)
                )
            if self.current is not None and writer in self.schedule.paths:
                level = max(level, common_depth(self.schedule, writer, self.current))
        return level


def _count_uses(schedule: Schedule) -> dict[int, int]:
    """Return for each expression how many places it stands in."""
    uses: dict[int, int] = {}
    seen: set[int] = set()
    for item in schedule.plan.items:
        stack = list(item.expressions())
        for expr in stack:
            uses[id(expr)] = uses.get(id(expr), 0) + 1
        while stack:
            current = stack.pop()
            if id(current) in seen:
                continue
            seen.add(id(current))
            for child in children_of(current):
                uses[id(child)] = uses.get(id(child), 0) + 1
                stack.append(child)
    return uses


def lower_schedule(schedule: Schedule) -> ir.Program:
    """Return the program of a schedule."""
    return ProgramBuilder(schedule).build()


__all__ = ["ProgramBuilder", "Storage", "lower_schedule"]
