"""What ran, where, how long and why: ``with acm_dispatch.trace() as trace: ...; print(trace)``.

Traced policies have plans of their own, so tracing costs nothing while it is off.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from .policy import enter, leave
from .settings import PREFIX, Settings, Tracing

if TYPE_CHECKING:
    from .operation import Operation
    from .selection import Plan


class Record(NamedTuple):
    """One dispatched call."""

    operation: str
    shapes: tuple[tuple[int, ...], ...]
    dtype: str
    backend: str
    decided_by: str
    declined: dict[str, str]
    start: float
    seconds: float
    thread: int
    reference_seconds: float | None = None
    deviation: float | None = None

    @property
    def shape(self) -> str:
        """The shapes as one reads them: ``10000x50, 8x50``."""
        return ", ".join("x".join(map(str, shape)) for shape in self.shapes)


class Trace:
    """The records of a traced stretch of code, in the order in which the calls ended."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def __str__(self) -> str:
        lines = [f"{'operation':28} {'shape':24} {'backend':8} {'ms':>10}  decided by"]
        lines += [
            f"{r.operation:28} {r.shape:24} {r.backend:8} {r.seconds * 1e3:10.3f}  {r.decided_by}" for r in self.records
        ]
        return "\n".join(lines)

    def to_json(self) -> str:
        """The records as a JSON list."""
        import json

        return json.dumps([record._asdict() for record in self.records], indent=1)

    def to_chrome(self, path: str | os.PathLike[str]) -> None:
        """Write the records for a Chrome trace viewer (chrome://tracing, Perfetto)."""
        import json

        events = [
            {
                "name": record.operation,
                "cat": record.backend,
                "ph": "X",
                "ts": record.start * 1e6,
                "dur": record.seconds * 1e6,
                "pid": os.getpid(),
                "tid": record.thread,
                "args": {"shape": record.shape, "decided by": record.decided_by, **record.declined},
            }
            for record in self.records
        ]
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"traceEvents": events}, file)


_sinks: ContextVar[tuple[Trace, ...]] = ContextVar("acm_dispatch_traces", default=())
_process_trace: Trace | None = None


class trace:  # noqa: N801 - a context manager that reads as a verb, like contextlib's
    """Record every call of the block (of this context; `propagate` carries it into threads).

    Parameters
    ----------
    compare : bool, default False
        Also run each call's reference: records its time and the largest absolute deviation from it.

    Examples
    --------
    >>> import numpy as np, acm_dispatch
    >>> with acm_dispatch.trace() as trace:
    ...     _ = acm_dispatch.impute(np.array([[1.0], [np.nan]]), backend="numpy")
    >>> [(record.operation, record.backend) for record in trace.records]
    [('impute', 'numpy')]
    """

    def __init__(self, *, compare: bool = False) -> None:
        self._level: Tracing = "compare" if compare else "time"

    def __enter__(self) -> Trace:
        enter(Settings(trace=self._level))
        fresh = Trace()
        _sinks.set((*_sinks.get(), fresh))
        return fresh

    def __exit__(self, *exception: object) -> None:
        leave()
        _sinks.set(_sinks.get()[:-1])


def traced(plan: Plan, operation: Operation, level: Tracing) -> Callable[..., Any]:
    """The plan's call, recorded."""

    def call(*arguments: Any) -> Any:
        start = time.perf_counter()
        result = plan.call(*arguments)
        seconds = time.perf_counter() - start
        record = Record(
            operation.name,
            tuple(tuple(value.shape) for value in arguments if hasattr(value, "shape")),
            next(str(value.dtype) for value in arguments if hasattr(value, "dtype")),
            plan.backend,
            plan.decided_by,
            plan.declined,
            start,
            seconds,
            threading.get_ident(),
        )
        if level == "compare":
            record = _compared(record, operation, arguments, result)
        for sink in _sinks.get() or (process_trace(),):
            sink.records.append(record)
        return result

    return call


def _compared(record: Record, operation: Operation, arguments: tuple[Any, ...], result: Any) -> Record:
    start = time.perf_counter()
    expected = operation.run_reference(*arguments)
    seconds = time.perf_counter() - start
    several = isinstance(expected, tuple)
    pairs: Any = zip(result, cast("tuple[Any, ...]", expected), strict=True) if several else [(result, expected)]
    return record._replace(reference_seconds=seconds, deviation=max(_deviation(a, b) for a, b in pairs))


def _deviation(actual: Any, expected: Any) -> float:
    """Largest absolute difference; missing in one place only counts as infinite."""
    with np.errstate(invalid="ignore"):
        difference = np.abs(np.subtract(actual, expected, dtype=np.float64))
    difference[(actual == expected) | (np.isnan(actual) & np.isnan(expected))] = 0.0
    return float(np.nan_to_num(difference, nan=np.inf).max(initial=0.0))


def process_trace() -> Trace:
    """Where calls of all threads are recorded while the process is traced."""
    global _process_trace
    if _process_trace is None:
        _process_trace = Trace()
        if os.environ.get(PREFIX + "TRACE"):
            atexit.register(_write_at_exit, _process_trace)
    return _process_trace


def _write_at_exit(finished: Trace) -> None:
    if path := os.environ.get(PREFIX + "TRACE_FILE"):
        finished.to_chrome(path)
    else:
        print(finished, file=sys.stderr)
