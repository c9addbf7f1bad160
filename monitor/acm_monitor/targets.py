"""Files that are written: only where a regular file is or may be, and whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from .errors import UnusableData


def check_target(path: Path, what: str, others: Iterable[Path] = ()) -> None:
    """Refuse a file that could not or must not be written, before the work is done.

    Parameters
    ----------
    path : Path
        Where it is to be written.
    what : str
        What it is, for the sentence: "report".
    others : iterable of Path
        Files that are read, or written as well.
    """
    refused = f"the {what} cannot be written: "
    if not path.parent.is_dir():
        raise UnusableData(f"{refused}folder {path.parent} does not exist")
    if path.is_dir():
        raise UnusableData(f"{refused}{path} is a folder")
    if path.exists() and not path.is_file():
        raise UnusableData(f"{refused}{path} is no regular file")
    if not os.access(path.resolve().parent, os.W_OK):
        raise UnusableData(f"{refused}no permission to write in folder {path.resolve().parent}")
    if any(_same(path, other) for other in others):
        raise UnusableData(f"{refused}{path} is a file of this job already; expected a name of its own")


def write_whole(path: Path, what: str, write: Callable[[Path], object]) -> None:
    """Let `write` write a new file that takes the place of `path` when it is whole; a link stays one."""
    target = path.resolve()
    unfinished = target.with_name(f".{target.stem[:100]}.{os.getpid()}{target.suffix}")
    try:
        write(unfinished)
        unfinished.replace(target)
    except OSError as error:
        raise UnusableData(f"the {what} cannot be written to {path}: {error.strerror or error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _same(path: Path, other: Path) -> bool:
    return path.resolve() == other.resolve() or (path.exists() and other.exists() and path.samefile(other))
