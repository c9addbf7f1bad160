"""The pytest side: ``--backend``, and one test for each operation x backend x sample x dtype."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Any

import pytest

from ..backends import registry
from ..errors import BackendNotFoundError
from ..execution.composition import Composition
from ..execution.dispatch import Operation, declared
from .cases import DTYPES, REAL_DTYPES, fault, has_dtype, sample, sample_names, sound_samples
from .parts import part_samples
from .scales import homogeneous_samples

Subject = Operation | Composition
Pairs = Iterable[tuple[Subject, str]]
Case = tuple[Any, ...]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--backend",
        action="append",
        default=[],
        metavar="NAME",
        help="acm_dispatch: test this backend (repeatable; default: every usable one)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """A backend that cannot be tested is said to be before anything is collected."""
    if config.getoption("--backend"):
        _chosen(config)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Which backends are tested on how much, and which are not and why."""
    tested = _chosen(config)
    lines: list[str] = []
    for name, backend in registry.backends().items():
        if name in tested:
            count = sum(name in operation.kernels() for operation in declared())
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
    """Each operation and composition that has a typical sample, with each tested backend that can run it."""
    return (pair for pair in _all_subjects(config) if fault(pair[0], "typical") is None)


def _all_subjects(config: pytest.Config) -> Iterator[tuple[Subject, str]]:
    for name in _chosen(config):
        backend = registry.find_backend(name)
        for operation in declared():
            if registry.has_kernel(backend, operation.name):
                yield operation, name
        for composed in registry.compositions.values():
            if all(registry.has_kernel(backend, used) for used in composed.operations):
                yield composed, name


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test of the kit for everything that its parameters ask for."""
    names = set(metafunc.fixturenames)
    if names >= {"subject", "reference_sample"}:
        _parametrize(metafunc, "subject, reference_sample", list(_reference_samples(metafunc.config)))
        return
    if names >= {"subject", "scaled_reference"}:
        _parametrize(metafunc, "subject, scaled_reference", list(_scaled_references(metafunc.config)))
        return
    if not names >= {"subject", "backend"}:
        return
    pairs = list(subjects(metafunc.config))
    for extra, cases in _CASES.items():
        if set(extra) <= names:
            _parametrize(metafunc, ", ".join(("subject", "backend", *extra)), list(cases(pairs)))
            return
    _parametrize(metafunc, "subject, backend", pairs)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """An operation's name in ``-k`` means this operation, and not each whose name has it inside (`matmul`)."""
    names = {*registry.operations, *registry.compositions}
    asked: str = config.option.keyword
    if names.isdisjoint(_WORD.findall(asked)) or not all(map(_subject_of, items)):
        return
    try:
        kept = [item for item in items if _selected(item, asked, names)]
    except SyntaxError:
        return  # pytest says what is wrong with the expression
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept
    config.option.keyword = ""  # or pytest would judge the rest once more, by its own rule


#: What stands between the parentheses of ``-k``.
_WORD = re.compile(r"[^\s()]+")


def _subject_of(item: pytest.Item) -> str:
    """The name of the operation that a test of the kit is about; "" for others."""
    parameters = getattr(item, "callspec", None)
    return parameters.params["subject"].name if parameters and "subject" in parameters.params else ""


def _selected(item: pytest.Item, asked: str, names: set[str]) -> bool:
    def answered(word: re.Match[str]) -> str:
        if word[0] in ("and", "or", "not"):
            return word[0]
        return str(word[0] == _subject_of(item) if word[0] in names else word[0].lower() in item.nodeid.lower())

    return eval(_WORD.sub(answered, asked), {"__builtins__": {}})  # of True, False, and, or, not alone


def _reference_samples(config: pytest.Config) -> Iterator[Case]:
    """What the references themselves are tried on; a sample that is none fails here, and only here."""
    for subject in dict.fromkeys(subject for subject, _ in _all_subjects(config)):
        whole = fault(subject, "typical") is None
        yield from ((subject, name) for name in (sample_names(subject) if whole else ["typical"]))


def _scaled_references(config: pytest.Config) -> Iterator[Case]:
    for subject in dict.fromkeys(subject for subject, _ in subjects(config) if isinstance(subject, Operation)):
        yield from ((subject, name) for name in homogeneous_samples(subject, "float64"))


def _dtypes(pairs: Pairs) -> Iterator[Case]:
    for subject, backend in pairs:
        for name, dtype in product(sound_samples(subject), DTYPES):
            if has_dtype(sample(subject, name), dtype):
                yield subject, backend, name, dtype


def _scales(pairs: Pairs) -> Iterator[Case]:
    for subject, backend in pairs:
        for dtype in REAL_DTYPES:
            yield from ((subject, backend, name, dtype) for name in homogeneous_samples(subject, dtype))


def _mistakes(pairs: Pairs) -> Iterator[Case]:
    return ((subject, backend, name) for subject, backend in pairs for name in subject.samples.mistakes)


def _samples(pairs: Pairs) -> Iterator[Case]:
    return ((subject, backend, name) for subject, backend in pairs for name in sound_samples(subject))


def _part_samples(pairs: Pairs) -> Iterator[Case]:
    pairs = list(pairs)
    backends = list(dict.fromkeys(backend for _, backend in pairs))
    for subject, backend in pairs:
        yield from ((subject, backend, name) for name in part_samples(subject, backends.index(backend)))


def _arguments(pairs: Pairs) -> Iterator[Case]:
    for subject, backend in pairs:
        if isinstance(subject, Operation):
            yield from ((subject, backend, name) for name in subject.array_names)


def _finite_arguments(pairs: Pairs) -> Iterator[Case]:
    """The real arrays that may not hold NaN."""
    for subject, backend, name in _arguments(pairs):
        integer = subject.shapes.inputs[subject.array_names.index(name)].integer
        if subject.nan == "forbid" and not integer and sample(subject, "typical").get(name) is not None:
            yield subject, backend, name


#: What a test's parameters, beyond operation and backend, run through.
_CASES: dict[tuple[str, ...], Callable[[Pairs], Iterator[Case]]] = {
    ("sample_name", "dtype"): _dtypes,
    ("homogeneous_sample", "dtype"): _scales,
    ("mistake",): _mistakes,
    ("part_sample",): _part_samples,
    ("sample_name",): _samples,
    ("finite_argument",): _finite_arguments,
    ("argument",): _arguments,
}


def _parametrize(metafunc: pytest.Metafunc, names: str, cases: list[Any]) -> None:
    ids = ["-".join(part if isinstance(part, str) else part.name for part in case) for case in cases]
    metafunc.parametrize(names, cases, ids=ids)
