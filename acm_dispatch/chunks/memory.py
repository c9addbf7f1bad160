"""How many rows a block has, so that a job stays within the memory that it is given."""

from __future__ import annotations

import re
from typing import Any

from ..errors import InvalidInput, shown
from .source import Source

#: What a job may take for its blocks where nothing is said.
USUAL = 128_000_000

#: The share of it that is one block: two are read, windows and results are copies, and readers and writers hold pages.
_SHARE = 32

#: Rows of a block: no fewer, since every block costs some calls, and quantiles lose ranks to it.
_LEAST_ROWS = 1024

_UNITS = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def in_bytes(value: Any) -> int:
    """Bytes of a number, or of a text such as "200MB"."""
    text = str(value).strip().lower() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmg]i?b|)", text)
    if match is None or float(match[1]) <= 0:
        raise InvalidInput("scan", "memory", f"is {shown(value)}; expected bytes, or a text such as '200MB'")
    return int(float(match[1]) * _UNITS[match[2]])


def rows_of_block(source: Source, memory: int, least: int = 0) -> int:
    """Rows that a block of this source has; `least` are those before a block that an operation needs."""
    width = max(1, source.width) * source.dtype.itemsize
    return max(_LEAST_ROWS, least, memory // _SHARE // width)
