"""`python -m benchmarks products`: the rows on Neano, NumPy, the BLAS and what else is given, in turn.

For each row: the times, the best of the others' over Neano's, and what share of the machine's limit Neano reaches: the longer of
the times that the multiplications at the speed of a large product, and the bytes at the speed of memory, would take. What lies
in a cache can be faster than memory.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from benchmarks.measuring import processor
from benchmarks.peers.asking import Peer
from benchmarks.peers.compare import Results, measure, time_text
from benchmarks.peers.options import OWN, options
from benchmarks.peers.systems import TITLES
from benchmarks.products.rows import PRODUCTS, Product
from neano.backends.native.machine_limits import bytes_per_second, flops_per_second


def limit(product: Product) -> float:
    """Return the microseconds that a product takes at least where its operands lie in memory."""
    dtype = product.row.first_inputs()[0].dtype.name
    return 1e6 * max(product.flops / flops_per_second(dtype), product.bytes / bytes_per_second())


def line(results: Results, product: Product, systems: Sequence[str]) -> str:
    """Return the line of the table for a product."""
    row, cells = product.row, [f"{product.name:<28}"]
    for system in systems:
        time = results.microseconds.get((row.name, system))
        cells.append("" if time is None else time_text(time) + ("" if results.agrees(row, system) else " (wrong)"))
    ratio, own = results.ratio(row), results.microseconds.get((row.name, OWN))
    shown = "" if ratio is None else f"{ratio:.2f}" if ratio < row.goal else f"**{ratio:.2f}**"
    share = "" if own is None else f"{limit(product) / own:.0%}"
    return "| " + " | ".join([*cells, shown, share]) + " |"


def main(arguments: Sequence[str]) -> int:
    """Run the comparison; return 1 where Neano is behind."""
    asked = options("products", __doc__, 3, arguments, always=("numpy", "blas"))
    systems, chosen = asked.systems, [product for product in PRODUCTS if asked.wants(product.name)]
    results = Results()
    print(
        f"{processor()}; {flops_per_second('float64') / 1e9:.0f} and {flops_per_second('float32') / 1e9:.0f} Gflop/s,"
    )
    print(f"{bytes_per_second() / 1e9:.0f} GB/s", flush=True)
    print("| " + " | ".join(["row", *[TITLES[s] for s in systems], "best other / Neano", "share of the limit"]) + " |")
    print("| --- " + "| ---: " * (len(systems) + 2) + "|", flush=True)
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(Peer(name, asked.pythons[name], own=name in (OWN, "blas"))) for name in systems]
        for product in chosen:
            measure(product.row, peers, asked.rounds, results)
            print(line(results, product, systems), flush=True)
    for (system, name), error in ((key[::-1], text) for key, text in results.errors.items()):
        if "Unsupported" not in error:
            print(f"- {TITLES[system]}, {name}: {error}")
    return int(any((results.ratio(each.row) or 0) < each.row.goal for each in chosen))
