"""Settings from environment variables and the config file."""

import inspect
import json
import os
import shutil
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import acm_dispatch
from acm_dispatch import DispatchWarning, use, zscore
from acm_dispatch.policy.settings import SETTINGS

X = np.random.default_rng(0).normal(size=(40, 3))


def chosen(operation=zscore, x=X):
    return operation.explain(x).chosen


def test_environment_weakest_to_strongest(recorder, fresh_settings, monkeypatch):
    monkeypatch.setenv("ACM_DISPATCH_BACKEND", "numpy")
    monkeypatch.setenv("ACM_DISPATCH_BACKEND_ZSCORE", "recorder, numpy")
    fresh_settings()
    assert chosen() == "recorder"
    assert chosen(acm_dispatch.impute) == "numpy"
    with use("numpy"):
        assert chosen() == "numpy"
    assert acm_dispatch.config().rows[0] == ("backends", "numpy", "environment")


def test_disable_beats_everything(recorder, fresh_settings, monkeypatch):
    monkeypatch.setenv("ACM_DISPATCH_DISABLE", "yes")
    fresh_settings()
    with use("recorder", strict=True):
        zscore(X)
    assert recorder.calls == []
    assert zscore.explain(X).decided_by == "disabled by environment"


def test_config_file(recorder, fresh_settings, monkeypatch, tmp_path):
    file = tmp_path / "config.toml"
    file.write_text('backend = ["recorder"]\nthreads = 1\n[operations]\nimpute = "numpy"\n')
    monkeypatch.setenv("ACM_DISPATCH_CONFIG", str(file))
    fresh_settings()
    assert (chosen(), chosen(acm_dispatch.impute)) == ("recorder", "numpy")
    rows = {name: (value, origin) for name, value, origin in acm_dispatch.config().rows}
    assert rows["threads"] == (1, str(file))
    assert rows["accuracy"] == ("tolerance", "default")
    monkeypatch.setenv("ACM_DISPATCH_NUM_THREADS", "2")
    fresh_settings()
    assert ("threads", 2, "environment") in acm_dispatch.config().rows


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("BACKEND", "rsut", "did you mean 'rust'"),
        ("BAKCEND", "rust", "did you mean 'ACM_DISPATCH_BACKEND'"),
        ("NUM_THREADS", "many", "expected a whole number"),
        ("STRICT", "perhaps", "neither yes nor no"),
        ("ACCURACY", "exact", "expected one of 'bitwise'"),
        ("BACKEND_ZSCOER", "numpy", "no operation"),
        ("CONFIG", "/nonexistent/acm.toml", "cannot be read"),
    ],
)
def test_nonsense_in_the_environment_is_one_warning(fresh_settings, monkeypatch, variable, value, message):
    monkeypatch.setenv(f"ACM_DISPATCH_{variable}", value)
    fresh_settings()
    with pytest.warns(DispatchWarning, match=message) as caught:
        zscore(X)
    (warning,) = caught
    assert warning.filename == __file__
    zscore(X[:3])


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("a = " + "[" * 60_000, "recursion|nest"),
        ("a = " + "{x=" * 15_000, "recursion|nest"),
        (b"backend = '\xff'", "utf-8"),
        (b"\x00" * 100, "Invalid|Illegal"),
        ("#" * 70_000, "more than 65,536 bytes"),
        ("backend = ", "Invalid value"),
        ("x = " + "9" * 5000, "digits"),
    ],
    ids=["deep", "deep_tables", "not_utf8", "zeros", "long", "cut", "digits"],
)
def test_a_file_that_says_nothing_is_one_warning(fresh_settings, monkeypatch, tmp_path, content, problem):
    file = tmp_path / "config.toml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    monkeypatch.setenv("ACM_DISPATCH_CONFIG", str(file))
    fresh_settings()
    with pytest.warns(DispatchWarning, match=f"ignored, it cannot be read .*({problem})") as caught:
        zscore(X)
    assert len(caught) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "socket"])
