"""Functions that measure themselves."""

from __future__ import annotations

import io
import threading
from typing import ClassVar

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import neano.tensor as T
from backends.native.runtime.test_pool import fresh
from neano.backends.native.linker import compile_graph
from neano.backends.native.machine_limits import bytes_per_second, flops_per_second
from neano.compile import function, shared
from neano.compile.profile_table import Row, scaled, table_lines
from neano.compile.profiling import ProfileStats
from neano.config import config
from neano.graph.op import Op


class Reversed(Op):
    __props__ = ()
    itypes: ClassVar = [T.dvector]
    otypes: ClassVar = [T.dvector]

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0][::-1].copy()


def profiled(inputs, outputs, **options):
    return function(inputs, outputs, profile=ProfileStats(atexit_print=False), **options)


def test_each_kernel_and_call_has_a_row():
    a, b = T.dmatrices("a", "b")
    f = profiled([a, b], [T.exp(T.dot(a, b)), Reversed()(a.sum(axis=1))])
    left, right = np.random.rand(20, 30), np.random.rand(30, 40)
    for _ in range(3):
        first, second = f(left, right)
    assert_allclose(first, np.exp(left @ right))
    assert_allclose(second, left.sum(axis=1)[::-1])
    rows = f.profile.kernels
    kinds = [row.kind for row in rows]
    assert {"kernel", "blas", "python", "body"} == set(kinds)
    assert all(row.calls == 3 and row.seconds >= 0 for row in rows)
    (product,) = (row for row in rows if row.kind == "blas")
    assert product.flops == 3 * 2 * 20 * 30 * 40
    assert (product.read, product.written) == (3 * 8 * (600 + 1200), 3 * 8 * 800)
    assert "Reversed" in next(row.what for row in rows if row.kind == "python")
    assert f.profile.fct_callcount == 3
    assert sum(row.seconds for row in rows) <= f.profile.fct_call_time
    assert rows == sorted(rows, key=lambda row: -row.seconds)


def test_the_summary_is_a_table():
    x = T.dvector("x")
    f = profiled([x], T.exp(x).sum())
    f(np.ones(100_000))
    text = io.StringIO()
    f.profile.summary(text)
    lines = text.getvalue().splitlines()
    head = next(line for line in lines if line.lstrip().startswith("% time"))
    below = lines[lines.index(head) + 1]
    assert "exp, add" in below
    assert below.index("kernel") == head.index("kind")
    assert any("limits" in line and "float64" in line for line in lines)


def test_updates_stay_in_place_and_are_measured():
    s, x = shared(np.zeros(1000)), T.dvector("x")
    f = profiled([x], [], updates=[(s, s + x)])
    for _ in range(4):
        f(np.ones(1000))
    assert_array_equal(s.get_value(), np.full(1000, 4.0))
    (row,) = (row for row in f.profile.kernels if row.kind == "kernel")
    assert (row.calls, row.flops) == (4, 4000)


def test_functions_count_for_themselves():
    x = T.dvector("x")
    f = profiled([x], x + 1)
    g = f.copy(profile=ProfileStats(atexit_print=False))
    plain = f.copy()
    f(np.ones(3))
    g(np.ones(3))
    g(np.ones(3))
    assert (f.profile.fct_callcount, g.profile.fct_callcount, plain.profile) == (1, 2, None)
    assert_array_equal(plain(np.ones(3)), np.full(3, 2.0))
    g.profile.reset()
    assert (f.profile.fct_callcount, g.profile.fct_callcount, g.profile.kernels) == (1, 0, [])


def test_threads_lose_no_counts():
    x = T.dvector("x")
    f = profiled([x], x + 1)
    value = np.ones(200_000)

    def work():
        for _ in range(20):
            f(value)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert f.profile.fct_callcount == 80


def test_a_function_without_a_profile_has_no_clock():
    x = T.dvector("x")
    plain, measured = function([x], x + 1), profiled([x], x + 1)
    assert "clock_gettime" in measured.stages.emitted.modules[0][1]
    assert "clock_gettime" not in plain.stages.emitted.modules[0][1]
    assert compile_graph(plain.spec).emitted.sites == ()


def test_an_error_ends_the_call_and_nothing_else():
    x, i = T.dvector("x"), T.lscalar("i")
    f = profiled([x, i], T.exp(x)[i])
    with pytest.raises(IndexError):
        f(np.ones(3), 7)
    assert f(np.zeros(3), 1) == 1.0
    assert f.profile.fct_callcount == 2


def test_lines():
    rows = [
        Row("kernel", "cold", 1, 0.001, 0, 0, 0),
        Row("kernel", "hot", 10, 0.5, 10_000_000, 8000, 80, 0.25, "flops"),
        Row("kernel", "small", 10, 0.2, 10, 8000, 80, 4.0, "memory"),
    ]
    head, *lines = table_lines(rows, 1.0)
    assert [line.split()[-1] for line in lines] == ["hot", "small", "cold"]
    assert "50.0%" in lines[0]
    assert "25% flops" in lines[0]
    assert "in cache" in lines[1]
    assert all(line.index("kernel") == head.index("kind") for line in lines)
    assert table_lines(rows, 1.0, 10)[0] == head[:10]
    assert scaled(999.96, "B") == "1.00 kB"


def test_limits_are_of_this_world():
    assert 1e8 < bytes_per_second() < 1e13
    assert 1e8 < flops_per_second("float64") < 1e15


def test_the_flag_profiles_functions_and_prints_them_at_exit():
    code = """
        import numpy as np, neano, neano.tensor as T
        from neano.config import config
        x = T.dvector("x")
        f = neano.function([x], T.exp(x).sum(), name="sum of exponentials")
        for _ in range(3):
            f(np.ones(100_000))
        (row,) = [row for row in f.profile.kernels if row.kind == "kernel"]
        print(row.calls, row.flops, row.read, row.seconds > 0, row.limit in ("memory", "flops"), row.share > 0)
        """
    found = fresh(code, NEANO_FLAGS="profile=True,profiling.destination=stdout")
    first, *summary = found.splitlines()
    assert first == "3 5100000 2400000 True True True"
    text = "\n".join(summary)
    for part in ("sum of exponentials", "in 3 calls", "% time", "flops", "of the limit", "exp, add of in0", "limits"):
        assert part in text


def test_limits_are_those_of_as_many_threads_as_functions_use():
    with config.change_flags(threads=1):
        one = flops_per_second("float64")
        assert flops_per_second("float64") == one  # measured once
        memory = bytes_per_second()
    with config.change_flags(threads=2):
        assert bytes_per_second() != memory
        assert flops_per_second("float64") != one
