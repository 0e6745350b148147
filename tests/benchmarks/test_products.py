"""The table of products: its rows on Neano and on the BLAS alone against NumPy, and its lines."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from benchmarks.peers.asking import Peer
from benchmarks.peers.compare import Results, measure
from benchmarks.peers.systems import system
from benchmarks.peers.systems.arrays import Unsupported
from benchmarks.peers.timing import summary
from benchmarks.products.compare import limit, line
from benchmarks.products.rows import PRODUCTS, Product

QUICK = [each for each in PRODUCTS if each.flops < 4e6 and each.bytes < 4e6 and not each.name.endswith("f32")]


def test_names_differ() -> None:
    assert len({each.name for each in PRODUCTS}) == len(PRODUCTS) >= 150
    assert len(QUICK) >= 40


@pytest.mark.parametrize("product", QUICK, ids=lambda product: product.name)
def test_rows_agree_with_numpy(product: Product) -> None:
    row, found = product.row, dict[str, Any]()
    for name in ("numpy", "neano", "blas"):
        m = system(name)
        try:
            call, _ = m.compile(row)
            found[name] = summary(call(*m.put(row.first_inputs())))
        except (Unsupported, AttributeError):
            assert name == "blas"  # it has products, and nothing else
    for name, ((size, total, scale), *_) in found.items():
        wanted_size, wanted, _ = found["numpy"][0]
        assert size == wanted_size, name
        assert abs(total - wanted) <= row.tolerance * max(scale, 1e-30), name


def test_a_line_has_times_ratio_and_share() -> None:
    product = next(each for each in PRODUCTS if each.name == "8x8x8-f64")
    results = Results()
    with Peer("neano", sys.executable, own=True) as own, Peer("numpy", sys.executable) as other:
        measure(product.row, [own, other], 1, results)
    cells = [cell.strip() for cell in line(results, product, ["neano", "numpy", "blas"]).strip("| ").split("|")]
    assert cells[0] == product.name
    assert cells[1].endswith("s")
    assert cells[3] == ""
    assert float(cells[4].strip("*")) > 0
    assert cells[5].endswith("%")


def test_the_limit_is_of_arithmetic_or_of_memory() -> None:
    named = {each.name: each for each in PRODUCTS}
    wide, tall = named["4096x4096-vector-f64"], named["1024x1024x1024-f64"]
    assert limit(wide) < limit(tall) < np.inf
    assert wide.bytes > wide.flops > 0
    assert tall.flops > tall.bytes > 0
