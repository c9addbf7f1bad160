"""Heat maps: a small PNG to look at, and a letter for each cell to tell its value."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np

from ..recording import Floats, Integers

#: Levels of a heat map: as many as there are letters that neither HTML nor SVG reads as anything else.
_LEVELS, _FIRST_LETTER = 64, ord("?")

_LOW_COLOUR, _HIGH_COLOUR = (53, 126, 214), (222, 78, 62)


def levels(values: Floats, low: float, high: float) -> Integers:
    """`values` as whole levels from `low` to `high`; what is beyond is at the end."""
    share = np.clip((values - low) / (high - low), 0.0, 1.0)
    return np.rint(np.nan_to_num(share) * (_LEVELS - 1)).astype(np.int64)


def letters(rows: Integers) -> str:
    """A letter for each level, row after row."""
    return (rows + _FIRST_LETTER).astype(np.uint8).tobytes().decode("ascii")


def image(rows: Integers, *, diverging: bool) -> str:
    """The levels as the address of a PNG; the lowest is transparent, or the middle where colours diverge from it."""
    header = struct.pack(">IIBBBBB", rows.shape[1], rows.shape[0], 8, 3, 0, 0, 0)
    pixels = np.pad(rows.astype(np.uint8), ((0, 0), (1, 0)))  # each line begins with the filter's number: none
    colours, opacity = _palette(diverging)
    chunks = [(b"IHDR", header), (b"PLTE", colours), (b"tRNS", opacity), (b"IDAT", zlib.compress(pixels.tobytes(), 9))]
    png = b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in [*chunks, (b"IEND", b"")])
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _palette(diverging: bool) -> tuple[bytes, bytes]:
    """The colour and the opacity of each level: seen on a light page as on a dark one."""
    share = np.linspace(-1.0 if diverging else 0.0, 1.0, _LEVELS)
    colours = np.where(share[:, None] < 0, _LOW_COLOUR, _HIGH_COLOUR)
    return colours.astype(np.uint8).tobytes(), np.rint(np.abs(share) * 255).astype(np.uint8).tobytes()


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
