"""Random draws of every operation on every backend, held to the contract: ``python -m acm_dispatch.testing.fuzz``.

A draw that fails is made smaller as long as it still fails, and printed as a sample to paste into the module of the
operation. The draws of a seed are always the same.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pytest

from ..backends import registry
from ..errors import BackendNotFoundError, InvalidInput
from ..execution.composition import Composition
from ..execution.dispatch import Operation, declared
from ..execution.draws import arguments_of
from .cases import Arguments, fault, has_dtype, in_dtype, laid_out
from .checks import accuracy_of, as_tuple, assert_holds, run
from .drawing import Trial, trial_of
from .judging import assert_sound, reference_of
from .scales import assert_scaled, can_scale, scales
from .shrinking import shrunk

Subject = Operation | Composition


class Outcome(NamedTuple):
    """What became of one trial on one backend: None where all is well, or what is wrong."""

    wrong: BaseException | None
    declined: bool = False


def outcome(subject: Subject, trial: Trial, backend: str) -> Outcome:
    """Run a trial on a backend; warnings are errors."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            _hold(subject, trial, backend)
    except pytest.skip.Exception:
        return Outcome(None, declined=True)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of a compiled kernel is no Exception
        return Outcome(error)
    return Outcome(None)


def _hold(subject: Subject, trial: Trial, backend: str) -> None:
    arguments, wanted = _known(subject, trial)
    if trial.scale and not isinstance(wanted, InvalidInput):
        _hold_scaled(subject, trial, backend, arguments, wanted)
    else:
        assert_holds(subject, laid_out(arguments, trial.layout), wanted, backend, _compare(subject, trial, backend))


def _hold_scaled(subject: Subject, trial: Trial, backend: str, arguments: Arguments, wanted: tuple[Any, ...]) -> None:
    for rule in (rule for rule in subject.homogeneous if can_scale(arguments, rule)):
        low, high = scales(rule, arguments, wanted, trial.dtype, reference_of(subject, trial.large))
        if any(degree > 1 and np.any(np.equal(part, 0)) for part, degree in zip(wanted, rule.degrees, strict=True)):
            high = 0  # 0 may be all that is left of numbers whose squares are none any more
        exponent = round(trial.scale * high if trial.scale > 0 else -trial.scale * low)

        def call(scaled: Arguments) -> Any:
            return run(subject, laid_out(scaled, trial.layout), backend)

        assert_scaled(subject, rule, exponent, arguments, wanted, call, _compare(subject, trial, backend))


def _compare(subject: Subject, trial: Trial, backend: str) -> Callable[..., None]:
    """By what the kernel claims; bit by bit only where the reference itself has computed the same numbers."""
    claim = accuracy_of(subject, backend)
    if claim == "bitwise" and (trial.large or trial.scale):
        claim = "tolerance"
    return partial(assert_sound, dtype=trial.dtype, reference=reference_of(subject, trial.large), accuracy=claim)


def _known(subject: Subject, trial: Trial) -> tuple[Arguments, tuple[Any, ...] | InvalidInput]:
    """The arguments of a trial, and what its reference gives; those of the last one are remembered."""
    key = subject.name, str(trial)
    if _LAST.get("key") != key:
        arguments = arguments_of(subject, trial.draw)
        if has_dtype(arguments, trial.dtype):
            arguments = in_dtype(arguments, trial.dtype)
        try:
            wanted: Any = as_tuple(reference_of(subject, trial.large)(**arguments))
        except InvalidInput as refusal:
            wanted = refusal
        _LAST.update(key=key, value=(arguments, wanted))
    return _LAST["value"]


_LAST: dict[str, Any] = {}


def found_wrong(subject: Subject, trial: Trial, backend: str) -> str | None:
    """What is wrong with a trial, with the smallest trial that shows it; None where nothing is."""
    error = outcome(subject, trial, backend).wrong
    if error is None:
        return None
    least = shrunk(subject, trial, lambda other: type(outcome(subject, other, backend).wrong) is type(error))
    return described(subject, least, backend, outcome(subject, least, backend).wrong or error)


def described(subject: Subject, trial: Trial, backend: str, error: BaseException) -> str:
    """A failure: where, what, and the sample that shows it."""
    form = f"{trial.dtype}, {trial.layout}" + (f", at {trial.scale:.2f} of its scales" if trial.scale else "")
    lines = [line for line in str(error).splitlines() if line.strip()]
    notes = [*getattr(error, "__notes__", [])]
    sample = f'samples.cases["drawn_{trial.draw.seed}"] = lambda rng: redraw({subject.name!r}, {trial.draw})'
    return "\n".join(
        [
            f"{subject.name} on {backend} ({form}): {type(error).__name__}: {' '.join(lines)[:400]}",
            *notes,
            f"    {sample}",
        ]
    )


