"""Whether results of parts combine: every sample split in some of the ways in which rows may come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate, chain, pairwise, repeat
from typing import Any

import numpy as np
import pytest

from ..backends import registry
from ..contract.parts import Halo, Rows, Scan
from ..errors import BackendError, InvalidInput
from ..execution.composition import Composition
from ..execution.dispatch import Operation
from ..execution.parts import completed, over_blocks, parts_of
from ..policy.scopes import use
from .cases import Arguments, in_dtype, sample, sound_samples
from .checks import accuracy_of, as_tuple
from .judging import assert_sound, reference_of

Subject = Operation | Composition

_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47)

#: Most rows that are taken one by one.
_MANY = 300


def _single(rows: int) -> list[int]:
    """Single rows, up to as many as take no time, at the head and at the tail."""
    return sorted({*range(1, min(rows, _MANY // 2)), *range(max(rows - _MANY // 2, 1), rows)})


def _primes(rows: int) -> list[int]:
    lengths = chain.from_iterable(repeat(_PRIMES))
    return [end for end, _ in zip(accumulate(lengths), range(rows), strict=False) if end < rows]


#: The ends of all blocks but the last one, of so many rows.
SPLITS: Mapping[str, Callable[[int], list[int]]] = {
    "thirds": lambda rows: [rows // 3, 2 * rows // 3],
    "primes": _primes,
    "with_empty_blocks": lambda rows: [0, rows // 2, rows // 2, rows],
    "single_rows": _single,
    "one": lambda rows: [],
    "a_row_before": lambda rows: [min(rows, 1)],
}


def splits_of(subject: Subject, sample_name: str) -> list[str]:
    """The two ways in which this sample is split."""
    number, names = sound_samples(subject).index(sample_name), list(SPLITS)
    return [names[number % len(names)], names[(number + 1) % len(names)]]


def part_samples(subject: Subject, turn: int) -> Iterator[str]:
    """Every third sample: another third for each backend in turn."""
    if subject.parts is None:
        return iter(())
    return (name for number, name in enumerate(sound_samples(subject)) if (number + turn) % 3 == 0)


def _blocks(subject: Subject, arguments: Arguments, split: str) -> list[dict[str, Any]]:
    whole = {name: arguments[name] for name in subject.row_names}
    rows = next(iter(whole.values())).shape[0]
    ends = [0, *SPLITS[split](rows), rows]
    return [{name: array[start:end] for name, array in whole.items()} for start, end in pairwise(ends)]


def _run(function: Callable[[], Any], backend: str) -> tuple[Any, ...] | InvalidInput:
    try:
        with use(backend):
            return as_tuple(function())
    except InvalidInput as error:
        return error
    except BackendError as error:
        pytest.skip(f"declined: {error.reasons.get(backend, error)}")


def _with_missing_block(subject: Subject, arguments: Arguments) -> Arguments:
    """The middle of a matrix of real numbers missing, where values may be."""
    name = subject.row_names[0]
    x = arguments[name]
    if not isinstance(subject, Operation) or subject.nan == "forbid" or not isinstance(x, np.ndarray):
        return arguments
    x = x.copy()
    x[len(x) // 3 : 2 * len(x) // 3] = np.nan
    return {**arguments, name: x}


def assert_combines(subject: Subject, backend: str, sample_name: str) -> None:
    """The parts of a sample come to what the whole does."""
    number = sound_samples(subject).index(sample_name)
    dtype = ("float64", "float32")[number % 2]
    arguments = in_dtype(sample(subject, sample_name), dtype)
    if number % 4 == 1:
        arguments = _with_missing_block(subject, arguments)
    whole = _run(lambda: subject.function(**arguments), backend)
    others = {name: value for name, value in arguments.items() if name not in subject.row_names}
    for split in splits_of(subject, sample_name):
        blocks = _blocks(subject, arguments, split)
        found = _run(lambda blocks=blocks: over_blocks(subject, blocks, **others), backend)
        try:
            _compare(subject, arguments, others, whole, found, backend, dtype)
        except AssertionError as error:
            error.add_note(f"In parts: {split}.")
            raise


def _compare(
    subject: Subject, arguments: Arguments, others: Arguments, whole: Any, found: Any, backend: str, dtype: str
) -> None:
    try:
        parts = parts_of(subject, completed(subject, others))
    except InvalidInput as refusal:
        assert isinstance(found, InvalidInput), f"a result, where the declaration says that there is none: {refusal}"
        return
    if isinstance(whole, InvalidInput) or isinstance(found, InvalidInput):
        assert isinstance(whole, InvalidInput), f"refused in parts only: {found}"
        assert isinstance(found, InvalidInput), f"refused as a whole only: {whole}"
        return
    if isinstance(parts, Rows | Halo | Scan) and _keeps_bits(subject, backend):
        for part, wanted in zip(found, whole, strict=True):
            assert part.dtype == wanted.dtype
            np.testing.assert_array_equal(part, wanted)
    else:
        accuracy = "relaxed" if accuracy_of(subject, backend) == "relaxed" else "tolerance"
        assert_sound(subject, arguments, found, whole, dtype, reference_of(subject), accuracy)


def _keeps_bits(subject: Subject, backend: str) -> bool:
    """Whether every row's last digits are the same wherever it stands."""
    used = registry.find_backend(backend)
    names = subject.operations if isinstance(subject, Composition) else (subject.name,)
    return used.thread_invariant and not set(names) & set(used.by_place)
