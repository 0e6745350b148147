"""All rows, in the order of the table; a module a family. Rows of other measurements follow."""

from benchmarks.peers.row import Row
from benchmarks.peers.rows import (
    attention,
    building,
    elementwise,
    embedding,
    learning,
    matrices,
    reductions,
    softmax,
    statistics,
)

ROWS: tuple[Row, ...] = (
    *elementwise.ROWS,
    *learning.ROWS,
    *statistics.ROWS,
    *softmax.ROWS,
    *attention.ROWS,
    *embedding.ROWS,
    *matrices.ROWS,
    *reductions.ROWS,
)

SCALING: tuple[Row, ...] = (
    *elementwise.OF_MIDDLE_SIZE,
    *(row for row in statistics.ROWS if row.name in ("radon", "logistic-density-40")),
)
"""What several Python threads call at once."""

MEMORY: tuple[Row, ...] = learning.LARGE_STEPS
"""Steps of training whose memory is measured."""

BUILDING: tuple[Row, ...] = building.ROWS
"""What is built and never timed."""