def test_only_regular_files_are_read(fresh_settings, monkeypatch, tmp_path, kind):
    path = tmp_path / kind
    listening = socket.socket(socket.AF_UNIX)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        monkeypatch.chdir(tmp_path)  # the path of a socket may not be long
        listening.bind(kind)
    monkeypatch.setenv("ACM_DISPATCH_CONFIG", str(path))
    fresh_settings()
    with listening, pytest.warns(DispatchWarning, match=r"cannot be read \(it is no regular file\)") as caught:
        zscore(X)
    assert len(caught) == 1


def test_a_file_of_another_editor_is_read(fresh_settings, recorder, monkeypatch, tmp_path):
    file = tmp_path / "config.toml"
    file.write_bytes(b"\xef\xbb\xbfbackend = 'recorder'\r\n")
    monkeypatch.setenv("ACM_DISPATCH_CONFIG", str(file))
    fresh_settings()
    assert chosen() == "recorder"


def test_many_unknown_entries_are_few_warnings(fresh_settings, monkeypatch, tmp_path):
    file = tmp_path / "config.toml"
    file.write_text("".join(f"a{i} = 1\n" for i in range(5000)))
    monkeypatch.setenv("ACM_DISPATCH_CONFIG", str(file))
    fresh_settings()
    with pytest.warns(DispatchWarning) as caught:
        zscore(X)
    assert len(caught) == 6
    assert "4,995 more entries are no settings" in str(caught[-1].message)


@pytest.mark.parametrize("threads", [4097, 2**31, 2**63, 2**64, 10**400, "9" * 30])
def test_more_threads_than_there_can_be_are_refused(threads):
    with pytest.raises(acm_dispatch.ConfigurationError, match=r"expected (at most 4,096|a whole number)"):
        use(threads=threads)


@pytest.mark.parametrize("value", ["0", "-1", "4097", str(2**64), "1e3", "nan", "inf", "9" * 5000, "2.5"])
def test_numbers_of_threads_in_the_environment_are_checked(fresh_settings, monkeypatch, value):
    monkeypatch.setenv("ACM_DISPATCH_NUM_THREADS", value)
    fresh_settings()
    with pytest.warns(DispatchWarning, match="threads is ignored: threads is .*; expected"):
        zscore(X)


def test_as_many_threads_as_are_allowed_run(usable):
    for name in usable:
        with use(name, threads=4096):
            np.testing.assert_allclose(zscore(X), zscore(X, backend="numpy"), rtol=1e-9)


def test_a_strange_variable_is_not_taken_for_another(fresh_settings, monkeypatch):
    monkeypatch.setenv("ACM_DISPATCH_PROFIT", "fast.json")
    monkeypatch.setenv("ACM_DISPATCH_NUM_THREADS", "")
    fresh_settings()
    with pytest.warns(
        DispatchWarning, match="ACM_DISPATCH_PROFIT is not a setting; did you mean 'ACM_DISPATCH_PROFILE'"
    ) as caught:
        zscore(X)
    assert len(caught) == 1, "an empty variable says nothing"


def test_trace_variable_prints_at_the_end():
    code = "import numpy, acm_dispatch; acm_dispatch.zscore(numpy.ones((4, 2)), backend='numpy')"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"ACM_DISPATCH_TRACE": "1"}, capture_output=True, text=True, check=True
    )
    assert "zscore" in done.stderr
    assert "4x2" in done.stderr


def test_trace_file_alone_asks_for_a_trace(tmp_path):
    code = "import numpy, acm_dispatch; acm_dispatch.zscore(numpy.ones((4, 2)), backend='numpy')"
    file = tmp_path / "trace.json"
    subprocess.run([sys.executable, "-c", code], env={"ACM_DISPATCH_TRACE_FILE": str(file)}, check=True)
    assert json.loads(file.read_text())["traceEvents"][0]["name"] == "zscore"


def _call_between_changes():
    zscore(X)
    acm_dispatch.set_backend("numpy", op="impute")
    zscore(X)


