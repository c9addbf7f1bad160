"""How far a reading is, on the terminal: where rich is installed, and the terminal shows it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

from .source import Block


def shown(blocks: Iterable[Block], label: str, rows: int | None, *, wanted: bool) -> Iterator[Block]:
    """The blocks; with a bar that counts their rows where it is wanted."""
    bar = _bar() if wanted else None
    if bar is None:
        yield from blocks
        return
    with bar:
        task = bar.add_task(label, total=rows)
        for block in blocks:
            yield block
            bar.advance(task, len(block.values))


def _bar() -> Any:
    """A bar of rich's on the terminal of errors, or None."""
    try:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    except ImportError:
        return None
    console = Console(file=sys.stderr)
    if not console.is_terminal:
        return None
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} rows"),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, transient=True)
