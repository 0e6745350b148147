"""The body of a function: results, errors, memory, the GIL, constants, and programs of great length or depth."""

from __future__ import annotations

import sys
import threading
import time
import weakref

import numpy as np
import pytest

from backends.native.emitted_program import CheckFailed, Compiled
from backends.native.programs import program
from neano.backends.native.emit import Options, UnknownFunction, emit
from neano.backends.native.interpreter import interpret
from neano.backends.native.ir import Alloc, Buffer, Const, Dim, Let, Load, Loop, Program, Ref, Scalar, Store
from neano.backends.native.spec import check_program

RESULTS = """
inputs x, y
results z, z, x, k, v, u, y
input x: float64[?, ?]
input y: float64[]
constant k: float32[2]
output z: float64[?, ?]
view v: float64[?]
view u: float64[?]
body
  alloc z[dim(x, 0), dim(x, 1)]
  parallel for i < dim(x, 0):
    parallel for j < dim(x, 1):
      z[i, j] = add<float64>(x[i, j], y[])
  view v of x start [0, 0] dims [dim(x, 0)] axes [0] steps [1]
  reinterpret u of z dims [mul<int64>(dim(x, 0), dim(x, 1))]
"""


def test_every_result_is_an_array_of_its_own():
    made = program(RESULTS, constants={"k": np.array([1, 2], "float32")})
    x, y = np.arange(6.0).reshape(2, 3), np.array(1.0)
    z, again, given, k, column, flat, number = Compiled(made)(x, y)
    for found, wanted in (
        (z, x + 1),
        (again, x + 1),
        (given, x),
        (k, [1, 2]),
        (column, x[:, 0]),
        (flat, (x + 1).ravel()),
        (number, 1.0),
    ):
        np.testing.assert_array_equal(found, wanted)
        assert found.flags.owndata
        assert found.flags.writeable
    assert not np.shares_memory(given, x)
    assert not np.shares_memory(flat, z)
    assert not np.shares_memory(again, z)


def test_an_input_may_be_handed_back_as_it_is():
    made = program(RESULTS, constants={"k": np.array([1, 2], "float32")})
    x = np.ones((2, 3))
    assert Compiled(made, options=Options(borrowed=frozenset([2])))(x, np.array(1.0))[2] is x


def test_references_are_balanced():
    run = Compiled(program(RESULTS, constants={"k": np.array([1, 2], "float32")}))
    x, y = np.arange(6.0).reshape(2, 3), np.array(1.0)
    before = sys.getrefcount(x), sys.getrefcount(y)
    for _ in range(500):
        results = run(x, y)
    assert (sys.getrefcount(x), sys.getrefcount(y)) == before
    alive = weakref.ref(results[0])
    del results
    assert alive() is None


CHECKED = """
inputs x, n
results z
input x: float64[?]
input n: int64[?]
output z: float64[?]
array t: float64[?]
scratch s: float64[?]
error IndexError 'index {0} of {1}' node -1
error ValueError '{0} and {1}' node -1
body
  alloc t[dim(x, 0)]
  alloc s[dim(x, 0)]
  check eq<bool>(dim(x, 0), dim(n, 0)) error 1 [dim(x, 0), dim(n, 0)]
  alloc z[dim(n, 0)]
  parallel for i < dim(n, 0):
    let k = n[i]
    check and_<bool>(ge<bool>(k, 0), lt<bool>(k, dim(x, 0))) error 0 [k, dim(x, 0)]
    z[i] = x[k]
"""


def test_checks_stop_the_function():
    made = program(CHECKED)
    run = Compiled(made)
    x = np.arange(4.0)
    assert run(x, np.array([3, 2, 1, 0]))[0].tolist() == [3, 2, 1, 0]
    for _ in range(50):
        with pytest.raises(CheckFailed) as failed:
            run(x, np.array([0, 1]))
        assert failed.value.args[0] == 1
        assert failed.value.args[1][:2] == [4, 2]
        with pytest.raises(CheckFailed) as failed:
            run(x, np.array([0, 1, 9, -1]))
        assert failed.value.args[0] == 0
        assert failed.value.args[1][:2] == [9, 4]
    with pytest.raises(IndexError, match="index 9 of 4"):
        interpret(made, [x, np.array([0, 1, 9, -1])])


def test_too_large_an_array_is_a_python_error():
    text = "inputs n\nresults z\ninput n: int64[]\nKIND z: float64[?]\nbody\n  alloc z[n[]]"
    run = Compiled(program(text.replace("KIND", "output")))
    with pytest.raises((MemoryError, ValueError)):
        run(np.array(2**60))
    with pytest.raises(ValueError, match="negative"):
        run(np.array(-1))
    scratch = text.replace("KIND", "scratch").replace("results z", "results")
    with pytest.raises(MemoryError):
        Compiled(program(scratch))(np.array(2**50))


def test_scratch_of_rows_beyond_the_stack():
    made = program(
        """
inputs x
results z
input x: float64[?, ?]
scratch t: float64[?]
scratch u: float64[?]
output z: float64[?, ?]
body
  alloc z[dim(x, 0), dim(x, 1)]
  parallel for i < dim(x, 0):
    alloc t[dim(x, 1)]
    alloc u[add<int64>(i, dim(x, 1))]
    parallel for j < dim(x, 1):
      t[j] = mul<float64>(x[i, j], 2.0:float64)
      u[add<int64>(j, i)] = t[j]
    parallel for k < dim(x, 1):
      z[i, k] = add<float64>(t[k], u[add<int64>(k, i)])
"""
    )
    run = Compiled(made)
    for shape in ((3, 5), (2, 5000), (0, 3), (3, 0)):
        x = np.random.default_rng(1).normal(size=shape)
        np.testing.assert_array_equal(run(x)[0], 4 * x)


