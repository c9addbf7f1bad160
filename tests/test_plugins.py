"""Strangers' backends: one that works, and several that are broken and harm nobody."""

import os
import subprocess
import sys

import numpy as np
import pytest

import acm_dispatch
from acm_dispatch import registry

BROKEN = {
    "raises": ("raise RuntimeError('not today')", "raises", r"its manifest does not import (RuntimeError: not today)"),
    "exits": ("raise SystemExit(3)", "exits", "its manifest does not import (SystemExit: 3)"),
    "no_backend": ("backend = 3", "no_backend", "is a int; expected an acm_dispatch.Backend"),
    "twice": ("from acm_dispatch import Backend; backend = Backend('numpy')", "numpy", "is already registered"),
    "late": (
        "from acm_dispatch import Backend; backend = Backend('late', modules=['nowhere_to_be_found'])",
        "late",
        "its kernels do not import (ModuleNotFoundError",
    ),
    "unknown": (
        "from acm_dispatch import Backend; backend = Backend('unknown'); backend.kernel('zscor')(print)",
        "unknown",
        "it has a kernel for 'zscor', which is no operation; did you mean 'zscore'?",
    ),
}


def run_beside(tmp_path, name, *command):
    """Run Python with `command` in a new process where the broken plugin `name` is installed."""
    body, entry, _ = BROKEN[name]
    (tmp_path / f"plugin_{name}.py").write_text(body)
    info = tmp_path / f"plugin_{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: plugin-{name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[acm_dispatch.backends]\n{entry} = plugin_{name}:backend\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    return subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_a_warning_and_never_more(tmp_path, name):
    code = """
import numpy, acm_dispatch
x = numpy.ones((3, 2))
acm_dispatch.zscore(x)
print(acm_dispatch.zscore.explain(x).chosen)
"""
    done = run_beside(tmp_path, name, "-c", code)
    assert done.returncode == 0, done.stderr
    assert BROKEN[name][2] in done.stderr
    assert done.stderr.count("DispatchWarning") == 1


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_a_row_in_doctor(tmp_path, name):
    done = run_beside(tmp_path, name, "-m", "acm_dispatch", "doctor")
    assert done.returncode == 0, done.stderr
    assert BROKEN[name][2][:30] in " ".join(done.stdout.split())


def test_metadata_without_a_name_harms_nobody(tmp_path):
    info = tmp_path / "nameless-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text("[acm_dispatch.backends]\nnameless = no_such_module:backend\n")
    code = "import numpy, acm_dispatch; acm_dispatch.zscore(numpy.ones((3, 2)))"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "backend nameless" in done.stderr


def test_a_manifest_may_register_its_backend_itself(tmp_path):
    BROKEN["itself"] = (
        "from acm_dispatch import Backend, register_backend; backend = Backend('itself'); register_backend(backend)",
        "itself",
        "",
    )
    try:
        done = run_beside(tmp_path, "itself", "-c", "import acm_dispatch; print(*acm_dispatch.registry.backends())")
    finally:
        del BROKEN["itself"]
    assert "itself" in done.stdout.split()
    assert done.stderr == ""


def test_answers_that_mean_nothing_are_reasons():
    odd = acm_dispatch.Backend("odd", available=lambda: True)
    acm_dispatch.register_backend(odd)
    try:
        verdict = acm_dispatch.zscore.explain(np.ones((3, 2))).verdicts["odd"]
    finally:
        acm_dispatch.unregister_backend("odd")
    assert verdict == "declined, answering True where None or a sentence was expected"


def test_the_example_is_found_through_its_entry_point():
    assert registry.find_backend("example").version == "1.0"
    x = np.array([[1.0], [2.0], [4.0]])
    median, mad = acm_dispatch.column_median_mad(x, missing="nan", backend="example")
    assert (median[0], mad[0]) == (2.0, 1.4826)


def test_the_example_declines_with_sentences():
    x = np.array([[1.0], [np.inf]])
    with pytest.raises(acm_dispatch.BackendError, match="example: only missing='nonfinite'"):
        acm_dispatch.impute(x, missing="nan", backend="example")
    with pytest.raises(acm_dispatch.BackendError, match="example: a fill of NaN is not supported"):
        acm_dispatch.impute(x, [np.nan], backend="example")


def test_the_kit_proves_the_example():
    command = [sys.executable, "-m", "pytest", "--pyargs", "acm_dispatch.testing", "--backend=example"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "example has kernels for 2 of" in done.stdout
    assert "declined: a fill of NaN is not supported" in done.stdout


def test_registering_a_taken_name_is_refused():
    with pytest.raises(acm_dispatch.DeclarationError, match="already registered"):
        acm_dispatch.register_backend(acm_dispatch.Backend("numpy"))
    with pytest.raises(acm_dispatch.DeclarationError, match="lower-case identifier"):
        acm_dispatch.Backend("My Backend")
