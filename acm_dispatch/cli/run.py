"""``acm-dispatch run``: a script under process-wide tracing, its exit code preserved."""

from __future__ import annotations

import runpy
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from types import TracebackType

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..errors import ConfigurationError
from ..execution import tracing
from ..execution.tracing import Record
from ..policy.scopes import set_process_tracing
from .console import console, say


def run_traced(script: Path, arguments: Sequence[str], *, table: bool, file: Path | None) -> int:
    """Run `script` as the main program; print and write what was dispatched, whatever way it ended.

    Returns
    -------
    int
        The script's exit code.

    Raises
    ------
    ConfigurationError
        If the script or the trace's folder does not exist.
    """
    if not script.is_file():
        raise ConfigurationError(f"script {script} does not exist")
    if file is not None and not file.parent.is_dir():
        raise ConfigurationError(f"the trace cannot be written: folder {file.parent} does not exist")
    trace = tracing.process_trace()
    set_process_tracing("time")
    try:
        code = _run(script, arguments)
    finally:
        set_process_tracing(None)
    sys.stdout.flush()
    if table:
        show_records(trace.records, console(stderr=True))
    return code if file is None else _write(trace, file) or code


def _write(trace: tracing.Trace, file: Path) -> int:
    """Write the trace; 2 if that fails, since the script cannot be run again for it lightly."""
    try:
        trace.to_chrome(file)
    except OSError as error:
        say(f"Error: the trace cannot be written to {file}: {error.strerror}")
        return 2
    say(f"Trace of {len(trace.records):,} calls: {file}")
    return 0


def _run(script: Path, arguments: Sequence[str]) -> int:
    sys.argv = [str(script), *arguments]
    sys.path[0] = str(script.parent.resolve())
    try:
        runpy.run_path(str(script), run_name="__main__")
    except SystemExit as stop:
        return _exit_code(stop)
    except KeyboardInterrupt:
        say("Interrupted.")
        return 130
    except BaseException as error:
        traceback.print_exception(type(error), error, _within(script, error.__traceback__))
        return 1
    return 0


def _exit_code(stop: SystemExit) -> int:
    """What Python makes of ``sys.exit(...)``: nothing is 0, a number itself, anything else a message and 1."""
    if stop.code is None:
        return 0
    if isinstance(stop.code, int):
        return stop.code
    say(str(stop.code))
    return 1


def _within(script: Path, frames: TracebackType | None) -> TracebackType | None:
    """The traceback from the script's first line on; all of it for an error before (a syntax error)."""
    first = frames
    while first is not None and first.tb_frame.f_code.co_filename != str(script):
        first = first.tb_next
    return first or frames


def show_records(records: Sequence[Record], to: Console) -> None:
    """The calls, those of one operation, shape and backend in one line, the most expensive first."""
    groups: dict[tuple[str, ...], list[Record]] = {}
    for record in records:
        key = record.operation, record.shape, record.dtype, record.backend, record.decided_by
        groups.setdefault(key, []).append(record)
    table = Table(box=SIMPLE_HEAD, header_style="bold")
    for name in ("operation", "shape", "dtype", "backend", "why"):
        table.add_column(name, overflow="fold")
    for name in ("calls", "median ms", "total ms"):
        table.add_column(name, justify="right", no_wrap=True)
    for key, group in sorted(groups.items(), key=lambda item: -sum(record.seconds for record in item[1])):
        seconds = [record.seconds for record in group]
        numbers = f"{len(group):,}", f"{median(seconds) * 1e3:.3f}", f"{sum(seconds) * 1e3:.3f}"
        table.add_row(*map(Text, key), *numbers)
    to.print(f"{len(records):,} dispatched calls", highlight=False)
    if groups:
        to.print(table)
