"""Draws from NumPy's legacy generator (RandomState): its state as words of the call, numbers from them, and back.

A call works on a copy of the state, 628 words: 624 of the Mersenne Twister, its position, whether there is a spare normal
number, and that number. The generator itself changes only when "random_write" puts words back, at the very end of a call.
So an error on the way leaves it as it was, and several draws from one state all begin at the same place.

    random_read    operands (a RandomState), results (words)
    random_draw    operands (words; two windows of the numbers' lengths: float64 starts and factors), results (float64
                   numbers, the words after the draw); attributes: fn, "uniform" (from start to start + factor) or "normal"
                   (of that mean and deviation)
    random_write   operands (a RandomState, words), results (the same RandomState)
    random_new     operands (words), results (a new RandomState)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from neano.backends.native.calls.python import as_object
from neano.backends.native.emit.body import BodyEmitter
from neano.backends.native.emit.memory import Memory, Size, address, offset, size_mul
from neano.backends.native.emit.routines import ROUTINES, Routine
from neano.backends.native.emit.text import Builder
from neano.backends.native.ir import Invoke
from neano.backends.native.runtime import abi
from neano.backends.native.runtime.random_state import KEYS, NEXT_DOUBLE, Layout, layout, state_of

WORDS = KEYS + 4
"""Words of a state: keys, position, has_gauss, and two that hold gauss."""

KEY_BYTES = 4 * (KEYS + 1)
HAS_GAUSS = KEY_BYTES
GAUSS = KEY_BYTES + 4
NANOSECONDS = {"uniform": 5, "normal": 25}
"""What one number costs, about."""

_HEAD = """define internal void @random.FN(
    ptr %state, ptr %to, i64 %count, ptr %first, i64 %first.step, ptr %second, i64 %second.step) {"""

_SCALE = """
  %first.offset = mul i64 %i, %first.step
  %first.place = getelementptr i8, ptr %first, i64 %first.offset
  %start = load double, ptr %first.place
  %second.offset = mul i64 %i, %second.step
  %second.place = getelementptr i8, ptr %second, i64 %second.offset
  %factor = load double, ptr %second.place
  %scaled = fmul double %factor, %number
  %moved = fadd double %start, %scaled
  store double %moved, ptr %place
  br label %head
done:
  ret void
}"""
"""Without a fused multiplication and addition, which would round differently from NumPy."""

_UNIFORM = (
    _HEAD.replace("FN", "uniform")
    + """
entry:
  br label %head
head:
  %i = phi i64 [0, %entry], [%next, %one]
  %next = add i64 %i, 1
  %place = getelementptr double, ptr %to, i64 %i
  %more = icmp slt i64 %i, %count
  br i1 %more, label %one, label %done
one:
  %number = call double @random.next_double(ptr %state)"""
    + _SCALE
)

_NORMAL = (
    _HEAD.replace("FN", "normal")
    + f"""
entry:
  %flag = getelementptr i8, ptr %state, i64 {HAS_GAUSS}
  %spare = getelementptr i8, ptr %state, i64 {GAUSS}
  br label %head
head:
  %i = phi i64 [0, %entry], [%next, %scale]
  %next = add i64 %i, 1
  %place = getelementptr double, ptr %to, i64 %i
  %more = icmp slt i64 %i, %count
  br i1 %more, label %one, label %done
one:
  %has = load i32, ptr %flag
  %some = icmp ne i32 %has, 0
  br i1 %some, label %kept, label %draw
kept:
  %old = load double, ptr %spare
  store i32 0, ptr %flag
  store double 0.0, ptr %spare
  br label %scale
draw:
  %u1 = call double @random.next_double(ptr %state)
  %u2 = call double @random.next_double(ptr %state)
  %d1 = fmul double %u1, 2.0
  %x1 = fsub double %d1, 1.0
  %d2 = fmul double %u2, 2.0
  %x2 = fsub double %d2, 1.0
  %s1 = fmul double %x1, %x1
  %s2 = fmul double %x2, %x2
  %r = fadd double %s1, %s2
  %outside = fcmp oge double %r, 1.0
  %centre = fcmp oeq double %r, 0.0
  %again = or i1 %outside, %centre
  br i1 %again, label %draw, label %drawn
