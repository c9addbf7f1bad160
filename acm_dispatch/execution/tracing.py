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
from contextvars import ContextVar, Token
from math import isfinite
from typing import Any, NamedTuple, cast

import numpy as np

from ..backends.transfer import to_host
from ..contract.declaration import Declaration
from ..errors import Unsupported, described
from ..policy import tables
from ..policy.configuration import PREFIX
from ..policy.layers import ROOT, current_policy, enter, leave
from ..policy.resolved import resolved
from ..policy.settings import Settings, Tracing
from ..selection.choose import Choice


class Record(NamedTuple):
    """One dispatched call; `error` says what a kernel raised instead of giving a result.

    `predicted` is what profiles say the call takes, in seconds; None where they did not decide or do not know.
    `wrong` says how the result broke the contract, in a record of its own, where the call was verified.
    """

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
    error: str | None = None
    kernel: str = ""
    predicted: float | None = None
    wrong: str | None = None

    @property
    def shape(self) -> str:
        """The shapes as one reads them: ``10000x50, 8x50``."""
        return ", ".join("x".join(map(str, shape)) for shape in self.shapes)

    @property
    def outcome(self) -> str:
        """Which layer decided, and how a call that failed ended."""
        ends = [f"raised {self.error}" if self.error else "", self.wrong or ""]
        return "; ".join(filter(None, [self.decided_by, *ends]))


class Trace:
    """The records of a traced stretch of code, in the order in which the calls ended."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def __str__(self) -> str:
        lines = [f"{'operation':28} {'shape':24} {'backend':8} {'ms':>10} {'predicted':>10}  decided by"]
        for r in self.records:
            predicted = "" if r.predicted is None else f"{r.predicted * 1e3:.3f}"
            lines.append(
                f"{r.operation:28} {r.shape:24} {r.backend:8} {r.seconds * 1e3:10.3f} {predicted:>10}  {r.outcome}"
            )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        headings = ("operation", "shape", "dtype", "backend", "ms", "decided by")
        rows = [(r.operation, r.shape, r.dtype, r.backend, f"{r.seconds * 1e3:.3f}", r.outcome) for r in self.records]
        return tables.html("", headings, rows)

    def to_pandas(self) -> Any:
        """The records as a pandas DataFrame, a row a call; pandas must be installed."""
        import pandas as pd  # pyright: ignore[reportMissingTypeStubs] - it ships none

        return pd.DataFrame([record._asdict() for record in self.records], columns=list(Record._fields))

    def to_json(self) -> str:
        """The records as a JSON list; null for a deviation that is no finite number."""
        import json

        records = [record._asdict() for record in self.records]
        for record in records:
            if not isfinite(record["deviation"] or 0.0):
                record["deviation"] = None
        return json.dumps(records, indent=1, allow_nan=False)

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
                "args": {"shape": record.shape, "decided by": record.outcome, **record.declined},
            }
            for record in self.records
        ]
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"traceEvents": events}, file)


_sinks: ContextVar[tuple[Trace, ...]] = ContextVar("acm_dispatch_traces", default=())
_process_trace = Trace()


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
        self._compare = compare
        self._entered: list[tuple[Settings, Trace]] = []

    def __enter__(self) -> Trace:
        compare = self._compare or resolved(current_policy()).trace == "compare"  # what a block around it asked for
        settings = Settings(trace="compare" if compare else "time")
        enter(settings)
        fresh = Trace()
        self._entered.append((settings, fresh))
        _sinks.set((*_sinks.get(), fresh))
        return fresh

    def __exit__(self, *exception: object) -> None:
        settings, finished = self._entered.pop()
        leave(settings)
        _sinks.set(tuple(sink for sink in _sinks.get() if sink is not finished))


def traced(run: Callable[..., Any], contract: Declaration, choice: Choice, level: Tracing) -> Callable[..., Any]:
    """`run`, recorded in the open traces, and in the process's own where the process traces; failures, too."""
    of_process = resolved(ROOT).trace != "off"

    def recorded(*arguments: Any) -> Any:
        start = time.perf_counter()
        try:
            result = run(*arguments)
        except Unsupported:  # the record of the kernel that runs the call instead shows it
            raise
        except BaseException as error:
            seconds = time.perf_counter() - start
            _keep(_record(contract, choice, arguments, start, seconds, described(error)), of_process)
            raise
        record = _record(contract, choice, arguments, start, time.perf_counter() - start, None)
        _keep(_compared(record, contract, arguments, result) if level == "compare" else record, of_process)
        return result

    return recorded


