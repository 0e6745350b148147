"""Functions that earlier processes made: linked from the cache, and in every respect like those made anew."""

from __future__ import annotations

import copy
import dataclasses
import os
import pickle
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neano
import neano.tensor as T
from backends.native.runtime.test_pool import fresh
from neano import config, function, shared, sources
from neano.backends.native import function_memory
from neano.backends.native.runtime import default_cache
from neano.debug.tree import debugprint
from neano.random import RandomStreams

RNG = np.random.default_rng(3)
A, B = RNG.normal(size=(5, 4)), RNG.normal(size=(4, 5))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    """A cache of the test's own."""
    with config.change_flags(cache_dir=tmp_path / "cache", backend="native"):
        forget()
        yield tmp_path / "cache" / "objects"


def forget() -> None:
    """Let this process be like a new one."""
    function_memory._known.clear()


def was_known(f: Any) -> bool:
    """Return whether neither rewriting nor scheduling was done for a function."""
    return f.maker._fgraph is None and f.code.nodes is None


def twice(make: Callable[[], Any]) -> tuple[Any, Any]:
    """Return a function made anew, and the same from the cache."""
    first = make()
    assert not was_known(first)
    forget()
    second = make()
    assert was_known(second)
    assert second.code.linked is not first.code.linked
    return first, second


def known(make: Callable[[], Any]) -> Any:
    """Return a function from the cache, which has been made before."""
    forget()
    f = make()
    assert was_known(f)
    return f


def product() -> Any:
    x, y = T.dmatrix("x"), T.dmatrix("y")
    return function(
        [x, y], [T.tanh(T.dot(x, y)), (x * 2 + 1).sum(axis=0), T.argmax(x), T.nnet.softmax(x)], name="product"
    )


def test_results_are_the_same_to_the_bit() -> None:
    first, second = twice(product)
    for one, other in zip(first(A, B), second(A, B), strict=True):
        assert one.dtype == other.dtype
        assert one.tobytes() == other.tobytes()


def test_within_a_process_machine_code_is_shared_and_state_is_not() -> None:
    def make() -> Any:
        s = shared(np.zeros(3), "s")
        x = T.dvector("x")
        return function([x], s * 2, updates=[(s, s + x)]), s

    (f, s), (g, t) = make(), make()
    assert was_known(g)
    assert g.code.linked is f.code.linked
    f(np.ones(3))
    f(np.ones(3))
    g(np.full(3, 5.0))
    assert (s.get_value().tolist(), t.get_value().tolist()) == ([2.0] * 3, [5.0] * 3)
    del f
    assert g(np.zeros(3)).tolist() == [10.0] * 3


def test_updates_defaults_and_keywords() -> None:
    def make() -> Any:
        s = shared(np.arange(3.0), "s")
        x = T.dvector("x")
        return function([neano.In(x, value=np.ones(3))], {"sum": (s + x).sum(), "old": s}, updates=[(s, s * 2 + x)]), s

    (f, s) = make()
    forget()
    (g, t) = make()
    assert was_known(g)
    for _ in range(3):
        one, other = f(), g(x=np.ones(3))
        assert one.keys() == other.keys()
        assert one["sum"] == other["sum"]
        np.testing.assert_array_equal(s.get_value(), t.get_value())


def test_random_draws_go_on_alike() -> None:
    def make() -> Any:
        return function([], RandomStreams(5).uniform((4,)))

    first, second = twice(make)
    for _ in range(3):
        np.testing.assert_array_equal(first(), second())


def message(f: Callable[[], Any]) -> tuple[type, str, list[str]]:
    with pytest.raises(Exception) as caught:
        f()
    return caught.type, str(caught.value), getattr(caught.value, "__notes__", [])


def test_errors_name_the_function_s_own_variables_and_lines() -> None:
    def make(name: str) -> Any:
        x, y = T.dvector(name), T.dvector("y")
        return function([x, y], T.exp(x) + y[T.cast(x[0], "int64")], name=name)

    found = []
    for name in ("a", "b", "b"):
        found.append(make(name))
        if name == "a":
            forget()
    other, first, again = found
    assert was_known(first)
    assert was_known(again)
    with config.change_flags(cache_functions=False):
        for name in ("b",):
            anew = make(name)
    zeros, nine = np.zeros(3), np.full(3, 9.0)
    for arguments in (
        (zeros, np.zeros(0)),
        (nine, zeros),
        ("text", zeros),
        (A, zeros),
        (zeros,),
        (zeros, zeros, zeros),
    ):
        wanted, got = (message(lambda f=f, given=arguments: f(*given)) for f in (anew, first))
        assert without_lines(wanted) == without_lines(got)
    kind, text, _ = message(lambda: first(nine, zeros))
    assert kind is IndexError
    assert "test_function_memory.py" in text
    assert 'T.exp(x) + y[T.cast(x[0], "int64")]' in text
    assert message(lambda: other(nine, zeros))[0] is IndexError


