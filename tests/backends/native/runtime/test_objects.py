"""Objects that are begun before they are asked for, and errors that wait until then."""

from __future__ import annotations

import gc
import os
import threading
import time
from pathlib import Path

import pytest

from neano.backends.native.runtime import CompileError, Module, ObjectCache, link, objects


def module(number: int) -> Module:
    return Module(f"m{number}", f"define i64 @f() {{ ret i64 {number} }}")


def wait_for_workers() -> None:
    for thread in threading.enumerate():
        if thread.name == "neano code generation":
            thread.join()


@pytest.fixture
def cache(tmp_path: Path) -> ObjectCache:
    return ObjectCache(tmp_path / "cache" / "objects", 2**24)


def test_what_was_begun_is_what_is_given(cache: ObjectCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "cores", lambda: 2)
    made = []
    generate = objects.generate_object
    monkeypatch.setattr(
        objects, "generate_object", lambda each: made.append(threading.current_thread()) or generate(each)
    )
    objects.begin(module(1), cache)
    objects.begin(module(1), cache)
    _, found, cached = objects.objects_of([module(1)], cache)
    assert (len(made), cached, found[0].defined) == (1, 0, ("f",))
    assert made[0] is not threading.current_thread()
    objects.begin(module(1), cache)  # from the folder
    assert objects.objects_of([module(1)], cache)[2] == 1
    assert len(made) == 1


def test_on_one_core_nothing_is_begun(cache: ObjectCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "cores", lambda: 1)
    objects.begin(module(2), cache)
    assert objects.objects_of([module(2)], cache)[2] == 0


def test_errors_wait_until_the_result_is_asked_for(cache: ObjectCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "cores", lambda: 2)
    broken = Module("broken", "nonsense")
    objects.begin(broken, cache)
    for _ in range(2):
        with pytest.raises(CompileError, match="'broken'"):
            objects.objects_of([broken], cache)
    with pytest.raises(CompileError, match="'broken'"):
        link([Module("f", "define void @f() { ret void }"), broken], exports=("f",), cache=cache)


def test_what_llvm_refused_may_stand_in_a_cycle_of_references(cache: ObjectCache) -> None:
    """Parts of a cycle are given up in any order, but a context of LLVM must outlive its modules."""
    for _ in range(20):
        cycle: list[object] = []
        cycle.append(cycle)
        try:
            objects.objects_of([Module("broken", "define i64 @f() { ret i32 0 }")], cache)
        except CompileError as error:
            cycle.append(error)
        del cycle
        gc.collect()


def test_what_is_never_asked_for_does_not_pile_up(cache: ObjectCache) -> None:
    for number in range(3 * objects._MOST_AHEAD):
        objects.begin(module(number), cache)
    assert len(objects._ahead) <= objects._MOST_AHEAD


def test_workers_are_fewer_than_cores_and_take_the_longest_first(
    cache: ObjectCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for_workers()
    monkeypatch.setattr(objects, "cores", lambda: 2)
    made: list[tuple[str, threading.Thread]] = []
    go = threading.Event()
    generate = objects.generate_object

    def slowly(each: Module) -> bytes:
        made.append((each.name, threading.current_thread()))
        assert go.wait(10)
        return generate(each)

    monkeypatch.setattr(objects, "generate_object", slowly)
    modules = [Module(f"m{n}", f"{module(n).text} ; {'x' * n}") for n in (300, 30, 400, 100)]
    objects.begin(modules[0], cache)
    while not made:
        time.sleep(0.001)
    for each in modules[1:]:
        objects.begin(each, cache, later=each.name == "m400")
    go.set()
    wait_for_workers()
    assert [name for name, _ in made] == ["m300", "m100", "m30", "m400"]
    assert len({thread for _, thread in made}) == 1
    assert cache.report().entries == 1  # what is for later is kept although nobody has asked
    assert objects.objects_of(modules, cache)[2] == 0
    assert cache.report().entries == 4


def test_where_no_thread_starts_who_asks_does_the_work(cache: ObjectCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "cores", lambda: 4)

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        objects.begin(module(500), cache)
        assert objects.objects_of([module(500)], cache)[1][0].defined == ("f",)
    assert objects._workers._threads == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_waits_for_those_inside_llvm(cache: ObjectCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "cores", lambda: 2)
    for number in range(100, 110):
        objects.begin(module(number), cache)
        child = os.fork()
        if child == 0:
            _, found, _ = objects.objects_of([module(number), module(number + 1000)], cache)
            os._exit(0 if len(found) == 2 else 1)
        assert os.waitpid(child, 0)[1] == 0
