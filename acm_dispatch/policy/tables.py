"""A table as notebooks show it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def html(caption: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """The HTML of a table whose cells are text, whatever they hold."""
    from html import escape  # here, since importing the library is to cost little

    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
