"""Every dispatched call of a run: who ran it, how long, how much faster than NumPy, how far from the reference."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any, NamedTuple

import acm_dispatch

#: Seconds that timing one kind of call again may take, and how often it is timed at least and at most.
_BUDGET = 0.1
_LEAST, _MOST = 5, 21


class Measured(NamedTuple):
    """Calls of one operation on one shape."""

    operation: str
    shape: str
    calls: int
    backend: str
    decided_by: str
    #: Median of the call repeated.
    milliseconds: float
    #: Time on NumPy over that, from repeats in turns; None where NumPy itself ran the call.
    speed_up: float | None
    #: Largest absolute difference from the reference.
    deviation: float


class _Kind:
    """Calls of one operation and shape: how many, and one of them to repeat."""

    def __init__(self, record: Any, repeat: Callable[[], Any]) -> None:
        self.operation: str = record.operation
        self.shapes: tuple[tuple[int, ...], ...] = record.shapes
        self.record = record
        self.repeat = repeat
        self.calls = 0

    def again(self, *backends: str, compare: bool = False) -> Any:
        """The record of one more call, on `backends` if any are named."""
        with acm_dispatch.use(*backends, strict=bool(backends) or None), acm_dispatch.trace(compare=compare) as trace:
            self.repeat()
        return next(r for r in trace.records if (r.operation, r.shapes) == (self.operation, self.shapes))


class Calls:
    """Makes calls and remembers them: ``calls(acm_dispatch.zscore, x, method="robust")``.

    The first call of each operation is made once before, so that compiling is not taken for computing; those seconds
    add up in `warm_up`.
    """

    def __init__(self) -> None:
        self.warm_up = 0.0
        self._warm: set[str] = set()
        self._kinds: dict[tuple[Any, ...], _Kind] = {}

    def __call__(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        def repeat() -> Any:
            return function(*args, **kwargs)

        if function.__name__ not in self._warm:
            self._warm.add(function.__name__)
            start = time.perf_counter()
            repeat()
            self.warm_up += time.perf_counter() - start
        with acm_dispatch.trace() as trace:
            result = repeat()
        for record in trace.records:
            key = record.operation, record.shapes, record.dtype
            self._kinds.setdefault(key, _Kind(record, repeat)).calls += 1
        return result

    def __len__(self) -> int:
        """How many kinds of call there are to measure."""
        return len(self._kinds)

    def measured(self) -> Iterator[Measured]:
        """Each kind of call, timed again beside NumPy and checked against its reference."""
        for kind in self._kinds.values():
            record = kind.again(compare=True)
            chosen, numpy = _in_turns(kind)
            yield Measured(
                record.operation,
                record.shape,
                kind.calls,
                kind.record.backend,
                kind.record.decided_by,
                chosen * 1e3,
                None if kind.record.backend == "numpy" else numpy / chosen,
                record.deviation,
            )


def _in_turns(kind: _Kind) -> tuple[float, float]:
    """Median seconds where the call ran and on NumPy, taken in turns so that both see the same machine."""
    chosen: list[float] = []
    numpy: list[float] = []
    is_numpy = kind.record.backend == "numpy"
    if not is_numpy:
        kind.again("numpy")
    while len(chosen) < _LEAST or (len(chosen) < _MOST and sum(numpy) + sum(chosen) < _BUDGET):
        chosen.append(kind.again().seconds)
        numpy.append(chosen[-1] if is_numpy else kind.again("numpy").seconds)
    return median(chosen), median(numpy)
