"""Which blocks are open, and whether the running thread or process was left behind by one.

A block (`use`, `trace`) holds in its own context. Threads of a pool and other processes do not inherit it, and a job
that expects them to runs as if there were no block. Code that runs outside every block while one is open elsewhere
gets a warning, once a process.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from ..errors import shortened, warn

#: Under this name a process tells those that it starts what blocks they are started in.
_KEY = "acm_dispatch"

#: One for each open block of this process; adding and taking away are atomic.
_open: deque[None] = deque()
_told = False


class _Note:
    """In another process: the text of the blocks that this one had open where it started that one."""

    def __init__(self, describe: Callable[[], str]) -> None:
        self._describe = describe

    def __reduce__(self) -> tuple[Any, ...]:
        return str, (self._describe(),)


def opened(describe: Callable[[], str]) -> None:
    """A block has been entered; `describe` answers which are open in the context that asks, or nothing."""
    _open.append(None)
    # `multiprocessing`, and joblib's loky with it, hands this to every process that it starts.
    if (module := sys.modules.get("multiprocessing.process")) is not None:
        _inherited(module).setdefault(_KEY, _Note(describe))


def closed() -> None:
    """A block has been left."""
    if _open:
        _open.pop()


def begin_again(count: int) -> None:
    """In a forked child: only the blocks of the forking thread are open."""
    _open.clear()
    _open.extend([None] * count)


def is_told() -> bool:
    """Whether this process has been told already."""
    return _told


def look_elsewhere() -> None:
    """Warn if a block is open elsewhere; to be called where a call is planned outside every block."""
    global _told
    if _told or (where := _elsewhere()) is None:
        return
    _told = True
    warn(
        f"a call runs outside every block {where}. Threads and processes do not inherit blocks: "
        "hand them `acm_dispatch.propagate(function)` instead of `function`, or use `acm_dispatch.set_backend()`",
    )


def _elsewhere() -> str | None:
    # The main thread is no worker: it may well be meant to run outside the block of a thread that it started.
    if _open and threading.get_ident() != threading.main_thread().ident:
        return f"in thread {threading.current_thread().name!r}, while another thread is inside one"
    if (module := sys.modules.get("multiprocessing.process")) is not None:
        blocks = _inherited(module).get(_KEY)
        if isinstance(blocks, str) and blocks:
            return f"in process {module.current_process().name!r}, which was started inside {shortened(blocks)}"
    return None


def _inherited(module: Any) -> dict[str, Any]:
    """What `multiprocessing` copies into each process that the current one starts; nothing where a version does not."""
    return getattr(module.current_process(), "_config", {})
