"""The dispatched calls as a section of the result."""

from __future__ import annotations

from collections.abc import Sequence

from .calls import CHECKED_ROWS, Measured
from .recording import counted
from .section import Section, Table


def calls_section(measured: Sequence[Measured], warm_up: float) -> Section:
    """The table of dispatched calls, the most expensive first; beside NumPy's if they were timed again."""
    ordered = sorted(measured, key=lambda row: -row.seconds)
    here = sum(row.seconds for row in measured)
    first = f". First call of each operation, compiling included: {warm_up:.2f} s, not counted here" if warm_up else ""
    said = f"{counted(sum(row.calls for row in measured), 'call')}, {here:.2f} s"
    if all(row.deviation is None for row in measured):
        header = ("operation", "shape", "calls", "backend", "why", "s")
        plain = [
            (row.operation, row.shape, f"{row.calls}", row.backend, row.decided_by, f"{row.seconds:.3f}")
            for row in ordered
        ]
        note = (
            "A row: calls of one operation on about as many numbers (to a factor of 2); shape is that of the "
            "costliest. `--timing` holds each beside NumPy and checks it against its reference."
        )
        table = Table(header, plain, frozenset({"calls", "s"}), frozenset({"shape", "why"}))
        return Section("Dispatched calls", (said + first,), table, (note,))
    rows = [
        (
            row.operation,
            row.shape,
            f"{row.calls}",
            row.backend,
            row.decided_by,
            f"{row.milliseconds:.3f}",
            "is NumPy" if row.speed_up is None else f"{row.speed_up:.2f}x",
            "not checked" if row.deviation is None else f"{row.deviation:.1e}" if row.deviation else "0",
        )
        for row in ordered
    ]
    numpy = sum(row.seconds * (row.speed_up or 1.0) for row in measured)
    if numpy != here:
        said += f" here and about {numpy:.2f} s on NumPy alone ({numpy / here:.1f} times as long)"
    said += first
    note = (
        "A row: calls of one operation on about as many numbers (to a factor of 2); shape and ms are those of the "
        "costliest. ms: median of the call repeated, in turns with the same call on the NumPy backend (its fast "
        "NumPy/SciPy kernel, not the slow reference); speed-up: NumPy's median over it. Deviation: largest absolute "
        f"difference from the reference, checked on one call of each row (of its first {CHECKED_ROWS:,} rows)."
    )
    header = ("operation", "shape", "calls", "backend", "why", "ms", "speed-up", "deviation")
    numeric = frozenset({"calls", "ms", "speed-up", "deviation"})
    return Section("Dispatched calls", (said,), Table(header, rows, numeric, frozenset({"shape", "why"})), (note,))
