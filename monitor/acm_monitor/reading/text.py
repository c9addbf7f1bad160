"""A file as UTF-8 text with line ends of one kind: the file itself where it is that, else a copy."""

from __future__ import annotations

import codecs
import gzip
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from ..errors import UnusableData
from ..recording import counted

_PIECE = 1 << 20
_HEAD = 1 << 16
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_GZIP = b"\x1f\x8b"
#: How files begin that are taken for text now and then, and what they are.
_NO_TEXT = {
    b"PK\x03\x04": "a ZIP archive, as workbooks of Excel are; save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "a workbook of an old Excel; save the sheet as CSV",
    b"%PDF": "a PDF document",
    b"\x89HDF": "an HDF5 file; write the table as CSV or Parquet",
    b"ARROW1": "an Arrow file; write the table as Parquet",
    b"SQLite": "a database of SQLite; write the table as CSV",
}


class Text(NamedTuple):
    """A file that can be read as UTF-8, a folder for further copies, and what was done to it."""

    path: Path
    folder: Path
    notes: tuple[str, ...]


@contextmanager
def as_utf8(path: Path) -> Iterator[Text]:
    """The file itself where it is UTF-8, else a temporary copy that is.

    Raises
    ------
    UnusableData
        If the file is binary.
    """
    with TemporaryDirectory(prefix="acm-monitor-") as name:
        folder = Path(name)
        source = _unpacked(path, folder)
        encoding = encoding_of(source, path)
        if encoding == "utf-8" and _ends_alike(source):
            yield Text(source, folder, ())
            return
        copy = folder / "utf8.csv"
        replaced, first = _copied(source, copy, encoding)
        notes: list[str] = []
        if encoding not in ("utf-8", "utf-8-sig"):
            notes.append(f"text is {encoding}, not UTF-8")
        if replaced:
            notes.append(f"{counted(replaced, 'byte')} is no text, the first in line {first}; shown as \ufffd")
        yield Text(copy, folder, tuple(notes))


def single_blanks(lines: Iterable[str]) -> Iterator[str]:
    """The lines without blanks at their ends, and with single ones within."""
    return (" ".join(part for part in line.rstrip("\r\n").split(" ") if part) + "\n" for line in lines)


def with_single_blanks(text: Text) -> Path:
    """A copy in which one blank separates what several did: columns of a fixed width."""
    target = text.folder / "blanks.csv"
    with text.path.open(encoding="utf-8-sig") as old, target.open("w", encoding="utf-8", newline="") as new:
        new.writelines(single_blanks(old))
    return target


def _unpacked(path: Path, folder: Path) -> Path:
    """The file, or what is packed in it."""
    with path.open("rb") as file:
        head = file.read(8)
    for start, told in _NO_TEXT.items():
        if head.startswith(start):
            raise UnusableData(f"{path} is {told}")
    if not head.startswith(_GZIP):
        return path
    target = folder / "unpacked.csv"
    try:
        with gzip.open(path, "rb") as packed, target.open("wb") as file:
            shutil.copyfileobj(packed, file)
    except (OSError, EOFError) as error:
        raise UnusableData(f"{path} cannot be unpacked: {error}") from error
    return target


def _copied(source: Path, target: Path, encoding: str) -> tuple[int, int]:
    """Write a copy in UTF-8; how many bytes could not be read, and the line of the first."""
    replaced, first, line = 0, 0, 1
    with source.open(encoding=encoding, errors="replace") as old, target.open("w", encoding="utf-8", newline="") as new:
        while piece := old.read(_PIECE):
            piece = piece.replace("\0", "").replace("\x1a", "")
            if bad := piece.count("\ufffd"):
                first = first or line + piece.partition("\ufffd")[0].count("\n")
                replaced += bad
            line += piece.count("\n")
            new.write(piece)
    return replaced, first


def encoding_of(source: Path, shown: Path) -> str:
    """Its byte-order mark's encoding; else UTF-8 where the file is (almost) that, UTF-16 by its zeros, else cp1252."""
    with source.open("rb") as file:
        head = file.read(_HEAD)
        for mark, encoding in _MARKS.items():
            if head.startswith(mark):
                return encoding
        if head.count(b"\0") > 0.2 * len(head):
            return _utf16(shown, head)
        _require_text(shown, head)
        file.seek(0)
        letters, bad = 0, 0
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        ended = False
        while not ended:
            piece = file.read(_PIECE)
            ended = not piece
            text = decoder.decode(piece, final=ended)
            replaced = text.count("\ufffd")
            bad += replaced
            letters += len(text) - replaced - len(text.encode("ascii", "ignore"))
    return "utf-8" if bad == 0 or letters > bad else "cp1252"


def _ends_alike(source: Path) -> bool:
    """Whether all lines end alike, and no zeros or end-of-file marks stand in them."""
    returns = feeds = 0
    with source.open("rb") as file:
        while piece := file.read(_PIECE):
            if b"\0" in piece or b"\x1a" in piece or b"\xff" in piece:
                return False
            returns, feeds = returns + piece.count(b"\r"), feeds + piece.count(b"\n")
    return returns in (0, feeds)


def _utf16(shown: Path, head: bytes) -> str:
    """Latin text in UTF-16 has a zero in every other byte; anything else with zeros is no text."""
    for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        if zeros.count(0) > 0.8 * len(zeros):
            return encoding
    raise UnusableData(f"{shown} is not a text file; expected CSV, or Parquet named .parquet")


def _require_text(shown: Path, head: bytes) -> None:
    """Refuse a file of control characters: text has tabs, line ends, and now and then a zero of a crashed logger."""
    controls = sum(head.count(bytes([code])) for code in range(1, 32) if code not in (9, 10, 12, 13, 26, 27, 31))
    if controls > 0.02 * len(head):
        raise UnusableData(f"{shown} is not a text file; expected CSV, or Parquet named .parquet")
