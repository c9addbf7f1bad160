"""What the monitor raises itself, and how text of unknown origin is shown."""

from __future__ import annotations

import unicodedata

from acm_dispatch import DispatchError


class UnusableData(DispatchError, ValueError):
    """The job cannot go on; the message tells the user what to change."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


def printable(text: str) -> str:
    """`text` with what is no visible character written as an escape: a terminal obeys none, and XML may hold it."""
    if text.isprintable():
        return text
    return "".join(letter if _is_visible(letter) else letter.encode("unicode_escape").decode() for letter in text)


def _is_visible(letter: str) -> bool:
    return letter.isprintable() or unicodedata.category(letter) == "Zs"
