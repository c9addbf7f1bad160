"""The command ``acm-monitor`` and its options; errors become one sentence and exit code 2."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from acm_dispatch import ConfigurationError
from acm_dispatch.cli.console import console, errors_as_sentences, plain_warnings, tolerant_streams

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def run() -> None:
    """Run the command line as a program."""
    plain_warnings()
    tolerant_streams()
    app(prog_name="acm-monitor")


@app.command()
def monitor(
    file: Annotated[
        Path | None, typer.Argument(help="CSV or Parquet with a time column; a simulation if left out.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Also write this HTML file, with figures.")] = None,
    backend: Annotated[str | None, typer.Option(help="Prefer these backends: rust, or rust,numba.")] = None,
    clusters: Annotated[str, typer.Option(help="Least and most operating regimes to look for.")] = "2..8",
    time_column: Annotated[str | None, typer.Option(help="The column that holds the time, if it is not found.")] = None,
    day_first: Annotated[
        bool | None, typer.Option("--day-first/--month-first", help="Order in dates like 3/4/2024, if not found out.")
    ] = None,
    decimal: Annotated[str | None, typer.Option(help="Decimal sign, point or comma, if not found out.")] = None,
    columns: Annotated[list[str] | None, typer.Option(help="Only this sensor; repeatable.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="Not this column; repeatable.")] = None,
    label: Annotated[list[str] | None, typer.Option(help="A column that is a label and no sensor; repeatable.")] = None,
    timing: Annotated[
        bool | None,
        typer.Option(
            "--timing/--no-timing", help="Time every dispatched call beside NumPy; by default the simulation's."
        ),
    ] = None,
) -> None:
    """Condition monitoring of a sensor recording: regimes, detectors, health, episodes."""
    from .job import Options, run_job
    from .reading import Reading

    with errors_as_sentences():
        reading = Reading(
            time_column,
            day_first,
            _decimal_sign(decimal),
            labels=tuple(label or ()),
            columns=tuple(columns or ()),
            exclude=tuple(exclude or ()),
        )
        run_job(Options(file, report, _names(backend), _range_of_clusters(clusters), reading, timing), console())


def _names(text: str | None) -> tuple[str, ...]:
    """``rust,numba`` as names; whether they exist is the policy's business."""
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def _range_of_clusters(text: str) -> tuple[int, int]:
    """``2..8``, or a single number."""
    match = re.fullmatch(r"\s*(\d{1,3})\s*(?:(?:\.\.|-)\s*(\d{1,3})\s*)?", text)
    least, most = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 2 <= least <= most:
        raise ConfigurationError(f"--clusters is {text!r}; expected a range such as 2..8, from 2 on")
    return least, most


def _decimal_sign(text: str | None) -> str | None:
    """``point`` or ``comma``, or the sign itself."""
    signs = {"point": ".", ".": ".", "comma": ",", ",": ","}
    if text is not None and text.lower() not in signs:
        raise ConfigurationError(f"--decimal is {text!r}; expected point or comma")
    return None if text is None else signs[text.lower()]
