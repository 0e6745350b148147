"""Loops that carry partial results in registers from one turn to the next."""

from __future__ import annotations

from collections.abc import Callable

from neano.backends.native.emit.partial_results import State, registers
from neano.backends.native.emit.text import Builder, Value, is_complex

States = list[list[State]]


def carried_loop(
    b: Builder, name: str, begin: str, end: str, step: int | str, states: States, body: Callable[[str, States], States]
) -> tuple[str, States]:
    """Write a loop that carries partial results; return the index and the partial results as they are after it.

    Args:
        begin, end, step: of its index.
        body: writes a turn, given the index and the partial results before it; returns those after it.
    """
    head, inside, after = b.label(name), b.label(f"{name}.body"), b.label(f"{name}.done")
    before = b.current
    b.jump(head)
    b.place(head)
    i, phi = b.fresh(), b.reserve()
    carried, lines = _carry(b, states)
    b.branch(b.op(f"icmp slt i64 {i}, {end}"), inside, after)
    b.place(inside)
    updated = body(i, carried)
    following = b.op(f"add i64 {i}, {step}")
    back = b.current
    b.fill(phi, f"{i} = phi i64 [{begin}, %{before}], [{following}, %{back}]")
    texts = zip(registers(carried), registers(states), registers(updated), lines, strict=True)
    for (kind, name_now), (_, first), (_, last), line in texts:
        b.fill(line, f"{name_now} = phi {kind} [{first}, %{before}], [{last}, %{back}]")
    b.jump(head)
    b.place(after)
    return i, carried


def _carry(b: Builder, states: States) -> tuple[States, list[int]]:
    """Return partial results under new names, and the lines where their phis will stand."""
    lines: list[int] = []

    def renamed(value: Value) -> Value:
        lines.append(b.reserve())
        if is_complex(value.dtype):
            lines.append(b.reserve())
            return Value(b.fresh(), value.dtype, value.lanes, b.fresh())
        return value.same(b.fresh())

    return [[[renamed(v) for v in state] for state in row] for row in states], lines
