"""What this process has measured on its own calls: part of this machine's profile at once, and of its file at exit."""

from __future__ import annotations

import atexit
import sys
from collections.abc import Iterable

from . import sources
from .keeping import update
from .profile import Entry, Key, merged, user_path

_learnt: dict[Key, Entry] = {}


def learn(entries: Iterable[Entry]) -> None:
    """Let calls go by these entries, and write them when the process ends."""
    if not _learnt:
        atexit.register(write)
    _learnt.update(merged(_learnt, entries))
    sources.add_learnt(_learnt.values())


def write() -> None:
    """Merge what was learnt into the profile of this machine."""
    if not _learnt:
        return
    try:
        update(user_path(), lambda entries: merged(entries, _learnt.values()))
    except OSError as error:
        print(f"acm_dispatch: the profile cannot be written to {user_path()}: {error.strerror}", file=sys.stderr)
