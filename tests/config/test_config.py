"""Flags: values and checks in code, and precedence of environment and files (in fresh processes)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from neano.config import Configuration, FixedFlagError, Flag, Kind, parse_flags
from neano.config.flags import BOOL, TEXT, integer

DEFAULTS = {
    "floatX": "float64",
    "mode": "Mode",
    "linker": "cvm",
    "optimizer": "o4",
    "traceback.limit": 8,
    "traceback.compile_limit": 0,
    "compute_test_value": "off",
    "cast_policy": "custom",
    "int_division": "int",
    "on_unused_input": "raise",
    "exception_verbosity": "low",
    "allow_gc": True,
    "warn_float64": "ignore",
    "profiling.n_apply": 20,
    "optdb.position_cutoff": float("inf"),
    "vm.lazy": None,
    "dnn.conv.algo_fwd": "small",
    "compile.timeout": 120,
    "NanGuardMode.action": "raise",
    "DebugMode.check_strides": 0,
    "numpy.seterr_all": "ignore",
    "unittests.rseed": "666",
}

GOOD = [
    ("floatX", "float32", "float32"),
    ("traceback.limit", "12", 12),
    ("profile", "true", True),
    ("profile", 0, False),
    ("vm.lazy", "None", None),
    ("vm.lazy", "True", True),
    ("dnn.enabled", True, "True"),
    ("optimizer", None, "None"),
    ("optdb.position_cutoff", "2.5", 2.5),
    ("DebugMode.check_strides", "2", 2),
    ("unittests.rseed", "random", "random"),
    ("cache_dir", "/tmp/../tmp/x", str(Path("/tmp/x").absolute())),
    ("experimental.local_alloc_elemwise", "True", True),
    ("init_gpu_device", "cuda0", "cuda0"),
]

BAD = [
    ("floatX", "float65"),
    ("traceback.limit", "many"),
    ("traceback.limit", 2.5),
    ("profile", "maybe"),
    ("profiling.n_apply", 0),
    ("mode", "FAST"),
    ("mode", None),
    ("experimental.local_alloc_elemwise", False),
    ("init_gpu_device", "tpu"),
    ("cache_dir", 3),
]


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch) -> Configuration:
    monkeypatch.delenv("NEANO_NUM_THREADS", raising=False)
    return Configuration()


@pytest.mark.parametrize(("path", "value"), DEFAULTS.items())
def test_default(config: Configuration, path: str, value: object) -> None:
    assert config.get(path) == value


@pytest.mark.parametrize(("path", "given", "value"), GOOD)
def test_assignment_converts(config: Configuration, path: str, given: object, value: object) -> None:
    config.set(path, given)
    assert config.get(path) == value
    assert type(config.get(path)) is type(value)


@pytest.mark.parametrize(("path", "given"), BAD)
def test_assignment_refuses(config: Configuration, path: str, given: object) -> None:
    before = config.get(path)
    with pytest.raises(ValueError, match=path):
        config.set(path, given)
    assert config.get(path) == before


def test_every_default_is_a_value_that_the_flag_takes(config: Configuration) -> None:
    names = [path for path, *_ in config.walk()]
    assert len(names) == len(set(names)) > 140
    for path, holder, name, flag in config.walk():
        value = getattr(holder, name)
        assert flag.convert(path, value) == value
        assert flag.doc, path
        assert path in str(config)


def test_a_mode_object_is_taken_as_it_is(config: Configuration) -> None:
    mode = object()
    config.mode = mode
    assert config.mode is mode


@pytest.mark.parametrize("path", ["device", "compiledir", "optimizer_including", "numpy.seterr_all"])
def test_fixed_flags(config: Configuration, path: str) -> None:
    with pytest.raises(FixedFlagError, match="can't be changed"):
        config.set(path, config.get(path))
    with pytest.raises(FixedFlagError), config.change_flags({path: config.get(path)}):
        pass


def test_unknown_names(config: Configuration) -> None:
    with pytest.raises(AttributeError, match=r"did you mean floatX\?"):
        _ = config.floatx  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match=r"did you mean traceback.limit\?"):
        config.set("traceback.limi", 3)
    with pytest.raises(AttributeError, match="not a group"):
        config.get("nothing.here")
    with pytest.warns(UserWarning, match="not a flag that Neano knows"):
        config.flaotX = "float32"  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match="group of flags"):
        config.traceback = 3  # type: ignore[assignment]


def test_change_flags(config: Configuration) -> None:
    with config.change_flags(floatX="float32", **{"traceback.limit": 3}) as inside:
        assert inside is config
        assert (config.floatX, config.traceback.limit) == ("float32", 3)
        with config.change_flags([("floatX", "float16")]):
            assert config.floatX == "float16"
        assert config.floatX == "float32"
    assert (config.floatX, config.traceback.limit) == ("float64", 8)


def test_change_flags_as_decorator_of_a_recursive_function(config: Configuration) -> None:
    @config.change_flags({"traceback.limit": 1})
    def depth(n: int) -> list[int]:
        """What it does."""
        config.traceback.limit += n
        inner = depth(n - 1) if n else []
        return [config.traceback.limit, *inner]

    assert depth(2) == [3, 2, 1]
    assert depth.__doc__ == "What it does."
    assert config.traceback.limit == 8


def test_change_flags_restores_after_errors(config: Configuration) -> None:
    with pytest.raises(ValueError, match="cast_policy"), config.change_flags(floatX="float32", cast_policy="zzz"):
        pass
    assert config.floatX == "float64"
    with pytest.raises(ZeroDivisionError), config.change_flags(floatX="float32"):
        _ = 1 / 0
    assert config.floatX == "float64"
    with pytest.raises(AttributeError, match="nope"):
        config.change_flags(floatX="float32", nope=1)


def test_declare() -> None:
    config = Configuration({"mine.size": "7", "other": "x"})
    config.declare("mine.size", Flag(3, integer(1), "A size."))
    config.declare("mine.on", Flag(False, BOOL))
    config.declare("even", Flag(2, Kind(lambda given: int(given) // 2 * 2, "an even number")))
    assert (config.get("mine.size"), config.get("mine.on"), config.get("even")) == (7, False, 2)
    config.set("even", 5)
    assert config.get("even") == 4
    with pytest.raises(ValueError, match="at least 1"):
        config.set("mine.size", 0)
    with pytest.raises(AttributeError, match="declared already"):
        config.declare("floatX", Flag("", TEXT))
    assert config.unknown_settings() == ["other"]


def test_parse_flags() -> None:
    assert parse_flags("floatX=float32, a.b = 1 ,cxx=") == {"floatX": "float32", "a.b": "1", "cxx": ""}
    assert parse_flags("gcc.cxxflags='-O3, -g',device=cpu") == {"gcc.cxxflags": "-O3, -g", "device": "cpu"}
    assert parse_flags("blas.ldflags=-L/x -lblas,base=C:\\x") == {"blas.ldflags": "-L/x -lblas", "base": "C:\\x"}
    with pytest.warns(UserWarning, match="no value"):
        assert parse_flags("floatX,device=cpu") == {"device": "cpu"}


def in_fresh_process(code: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEANO", "THEANO", "XDG", "OMP"))}
    source = str(Path(__file__).parents[2] / "src")
    return subprocess.run(
        [sys.executable, "-c", f"from neano.config import config\n{code}"],
        env={**kept, "HOME": str(home), "PYTHONPATH": source, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_precedence_of_environment_and_files(tmp_path: Path) -> None:
    (tmp_path / ".theanorc").write_text(
        "[global]\nfloatX = float32\noptimizer = o1\nlinker = py\ncast_policy = numpy+floatX\n"
        "[traceback]\nlimit = 1\n[dnn.conv]\nalgo_fwd = fft\n"
    )
    (tmp_path / ".neanorc").write_text(
        "[global]\noptimizer = o2\nlinker = vm\ncast_policy = custom\n[scan]\ndebug = True\n"
    )
    shown = in_fresh_process(
        "print(config.floatX, config.optimizer, config.linker, config.cast_policy, config.traceback.limit,"
        " config.scan.debug, config.dnn.conv.algo_fwd)",
        tmp_path,
        THEANO_FLAGS="linker=c,cast_policy=numpy+floatX",
        NEANO_FLAGS="cast_policy=custom",
    )
    assert shown.stderr == ""
    assert shown.stdout.split() == ["float32", "o2", "c", "custom", "1", "True", "fft"]


def test_other_files_and_their_variables(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("[global]\nfloatX = float16\nbase_compiledir = %(TMPDIR)s/x\n")
    second.write_text("[global]\nfloatX = float32\n")
    shown = in_fresh_process(
        "print(config.floatX, config.cache_dir)", tmp_path, THEANORC=f"{first}{os.pathsep}{second}", TMPDIR="/somewhere"
    )
    assert shown.stdout.split() == ["float32", "/somewhere/x"]
    shown = in_fresh_process(
        "print(config.cache_dir)", tmp_path, NEANO_FLAGS="base_compiledir=/b,compiledir_format=%(device)s"
    )
    assert shown.stdout.split() == ["/b/cpu"]


def test_unknown_names_warn_and_wrong_values_stop_the_import(tmp_path: Path) -> None:
    (tmp_path / ".theanorc").write_text("[global]\nnothing = 1\n")
    shown = in_fresh_process("", tmp_path, THEANO_FLAGS="nonflag=3")
    assert shown.returncode == 0
    assert "nonflag is not a flag" in shown.stderr
    assert "nothing is not a flag" in shown.stderr
    shown = in_fresh_process("", tmp_path, NEANO_FLAGS="floatX=float65")
    assert shown.returncode != 0
    assert "ValueError: floatX cannot be 'float65'" in shown.stderr


def test_cache_directory(tmp_path: Path) -> None:
    code = "print(config.cache_dir, config.threads)"
    assert in_fresh_process(code, tmp_path, NEANO_CACHE_DIR="/a", NEANO_NUM_THREADS="3").stdout.split() == ["/a", "3"]
    assert in_fresh_process(code, tmp_path, NEANO_FLAGS="threads=2", NEANO_NUM_THREADS="3").stdout.split()[1] == "2"
    assert in_fresh_process(code, tmp_path, THEANO_FLAGS="compiledir=/b/c").stdout.split()[0] == "/b/c"
    if sys.platform == "linux":
        assert in_fresh_process(code, tmp_path).stdout.split() == [str(tmp_path / ".cache/neano"), "0"]
