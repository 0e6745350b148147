"""Results larger than the cache are written past it: the same bits, whole lines, and only where nothing reads them again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backends.native.emitted_program import Compiled
from backends.native.programs import DTYPES, nest, program
from neano.backends.native.emit import target
from neano.backends.native.emit.streaming import unread_results

TINY = replace(target.host(), cache_bytes=64)
HUGE = replace(target.host(), cache_bytes=2**60)
WIDE = pytest.mark.skipif(target.host().vector_bytes < 32, reason="this processor's stores all go the same way")
RANDOM = np.random.default_rng(11)


@WIDE
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["elementwise", "two axes", "broadcast row", "transposed"])
def test_the_bits_are_the_same(name, dtype):
    made = nest(name, dtype)
    streaming, plain = Compiled(made, TINY), Compiled(made, HUGE)
    assert "@past.cache(" in streaming.emitted.kernels[0].text
    vector = name == "elementwise"
    for length in (0, 1, 63, 64, 65, 511, 512, 513, 1000, 5000):
        shape = (length,) if vector else (3, length)
        x, y = (RANDOM.integers(0, 2, s).astype(dtype) for s in (shape, (max(shape),)))
        for _ in range(3):  # results lie at other addresses
            (found,), (expected,) = streaming(x, y), plain(x, y)
            assert found.tobytes() == expected.tobytes()


@WIDE
def test_what_is_read_again_stays_in_the_cache():
    """z[j] is read by the second loop of "stored twice", t is scratch memory: neither goes past the cache."""
    made = nest("stored twice", "float64")
    assert unread_results(made) == frozenset()
    assert not any("@past.cache(" in kernel.text for kernel in Compiled(made, TINY).emitted.kernels)
    assert unread_results(nest("elementwise", "float64")) == {"z"}


def test_heavy_loops_do_not_stream():
    text = """
inputs x
results z
input x: float64[?]
output z: float64[?]
body
  alloc z[dim(x, 0)]
  parallel for i < dim(x, 0):
    z[i] = tanh<float64>(exp<float64>(tanh<float64>(exp<float64>(x[i]))))
"""
    assert "@past.cache(" not in Compiled(program(text), TINY).emitted.kernels[0].text


def test_the_shared_cache_is_read_from_the_system(tmp_path):
    for name, size in (("index0", "32K"), ("index2", "1024K"), ("index3", "24M"), ("index4", "odd")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "size").write_text(f"{size}\n")
    assert target.shared_cache(str(tmp_path)) == 24 * 2**20
