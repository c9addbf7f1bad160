"""Blocks that are read while the one before is computed with."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

T = TypeVar("T")


def ahead(blocks: Callable[[], Iterator[T]]) -> Iterator[T]:
    """The blocks of an iterator that runs in a thread of its own; its errors are raised here.

    The next block is read once the one before has been taken, so two of them are in memory.
    """
    wanted, found = queue.SimpleQueue[None](), queue.SimpleQueue[tuple[str, Any]]()
    wanted.put(None)
    ended = threading.Event()
    thread = threading.Thread(
        target=_read, args=(blocks, wanted, found, ended), name="acm_dispatch.chunks", daemon=True
    )
    thread.start()
    try:
        while True:
            kind, item = found.get()
            if kind == "error":
                raise item
            if kind == "end":
                return
            wanted.put(None)
            yield item
            del item
    finally:
        ended.set()
        wanted.put(None)
        thread.join()


def _read(blocks: Callable[[], Iterator[Any]], wanted: Any, found: Any, ended: threading.Event) -> None:
    """What the thread does: one block each time that one is wanted."""
    try:
        iterator = iter(blocks())
        while True:
            wanted.get()
            if ended.is_set():
                break
            block = next(iterator, None)
            if block is None:
                break
            found.put(("block", block))
            del block
        getattr(iterator, "close", int)()  # files are closed by the thread that has opened them
        found.put(("end", None))
    except BaseException as error:  # the caller's thread raises it, whatever it is
        found.put(("error", error))
