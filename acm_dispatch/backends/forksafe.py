"""Locks that a forked child finds free, and state that it finds whole.

Of its parent's threads a child has only the one that forked: a lock that another thread held stays locked there for
ever, Python's import locks included, and what it guarded stays half done. The child renews those locks, puts right what
they guarded, and imports anew what another thread was importing.

Extension modules whose import was cut off cannot be imported anew: Cython's refuse, PyO3's wait for the thread that
began. So a fork waits while another thread imports on behalf of this package.

Every lock of the package and of its backends is a `Lock`; what a child must do besides is given to `in_child`.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable
from types import FrameType
from typing import Any

#: Seconds that a fork waits at most for imports of other threads.
PATIENCE = 30.0

_PACKAGE = __name__.partition(".")[0]

_frames: Callable[[], dict[int, FrameType]] = sys._current_frames  # pyright: ignore[reportPrivateUsage] - documented


class Lock:
    """A reentrant lock, so that a signal handler may call what it has interrupted.

    Parameters
    ----------
    cut_off : callable, optional
        Called in a forked child if another thread held the lock: puts right what that thread left half done.
    awaited : bool, default False
        A fork waits until the lock is free. Only for what takes an instant and needs nothing of another thread.
    """

    def __init__(self, cut_off: Callable[[], None] | None = None, *, awaited: bool = False) -> None:
        self._lock = threading.RLock()
        self._cut_off = cut_off
        self.awaited = awaited
        key = id(self)
        _locks[key] = weakref.ref(self, lambda _: _locks.pop(key, None))

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *exception: object) -> None:
        self._lock.release()

    def acquire(self, *, blocking: bool = True) -> bool:
        """Take the lock; False if another thread has it and `blocking` is false."""
        return self._lock.acquire(blocking)

    def release(self) -> None:
        """Give it back."""
        self._lock.release()

    def renew(self) -> None:
        """In a forked child: make the lock free, unless the forking thread itself holds it."""
        if self._lock.acquire(blocking=False):
            self._lock.release()
            return
        self._lock = threading.RLock()
        if self._cut_off is not None:
            self._cut_off()


_locks: dict[int, weakref.ref[Lock]] = {}
_in_child: list[Callable[[], None]] = []
#: The awaited locks that a forking thread has taken.
_taken: dict[int, list[Lock]] = {}
#: In a forked child: the modules that another thread of its parent was importing.
cut_off_imports: frozenset[str] = frozenset()
_waits_for_imports = False


def in_child(callback: Callable[[], None]) -> None:
    """`callback` runs in every forked child, after the locks have been renewed."""
    _in_child.append(callback)


def wait_for_imports() -> None:
    """From now on a fork waits for what this package imports; to be called before it imports anything lazily."""
    global _waits_for_imports
    if not _waits_for_imports and hasattr(os, "register_at_fork"):
        # What is registered last runs first. `logging` and `concurrent` hold locks from then until after the fork that
        # an import needs, so they have to be registered before.
        for module in ("logging", "concurrent.futures.thread"):
            importlib.import_module(module)
        _waits_for_imports = True
        os.register_at_fork(before=_wait)


def _wait() -> None:
    deadline = time.monotonic() + PATIENCE
    while _others_import() and time.monotonic() < deadline:
        time.sleep(0.001)


def _others_import() -> bool:
    own = threading.get_ident()
    return any(_imports(frame) for thread, frame in _frames().items() if thread != own)


def _imports(frame: FrameType | None) -> bool:
    """Whether the import system was called, however indirectly, by this package.

    A program that runs while its main module is being imported has them the other way round, and may fork at any time.
    """
    importing = False
    while frame is not None:
        if importing and str(frame.f_globals.get("__name__")).partition(".")[0] == _PACKAGE:
            return True
        importing = importing or frame.f_code.co_filename.startswith("<frozen importlib")
        frame = frame.f_back
    return False


def _all_locks() -> list[Lock]:
    return [lock for reference in list(_locks.values()) if (lock := reference()) is not None]


def _before_fork() -> None:
    taken = _taken[threading.get_ident()] = [lock for lock in _all_locks() if lock.awaited]
    for lock in taken:
        lock.acquire()


def _release_taken() -> None:
    for lock in _taken.pop(threading.get_ident(), ()):
        lock.release()


def _after_in_child() -> None:
    global cut_off_imports
    _release_taken()
    _taken.clear()
    cut_off_imports = frozenset(_forget_cut_off_imports())
    for lock in _all_locks():
        lock.renew()
    for callback in _in_child:
        callback()


def _forget_cut_off_imports() -> list[str]:
    """The modules that another thread was importing; the next import of each begins again, as after a failed one.

    Python would wait for that thread. It has no function that says so: a version that keeps its locks elsewhere is left
    as it is.
    """
    bootstrap: Any = getattr(importlib, "_bootstrap", None)
    locks: dict[str, Any] = getattr(bootstrap, "_module_locks", {})
    forgotten: list[str] = []
    for name, reference in list(locks.items()):
        if getattr(reference(), "owner", None) in (None, threading.get_ident()):
            continue
        del locks[name]
        forgotten.append(name)
        if getattr(getattr(sys.modules.get(name), "__spec__", None), "_initializing", False):
            del sys.modules[name]
    return forgotten


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_release_taken, after_in_child=_after_in_child)
