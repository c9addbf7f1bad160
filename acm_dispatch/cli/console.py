"""How the command line speaks: tables on standard output, sentences about trouble on standard error."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console

from ..errors import DispatchError, DispatchWarning

#: Exit codes: the user can change something; the user stopped it.
_REFUSED, _INTERRUPTED = 2, 130

#: Columns of a table that goes into a pipe or a file, where nothing says how wide it may be.
_PIPE_WIDTH = 120


def console(*, stderr: bool = False) -> Console:
    """A console for the stream as it is now: as wide as the terminal, plain text in a pipe."""
    found = Console(stderr=stderr)
    if not found.is_terminal and "COLUMNS" not in os.environ:
        found.width = _PIPE_WIDTH
    return found


def say(message: str) -> None:
    """One line on standard error, never wrapped, so that it can be searched for."""
    print(message, file=sys.stderr)


@contextmanager
def errors_as_sentences() -> Iterator[None]:
    """End the command with one line for what its user can change; any other error keeps its traceback."""
    try:
        yield
    except DispatchError as error:
        say(f"Error: {error}")
        raise typer.Exit(_REFUSED) from None
    except KeyboardInterrupt:
        say("Interrupted.")
        raise typer.Exit(_INTERRUPTED) from None


def plain_warnings() -> None:
    """Show this package's warnings as sentences, without the place in its code; all others as ever."""
    ordinary = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        if issubclass(category, DispatchWarning):
            say(f"Warning: {message}")
        else:
            ordinary(message, category, *where, **more)

    warnings.showwarning = show


def tolerant_streams() -> None:
    """Let a terminal that lacks a character show a question mark instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="replace")
