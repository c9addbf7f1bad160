"""Options that are more than a word: parsed once, refused with a sentence."""

from __future__ import annotations

import re

from ..errors import ConfigurationError


def backend_names(text: str | None) -> tuple[str, ...]:
    """``rust,numba`` as names; whether they exist is the policy's business."""
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def range_of_clusters(text: str) -> tuple[int, int]:
    """``2..8``, or a single number."""
    match = re.fullmatch(r"\s*(\d{1,3})\s*(?:(?:\.\.|-)\s*(\d{1,3})\s*)?", text)
    least, most = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 2 <= least <= most:
        raise ConfigurationError(f"--clusters is {text!r}; expected a range such as 2..8, from 2 on")
    return least, most


def shape(text: str) -> tuple[int, ...]:
    """``10000x50``, ``10_000`` or ``1e6x50``."""
    try:
        sizes = tuple(float(part) for part in text.lower().split("x"))
    except ValueError:
        sizes = (-1.0,)
    if not all(size >= 0 and size.is_integer() for size in sizes):
        raise ConfigurationError(f"--shape is {text!r}; expected sizes such as 10000x50, or 10000 for a vector")
    return tuple(int(size) for size in sizes)
