"""Programs of the loop IR as LLVM IR text.

`text` is the language, `scalar_table` and its neighbours are scalar functions, `plan` and `vector_loop` are innermost loops,
`kernel` is a nest, `body` is everything around the nests, `program.emit` puts it together.
"""

from neano.backends.native.emit.expressions import UnknownFunction
from neano.backends.native.emit.program import Emitted, emit
from neano.backends.native.emit.target import Options, Target, host

__all__ = ["Emitted", "Options", "Target", "UnknownFunction", "emit", "host"]
