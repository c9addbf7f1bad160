"""Writing a profile: merged into what is there, by one process at a time, and replaced in one step."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from .machine import soft_facts
from .profile import Entry, Key, read, text_of


def update(path: Path, change: Callable[[Mapping[Key, Entry]], Mapping[Key, Entry]]) -> None:
    """Write what `change` makes of the entries in the file, which other processes may be updating, too.

    Raises
    ------
    OSError
        If the file or its folder cannot be written.
    """

    def changed() -> str:
        entries = dict(change(read(path).entries if path.exists() else {}))
        return text_of(entries.values(), soft_facts())

    rewrite(path, changed)


def rewrite(path: Path, text: Callable[[], str]) -> None:
    """Write what `text` makes of the file while no other process writes it.

    Raises
    ------
    OSError
        If the file or its folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _alone(path):
        _replace(path, text())


def _replace(path: Path, text: str) -> None:
    """Whoever reads meanwhile, or after a crash, finds the old text or the new one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


@contextmanager
def _alone(path: Path) -> Generator[None]:
    """Waits until no other process holds the lock, which the system takes back from one that dies."""
    with open(path.with_name(f"{path.name}.lock"), "a+b") as file:
        _lock(file)
        yield


def _lock(file: IO[Any]) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        file.seek(0)
        locking: Any = msvcrt
        locking.locking(file.fileno(), locking.LK_LOCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX)
