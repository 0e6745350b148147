"""Random graphs over the language: how statements are mixed, and the hypothesis strategy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from differential import arrangement, elementwise, reduction
from differential.builder import Builder, Refused
from differential.choices import Choices, from_draw, from_seed
from differential.program import Program

STATEMENTS: dict[Callable[[Builder], None], int] = {
    elementwise.operator: 16,
    elementwise.single: 14,
    elementwise.several: 12,
    elementwise.usual_forms: 8,
    elementwise.cast: 4,
    elementwise.activation: 6,
    elementwise.crossentropy: 3,
    arrangement.dimshuffle: 6,
    arrangement.reshape: 5,
    arrangement.creation: 6,
    arrangement.diagonal: 2,
    arrangement.joining: 5,
    arrangement.index: 9,
    arrangement.take: 2,
    arrangement.write: 7,
    arrangement.ordered: 2,
    reduction.reduction: 12,
    reduction.max_and_argmax: 2,
    reduction.product: 9,
    reduction.batched: 1,
    reduction.bias: 2,
}

MOST_STATEMENTS = 9


def random_program(choices: Choices) -> Program:
    """Return a program that mostly has neither type errors nor errors at run time."""
    builder = Builder(choices)
    for _ in range(choices.integer(1, 3)):
        builder.add_input()
    if choices.chance(25):
        builder.add_input(shared=True)
    wanted = choices.integer(1, MOST_STATEMENTS)
    for _ in range(3 * MOST_STATEMENTS):
        if len(builder.statements) >= wanted or builder.failing:
            break
        try:
            choices.weighted(STATEMENTS)(builder)
        except Refused:
            continue
    return builder.finish()


def program_of_seed(seed: int) -> Program:
    """Return the program of a seed."""
    return random_program(from_seed(seed))


@st.composite
def programs(draw: Any) -> Program:
    """A strategy of programs."""
    return random_program(from_draw(draw))
