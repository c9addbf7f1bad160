"""How long calls take: a single one, or a batch of quick ones, which the clock cannot tell apart.

The one clock of tuning, of trials on a program's calls, and of the benchmarks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from time import perf_counter, process_time, sleep
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


def wait_for_idle_threads(patience: float = 0.15, look: float = 0.001, share: float = 0.2) -> None:
    """Wait until no thread of this process spins: OpenMP's and a BLAS's do for up to a tenth of a second after a call.

    Parameters
    ----------
    patience : float
        Seconds of the longest wait.
    look : float
        Seconds of each look at the process.
    share : float
        Busy for a smaller part of a look, the process counts as idle.
    """
    end = perf_counter() + patience
    while perf_counter() < end:
        busy, begun = process_time(), perf_counter()
        sleep(look)
        if process_time() - busy < share * (perf_counter() - begun):
            return
