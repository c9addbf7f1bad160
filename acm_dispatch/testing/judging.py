"""Whether a result is right where the problem leaves doubt: by its condition, not by the reference's last digits.

A slope over a window with 1e12 among ones has few digits in any arithmetic, the reference's included. So where a result
differs, the reference is asked again about inputs that differ by rounding, and what its answers differ by is allowed.
Equal numbers stay equal: what is exact for constant windows and ties remains exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from ..backends.backend import Accuracy
from ..errors import InvalidInput
from ..execution.composition import Composition
from ..execution.dispatch import Operation
from .cases import Arguments
from .checks import as_tuple, assert_equivalent, tolerance_of

Subject = Operation | Composition
Results = tuple[Any, ...]

#: By how much inputs are changed: a few units in the last place of float64, times the root of how many numbers there
#: are, as sums of so many terms are off. In compositions of float32, whose operations are held to more one by one, a
#: few of float32: what is drawn with a weight depends on them.
_NUDGE, _NUDGE_OF_FLOAT32 = 2.0**-49, 2.0**-22

#: How often the reference is asked again, and by how much more than its answers differ a result may be off.
_TIMES, _ALLOWED = 4, 8.0


def reference_of(subject: Subject, large: bool = False) -> Callable[..., Any]:
    """What says what is right: the NumPy body, or NumPy's kernels in compositions and where it is too slow."""
    if isinstance(subject, Operation) and not large:
        return subject.reference
    return lambda **arguments: subject.function(**arguments, backend="numpy")


def assert_sound(
    subject: Subject,
    arguments: Arguments,
    results: Results,
    wanted: Results,
    dtype: str,
    reference: Callable[..., Any],
    accuracy: Accuracy = "tolerance",
) -> None:
    """The results mean the same as the reference's, or differ by no more than rounding of the inputs explains."""
    try:
        assert_equivalent(subject, arguments, results, wanted, dtype, accuracy)
    except AssertionError:
        if accuracy == "bitwise":
            raise
        composed = isinstance(subject, Composition) and dtype == "float32"
        nudged = partial(_nudged, _with_real_numbers(subject, arguments), _NUDGE_OF_FLOAT32 if composed else _NUDGE)
        answers = (as_tuple(reference(**nudged(turn))) for turn in range(_TIMES + 1))
        if not _explained(subject, arguments, results, wanted, tolerance_of(subject, dtype, accuracy), answers):
            raise


def _explained(
    subject: Subject,
    arguments: Arguments,
    results: Results,
    wanted: Results,
    tolerance: tuple[float, float],
    nudged: Iterable[Results],
) -> bool:
    if [np.shape(part) for part in results] != [np.shape(part) for part in wanted] and not _agrees(subject):
        return False
    try:
        answers = list(nudged)
    except InvalidInput:
        return False
    rtol, atol = tolerance
    if _agrees(subject):
        return _agree_as_well(subject, arguments, results, answers, rtol, atol)
    columns = zip(results, wanted, *answers, strict=True)
    return all(_within(actual, value, near, rtol, atol) for actual, value, *near in columns)


def _agrees(subject: Subject) -> bool:
    return isinstance(subject, Operation) and subject.agrees is not None


def _within(actual: Any, wanted: Any, answers: list[Any], rtol: float, atol: float) -> bool:
    """Each number within the tolerance and the spread of the answers; whole numbers equal, or undecided."""
    exact, *near = (np.asarray(answer) for answer in answers)
    actual, wanted = np.asarray(actual), np.asarray(wanted)
    # The reference in float32 counts as well: where that is off itself, float32 does not decide.
    near.append(wanted)
    with np.errstate(all="ignore"):
        if wanted.dtype.kind != "f":
            undecided = np.any([answer != exact for answer in near], axis=0)
            return bool(((actual == wanted) | undecided).all())
        spread = np.max([np.abs(answer - exact) for answer in near], axis=0, initial=0.0)
        close = np.isclose(actual, wanted, rtol, atol, equal_nan=True)
        allowed = np.abs(actual - wanted) <= atol + rtol * np.abs(wanted) + _ALLOWED * spread
        undecided = np.any([np.isfinite(answer) != np.isfinite(exact) for answer in near], axis=0)
    return bool((close | allowed | undecided).all())


def _agree_as_well(
    subject: Any, arguments: Arguments, results: Results, answers: list[Results], rtol: float, atol: float
) -> bool:
    """By the operation's own measure: at the tolerance at which the answers agree among themselves."""
    exact, *near = answers
    for factor in 10.0 ** np.arange(10):
        if all(_do_agree(subject, arguments, answer, exact, rtol * factor, atol * factor) for answer in near):
            factor = _ALLOWED * factor if factor > 1 else factor
            return _do_agree(subject, arguments, results, exact, rtol * factor, atol * factor)
    return False


def _do_agree(subject: Any, arguments: Arguments, actual: Results, wanted: Results, rtol: float, atol: float) -> bool:
    try:
        subject.agrees(actual, wanted, rtol, atol, *([arguments] if subject.agrees_by_arguments else []))
    except (AssertionError, ValueError):  # other shapes
        return False
    return True


def _with_real_numbers(subject: Subject, arguments: Arguments) -> Arguments:
    """The arguments with whole numbers and truth values in float64 where an operation takes real numbers."""
    if isinstance(subject, Composition):
        return arguments
    specs = zip(subject.array_names, subject.shapes.inputs, strict=True)
    whole = [name for name, spec in specs if not spec.integer and isinstance(arguments.get(name), np.ndarray)]
    return {**arguments, **{name: arguments[name] + 0.0 for name in whole if arguments[name].dtype.kind in "iub"}}


def _nudged(arguments: Arguments, amount: float, turn: int) -> Arguments:
    """The arguments with real numbers in float64, off in their last digits but in turn 0; equal ones by the same."""
    return {name: _nudged_value(value, amount, turn) for name, value in arguments.items()}


def _nudged_value(value: Any, amount: float, turn: int) -> Any:
    """An array, or a model or sparse matrix that holds some."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return _nudge(value, amount, turn)
    kind: Any = type(value)
    if hasattr(value, "_fields"):
        return kind(*(_nudged_value(part, amount, turn) for part in value))
    if hasattr(value, "indptr"):
        matrix: Any = value
        return kind((_nudge(matrix.data, amount, turn), matrix.indices, matrix.indptr), shape=matrix.shape)
    return value


def _nudge(array: np.ndarray[Any, Any], amount: float, turn: int) -> np.ndarray[Any, Any]:
    wide = array.astype(np.float64)
    if turn == 0:
        return wide
    scattered = (wide.view(np.uint64) + np.uint64(turn)) * np.uint64(0x9E3779B97F4A7C15)
    with np.errstate(all="ignore"):
        return wide * (1.0 + amount * np.sqrt(array.size) * ((scattered >> np.uint64(40)) / 2.0**23 - 1.0))
