"""The layers point one way, the core knows no backend, and public names are documented."""

import ast
import doctest
import graphlib
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import acm_dispatch

ROOT = Path(acm_dispatch.__file__).parent

#: From the bottom up, folders and single files; each may import only what stands before it, and itself.
LAYERS = [
    *["errors", "contract", "backends", "policy", "selection", "execution", "ops"],
    *["numpy_kernels", "tuning", "chunks", "reporting", "describe", "__init__"],
    *["notebook", "testing", "cli", "__main__"],
]

FILES = sorted(ROOT.rglob("*.py"))


def layer_of(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported_modules(path):
    """Full names of what a file imports, those that only type checkers see included."""
    package = ("acm_dispatch", *path.relative_to(ROOT).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join([*package[: len(package) + 1 - node.level], *filter(None, [node.module])])
            yield from [base, *(f"{base}.{alias.name}" for alias in node.names)]


def imported_files(path):
    """The files of the package among them; a folder stands for its `__init__`, but to the files in it."""
    for module in imported_modules(path):
        top, *parts = module.split(".")
        place = ROOT.joinpath(*parts)
        if top != "acm_dispatch":
            continue
        if place.is_dir() and place != path.parent:
            yield place / "__init__.py"
        elif parts and place.with_suffix(".py").exists():
            yield place.with_suffix(".py")


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(ROOT)) for path in FILES])
def test_layers_point_one_way(path):
    packages = {module.split(".")[0] for module in imported_modules(path)}
    backends = {"acm_rs", "acm_numba", "acm_cupy", "acm_dask", "numba", "cupy", "dask"}
    assert not packages & backends, "the core imports a backend"
    assert "acm_monitor" not in packages, "the core imports an application"
    layer = layer_of(path)
    assert layer in LAYERS, "a new folder needs its place among the layers"
    above = set(LAYERS[LAYERS.index(layer) + 1 :])
    assert not {layer_of(imported) for imported in imported_files(path)} & above, f"{layer} imports from a layer above"


def test_nothing_imports_itself_in_a_circle():
    files = {path: set(imported_files(path)) for path in FILES}
    assert files[ROOT / "backends/registry.py"] >= {ROOT / "backends/backend.py", ROOT / "contract/declaration.py"}
    assert ROOT / "cli/__init__.py" in files[ROOT / "__main__.py"]
    layers = {layer: set() for layer in LAYERS}
    for path, imported in files.items():
        layers[layer_of(path)] |= {layer_of(other) for other in imported} - {layer_of(path)}
    for graph in (files, layers):
        assert len(list(graphlib.TopologicalSorter(graph).static_order())) == len(graph)


def test_folders_of_the_core_say_what_they_may_not_do_and_bring_nothing():
    for layer in ("contract", "backends", "policy", "selection", "execution", "ops", "numpy_kernels"):
        (only,) = ast.parse((ROOT / layer / "__init__.py").read_text()).body
        assert ast.unparse(only.value).strip("\"'").count(".") == 1, layer


def test_contributing_lists_the_layers_as_they_are():
    text = (ROOT.parent / "CONTRIBUTING.md").read_text()
    chain = re.search(r"`errors → .*?ops`", text, re.DOTALL)[0].strip("`")
    assert re.split(r"\s*→\s*", chain) == LAYERS[: LAYERS.index("ops") + 1]
    for layer in LAYERS[1 : LAYERS.index("ops") + 1]:
        assert f"- `{layer}/`" in text


def _modules():
    skipped = ("acm_dispatch.testing.", "acm_dispatch.cli", "acm_dispatch.__main__")
    for module in pkgutil.walk_packages(acm_dispatch.__path__, "acm_dispatch."):
        if not module.name.startswith(skipped):
            yield module.name


@pytest.mark.parametrize("name", ["acm_dispatch", *_modules()])
def test_doctests(name):
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    for test in doctest.DocTestFinder().find(module, extraglobs=vars(acm_dispatch)):
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


def test_completion_offers_public_names_only():
    assert dir(acm_dispatch) == sorted([*acm_dispatch.__all__, "__version__"])
    assert not [name for name in dir(acm_dispatch) if not hasattr(acm_dispatch, name)]
    assert importlib.import_module("acm_dispatch.backends.registry") is acm_dispatch.registry


def test_public_names_are_sorted_and_documented():
    assert acm_dispatch.__all__ == sorted(acm_dispatch.__all__)
    for name in acm_dispatch.__all__:
        assert getattr(acm_dispatch, name).__doc__, name
        if (
            inspect.isfunction(getattr(acm_dispatch, name))
            and inspect.signature(getattr(acm_dispatch, name)).parameters
        ):
            assert "Parameters\n" in getattr(acm_dispatch, name).__doc__, name
    for operation in acm_dispatch.registry.operations.values():
        for section in ("Parameters", "Returns", "Raises", "Examples"):
            assert f"{section}\n    ---" in operation.body.__doc__, f"{operation.name} lacks {section}"
