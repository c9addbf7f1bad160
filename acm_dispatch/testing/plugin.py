"""The pytest side: ``--backend``, and one test for each operation x backend x sample x dtype x layout."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from .. import registry
from ..backend import Kernel
from ..composition import Composition
from ..errors import BackendNotFoundError
from ..operation import Operation
from .cases import DTYPES, LAYOUTS, has_dtype, sample, sample_names

Subject = Operation | Composition


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--backend",
        action="append",
        default=[],
        metavar="NAME",
        help="acm_dispatch: test this backend (repeatable; default: every usable one)",
    )


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Which backends are tested on how much, and which are not and why."""
    tested = _chosen(config)
    lines: list[str] = []
    for name, backend in registry.backends().items():
        if name in tested:
            count = sum(name in operation.kernels() for operation in registry.operations.values())
            lines.append(f"acm_dispatch: {name} has kernels for {count} of {len(registry.operations)} operations")
        else:
            lines.append(f"acm_dispatch: {name} not tested: {registry.unusable(backend) or 'not chosen'}")
    return lines


def _chosen(config: pytest.Config) -> list[str]:
    asked: list[str] = config.getoption("--backend") or []
    for name in asked:
        try:
            backend = registry.find_backend(name)
        except BackendNotFoundError as error:
            raise pytest.UsageError(str(error)) from error
        if reason := registry.unusable(backend):
            raise pytest.UsageError(f"backend {name} cannot be tested here: {reason}")
    return asked or [name for name, backend in registry.backends().items() if registry.unusable(backend) is None]


def subjects(config: pytest.Config) -> Iterator[tuple[Subject, str]]:
    """Each operation and composition with each tested backend that can run it."""
    for name in _chosen(config):
        backend = registry.find_backend(name)
        for operation in registry.operations.values():
            if isinstance(registry.kernel_of(backend, operation.name), Kernel):
                yield operation, name
        for composed in registry.compositions.values():
            if all(isinstance(registry.kernel_of(backend, used), Kernel) for used in composed.operations):
                yield composed, name


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    names = set(metafunc.fixturenames)
    if not names >= {"subject", "backend"}:
        return
    pairs = list(subjects(metafunc.config))
    if "layout" in names:
        cases = [
            (subject, backend, name, dtype, layout)
            for subject, backend in pairs
            for name, dtype in product(sample_names(subject), DTYPES)
            if has_dtype(sample(subject, name), dtype)
            for layout in LAYOUTS
        ]
        _parametrize(metafunc, "subject, backend, sample_name, dtype, layout", cases)
    elif "mistake" in names:
        cases = [(subject, backend, name) for subject, backend in pairs for name in subject.samples.mistakes]
        _parametrize(metafunc, "subject, backend, mistake", cases)
    elif "sample_name" in names:
        cases = [(subject, backend, name) for subject, backend in pairs for name in sample_names(subject)]
        _parametrize(metafunc, "subject, backend, sample_name", cases)
    elif "finite_argument" in names:
        operations = [(operation, backend) for operation, backend in pairs if isinstance(operation, Operation)]
        cases = [
            (operation, backend, name)
            for operation, backend in operations
            for name, spec in zip(operation.array_names, operation.shapes.inputs, strict=True)
            if operation.nan == "forbid" and not spec.integer and sample(operation, "typical").get(name) is not None
        ]
        _parametrize(metafunc, "subject, backend, finite_argument", cases)
    elif "argument" in names:
        operations = [(operation, backend) for operation, backend in pairs if isinstance(operation, Operation)]
        cases = [(operation, backend, name) for operation, backend in operations for name in operation.array_names]
        _parametrize(metafunc, "subject, backend, argument", cases)
    else:
        _parametrize(metafunc, "subject, backend", pairs)


def _parametrize(metafunc: pytest.Metafunc, names: str, cases: list[Any]) -> None:
    ids = ["-".join(part if isinstance(part, str) else part.name for part in case) for case in cases]
    metafunc.parametrize(names, cases, ids=ids)
