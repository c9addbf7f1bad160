"""Every dispatched call of a run: who ran it, how long, how much faster than NumPy, how far from the reference."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median
from typing import Any, NamedTuple

import numpy as np

import acm_dispatch

#: Seconds that timing one kind of call again may take, after which it is timed no more than the least number of times,
#: and beyond which once is enough.
_BUDGET, _PATIENCE = 0.1, 1.0
#: How often a kind of call is timed at least and at most.
_LEAST, _MOST = 3, 21
#: Rows on which a call is checked against its reference, which may be slow.
CHECKED_ROWS = 2_000


class Measured(NamedTuple):
    """Calls of one operation on about as many numbers."""

    operation: str
    #: Of the costliest of them.
    shape: str
    calls: int
    backend: str
    decided_by: str
    #: Of the costliest call: the median of its repeats, or what it took in the run.
    milliseconds: float
    #: Time on NumPy over that, from repeats in turns; None where NumPy itself ran the call, or nothing was repeated.
    speed_up: float | None
    #: Largest absolute difference from the reference; None where it was not looked at.
    deviation: float | None
    #: What all of them took in the run.
    seconds: float


class _Kind:
    """Calls of one operation on about as many numbers: how many, and the costliest of them to repeat."""

    def __init__(self) -> None:
        self.calls = 0
        self.seconds = 0.0
        self.record: Any = None
        self.repeat: Callable[[], Any] = _nothing
        self.check: Callable[[], Any] = _nothing

    def add(self, record: Any, repeat: Callable[[], Any], check: Callable[[], Any]) -> None:
        self.calls += 1
        self.seconds += record.seconds
        if self.record is None or math.prod(map(math.prod, record.shapes)) > math.prod(
            map(math.prod, self.record.shapes)
        ):
            self.record, self.repeat, self.check = record, repeat, check

    def again(self, *backends: str) -> float:
        """Seconds of one more call, on `backends` if any are named."""
        with acm_dispatch.use(*backends, strict=bool(backends) or None), acm_dispatch.trace() as trace:
            self.repeat()
        wanted = self.record.operation, self.record.shapes
        return next(r.seconds for r in trace.records if (r.operation, r.shapes) == wanted)

    def deviation(self) -> float | None:
        """The largest difference from the reference, on the first rows; None where they are no call of their own."""
        try:
            with acm_dispatch.trace(compare=True) as trace:
                self.check()
        except acm_dispatch.InvalidInput:  # the first rows may hold a single cluster
            return None
        return max(r.deviation or 0.0 for r in trace.records if r.operation == self.record.operation)


def _nothing() -> None:
    return None


class Calls:
    """Makes calls and remembers them: ``calls(acm_dispatch.zscore, x, method="robust")``.

    Parameters
    ----------
    timing : bool
        Make the first call of each operation once before, so that compiling is not taken for computing (those seconds
        add up in `warm_up`), and keep the arguments of the costliest calls, so that they can be repeated.
    """

    def __init__(self, *, timing: bool = True) -> None:
        self.warm_up = 0.0
        self._timing = timing
        self._warm: set[str] = set()
        self._kinds: dict[tuple[Any, ...], _Kind] = {}

    def __call__(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return self._made(function, {}, args, kwargs)

    def iterated(self, function: Callable[..., Any], briefly: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """A call of a function that makes the same dispatched calls many times over: `briefly` makes it make fewer.

        The options of `briefly` are for the repeats only.
        """
        return self._made(function, briefly, args, kwargs)

    def _made(
        self, function: Callable[..., Any], briefly: dict[str, Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        repeat = partial(function, *args, **kwargs | briefly)
        if self._timing and function.__name__ not in self._warm:
            self._warm.add(function.__name__)
            start = time.perf_counter()
            repeat()
            self.warm_up += time.perf_counter() - start
        with acm_dispatch.trace() as trace:
            result = function(*args, **kwargs)
        check = partial(function, *_first_rows(args), **kwargs | briefly) if self._timing else _nothing
        repeat = repeat if self._timing else _nothing
        for record in trace.records:
            # the blocks of a long recording differ by a few rows: to a factor of two they are one kind
            numbers = max(map(math.prod, record.shapes)).bit_length()
            self._kinds.setdefault((record.operation, numbers, record.dtype), _Kind()).add(record, repeat, check)
        return result

    def __len__(self) -> int:
        """How many kinds of call there are to measure."""
        return len(self._kinds)

    def measured(self, *, again: bool) -> Iterator[Measured]:
        """Each kind of call; `again` times it once more beside NumPy and checks it against its reference.

        That takes calls that were made with `timing`.
        """
        for kind in self._kinds.values():
            record = kind.record
            row = Measured(
                record.operation,
                record.shape,
                kind.calls,
                record.backend,
                record.decided_by,
                record.seconds * 1e3,
                None,
                None,
                kind.seconds,
            )
            if again:
                chosen, numpy = _in_turns(kind)
                row = row._replace(
                    milliseconds=chosen * 1e3,
                    speed_up=None if record.backend == "numpy" else numpy / chosen,
                    deviation=kind.deviation(),
                )
            yield row


def _first_rows(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of the same call on the first rows."""
    rows = len(args[0])
    return tuple(
        value[:CHECKED_ROWS] if isinstance(value, np.ndarray) and len(value) == rows else value for value in args
    )


def _in_turns(kind: _Kind) -> tuple[float, float]:
    """Median seconds where the call ran and on NumPy, taken in turns so that both see the same machine."""
    chosen: list[float] = []
    numpy: list[float] = []
    is_numpy = kind.record.backend == "numpy"
    start = time.perf_counter()
    if not is_numpy:
        kind.again("numpy")
    least = 1 if is_numpy else _LEAST  # NumPy's own calls are held beside none
    while not chosen or _wanted(len(chosen), least, time.perf_counter() - start):
        chosen.append(kind.again())
        numpy.append(chosen[-1] if is_numpy else kind.again("numpy"))
    return median(chosen), median(numpy)


def _wanted(rounds: int, least: int, elapsed: float) -> bool:
    """Whether a kind of call is timed once more."""
    return elapsed < _PATIENCE if rounds < least else rounds < _MOST and elapsed < _BUDGET
