"""Ranges of rows or columns, computed by the calling thread and helpers from a pool.

The ranges depend on the size of the data only, never on the number of threads, so neither does any result.
"""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from threading import Event
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

#: Least nanoseconds of arithmetic in a tile: handing one to another thread costs about a tenth of it, and Ctrl-C
#: waits for no more than one of them.
_TILE = 1 << 18

#: More threads than any machine this runs on has cores: protects from a mistyped budget.
_MOST_THREADS = 512

#: Where a tile starts and stops, or where it starts in rows and in columns.
Tile = tuple[int, int]

# A forked child finds its parent's pools here, but not their threads: it makes its own under its own process id.
_pools: dict[tuple[int, int], ThreadPoolExecutor] = {}


def tiles(count: int, cost: float, multiple: int = 1) -> list[Tile]:
    """`count` items cut into ranges (start, stop), each a `multiple` of items long but the last.

    Parameters
    ----------
    count : int
        Rows or columns.
    cost : float
        Nanoseconds that one takes, roughly.
    multiple : int
        Items that a kernel computes together.
    """
    length = max(1, round(_TILE / (cost * multiple))) * multiple
    return [(start, min(start + length, count)) for start in range(0, count, length)]


def run(threads: int, kernel: Callable[..., Any], work: list[Tile], *arguments: Any) -> None:
    """``kernel(*tile, *arguments)`` for each tile of `work`, on at most `threads` threads.

    If one of them fails, or the caller is interrupted, the tiles not yet begun are dropped.
    """
    pending = deque(work)
    helpers = _helpers(min(threads, len(pending)) - 1, threads, kernel, pending, arguments)
    try:
        _drain(kernel, pending, arguments)
    finally:
        pending.clear()
        begun = [helper for helper in helpers if not helper.cancel()]
        wait(begun)
    for helper in begun:
        helper.result()


def _drain(kernel: Callable[..., Any], pending: deque[Tile], arguments: tuple[Any, ...]) -> None:
    while True:
        try:
            tile = pending.popleft()
        except IndexError:
            return
        try:
            kernel(*tile, *arguments)
        except BaseException:
            pending.clear()
            raise


def _helpers(count: int, threads: int, *task: Any) -> list[Future[None]]:
    """`count` helpers at work on `task`; fewer where no thread can be started: the caller then does their share."""
    helpers: list[Future[None]] = []
    pool = _pool(threads) if count > 0 else None
    if pool is not None:
        with suppress(RuntimeError):  # the interpreter is shutting down
            helpers += (pool.submit(_drain, *task) for _ in range(count))
    return helpers


def _pool(threads: int) -> ThreadPoolExecutor | None:
    """Helpers, in this process, of a caller that may use `threads` threads; None where the system has none left."""
    threads = min(threads, _MOST_THREADS)
    key = os.getpid(), threads
    existing = _pools.get(key)
    if existing is not None:
        return existing
    pool = _started(threads - 1)
    if pool is None:
        return None
    # `setdefault` is atomic: of two callers that come first, one has started threads in vain.
    existing = _pools.setdefault(key, pool)
    if existing is not pool:
        pool.shutdown(wait=False)
    return existing


def _started(count: int) -> ThreadPoolExecutor | None:
    """An executor whose threads all run, or None.

    An executor that cannot start a thread for some work keeps the work all the same, for a thread that ends another's:
    it would then be done without any caller that waits for it.
    """
    pool, all_started = ThreadPoolExecutor(count, "acm_numba"), Event()
    try:
        for _ in range(count):
            pool.submit(all_started.wait)
    except (RuntimeError, MemoryError):
        pool.shutdown(wait=False, cancel_futures=True)
        return None
    finally:
        all_started.set()
    return pool
