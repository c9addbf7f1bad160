"""What an author of a plugin begins from."""

import re
import tomllib

import pytest

from acm_dispatch.cli.new import new_distribution
from acm_dispatch.errors import ConfigurationError

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
