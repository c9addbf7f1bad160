"""Text as HTML and SVG show it."""

from __future__ import annotations

from html import escape as escape_markup

from .errors import printable


def escape(text: str) -> str:
    """`text` as it may stand between tags and in quotes."""
    return escape_markup(printable(text))