def subjects_of(backends: Sequence[str], names: Sequence[str] = ()) -> dict[str, tuple[Subject, list[str]]]:
    """Each operation and composition, or only those of these names, with the backends that have its kernels."""
    found: dict[str, tuple[Subject, list[str]]] = {}
    for subject in [*declared(), *registry.compositions.values()]:
        used = subject.operations if isinstance(subject, Composition) else (subject.name,)
        able = [name for name in backends if all(_has_kernel(name, operation) for operation in used)]
        if able and (not names or subject.name in names):
            found[subject.name] = subject, able
    return found


def _has_kernel(backend: str, operation: str) -> bool:
    return registry.has_kernel(registry.find_backend(backend), operation)


def tiles_of(backends: Sequence[str]) -> tuple[int, ...]:
    """The sizes at which kernels of these backends change their ways."""
    return tuple(sorted({size for name in backends for size in registry.find_backend(name).tiles}))


def trials(subject: Subject, seed: int, tiles: Sequence[int]) -> Iterator[Trial]:
    """The trials of a seed, without end; a draw that is refused is made again once, so that most are computed."""
    for number in itertools.count():
        start = (seed << 32) + 2 * number
        trial = trial_of(subject, start, tiles)
        yield trial_of(subject, start + 1, tiles) if _is_refused(subject, trial) else trial


def _is_refused(subject: Subject, trial: Trial) -> bool:
    try:
        return isinstance(_known(subject, trial)[1], InvalidInput)
    except Exception:  # it fails, and will be seen to
        return False


class Fuzzing:
    """A run over many draws, with its progress on a line."""

    def __init__(self, backends: Sequence[str], names: Sequence[str], seed: int, out: Callable[[str], None]) -> None:
        self.subjects = subjects_of(backends, names)
        tiles = tiles_of(backends)
        self._trials = {name: trials(subject, seed, tiles) for name, (subject, _) in self.subjects.items()}
        self._out = out
        self.draws = self.calls = self.declined = 0
        self.failures: dict[tuple[str, str, str], int] = {}

    def run(self, draws: int) -> None:
        """Take the operations in turn until there are so many draws."""
        started = time.monotonic()
        for name in itertools.islice(itertools.cycle(self.subjects), draws):
            self._try(name)
            self.draws += 1
            if self.draws % 1000 == 0 or self.draws == draws:
                self._out(self.progress(time.monotonic() - started))

    def progress(self, seconds: float) -> str:
        """How far the run is."""
        counts = f"{self.draws:,} draws, {self.calls:,} calls, {self.declined:,} declined"
        return f"{counts}, {sum(self.failures.values())} failures, {seconds:.0f} s"

    def _try(self, name: str) -> None:
        subject, backends = self.subjects[name]
        if problem := fault(subject, "typical"):
            self.failures[name, "", problem] = 1
            return
        trial = next(self._trials[name])
        for backend in backends:
            found = outcome(subject, trial, backend)
            self.calls += 1
            self.declined += found.declined
            if found.wrong is not None:
                self._report(subject, trial, backend, found.wrong)

    def _report(self, subject: Subject, trial: Trial, backend: str, error: BaseException) -> None:
        """The first three failures of a kind in full."""
        kind = subject.name, backend, type(error).__name__
        self.failures[kind] = self.failures.get(kind, 0) + 1
        if self.failures[kind] <= 3:
            text = found_wrong(subject, trial, backend) or described(subject, trial, backend, error)
            self._out(text)
            if not isinstance(error, AssertionError):
                self._out("".join(traceback.format_exception(error)[-3:]).rstrip())


def _fuzzing(parser: argparse.ArgumentParser, given: argparse.Namespace) -> Fuzzing:
    """The run that is asked for; one that would try nothing is an error of usage."""
    known = {subject.name for subject in [*declared(), *registry.compositions.values()]}
    if unknown := sorted(set(given.operation) - known):
        parser.error(f"--operation: {', '.join(unknown)} is no operation; `acm-dispatch info` lists them")
    backends = given.backend or [name for name, one in registry.backends().items() if registry.unusable(one) is None]
    try:
        fuzzing = Fuzzing(backends, given.operation, given.seed, partial(print, flush=True))
    except BackendNotFoundError as error:
        parser.error(f"--backend: {error}")
    if not fuzzing.subjects:
        parser.error(f"{', '.join(backends)} has no kernel of {', '.join(given.operation) or 'any operation'}")
    return fuzzing


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 where something failed."""
    parser = argparse.ArgumentParser(prog="python -m acm_dispatch.testing.fuzz", description=__doc__)
    parser.add_argument("--draws", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--backend", action="append", default=[], metavar="NAME", help="repeatable; default: every usable"
    )
    parser.add_argument("--operation", action="append", default=[], metavar="NAME", help="repeatable; default: all")
    given = parser.parse_args(arguments)
    fuzzing = _fuzzing(parser, given)
    fuzzing.run(given.draws)
    for (name, backend, kind), count in sorted(fuzzing.failures.items()):
        print(f"{name} on {backend or 'no backend'}: {kind} in {count} draws")
    return bool(fuzzing.failures)


if __name__ == "__main__":
    sys.exit(main())
