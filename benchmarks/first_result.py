"""A process of its own: loads LLVM, then times the way from symbols to the first result. Prints a line of JSON.

    python -m benchmarks.first_result

When the clock starts nothing of the package is loaded but what `import theano` loads.
"""

import json
import time

import numpy as np
from llvmlite import binding

import theano
import theano.tensor as T


def first_result() -> np.ndarray:
    a, b = T.dvectors("a", "b")
    formula = theano.function([a, b], a**2 + b**2 + 2 * a * b)
    return formula(np.arange(10.0), np.ones(10))


if __name__ == "__main__":
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    binding.create_mcjit_compiler(
        binding.parse_assembly(""), binding.Target.from_default_triple().create_target_machine()
    )
    started = time.perf_counter()
    result = first_result()
    elapsed = time.perf_counter() - started
    assert np.array_equal(result, (np.arange(10.0) + 1) ** 2)
    print(json.dumps({"seconds": elapsed}))
