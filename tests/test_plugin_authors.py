"""What an author of a plugin begins from, and a plugin that was written from the page alone."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from acm_dispatch.cli.new import new_distribution
from acm_dispatch.errors import ConfigurationError

BOTTLENECK = Path(__file__).parent / "third_party/bottleneck"
KIT = ("-m", "pytest", "-p", "no:cacheprovider", "-rs")


@pytest.fixture
def new(tmp_path, python_with):
    """Runs Python with a distribution that `acm-dispatch new mine` has just written."""
    files = new_distribution("mine", tmp_path / "mine")
    names = {"pyproject.toml", "README.md", "mine/__init__.py", "mine/operations.py", "mine/kernels.py"}
    assert {path.relative_to(tmp_path / "mine").as_posix() for path in files} == names
    assert not [path for path in files if re.search("PLUGIN|VERSION", path.read_text())]
    return python_with(tmp_path / "mine", tomllib.loads((tmp_path / "mine/pyproject.toml").read_text())["project"])


def test_a_new_distribution_passes_the_kit(new, tmp_path):
    done = new(*KIT, "--rootdir", tmp_path / "mine", "-c", tmp_path / "mine/pyproject.toml")
    assert done.returncode == 0, done.stdout[-3000:]
    assert "mine has kernels for 1 of" in done.stdout
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 20


def test_a_new_distribution_is_described_and_drawn_for(new):
    told = new("-m", "acm_dispatch", "info", "mine_range").stdout
    assert "column_range (float64, float32; tolerance; not of every call)" in told
    drawn = new("-m", "acm_dispatch.testing.fuzz", "--backend", "mine", "--draws", "500")
    assert drawn.returncode == 0, drawn.stdout
    assert "500 calls" in drawn.stdout


@pytest.mark.parametrize("name", ["Mine", "my-plugin", "class", "_mine", "mine_", "mïne", "numpy", "json", "numba"])
def test_names_that_a_new_distribution_cannot_have(name, tmp_path):
    with pytest.raises(ConfigurationError, match=f"^new: .*{name!r}.*; expected "):
        new_distribution(name, tmp_path / "new")
    assert not list(tmp_path.iterdir())


def test_a_new_distribution_overwrites_nothing(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    for folder in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(ConfigurationError, match=r"has something in it; expected a folder"):
            new_distribution("mine", folder)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.fixture
def bottleneck(python_with):
    """Runs Python with the plugin that wraps bottleneck."""
    pytest.importorskip("bottleneck")
    return python_with(BOTTLENECK, tomllib.loads((BOTTLENECK / "pyproject.toml").read_text())["project"])


def test_rolling_means_by_bottleneck_pass_the_kit(bottleneck):
    done = bottleneck(*KIT, "--pyargs", "acm_dispatch.testing", "--backend=bottleneck")
    assert done.returncode == 0, done.stdout[-3000:]
    declined = set(re.findall("declined: (.*)", done.stdout))
    assert declined == {
        "float32 is not supported",
        "running sums are inexact beside infinities and windows of values 10,000 times as large",
    }


RANKS = """
import json
import numpy as np
import acm_dispatch as acm

x = np.random.default_rng(0).uniform(10, 20, size=(20_000, 8))
with acm.use(exclude=("rust", "numba")), acm.trace() as trace:
    mean = acm.rolling_mean(x, 60)
told = acm.explain("rolling_mean", x, 60)
near = np.allclose(mean, acm.rolling_mean(x, 60, backend="numpy"), equal_nan=True)
print(json.dumps([bool(near), trace.records[0].backend, told.predicted["bottleneck"].origin]))
"""


def test_rolling_means_by_bottleneck_rank_by_the_costs_that_they_bring(bottleneck):
    done = bottleneck("-c", RANKS)
    assert done.returncode == 0, done.stderr
    near, chosen, origin = json.loads(done.stdout)
    assert near
    assert chosen == "bottleneck"
    assert origin.startswith("the profile that bottleneck brings")
