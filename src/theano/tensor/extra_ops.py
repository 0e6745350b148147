"""`theano.tensor.extra_ops`."""

from neano.tensor.contiguous import CpuContiguous, cpu_contiguous
from neano.tensor.counting import Unique, bincount, to_one_hot
from neano.tensor.cumulative import CumOp, CumprodOp, CumsumOp, DiffOp, cumprod, cumsum, diff
from neano.tensor.diagonal import FillDiagonal, FillDiagonalOffset, fill_diagonal, fill_diagonal_offset
from neano.tensor.flat_index import RavelMultiIndex, UnravelIndex, ravel_multi_index, unravel_index
from neano.tensor.rearrange import squeeze
from neano.tensor.repetition import RepeatOp, repeat
from neano.tensor.selection import SearchsortedOp, compress, searchsorted
from neano.tensor.windows import Bartlett, bartlett