def without_lines(found: tuple[type, str, list[str]]) -> tuple[type, str, list[str]]:
    """Leave out which line of the test asked for the function."""
    kind, text, notes = found
    return kind, re.sub(r"line \d+, in test_.*\n.*", "", text), notes


def test_all_that_people_look_at_is_made_when_they_look() -> None:
    first, second = twice(product)
    assert debugprint(first, file="str") == debugprint(second, file="str")
    assert not was_known(second)
    second = known(product)
    assert [str(v) for v in first.outputs] == [str(v) for v in second.outputs]
    assert first.stages.emitted.modules == second.stages.emitted.modules
    assert second.fallbacks == ()
    assert repr(first) == repr(second)
    second = known(product)
    assert len(first.maker.fgraph.toposort()) == len(second.maker.fgraph.toposort())
    assert str(first.__signature__) == str(second.__signature__)
    assert [v.name for v in second.maker.fgraph.inputs] == ["x", "y"]


def test_graphs_are_rewritten_under_the_flags_of_their_time() -> None:
    def make() -> Any:
        x = T.dvector("x")
        return function([x], T.log(1 + T.exp(x)))

    with config.change_flags(**{"optdb.position_cutoff": 0.05}):
        first, second = twice(make)
        expected = debugprint(first, file="str")
    assert debugprint(second, file="str") == expected
    assert debugprint(make(), file="str") != expected
    assert config.optdb.position_cutoff == float("inf")


def test_pickles_and_copies() -> None:
    def make() -> Any:
        s, x = shared(np.ones(3), "s"), T.dvector("x")
        return function([x], [x + s, x * s], updates=[(s, s + 1)])

    _, f = twice(make)
    loaded = pickle.loads(pickle.dumps(f))
    np.testing.assert_array_equal(loaded(np.zeros(3))[0], np.ones(3))
    f = known(make)
    other = shared(np.full(3, 7.0), "other")
    swapped = f.copy(swap={f.get_shared()[0]: other})
    np.testing.assert_array_equal(swapped(np.zeros(3))[0], np.full(3, 7.0))
    np.testing.assert_array_equal(other.get_value(), np.full(3, 8.0))
    without = f.copy(delete_updates=True)
    for _ in range(2):
        np.testing.assert_array_equal(without(np.zeros(3))[0], np.ones(3))
    np.testing.assert_array_equal(f(np.zeros(3), output_subset=[1])[0], np.zeros(3))
    np.testing.assert_array_equal(copy.copy(f)(np.zeros(3))[0], np.full(3, 2.0))


def test_constants_come_back_by_their_bits() -> None:
    table = np.array([np.nan, -0.0, np.inf, 1e-320, 3.5])

    def make() -> Any:
        i = T.lvector("i")
        return function([i], T.constant(table)[i])

    first, second = twice(make)
    every = np.arange(5)
    assert first(every).tobytes() == second(every).tobytes() == table.tobytes()


def test_large_constants_are_not_kept(folder: Path) -> None:
    def make() -> Any:
        i = T.lvector("i")
        return function([i], T.constant(np.arange(function_memory.LARGEST, dtype="float64"))[i])

    first = make()
    del first
    forget()
    assert not was_known(make())
    assert not list(folder.glob("*.function"))


def test_what_runs_python_is_not_kept(folder: Path) -> None:
    def make() -> Any:
        x = T.dvector("x")
        return function([x], RandomStreams(3).poisson((2,), 3.0) + x.sum())

    first = make()
    assert first.fallbacks
    forget()
    assert not was_known(make())
    assert not list(folder.glob("*.function"))


