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

#: From the bottom up; a module may import only what stands before it.
LAYERS = [
    *[
        "errors",
        "forksafe",
        "expressions",
        "authoring",
        "shapes",
        "sources",
        "labels",
        "arrays",
        "options",
        "patterns",
        "samples",
        "scaling",
        "declaration",
        "bound",
        "threads",
        "backend",
        "discovery",
        "registry",
        "numpy_backend",
        "transfer",
        "settings",
        "configuration",
        "blocks",
        "policy",
    ],
    *[
        "resolved",
        "scopes",
        "request",
        "costs",
        "selection",
        "tracing",
        "binding",
        "recovery",
        "propagation",
        "wrapper",
        "dispatch",
        "operation",
        "composition",
        "draws",
        "ops",
        "testing",
    ],
    *["cli", "__main__"],
]


def imports(path):
    """The package's own modules that a file imports, those that only type checkers see included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = path.relative_to(ROOT).parts[: -node.level]
            module = [*base, *(node.module.split(".") if node.module else [])]
            yield from [module[0]] if module else [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names = [node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            yield from (name.split(".")[0] for name in names)


def imported_files(path):
    """The files of the package that a file imports, those that only type checkers see included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            for candidate in (base.with_suffix(".py"), *(base / f"{alias.name}.py" for alias in node.names)):
                if candidate.exists():
                    yield candidate


FILES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(ROOT)) for path in FILES])
def test_layers_point_one_way(path):
    layer = path.relative_to(ROOT).parts[0].removesuffix(".py")
    imported = set(imports(path))
    assert not imported & {"acm_rs", "acm_numba", "acm_cupy", "numba", "cupy"}, "the core imports a backend"
    assert "acm_monitor" not in imported, "the core imports an application"
    if layer != "__init__":
        assert layer in LAYERS, "a new module needs its place among the layers"
        above = LAYERS[LAYERS.index(layer) + 1 :]
        assert not imported & set(above), f"{layer} imports from a layer above it"
    if layer == "ops":
        assert not imported & {"selection", "costs", "tracing", "dispatch"}, "an operation meddles with its dispatch"


def test_no_file_imports_itself_in_a_circle():
    graph = {path: set(imported_files(path)) for path in FILES}
    assert graph[ROOT / "registry.py"] >= {ROOT / "backend.py", ROOT / "declaration.py"}
    assert len(list(graphlib.TopologicalSorter(graph).static_order())) == len(FILES)


def test_contributing_lists_the_layers_as_they_are():
    text = (ROOT.parent / "CONTRIBUTING.md").read_text()
    chain = re.search(r"`errors → .*?ops`", text, re.DOTALL)[0].strip("`")
    assert re.split(r"\s*→\s*", chain) == LAYERS[: LAYERS.index("ops") + 1]


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
    assert importlib.import_module("acm_dispatch.registry") is acm_dispatch.registry


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
