"""The command ``acm-monitor`` and its options; errors become one sentence and exit code 2."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from acm_dispatch import ConfigurationError
from acm_dispatch.cli.console import console, errors_as_sentences, plain_warnings, tolerant_streams

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


#: Exit code of ``--alert`` where an episode was found.
ALERTED = 3


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
    output: Annotated[
        Path | None, typer.Option(help="Also write what each row got: .parquet, .csv or .json (all of it).")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Settings from this TOML file; options override it.")] = None,
    write_config: Annotated[bool, typer.Option("--write-config", help="Print the settings as TOML, and end.")] = False,
    train: Annotated[str | None, typer.Option(help="Learn of these healthy times only: FROM..TO.")] = None,
    save_model: Annotated[Path | None, typer.Option(help="Keep what was learnt in this file (.npz).")] = None,
    model: Annotated[Path | None, typer.Option(help="Judge by what was learnt before, learn nothing.")] = None,
    alert: Annotated[bool, typer.Option("--alert", help="Exit code 3 if an episode is found.")] = False,
    summary: Annotated[bool, typer.Option("--summary", help="Print one line of JSON instead of the result.")] = False,
    backend: Annotated[str | None, typer.Option(help="Prefer these backends: rust, or rust,numba.")] = None,
    clusters: Annotated[
        str | None, typer.Option(help="Least and most operating regimes to look for; 2..8 if left out.")
    ] = None,
    time_column: Annotated[str | None, typer.Option(help="The column that holds the time, if it is not found.")] = None,
    time_format: Annotated[str | None, typer.Option(help="How times are written, such as %d.%m.%Y %H:%M.")] = None,
    day_first: Annotated[
        bool | None, typer.Option("--day-first/--month-first", help="Order in dates like 3/4/2024, if not found out.")
    ] = None,
    decimal: Annotated[str | None, typer.Option(help="Decimal sign, point or comma, if not found out.")] = None,
    columns: Annotated[list[str] | None, typer.Option(help="Only this sensor; repeatable.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="Not this column; repeatable.")] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(help="A column that is a label and no sensor: the result is held against it; repeatable."),
    ] = None,
    timing: Annotated[
        bool | None,
        typer.Option(
            "--timing/--no-timing", help="Time every dispatched call beside NumPy; by default the simulation's."
        ),
    ] = None,
) -> None:
    """Condition monitoring of a sensor recording: regimes, detectors, health, episodes.

    Exit codes: 0 when the job is done, 2 when an option or a file is refused (a sentence says why), 3 with --alert
    where an episode is found, 130 when it is interrupted.
    """
    from .config import Config, made, period, read_config, written
    from .job import Options, run_job

    with errors_as_sentences():
        reading = {
            "time_column": time_column,
            "time_format": time_format,
            "day_first": day_first,
            "decimal": _decimal(decimal),
            "labels": label,
            "columns": columns,
            "exclude": exclude,
        }
        analysis = {"backends": _listed(backend), "clusters": _range_of_clusters(clusters)}
        given = {"reading": _given(reading), "analysis": _given(analysis)}
        settings = made(given, "the command line", Config() if config is None else read_config(config))
        if train is not None:
            settings = settings._replace(train=period(train, "--train"))
        if write_config:
            console().print(written(settings), markup=False, highlight=False, soft_wrap=True)
            return
        options = Options(file, report, settings, timing, output, save_model, model, summary)
        findings = run_job(options, console())
        if alert and findings.episodes:
            raise typer.Exit(ALERTED)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """The options that were named."""
    return {name: value for name, value in options.items() if value is not None and value != []}


def _listed(text: str | None) -> list[str]:
    """``rust,numba`` as names; whether they exist is the policy's business."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _range_of_clusters(text: str | None) -> list[int] | None:
    """``2..8``, or a single number."""
    if text is None:
        return None
    match = re.fullmatch(r"\s*(\d{1,3})\s*(?:(?:\.\.|-)\s*(\d{1,3})\s*)?", text)
    least, most = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 2 <= least <= most:
        raise ConfigurationError(f"--clusters is {text!r}; expected a range such as 2..8, from 2 on")
    return [least, most]


def _decimal(text: str | None) -> str | None:
    """``point`` or ``comma``, or the sign itself."""
    if text is not None and text.lower() not in ("point", "comma", ".", ","):
        raise ConfigurationError(f"--decimal is {text!r}; expected point or comma")
    return text
