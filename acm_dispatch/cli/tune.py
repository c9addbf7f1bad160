"""``acm-dispatch tune``: a measuring run with a bar that says how long it goes on, and the table of what changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from ..errors import ConfigurationError
from ..selection.profile import site_path
from ..tuning.session import Progress
from ..tuning.tune import DTYPES, tune
from ..tuning.warming import Warmed, warm_up


def run_tuning(to: Console, seconds: float, profile: Path | None, for_image: bool, **asked: Any) -> None:
    """Measure for so many seconds and print what changed; Ctrl-C ends the run, and keeps what was measured."""
    if for_image:
        profile = site_path()
    columns = (
        TextColumn("{task.description:30}"),
        BarColumn(),
        TextColumn("{task.fields[cells]}"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=to, transient=True) as bar:
        task = bar.add_task("reading kernels", total=seconds, cells="")

        def show(progress: Progress) -> None:
            cells = f"{progress.done:,} of {progress.cells:,} cells"
            bar.update(task, completed=progress.spent, description=progress.cell.operation, cells=cells)

        done = tune(seconds, profile=profile, show=show, **{k: v for k, v in asked.items() if v})
    to.print(str(done), markup=False, highlight=False, soft_wrap=True)


def run_warm_up(to: Console, operations: Sequence[str], backends: Sequence[str], dtypes: Sequence[str]) -> None:
    """Make the first call of each kernel that is compiled in it, a line for each."""
    if strange := set(dtypes) - set(DTYPES):
        raise ConfigurationError(f"--dtypes has {sorted(strange)[0]!r}; expected some of {', '.join(DTYPES)}")

    def show(done: Warmed) -> None:
        to.print(f"{done.seconds:6.2f} s  {done.operation} on {done.backend}, {done.dtype}", highlight=False)

    done = warm_up(operations, backends, dtypes, show)
    to.print(f"{len(done)} kernels are ready", highlight=False)


def listed(text: str | None) -> Sequence[str]:
    """The words of a list with commas."""
    return [word.strip() for word in (text or "").split(",") if word.strip()]
