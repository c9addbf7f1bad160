"""What the documents say is true."""

import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

import acm_dispatch
from acm_dispatch import registry

ROOT = Path(__file__).parent.parent


@pytest.fixture
def registries(own_operations):
    """Whatever the README declares is gone afterwards."""
    yield
    acm_dispatch.unregister_backend("mine")


def test_the_readme_s_examples_run(registries):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    x = np.random.default_rng(0).normal(size=(20, 3))
    names = {"__name__": "readme", "x": x, "y": x[:4], "labels": np.arange(20) % 2}
    for block in blocks:
        exec(block, names)
    assert names["column_range"].explain([[1.0, 5.0], [4.0, 5.0]]).chosen == "mine"
    assert list(names["column_range"]([[1.0, 5.0], [4.0, 5.0]])) == [3.0, 0.0]


def test_every_variable_and_command_of_the_readme_exists():
    readme = (ROOT / "README.md").read_text()
    from acm_dispatch.settings import _ENVIRONMENT, _READ_ELSEWHERE

    documented = set(re.findall(r"`_([A-Z_]+)`", readme)) | {"BACKEND"}
    assert documented == {*_ENVIRONMENT, *_READ_ELSEWHERE}
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"make ([a-z]+)", readme)) <= set(targets)


def test_the_readme_names_every_operation():
    table = (ROOT / "README.md").read_text().partition("## The operations")[2].partition("\n## ")[0]
    named = set(re.findall(r"`(\w+)", table))
    public = set(acm_dispatch.__all__)
    assert named - {"acm", "make"} <= public
    assert {*registry.operations, *registry.compositions} & public <= named
    assert public >= {*registry.operations, *registry.compositions} - {"column_range"}


@pytest.mark.skipif(shutil.which("make") is None or sys.platform == "win32", reason="needs make and a shell")
@pytest.mark.parametrize(
    ("cargo", "said"),
    [
        ("exit 1", "cargo is not installed (https://rustup.rs installs it"),
        ("echo cargo 1.75.0", "cargo 1.75.0 is older than "),
        ("echo cargo 1.999.0", "install --quiet --no-deps -e backends/rust"),
    ],
)
def test_make_builds_rust_only_where_it_can(tmp_path, cargo, said):
    (tmp_path / "cargo").write_text(f"#!/bin/sh\n{cargo}\n")
    (tmp_path / "cargo").chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    command = ["make", "-n", "setup", f"VENV={tmp_path}/venv"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert said in done.stdout


def test_one_version_everywhere():
    files = [ROOT / "pyproject.toml", ROOT / "monitor/pyproject.toml", *(ROOT / "backends").glob("*/pyproject.toml")]
    versions = {str(path): tomllib.loads(path.read_text())["project"]["version"] for path in files}
    cargo = tomllib.loads((ROOT / "backends/rust/Cargo.toml").read_text())
    versions["Cargo.toml"] = cargo["workspace"]["package"]["version"]
    assert set(versions.values()) == {acm_dispatch.__version__}, versions


@pytest.mark.skipif(not {"rust", "numba"} <= registry.backends().keys(), reason="the table names every backend")
def test_the_table_of_operations_says_what_is_there():
    page = runpy.run_path(str(ROOT / "docs/generate.py"))["document"]()
    assert "| `zscore` | `n d, [d], [d] -> n d` | propagate | 64 32 | 64 32 | 64 32 | 64 32 |" in page
    for name in [*registry.operations, *registry.compositions, "StreamingStatistics", "fit_isolation_forest"]:
        assert f"`{name}`" in page
    for operation, why in registry.backends()["numba"].refuses.items():
        assert f"- no `{operation}` on numba: {why}" in page