drawn:
  %log = call double @log(double %r)
  %twice = fmul double %log, -2.0
  %square = fdiv double %twice, %r
  %f = call double @llvm.sqrt.f64(double %square)
  %later = fmul double %f, %x1
  %new = fmul double %f, %x2
  store double %later, ptr %spare
  store i32 1, ptr %flag
  br label %scale
scale:
  %number = phi double [%old, %kept], [%new, %drawn]"""
    + _SCALE
)


def _layout() -> Layout:
    found = layout()
    assert found is not None, "the lowering asks before it plans a draw"
    return found


def _require_generator(body: BodyEmitter, generator: str) -> None:
    """Leave with a TypeError unless an object is a RandomState that works on MT19937."""
    b, message = body.b, "expected a numpy.random.RandomState of MT19937"
    kind = b.op(f"load ptr, ptr {offset(b, generator, abi.TYPE_OFFSET)}")
    wanted = b.module.declare_data("random.RandomState")
    is_kind = b.call("PyType_IsSubtype", "i32", ("ptr", kind), ("ptr", wanted))
    body.require_or_raise(b.op(f"icmp ne i32 {is_kind}, 0"), "PyExc_TypeError", message)
    found = b.op(f"load ptr, ptr {offset(b, generator, _layout().bitgen + 8 * NEXT_DOUBLE)}")
    drawn = b.module.declare("random.next_double", "double", "ptr")
    body.require_or_raise(b.op(f"icmp eq ptr {found}, {drawn}"), "PyExc_TypeError", message)


def _transfer(body: BodyEmitter, generator: str, words: str, into_words: bool) -> None:
    """Copy the state between a generator and words."""
    b, where = body.b, _layout()
    state = b.op(f"load ptr, ptr {offset(b, generator, where.bitgen)}")
    pairs = [
        (offset(b, generator, where.has_gauss), HAS_GAUSS, "i32"),
        (offset(b, generator, where.gauss), GAUSS, "i64"),
    ]
    target, source = (words, state) if into_words else (state, words)
    b.call("memcpy", "ptr", ("ptr", target), ("ptr", source), ("i64", str(KEY_BYTES)))
    for inside, place, kind in pairs:
        there = offset(b, words, place)
        target, source = (there, inside) if into_words else (inside, there)
        b.do(f"store {kind} {b.op(f'load {kind}, ptr {source}')}, ptr {target}")


def emit_read(body: BodyEmitter, invoke: Invoke) -> None:
    """Copy a generator's state into words."""
    body.acquire()
    generator = as_object(body, invoke.operands[0])
    _require_generator(body, generator)
    _transfer(body, generator, body.memory(invoke.results[0]).data, True)


def emit_draw(body: BodyEmitter, invoke: Invoke) -> None:
    """Copy the words and draw numbers from the copy, without the GIL where there are many."""
    b, fn = body.b, dict(invoke.attributes)["fn"]
    numbers, following = (body.memory(name) for name in invoke.results)
    before, *parameters = (body.memory(name) for name in invoke.operands)
    b.call("memcpy", "ptr", ("ptr", following.data), ("ptr", before.data), ("i64", str(4 * WORDS)))
    b.module.declare("random.next_double", "double", "ptr")
    if fn == "normal":
        b.module.declare("log", "double", "double")
        b.module.declare("llvm.sqrt.f64", "double", "double")
    b.module.helpers[f"random.{fn}"] = _NORMAL if fn == "normal" else _UNIFORM
    rank = numbers.buffer.ndim
    sizes = [numbers.dim(axis) for axis in range(rank)]
    count = _product(b, sizes)
    body.release(size_mul(b, count, NANOSECONDS[fn]))

    def fill(index: list[Size], length: Size, steps: list[Size]) -> None:
        place = address(b, numbers, [*index, *[0] * (rank - len(index))])
        arguments = [f"ptr {following.data}", f"ptr {place}", f"i64 {length}"]
        for memory, step in zip(parameters, steps, strict=True):
            arguments += [f"ptr {address(b, memory, [*index, *[0] * (rank - len(index))])}", f"i64 {step}"]
        b.do(f"call void @random.{fn}({', '.join(arguments)})")

    def over(axis: int, index: list[Size]) -> None:
        if axis == rank - 1:
            fill(index, sizes[-1], [memory.stride(axis) for memory in parameters])
        else:
            body.repeat(sizes[axis], lambda i: over(axis + 1, [*index, i]))

    if all(memory.stride(axis) == 0 for memory in parameters for axis in range(rank)):
        fill([], count, [0, 0])
    else:
        over(0, [])


