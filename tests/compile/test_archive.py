"""Zips of pickles with their arrays apart, pickles without what is for debugging, dumped arguments of function."""

import io
import pickle
import zipfile

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from neano.compile import function, shared
from neano.compile.archive import PersistentSharedVariableID, StripPickler, dump, function_dump, load
from neano.tensor import dvector


def test_arrays_go_by_the_names_of_shared_variables():
    first, second = shared(np.ones(3), "foo"), shared(np.zeros(2), "foo")
    unnamed, number = shared(np.arange(2)), shared(5)
    file = io.BytesIO()
    dump((first, second, unnamed, number, np.eye(2), first), file)
    assert zipfile.ZipFile(file).namelist() == ["foo", "foo_2", "array_0", "array_1", "array_2", "pkl"]
    assert_array_equal(np.load(file)["foo_2"], [0, 0])
    a, b, c, d, eye, again = load(file)
    assert again is a
    for variable, value in ((a, [1, 1, 1]), (b, [0, 0]), (c, [0, 1]), (d, 5)):
        assert_array_equal(variable.get_value(), value)
    assert_array_equal(eye, np.eye(2))
    assert b.name == "foo"


def test_functions_and_graphs_are_dumped():
    x, s = dvector("x"), shared(np.ones(2), "s")
    file = io.BytesIO()
    dump([function([x], x * s, updates=[(s, s + x)]), s], file)
    f, s2 = load(file)
    assert_array_equal(f([1, 2]), [1, 2])
    assert_array_equal(s2.get_value(), [2, 3])
    assert_array_equal(s.get_value(), [1, 1])


def test_names_that_are_refused():
    same = (shared(np.ones(1), "foo"), shared(np.ones(1), "foo"))
    with pytest.raises(ValueError, match="multiple shared variables with the name `foo`"):
        dump(same, io.BytesIO(), persistent_id=lambda z: PersistentSharedVariableID(z, allow_duplicates=False))
    with pytest.raises(ValueError, match="unnamed shared variable"):
        dump(shared(1), io.BytesIO(), persistent_id=lambda z: PersistentSharedVariableID(z, allow_unnamed=False))
    with pytest.raises(ValueError, match="'pkl'"):
        dump(shared(np.ones(1), "pkl"), io.BytesIO())


def test_what_is_for_debugging_is_left_out():
    x = dvector("x")
    x.tag.test_value = np.ones(2)
    x.tag.extra, x.tag.kept = 1, 2
    y = x * shared(np.ones(2))
    file = io.BytesIO()
    StripPickler(file, extra_tag_to_remove=["extra"]).dump(y)
    loaded = pickle.loads(file.getvalue())
    x2, s2 = loaded.owner.inputs
    assert vars(x2.tag) == {"kept": 2}
    assert not hasattr(s2.tag, "trace")
    assert loaded.owner.trace == ()
    assert x.tag.extra == 1
    assert y.owner.trace


def test_arguments_of_function_are_dumped(tmp_path):
    x, s = dvector("x"), shared(np.ones(2))
    function_dump(tmp_path / "call", [x], x * s, updates=[(s, s + 1)], on_unused_input="ignore")
    arguments = pickle.loads((tmp_path / "call").read_bytes())
    assert arguments["on_unused_input"] == "ignore"
    f = function(**arguments)
    assert_array_equal(f([1, 2]), [1, 2])
    assert_array_equal(f([1, 2]), [2, 4])
