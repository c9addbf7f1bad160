"""A saved trace: what `Trace.to_json` or `Trace.to_chrome` wrote, read again and added up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

from ..errors import ConfigurationError, shortened


class TracedCall(NamedTuple):
    """One call of a saved trace; `predicted` is None where nothing was predicted, or the file does not tell."""

    operation: str
    backend: str
    seconds: float
    failed: bool
    predicted: float | None


class Share(NamedTuple):
    """What one operation took on one backend; `predicted` is that of the calls of which something was predicted."""

    operation: str
    backend: str
    calls: int
    seconds: float
    predicted: float
    seconds_of_predicted: float
    failed: int


def read_trace(path: Path) -> list[TracedCall]:
    """The calls of a saved trace.

    Raises
    ------
    ConfigurationError
        If the file is neither what `Trace.to_json` nor what `Trace.to_chrome` writes.
    """
    try:
        document: Any = json.loads(path.read_bytes())
        if isinstance(document, dict):
            return [_of_event(event) for event in cast("dict[str, Any]", document)["traceEvents"]]
        return [_of_record(record) for record in document]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        told = shortened(f"{type(error).__name__}: {error}")
        raise ConfigurationError(
            f"report: the trace {path} cannot be read ({told}); expected a file with what `Trace.to_json()` gives, or "
            "one that `acm-dispatch run --trace-file` wrote"
        ) from None


def _of_record(record: Any) -> TracedCall:
    predicted = record["predicted"]
    return TracedCall(
        str(record["operation"]),
        str(record["backend"]),
        float(record["seconds"]),
        bool(record["error"]),
        None if predicted is None else float(predicted),
    )


def _of_event(event: Any) -> TracedCall:
    failed = "raised " in str(event["args"]["decided by"])
    return TracedCall(str(event["name"]), str(event["cat"]), float(event["dur"]) * 1e-6, failed, None)


def shares(calls: Sequence[TracedCall]) -> list[Share]:
    """By operation and backend, what took longest first."""
    groups: dict[tuple[str, str], list[TracedCall]] = {}
    for call in calls:
        groups.setdefault((call.operation, call.backend), []).append(call)
    return sorted((_share(*names, group) for names, group in groups.items()), key=lambda share: -share.seconds)


def _share(operation: str, backend: str, calls: Sequence[TracedCall]) -> Share:
    known = [call for call in calls if call.predicted is not None]
    return Share(
        operation,
        backend,
        len(calls),
        sum(call.seconds for call in calls),
        sum(call.predicted or 0.0 for call in known),
        sum(call.seconds for call in known),
        sum(call.failed for call in calls),
    )


def by_backend(found: Sequence[Share]) -> dict[str, float]:
    """Seconds by backend, the most first."""
    total: dict[str, float] = {}
    for share in found:
        total[share.backend] = total.get(share.backend, 0.0) + share.seconds
    return dict(sorted(total.items(), key=lambda pair: -pair[1]))