def _product(b: Builder, sizes: Sequence[Size]) -> Size:
    count: Size = 1
    for size in sizes:
        count = size_mul(b, count, size)
    return count


def emit_write(body: BodyEmitter, invoke: Invoke) -> None:
    """Put words into the generator that they were read from, and hand that on."""
    body.acquire()
    generator = as_object(body, invoke.operands[0])
    _transfer(body, generator, body.memory(invoke.operands[1]).data, False)
    body.b.call("Py_IncRef", "void", ("ptr", generator))
    _hand_on(body, invoke.results[0], generator)


def emit_new(body: BodyEmitter, invoke: Invoke) -> None:
    """Make a generator with the state of words."""
    b = body.b
    body.acquire()
    seed = b.call("PyLong_FromLong", "ptr", ("i64", "0"))
    body.temporary(seed)
    body.require_object(seed)
    table = b.stack("ptr")
    b.do(f"store ptr {seed}, ptr {table}")
    kind = b.module.declare_data("random.RandomState")
    generator = b.call("PyObject_Vectorcall", "ptr", ("ptr", kind), ("ptr", table), ("i64", "1"), ("ptr", "null"))
    _hand_on(body, invoke.results[0], generator)
    body.require_object(generator)
    body.drop_temporaries()
    _transfer(body, generator, body.memory(invoke.operands[0]).data, False)


def _hand_on(body: BodyEmitter, name: str, generator: str) -> None:
    body.keep(name, generator)
    body.memories[name] = Memory(body.program.buffers[name], "", lambda what, axis: 0, generator)


# The same on arrays


def words_of(generator: np.random.RandomState) -> np.ndarray[Any, Any]:
    """Return the state of a generator as words."""
    _, keys, position, has_gauss, gauss = state_of(generator)
    spare = np.array([gauss]).view(np.uint32)
    return np.concatenate([keys, np.array([position, has_gauss], dtype=np.uint32), spare])


def put(generator: np.random.RandomState, words: np.ndarray[Any, Any]) -> np.random.RandomState:
    """Give a generator the state of words, and return it."""
    gauss = float(words[-2:].copy().view(np.float64)[0])
    generator.set_state(("MT19937", words[:KEYS], int(words[KEYS]), int(words[KEYS + 1]), gauss))
    return generator


def interpret_read(
    results: Sequence[Any], operands: Sequence[Any], scalars: Any, attributes: Any, objects: Any
) -> Sequence[Any]:
    """Perform the call."""
    results[0][...] = words_of(operands[0])
    return results


def interpret_draw(
    results: Sequence[Any], operands: Sequence[Any], scalars: Any, attributes: Mapping[str, Any], objects: Any
) -> Sequence[Any]:
    """Perform the call."""
    numbers, following = results
    words, start, factor = operands
    generator = put(np.random.RandomState(0), words)
    draw = generator.random_sample if attributes["fn"] == "uniform" else generator.standard_normal
    numbers[...] = start + factor * draw(numbers.shape)
    following[...] = words_of(generator)
    return results


def interpret_write(
    results: Sequence[Any], operands: Sequence[Any], scalars: Any, attributes: Any, objects: Any
) -> Sequence[Any]:
    """Perform the call."""
    return [put(*operands)]


def interpret_new(
    results: Sequence[Any], operands: Sequence[Any], scalars: Any, attributes: Any, objects: Any
) -> Sequence[Any]:
    """Perform the call."""
    return [put(np.random.RandomState(0), operands[0])]


ROUTINES["random_read"] = Routine(emit_read, interpret_read)
ROUTINES["random_draw"] = Routine(emit_draw, interpret_draw)
ROUTINES["random_write"] = Routine(emit_write, interpret_write)
ROUTINES["random_new"] = Routine(emit_new, interpret_new)