def record_fault(contract: Declaration, choice: Choice, arguments: tuple[Any, ...], sentence: str) -> None:
    """Record that the result of a call was wrong."""
    fault = _record(contract, choice, arguments, time.perf_counter(), 0.0, None)
    _keep(fault._replace(wrong=sentence), resolved(ROOT).trace != "off")


def _keep(record: Record, of_process: bool) -> None:
    for sink in (*_sinks.get(), process_trace()) if of_process else _sinks.get():
        sink.records.append(record)


def _record(
    contract: Declaration, choice: Choice, arguments: tuple[Any, ...], start: float, seconds: float, error: str | None
) -> Record:
    return Record(
        contract.name,
        tuple(tuple(value.shape) for value in arguments if hasattr(value, "shape")),
        next(str(value.dtype) for value in arguments if hasattr(value, "dtype")),
        choice.backend.name,
        choice.decided_by,
        choice.declined,
        start,
        seconds,
        threading.get_ident(),
        error=error,
        kernel=choice.kernel.name,
        predicted=_predicted(choice),
    )


def _predicted(choice: Choice) -> float | None:
    for entrant, cost in choice.ranking or ():
        if entrant.backend is choice.backend and isfinite(cost.seconds):
            return cost.seconds
    return None


def _compared(record: Record, operation: Declaration, arguments: tuple[Any, ...], result: Any) -> Record:
    arguments = tuple(map(to_host, arguments))
    start = time.perf_counter()
    expected = operation.run_reference(*arguments)
    seconds = time.perf_counter() - start
    several = isinstance(expected, tuple)
    pairs: Any = zip(result, cast("tuple[Any, ...]", expected), strict=True) if several else [(result, expected)]
    return record._replace(reference_seconds=seconds, deviation=max(_deviation(to_host(a), b) for a, b in pairs))


def _deviation(actual: Any, expected: Any) -> float:
    """Largest absolute difference, missing in one place only counting as infinite; of integers, how many differ."""
    if np.asarray(expected).dtype.kind in "biu":
        return float(np.count_nonzero(np.not_equal(actual, expected)))
    same = np.equal(actual, expected) | (np.isnan(actual) & np.isnan(expected))
    with np.errstate(invalid="ignore", over="ignore"):
        difference = np.where(same, 0.0, np.abs(np.subtract(actual, expected, dtype=np.float64)))
    return float(np.nan_to_num(difference, nan=np.inf).max(initial=0.0))


def current_traces() -> tuple[Trace, ...]:
    """The traces that record in this context."""
    return _sinks.get()


def record_in(traces: tuple[Trace, ...]) -> Token[tuple[Trace, ...]]:
    """Record in `traces` and no others; give the token to `stop_recording`."""
    return _sinks.set(traces)


def stop_recording(token: Token[tuple[Trace, ...]]) -> None:
    """Undo a `record_in`."""
    _sinks.reset(token)


def process_trace() -> Trace:
    """Where calls of all threads are recorded while the process is traced."""
    return _process_trace


@atexit.register
def _write_at_exit() -> None:
    """Show what the environment or the config file had recorded."""
    if not _process_trace.records or resolved(ROOT).trace == "off":
        return
    if path := os.environ.get(PREFIX + "TRACE_FILE"):
        try:
            _process_trace.to_chrome(path)
            return
        except OSError as error:
            print(f"acm_dispatch: the trace cannot be written to {path}: {error.strerror}", file=sys.stderr)
    print(_process_trace, file=sys.stderr)
