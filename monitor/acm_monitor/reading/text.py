"""The encoding of a file, judged by all of it, and a UTF-8 copy where it has another."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from ..errors import UnusableData

_PIECE = 1 << 20
_HEAD = 1 << 16
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


class Text(NamedTuple):
    """A file that can be read as UTF-8, and what was done to it."""

    path: Path
    notes: tuple[str, ...]


@contextmanager
def as_utf8(path: Path) -> Iterator[Text]:
    """The file itself where it is UTF-8, else a temporary copy that is.

    Raises
    ------
    UnusableData
        If the file is binary.
    """
    encoding = encoding_of(path)
    if encoding == "utf-8":
        yield Text(path, ())
        return
    with TemporaryDirectory(prefix="acm-monitor-") as folder:
        copy = Path(folder) / "utf8.csv"
        with (
            path.open(encoding=encoding, newline="", errors="replace") as source,
            copy.open("w", encoding="utf-8", newline="") as target,
        ):
            while piece := source.read(_PIECE):
                target.write(piece.replace("\0", ""))
        yield Text(copy, () if encoding == "utf-8-sig" else (f"text is {encoding}, not UTF-8",))


def encoding_of(path: Path) -> str:
    """Its byte-order mark's encoding; else UTF-8 where the whole file is, UTF-16 by its zeros, else cp1252."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        for mark, encoding in _MARKS.items():
            if head.startswith(mark):
                return encoding
        if b"\0" in head:
            return _utf16(path, head)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            piece = head
            while piece:
                decoder.decode(piece)
                if b"\0" in piece:
                    return "utf-8-sig"  # zeros of a crashed logger: the copy goes without them
                piece = file.read(_PIECE)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def _utf16(path: Path, head: bytes) -> str:
    """Latin text in UTF-16 has a zero in every other byte; anything else with zeros is no text."""
    for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        if zeros.count(0) > 0.8 * len(zeros):
            return encoding
    raise UnusableData(f"{path} is not a text file; expected CSV, or Parquet named .parquet")
