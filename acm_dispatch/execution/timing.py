"""How long calls take: a single one, or a batch of quick ones, which the clock cannot tell apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from time import perf_counter
from typing import Any


def timed(call: Callable[..., Any], arguments: Sequence[Any] = ()) -> tuple[float, Any]:
    """Seconds of one call, and its result, which is not given back meanwhile."""
    begun = perf_counter()
    result = call(*arguments)
    return perf_counter() - begun, result


def timed_batch(call: Callable[..., Any], batch: Iterable[Sequence[Any]]) -> float:
    """Seconds of a call for each of these arguments."""
    begun = perf_counter()
    for arguments in batch:
        call(*arguments)
    return perf_counter() - begun


def batch_size(seconds: float, whole: float, most: int) -> int:
    """How many calls of so many seconds make up about `whole` of them, at least one."""
    return max(1, min(most, int(whole / max(seconds, 1e-7))))
