"""What the distributions say of themselves fits together."""

import re
import tomllib
from pathlib import Path

import pytest

import acm_dispatch

ROOT = Path(__file__).parent.parent
FOLDERS = [ROOT, ROOT / "monitor", *sorted(path.parent for path in (ROOT / "backends").glob("*/pyproject.toml"))]
PROJECTS = {folder: tomllib.loads((folder / "pyproject.toml").read_text())["project"] for folder in FOLDERS}
CORE = PROJECTS[ROOT]
OURS = {project["name"] for project in PROJECTS.values()}


def requirements(project):
    """Each requirement of one of our distributions on another, as (name, range)."""
    extras = (line for extra in project.get("optional-dependencies", {}).values() for line in extra)
    for line in (*project["dependencies"], *extras):
        name, versions = re.fullmatch(r"([\w-]+)(?:\[[\w,-]+\])?([^;]*).*", line).groups()
        if name in OURS - {project["name"]}:
            yield name, versions


def test_one_version_everywhere():
    cargo = tomllib.loads((ROOT / "backends/rust/Cargo.toml").read_text())["workspace"]["package"]["version"]
    citation = re.search(r"^version: (.*)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)[1]
    assert {cargo, citation} == {acm_dispatch.__version__}
    for folder, project in PROJECTS.items():
        assert "version" in project["dynamic"], project["name"]
        if folder.name != "rust":  # maturin reads Cargo.toml
            tool = tomllib.loads((folder / "pyproject.toml").read_text())["tool"]["hatch"]["version"]
            assert (folder / tool["path"]).resolve() == ROOT / "acm_dispatch/__init__.py", project["name"]


def test_distributions_of_one_minor_version_work_together():
    major, minor = map(int, re.match(r"(\d+)\.(\d+)\.", acm_dispatch.__version__).groups())
    found = [(project["name"], *need) for project in PROJECTS.values() for need in requirements(project)]
    assert {name for _, name, _ in found} == OURS
    for name, needed, versions in found:
        oldest, newest = re.fullmatch(r">=([\d.]+),<([\d.]+)", versions).groups()
        assert newest == f"{major}.{minor + 1}", f"{name} takes {needed}{versions}"
        assert oldest == f"{major}.{minor}.0", f"{name} takes {needed}{versions}"


def test_each_distribution_is_an_extra_of_the_core():
    extras = CORE["optional-dependencies"]
    asked = {name for name, _ in requirements(CORE)}
    assert asked == OURS - {CORE["name"]}
    both = {"cupy12", "cupy13"}  # they exclude each other
    (everything,) = extras["all"]
    assert set(re.search(r"\[(.*)\]", everything)[1].split(",")) == extras.keys() - both - {"all"}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: PROJECTS[folder]["name"])
def test_a_distribution_says_what_readers_need(folder):
    project = PROJECTS[folder]
    for key in ("authors", "license", "urls", "requires-python"):
        assert project[key] == CORE[key], key
    assert (folder / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert project["license-files"] == ["LICENSE", "THIRDPARTY*"][: 1 + (folder.name == "rust")]
    assert project["keywords"] == sorted(project["keywords"])
    assert project["classifiers"] == sorted(project["classifiers"])
    assert set(project["classifiers"]) >= {line for line in CORE["classifiers"] if "Python" in line}
    page = (folder / "README.md").read_text()
    assert folder == ROOT or not re.search(r"\]\((?!https?:)", page), "PyPI shows no file beside the README"


RENAMED = {"duckdb": "python-duckdb"}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: PROJECTS[folder]["name"])
def test_a_conda_recipe_asks_for_what_the_wheel_does(folder):
    project = PROJECTS[folder]
    recipe = (ROOT / "packaging/conda" / project["name"] / "recipe.yaml").read_text()
    assert re.search(r'^  version: "(.*)"$', recipe, re.MULTILINE)[1] == acm_dispatch.__version__
    command = project.get("optional-dependencies", {}).get("cli", [])  # conda has no extras
    cupy = ["cupy>=13"] if folder.name == "cupy" else []  # one package for every CUDA
    wheel = {re.sub(r"\[.*\]", "", line) for line in (*project["dependencies"], *command, *cupy)}
    run = re.search(r"^  run:\n((?:    - .*\n)+)", recipe, re.MULTILINE)[1]
    conda = {line.removeprefix("    - ").replace(" ", "") for line in run.splitlines() if line != "    - python"}
    renamed = {re.sub(r"^[\w-]+", lambda name: RENAMED.get(name[0], name[0]), line) for line in wheel}
    assert conda - {"python>=3.11"} == renamed