def test_a_profile_measures_a_function_that_is_known() -> None:
    product()
    forget()
    x, y = T.dmatrix("x"), T.dmatrix("y")
    profile = neano.compile.profiling.ProfileStats(atexit_print=False)
    f = function(
        [x, y], [T.tanh(T.dot(x, y)), (x * 2 + 1).sum(axis=0), T.argmax(x), T.nnet.softmax(x)], profile=profile
    )
    f(A, B)
    assert profile.fct_callcount == 1


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "another"])
def test_damaged_entries_are_made_anew(folder: Path, damage: str) -> None:
    first = product()
    (entry,) = folder.glob("*.function")
    content = bytearray(entry.read_bytes())
    if damage == "another":
        forget()
        x = T.dmatrix("x")
        function([x], x - 1)
        (other,) = set(folder.glob("*.function")) - {entry}
        content = bytearray(other.read_bytes())
    elif damage == "flipped":
        content[len(content) // 2] ^= 1
    else:
        content = content[: 0 if damage == "empty" else len(content) // 2]
    entry.write_bytes(bytes(content))
    forget()
    again = product()
    assert not was_known(again)
    np.testing.assert_array_equal(again(A, B)[0], first(A, B)[0])
    forget()
    assert was_known(product())


def test_objects_that_are_gone_are_made_anew(folder: Path) -> None:
    product()
    for each in list(folder.glob("*.neano"))[::2]:
        each.unlink()
    forget()
    again = product()
    assert not was_known(again)
    forget()
    assert was_known(product())


def test_a_symbol_that_is_gone_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def make() -> Any:
        x = T.dvector("x")
        return function([x], T.gammaincc(x, 1.5) if hasattr(T, "gammaincc") else T.erfinv(x))

    first = make()
    assert first.code.linked.keys
    forget()
    entry = default_cache().load_function(function_memory.place_of(first.spec.key, first.code.signature) or "")
    assert entry is not None
    header, data = entry
    store = default_cache().store_function
    place = function_memory.place_of(first.spec.key, first.code.signature)
    assert place is not None
    store(place, {**header, "objects": header["objects"][:1]}, data)  # an entry without its body
    assert not was_known(make())


def test_other_sources_have_other_functions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    product()
    forget()
    function_memory._ground.cache_clear()
    with monkeypatch.context() as changed:
        changed.setattr(function_memory, "STAMP", "another")
        assert not was_known(product())
    function_memory._ground.cache_clear()
    with monkeypatch.context() as changed:
        changed.setattr(function_memory, "STAMP", "")
        forget()
        assert not was_known(product())
    forget()
    assert was_known(product())


def test_the_stamp_sees_every_change(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "a.py").write_text("1")
    (inner / "b.py").write_text("2")
    (inner / "notes.txt").write_text("no code")
    stamps = [sources.stamp_of(str(tmp_path))]
    assert sources.stamp_of(str(tmp_path)) == stamps[0] != ""
    os.utime(inner / "b.py", ns=(1, 1))
    stamps.append(sources.stamp_of(str(tmp_path)))
    (tmp_path / "a.py").write_text("12")
    stamps.append(sources.stamp_of(str(tmp_path)))
    (inner / "c.py").write_text("")
    stamps.append(sources.stamp_of(str(tmp_path)))
    (inner / "c.py").rename(inner / "d.py")
    stamps.append(sources.stamp_of(str(tmp_path)))
    assert len(set(stamps)) == len(stamps)
    assert sources.stamp_of(str(tmp_path / "nowhere")) == ""
    empty = tmp_path / "empty"
    empty.mkdir()
    assert sources.stamp_of(str(empty)) == ""


def test_the_flag_and_a_cache_of_nothing(folder: Path) -> None:
    with config.change_flags(cache_functions=False):
        product()
        assert not was_known(product())
    assert not list(folder.glob("*.function"))
    with config.change_flags(cache_size=0):
        product()
        forget()
        assert not was_known(product())


def test_another_process_knows_the_function(tmp_path: Path) -> None:
    code = """
        import numpy as np, neano, neano.tensor as T
        x = T.dvector("x")
        f = neano.function([x], T.exp(x).sum() * 2)
        print(f.maker._fgraph is None, f(np.ones(3)))
        """
    environment = {"NEANO_CACHE_DIR": str(tmp_path / "own")}
    value = str(np.exp(np.ones(3)).sum() * 2)
    outputs = [fresh(code, **environment) for _ in range(2)]
    assert [each.split()[0] for each in outputs] == ["False", "True"]
    assert outputs[0].split()[1] == outputs[1].split()[1]
    assert float(outputs[0].split()[1]) == pytest.approx(float(value))


def test_many_threads_make_the_same_function() -> None:
    product()
    forget()
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(product()(A, B))) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(found) == 8
    assert len({each[0].tobytes() for each in found}) == 1


def test_threads_that_look_at_one_graph_see_one() -> None:
    _, f = twice(product)
    seen: list[Any] = []
    threads = [threading.Thread(target=lambda: seen.append(f.maker.fgraph)) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len({id(each) for each in seen}) == 1


def test_the_signature_is_part_of_the_place() -> None:
    f = product()
    signature = f.code.signature
    changed = dataclasses.replace(signature, outputs=signature.outputs + 1)
    assert function_memory.place_of(f.spec.key, signature) != function_memory.place_of(f.spec.key, changed)
    assert function_memory.place_of(None, signature) is None
