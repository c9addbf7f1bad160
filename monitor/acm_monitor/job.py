"""The whole job: from a file (or the simulation) to the printed result and the files that are asked for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

import acm_dispatch

from .calls import Calls, Measured
from .config import Config
from .errors import printable
from .examine import STEPS, Findings, examine
from .model import load_model, save_model
from .reading import load
from .report import write_findings
from .sections import sections
from .show import progress_bar, show
from .simulate import simulate
from .tables import as_json, check_suffix, summary, write_output
from .targets import check_target, write_whole


class Options(NamedTuple):
    """What the user asked for."""

    file: Path | None = None
    report: Path | None = None
    config: Config = Config()
    #: Whether each call is timed beside NumPy and checked; by default that of the simulation is, a file's not.
    timing: bool | None = None
    output: Path | None = None
    save_model: Path | None = None
    #: Nothing is learnt; this file says what is usual.
    model: Path | None = None
    #: One line of JSON is printed instead of the result.
    summary: bool = False

    def targets(self) -> Iterator[tuple[str, Path]]:
        """Files to write, and what they are."""
        for what, path in (("report", self.report), ("output", self.output), ("model", self.save_model)):
            if path is not None:
                yield what, path


def run_job(options: Options, console: Console) -> Findings:
    """Load or simulate, analyse, write the files that are asked for, and print.

    Raises
    ------
    UnusableData
        With a sentence on what the user can change.
    acm_dispatch.DispatchError
        If a named backend is not there.
    """
    start = time.perf_counter()
    _check(options)
    config = options.config
    with acm_dispatch.use(*config.backends):
        model = None if options.model is None else load_model(options.model)
        recording = simulate() if options.file is None else load(options.file, config.reading)
        timing = options.file is None if options.timing is None else options.timing
        calls = Calls(timing=timing)
        trials = 0 if model else config.clusters[1] - config.clusters[0] + 1
        with progress_bar("reading", trials + STEPS) as step:
            findings = examine(
                recording,
                calls,
                clusters=config.clusters,
                train=config.train,
                model=model,
                limits=config.thresholds,
                on_step=step,
            )
        measured = _measure(calls, timing)
    _write(options, findings, measured, calls.warm_up)  # before the printing, which its reader may end (`| head`)
    if options.summary:
        console.print(as_json(summary(findings)), markup=False, highlight=False, soft_wrap=True)
        return findings
    show(console, sections(findings, measured, calls.warm_up).values())
    for what, path in options.targets():
        said = printable(f"{what.capitalize()}: {path}")
        console.print(said, markup=False, highlight=False, soft_wrap=True)
    console.print(f"Done in {time.perf_counter() - start:.1f} s.", highlight=False)
    return findings


def _check(options: Options) -> None:
    """Refuse files that could not be written, before the work is done."""
    taken = [path for path in (options.file, options.model) if path is not None]
    for what, path in options.targets():
        check_target(path, what, taken)
        taken.append(path)
    if options.output is not None:
        check_suffix(options.output)


def _write(options: Options, findings: Findings, measured: list[Measured], warm_up: float) -> None:
    if options.report is not None:
        write_findings(options.report, findings, measured, warm_up)
    if options.output is not None:
        write_whole(options.output, "output", lambda path: write_output(path, findings))
    if options.save_model is not None:
        write_whole(options.save_model, "model", lambda path: save_model(path, findings.model))


def _measure(calls: Calls, again: bool) -> list[Measured]:
    if not again:
        return list(calls.measured(again=False))
    measured: list[Measured] = []
    with progress_bar("timing beside NumPy", len(calls)) as step:
        for row in calls.measured(again=True):
            measured.append(row)
            step("timing beside NumPy")
    return measured