def test_variables_may_name_what_comes_later(fresh_settings, monkeypatch):
    """A backend or an operation of the user's own is there only after something has been called already."""
    monkeypatch.setenv("ACM_DISPATCH_BACKEND_ZSCORE", "latecomer")
    fresh_settings()
    with pytest.warns(DispatchWarning, match="no backend is called 'latecomer'") as caught:
        _call_between_changes()
    (warning,) = caught
    assert warning.filename == __file__
    latecomer = acm_dispatch.Backend("latecomer")
    latecomer.kernel("zscore")(lambda x, *options: "late")
    acm_dispatch.register_backend(latecomer)
    try:
        assert zscore(X) == "late"
    finally:
        acm_dispatch.unregister_backend("latecomer")
    np.testing.assert_allclose(zscore(X), zscore(X, backend="numpy"), rtol=1e-10)


def test_a_variable_for_a_composition_names_its_operation(fresh_settings, monkeypatch):
    monkeypatch.setenv("ACM_DISPATCH_BACKEND_SILHOUETTE_SCORE", "numpy")
    fresh_settings()
    with pytest.warns(DispatchWarning, match="it is made of silhouette_samples; ask for these"):
        zscore(X)


def test_settings_read_by_many_threads_at_once_warn_once(fresh_settings, monkeypatch):
    monkeypatch.setenv("ACM_DISPATCH_BACKEND", "rsut")
    fresh_settings()
    with pytest.warns(DispatchWarning) as caught, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: acm_dispatch.config(), range(64)))
    assert len(caught) == 1


def test_trace_of_the_config_file_prints_at_the_end_and_off_prints_nothing(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text("trace = true\n")
    code = "import numpy, acm_dispatch; acm_dispatch.zscore(numpy.ones((4, 2)), backend='numpy')"
    for environment, count in [({}, 1), ({"ACM_DISPATCH_TRACE": "0"}, 0)]:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={"ACM_DISPATCH_CONFIG": str(file), **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr.count("zscore") == count


def test_use_has_a_parameter_for_each_setting_that_a_block_can_have():
    parameters = list(inspect.signature(use.__init__).parameters)[1:]
    assert parameters == [name for name in SETTINGS if name not in {"workload", "disable", "trace"}]
    given = {"strict": True, "exclude": ["numba"], "threads": 3, "accuracy": "bitwise", "transfer": "auto"}
    given |= {"fallback": "silent", "profile": "bundled", "tune": "auto", "on_missing": "error", "verify": 0.5}
    assert [*given] == parameters[1:]
    with use("numpy", **given):
        rows = {name: (value, origin) for name, value, origin in acm_dispatch.config().rows}
    shown = {**given, "backends": "numpy", "exclude": "numba"}
    assert {name: rows[name] for name in shown} == {name: (value, "use()") for name, value in shown.items()}


ONE_MORE = '    colour: Annotated[str, Setting(str, "red", "of the wall")]\n'

LOOK_AT_IT = """
import pickle, acm_dispatch
from acm_dispatch.policy import layers, settings
print(dict((row[0], row[1:]) for row in acm_dispatch.config().rows)["colour"])
block = layers.ROOT.child(settings.Settings(colour="blue"))
print(pickle.loads(pickle.dumps(block)), settings.SETTINGS["colour"].variable)
"""


def test_a_setting_is_one_line_of_one_table(tmp_path):
    """Added to a copy of the package, it is in the environment, the file, `config()`, blocks and pickles."""
    package = Path(acm_dispatch.__file__).parent
    shutil.copytree(package, tmp_path / "acm_dispatch", ignore=shutil.ignore_patterns("__pycache__"))
    table = tmp_path / "acm_dispatch" / "policy" / "settings.py"
    table.write_text(
        table.read_text().replace("    origins: dict[str, str]\n", ONE_MORE + "    origins: dict[str, str]\n")
    )
    file = tmp_path / "config.toml"
    file.write_text('colour = "green"\n')
    said = []
    for more in ({}, {"ACM_DISPATCH_CONFIG": str(file)}, {"ACM_DISPATCH_COLOUR": "white"}):
        environment = {**os.environ, "PYTHONPATH": str(tmp_path), **more}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", LOOK_AT_IT],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        said.append(done.stdout.splitlines() or done.stderr)
    assert [lines[0] for lines in said] == [
        "('red', 'default')",
        f"('green', '{file}')",
        "('white', 'environment')",
    ]
    assert said[0][1] == "<Policy colour='blue'> COLOUR"
