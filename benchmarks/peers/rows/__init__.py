"""All rows, in the order of the table; a module a family."""

from benchmarks.peers.row import Row
from benchmarks.peers.rows import attention, elementwise, embedding, learning, matrices, reductions, softmax, statistics

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
