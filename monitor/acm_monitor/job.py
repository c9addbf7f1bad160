"""The whole job: from a file (or the simulation) to the printed result and the report."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

import acm_dispatch

from .calls import Calls, Measured
from .errors import printable
from .examine import STEPS, Findings, examine
from .plots import figures
from .reading import Reading, load
from .report import write_report
from .sections import sections
from .show import progress_bar, show
from .simulate import simulate
from .targets import check_target


class Options(NamedTuple):
    """What the user asked for."""

    file: Path | None = None
    report: Path | None = None
    backends: tuple[str, ...] = ()
    clusters: tuple[int, int] = (2, 8)
    reading: Reading = Reading()
    #: Whether each call is timed beside NumPy and checked; by default that of the simulation is, a file's not.
    timing: bool | None = None


def run_job(options: Options, console: Console) -> Findings:
    """Load or simulate, analyse, print, and write the report if one is asked for.

    Raises
    ------
    UnusableData
        With a sentence on what the user can change.
    acm_dispatch.DispatchError
        If a named backend is not there.
    """
    start = time.perf_counter()
    if options.report is not None:
        check_target(options.report, "report", [options.file] if options.file else [])
    with acm_dispatch.use(*options.backends):
        recording = simulate() if options.file is None else load(options.file, options.reading)
        timing = options.file is None if options.timing is None else options.timing
        calls = Calls(timing=timing)
        with progress_bar("reading", options.clusters[1] - options.clusters[0] + 1 + STEPS) as step:
            findings = examine(recording, calls, clusters=options.clusters, on_step=step)
        measured = _measure(calls, timing)
    result = sections(findings, measured, calls.warm_up)
    if options.report is not None:  # before the printing, which ends early when its reader does (`| head`)
        subtitle = f"acm-dispatch {acm_dispatch.__version__}, {datetime.now().astimezone():%Y-%m-%d %H:%M %Z}"
        title = f"Condition monitoring: {recording.source}"
        write_report(options.report, title, subtitle, result, figures(findings, measured))
    show(console, result.values())
    if options.report is not None:
        console.print(f"Report: {printable(str(options.report))}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"Done in {time.perf_counter() - start:.1f} s.", highlight=False)
    return findings


def _measure(calls: Calls, again: bool) -> list[Measured]:
    if not again:
        return list(calls.measured(again=False))
    measured: list[Measured] = []
    with progress_bar("timing beside NumPy", len(calls)) as step:
        for row in calls.measured(again=True):
            measured.append(row)
            step("timing beside NumPy")
    return measured