def test_conditions_and_zero_d_work_outside_of_loops():
    made = program(
        """
inputs x, y
results z
input x: int32[]
input y: float64[?]
output z: float64[]
body
  alloc z[]
  accumulator a: float64 = 0.0:float64
  if lt<bool>(x[], 3:int32):
    for i < dim(y, 0):
      accumulate a (add) = y[i]
    z[] = a
  else:
    z[] = select<float64>(lt<bool>(dim(y, 0), 1), -1.0:float64, y[0])
"""
    )
    run = Compiled(made)
    y = np.array([2.0, 3.0])
    assert run(np.array(1, "int32"), y) == [5.0]
    assert run(np.array(3, "int32"), y) == [2.0]
    assert run(np.array(3, "int32"), y[:0]) == [-1.0]


HEAVY = """
inputs x
results z, a
input x: float64[?]
output z: float64[]
output a: float64[?]
body
  accumulator s: float64 = 0.0:float64
  for i < dim(x, 0):
    accumulate s (add) = gammaln<float64>(x[i])
  alloc a[2]
  parallel for j < dim(a, 0):
    a[j] = s
  alloc z[]
  z[] = s
"""


def test_the_gil_is_released_around_long_work_and_held_for_arrays():
    run = Compiled(program(HEAVY))
    x = np.full(1_500_000, 3.7)
    ticks = []

    def count():
        while not done.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.0005)

    done = threading.Event()
    other = threading.Thread(target=count)
    other.start()
    during = []
    while max(during, default=0) < 3 and len(during) < 30:  # on a busy machine the other thread may not get its turn
        begin = time.perf_counter()
        z, a = run(x)
        end = time.perf_counter()
        assert a.tolist() == [z, z]
        during.append(sum(begin < t < end for t in list(ticks)))
    done.set()
    other.join()
    assert max(during) >= 3, during
    text = emit(program(HEAVY), options=Options(release_after=2**62)).modules[0][1]
    assert "PyEval_SaveThread" in text


def test_several_threads_may_run_one_function():
    run = Compiled(program(HEAVY), options=Options(release_after=0))
    found = {}

    def work(k):
        found[k] = [run(np.full(1000 + k, 2.5))[0] for _ in range(50)]

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = {k: run(np.full(1000 + k, 2.5))[0] for k in range(4)}
    assert all(set(map(float, values)) == {float(expected[k])} for k, values in found.items())


def chain(count: int, shared: bool) -> Program:
    """Return a program of very many operations, as one deep expression or as one value after another."""
    x, i = Buffer("x", "float64", 1, "input"), Ref("i", "int64")
    statements, value = [], Load("x", (i,), "float64")
    for k in range(count):
        value = Scalar("add", (value, Const(float(k % 3), "float64")), "float64")
        if shared:
            statements.append(Let(f"t{k}", value))
            value = Ref(f"t{k}", "float64")
    body = (*statements, Store("z", (i,), value))
    loop = Loop("i", Dim("x", 0), body, True)
    return Program(
        ("x",), ("z",), {"x": x, "z": Buffer("z", "float64", 1, "output")}, (Alloc("z", (Dim("x", 0),)), loop)
    )


@pytest.mark.parametrize("shared", [False, True])
def test_very_long_chains(shared):
    made = chain(5000, shared)
    check_program(made)
    x = np.arange(3.0)
    wanted = x + sum(k % 3 for k in range(5000))
    np.testing.assert_allclose(Compiled(made)(x)[0], wanted)
    np.testing.assert_allclose(interpret(made, [x])[0], wanted)


def test_emission_is_linear_in_the_length_of_a_chain():
    def seconds(count):
        begin = time.process_time()
        emit(chain(count, True))
        return time.process_time() - begin

    seconds(100)
    assert min(seconds(4000) for _ in range(2)) < 14 * max(min(seconds(500) for _ in range(3)), 1e-3)


def test_an_unknown_scalar_function_is_an_error():
    x = Buffer("x", "float64", 0, "input")
    value = Scalar("frobnicate", (Load("x", (), "float64"),), "float64")
    with pytest.raises(UnknownFunction, match="frobnicate"):
        emit(Program(("x",), (), {"x": x}, (Let("t", value),)))


def test_emitting_twice_gives_the_same_text():
    one, two = (emit(program(HEAVY)).modules for _ in range(2))
    assert one == two


def test_very_many_strided_operands_fit_the_stack_of_a_thread():
    count = 300
    names = [f"x{k}" for k in range(count)]
    i = Ref("i", "int64")
    value = Load("x0", (i,), "float64")
    for name in names[1:]:
        value = Scalar("add", (value, Load(name, (i,), "float64")), "float64")
    buffers = {name: Buffer(name, "float64", 1, "input") for name in names}
    buffers["z"] = Buffer("z", "float64", 1, "output")
    body = (Alloc("z", (Dim("x0", 0),)), Loop("i", Dim("x0", 0), (Store("z", (i,), value),), True))
    run = Compiled(Program(tuple(names), ("z",), buffers, body))
    x = np.arange(500.0)[::2]
    found = []
    previous = threading.stack_size(512 * 1024)
    thread = threading.Thread(target=lambda: found.extend(run(*[x] * count)))
    thread.start()
    thread.join()
    threading.stack_size(previous)
    np.testing.assert_allclose(found[0], count * x)
