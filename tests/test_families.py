"""A family has one name, at every layer: of its contracts, its kernels in each language, and their bindings."""

import re
from pathlib import Path

import pytest
from acm_cupy.declared import KERNELS

from acm_dispatch import registry

ROOT = Path(__file__).parents[1]
OPERATIONS = {
    name: operation
    for name, operation in registry.operations.items()
    if operation.body.__module__.startswith("acm_dispatch.ops.")
}

CRATES = ROOT / "backends/rust/crates"
MODULE = (CRATES / "acm_rs/src/lib.rs").read_text()
BINDINGS = [
    (name, crate, module)
    for crate, module, names in re.findall(r"use (acm_py_\w+)::(\w+)::(\w+|{[^}]*});", MODULE)
    for name in re.findall(r"\w+", names)
]


def module_of(function, package):
    """The module, or the folder of modules, within `package`."""
    return function.__module__.removeprefix(f"{package}.").split(".")[0]


@pytest.mark.parametrize("name", OPERATIONS)
def test_numpy_and_numba_kernels(name):
    family = OPERATIONS[name].family
    for backend, package in (("numpy", "acm_dispatch.numpy_kernels"), ("numba", "acm_numba")):
        for kernel in registry.backends()[backend].kernels.get(name, ()):
            assert kernel.is_reference or module_of(kernel.function, package) == family, backend


@pytest.mark.parametrize(("name", "function"), KERNELS)
def test_cupy_kernels(name, function):
    assert module_of(function, "acm_cupy") == OPERATIONS[name].family


def test_every_module_with_kernels_is_loaded():
    """One that the manifest forgets would leave its operations to others, and nothing would fail."""
    for backend, folder in (("numpy", "acm_dispatch/numpy_kernels"), ("numba", "backends/numba/acm_numba")):
        families = {module.rpartition(".")[2] for module in registry.backends()[backend].modules}
        decorator = "@numpy_backend.kernel(" if backend == "numpy" else "@backend.kernel("
        files = [path for path in (ROOT / folder).rglob("*.py") if decorator in path.read_text()]
        assert {path.relative_to(ROOT / folder).parts[0].removesuffix(".py") for path in files} == families


def test_bindings_of_rust_are_found():
    assert len(BINDINGS) == len({name for name, _, _ in BINDINGS}) > 30


@pytest.mark.parametrize(("name", "crate", "module"), BINDINGS)
def test_rust_kernels(name, crate, module):
    assert module == OPERATIONS[name].family
    assert (CRATES / crate / f"src/{module}.rs").is_file()
    kernels = [path for path in CRATES.glob(f"*/src/{module}*") if not path.parts[-3].startswith("acm_py")]
    assert [path.name for path in kernels] in ([f"{module}.rs"], [module])
