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
from acm_dispatch.selection.profile import bundled_paths, read
from acm_dispatch.selection.sources import Source

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
    from acm_dispatch.policy.configuration import _READ_ELSEWHERE, _VARIABLES

    documented = set(re.findall(r"`_([A-Z_]+)`", readme)) | {"BACKEND"}
    assert documented == {*_VARIABLES, *_READ_ELSEWHERE}
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"make ([a-z]+)", readme)) <= set(targets)


def test_the_readme_names_every_operation():
    table = (ROOT / "README.md").read_text().partition("## The operations")[2].partition("\n## ")[0]
    named = set(re.findall(r"`(\w+)", table))
    public = set(acm_dispatch.__all__)
    assert named - {"acm", "make"} <= public
    assert {*registry.operations, *registry.compositions} & public <= named
    assert public >= {*registry.operations, *registry.compositions} - {"column_range"}


# A distribution of the reader's own.

PLUGINS = (ROOT / "docs/plugins.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PLUGINS, re.DOTALL)


@pytest.fixture
def plant(tmp_path, python_with):
    """Runs Python with the distribution of `docs/plugins.md`, installed as its files and entry points say."""
    for block in blocks("python"):
        if block.startswith("# plant/"):
            path = tmp_path / block.partition("\n")[0].removeprefix("# ")
            path.parent.mkdir(exist_ok=True)
            with path.open("a", encoding="utf-8") as file:
                file.write(block)
    return python_with(tmp_path, {"name": "plant", **tomllib.loads("".join(blocks("toml")))["project"]})


def test_the_plugin_of_the_documents_prints_what_they_say(plant):
    (script,) = (block for block in blocks("python") if "from plant" in block)
    done = plant("-c", script)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == re.findall(r"^print\(.*\)  # (.*)$", script, re.MULTILINE)
    page = plant("-m", "acm_dispatch", "info", "rise_in_batch").stdout
    assert re.search("min_rows +an integer of at least 1; by default 1", page)
    assert "`numbered`: `batch` as codes 0..k-1 in the order of its numbers, every code in use." in page
    assert re.search(r"plant +rise_of_sorted_batches \(float64, float32; tolerance; not of every call\)", page)
    assert re.search(r"numpy +rise_above_first_rows ", page)


def test_the_kit_proves_the_plugin_of_the_documents(plant):
    (command,) = (line for line in "".join(blocks("console")).splitlines() if "pytest" in line)
    done = plant("-m", *command.removeprefix("$ ").split(), "-rs", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout[-3000:]
    assert "plant has kernels for 1 of" in done.stdout
    assert "declined: the batches are not one after the other" in done.stdout


def test_the_documents_check_of_an_option_is_one():
    (source,) = (block for block in blocks("python") if "def share" in block)
    names = {}
    exec(source, names)
    share = names["share"]
    assert share("cut", "by", np.float32(0.5)) == 0.5
    with pytest.raises(acm_dispatch.InvalidInput, match=r"^cut: `by` is 2\.0; expected a share from 0 to 1$"):
        share("cut", "by", 2)
    assert share.expects == "a share from 0 to 1"
    assert 0 <= share.draw(np.random.default_rng(0), {"n": 3}) <= 1


def test_what_is_public_for_plugins_is_what_the_page_lists():
    table = PLUGINS.partition("## What is public")[2].partition("\n\nAll of it")[0]
    listed = set(re.findall(r"`(\w+)`", table)) - {"prepare"}
    checks = set(acm_dispatch.options.__all__)
    assert checks <= listed
    assert listed - checks <= set(acm_dispatch.__all__)
    assert listed >= {"Backend", "Call", "Samples", "composition", "numpy_backend", "operation", "options"}
    example = Path(__file__).parent / "third_party/example/acm_example"
    sources = [*blocks("python"), *(path.read_text() for path in example.glob("*.py"))]
    imported = {
        name for source in sources for name in re.findall(r"^from acm_dispatch import (.*)$", source, re.MULTILINE)
    }
    assert {word for line in imported for word in line.split(", ")} <= listed
    assert not [source for source in sources if re.search(r"(from|import) acm_dispatch\.", source)]


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


@pytest.mark.skipif(shutil.which("make") is None or sys.platform == "win32", reason="needs make and a shell")
@pytest.mark.parametrize(("target", "with_tools"), [("demo", False), ("lint", True)])
def test_make_installs_developers_tools_for_developers_alone(tmp_path, target, with_tools):
    command = ["make", "-n", target, f"VENV={tmp_path}/venv"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ("--group lint" in done.stdout) == with_tools
    assert "-e backends/numba" in done.stdout


@pytest.mark.skipif(not {"rust", "numba"} <= registry.backends().keys(), reason="the table names every backend")
def test_the_table_of_operations_says_what_is_there():
    page = runpy.run_path(str(ROOT / "docs/generate.py"))["document"]()
    row = "`n d, [d], [d] -> n d` | propagate | 64 32 | 64 32 | 64 32 | 64 32 |"
    assert f"| [`zscore`](normalization.md#zscore) | {row}" in page
    for name in [*registry.operations, *registry.compositions, "StreamingStatistics", "fit_isolation_forest"]:
        assert f"`{name}`" in page
    for operation, why in registry.backends()["numba"].refuses.items():
        assert f"- no `{operation}` on numba: {why}" in page


@pytest.mark.skipif(not {"rust", "numba"} <= registry.backends().keys(), reason="the profiles name every backend")
@pytest.mark.parametrize("path", bundled_paths(), ids=lambda path: path.stem)
def test_bundled_profiles_know_every_kernel_and_nothing_else(path):
    source = Source("bundled", path, read(path), False)
    assert not source.profile.ignored
    entries = source.profile.entries
    assert not [(key, why) for key, entry in entries.items() if (why := source.reason_against(entry) or entry.wrong)]
    measured = {(key.operation, key.backend, key.dtype) for key in entries}
    for name, backend in registry.backends().items():
        for operation, kernels in backend.kernels.items() if name in {"rust", "numba", "numpy"} else ():
            ours = registry.operations[operation].body.__module__.startswith("acm_dispatch.ops.")
            for dtype in kernels[0].dtypes if ours and not kernels[0].opt_in else ():
                assert (operation, name, dtype) in measured
