"""Whether this process was forked while another thread was inside Numba's compiler, or importing Numba.

LLVM was then left in the middle of a change, under locks that no thread of this process can open: the child does
without Numba.
"""

from __future__ import annotations

import sys
from typing import Any

from acm_dispatch.backends import forksafe

_SENTENCE = "another thread was loading Numba, or compiling with it, when this process was forked"

_reason: str | None = None


def reason() -> str | None:
    """Why this process cannot use Numba, or None."""
    return _reason


def _look() -> None:
    global _reason
    importing = {name.partition(".")[0] for name in forksafe.cut_off_imports}
    if importing & {"numba", "llvmlite"} or any(map(_is_held, _compiler_locks())):
        _reason = _SENTENCE


def _compiler_locks() -> list[Any]:
    """The `threading.RLock` inside Numba's lock and inside LLVM's; fewer where a version has none."""
    compiler = getattr(sys.modules.get("numba.core.compiler_lock"), "global_compiler_lock", None)
    library = getattr(sys.modules.get("llvmlite.binding.ffi"), "lib", None)
    locks = [getattr(owner, "_lock", None) for owner in (compiler, getattr(library, "_lock", None))]
    return [lock for lock in locks if lock is not None]


def _is_held(lock: Any) -> bool:
    """Whether another thread has it."""
    if lock.acquire(blocking=False):
        lock.release()
        return False
    return True


forksafe.in_child(_look)
