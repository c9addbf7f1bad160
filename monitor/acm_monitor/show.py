"""The result on a terminal or in a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as RichTable
from rich.text import Text

from .errors import printable
from .recording import counted
from .section import Section, Table

#: Rows that are shown of a table of which there may be any number.
_MOST_ROWS = 8


def show(console: Console, sections: Iterable[Section]) -> None:
    """Print `sections`; names from the data are never read as markup."""
    for section in sections:
        console.print(Text(section.title, style="bold cyan"))
        for paragraph in section.paragraphs:
            console.print(Padding(Text(printable(paragraph)), (0, 0, 0, 2), expand=False))
        if section.table is not None:
            shown = _first_rows(section.table)
            console.print(_fitting(shown, console))
            if more := len(section.table.rows) - len(shown.rows):
                told = counted(more, f"more {shown.things}")
                console.print(f"  and {told}, all in the report (--report)", style="dim", highlight=False)
        for note in section.notes:
            console.print(Padding(Text(printable(note), style="dim"), (0, 0, 0, 2), expand=False))
        console.print()


def _first_rows(table: Table) -> Table:
    """`table` with no more rows than one reads on a terminal, if there may be any number."""
    return table._replace(rows=table.rows[:_MOST_ROWS]) if table.things else table


def _fitting(table: Table, console: Console) -> RichTable:
    rich = _rich_table(table)
    if table.below and Measurement.get(console, console.options, rich).maximum >= console.width:
        rich = _rich_table(_stacked(table))
        rich.padding = 0  # the box itself leaves a space between columns
    return rich


def _stacked(table: Table) -> Table:
    """`table` with fewer columns and cells of two lines."""
    columns: dict[str, list[str]] = {}
    last = ""
    for name, cells in zip(table.header, zip(*table.rows, strict=True), strict=True):
        if name in table.below:
            columns[f"{last}, {name}"] = [
                f"{over}\n {cell}" for over, cell in zip(columns.pop(last), cells, strict=True)
            ]
        else:
            columns[name] = list(cells)
        last = name
    return Table(tuple(columns), list(zip(*columns.values(), strict=True)), table.numeric)


def _rich_table(table: Table) -> RichTable:
    """`table` for rich: the long text columns fold, the numbers never."""
    rich = RichTable(box=SIMPLE_HEAD, pad_edge=True, header_style="bold")
    for name in table.header:
        numeric = name in table.numeric
        rich.add_column(name, justify="right" if numeric else "left", no_wrap=numeric, overflow="fold")
    for row in table.rows:
        rich.add_row(*(Text("\n".join(map(printable, cell.split("\n")))) for cell in row))
    return rich


@contextmanager
def progress_bar(label: str, total: int) -> Iterator[Callable[[str], None]]:
    """A bar on standard error while the block runs; the function tells it the next step. Nothing in a pipe."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description:32}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(label, total=total)
        started = False

        def step(description: str) -> None:
            nonlocal started
            progress.update(task, description=description, advance=1 if started else 0)
            started = True

        yield step
