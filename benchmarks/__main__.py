"""``python -m benchmarks``: measures what is asked for, writes the report, prints the table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from . import build, imports, interrupts, machine, memory, report
from .case import Case
from .cases import CASES, MEMORY_CASES
from .process import run_python
from .results import summarise

OVERHEAD = "dispatch-overhead"
IMPORTS = "import-time"
INTERRUPTS = "interrupts"
BUILD = "rust-build"

Task = tuple[str, Callable[[], None]]


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", metavar="SUBSTRING", default="", help="only what has this in its id (see --list)")
    parser.add_argument("--budget", metavar="SECONDS", type=float, default=10.0, help="for timing a case (default 10)")
    parser.add_argument("--quick", action="store_true", help="smallest size of each operation, 1 second a case")
    parser.add_argument("--backend", metavar="NAME", help="ours on this backend only (default: what dispatch chooses)")
    parser.add_argument("--threads", type=int, default=2, help="of every candidate (default 2)")
    parser.add_argument(
        "--name", help="of the files in benchmarks/results (default: latest; partial if not all is run)"
    )
    parser.add_argument("--list", action="store_true", help="print the ids and stop")
    return parser.parse_args()


def _memory_id(case: Case) -> str:
    return f"memory-{case.id}"


def ids() -> list[str]:
    """Everything that can be measured."""
    return [*(case.id for case in CASES), OVERHEAD, IMPORTS, INTERRUPTS, BUILD, *map(_memory_id, MEMORY_CASES)]


def smallest() -> set[str]:
    """The ids of a quick look: of each operation, dtype and kind of data the smallest size."""
    least: dict[tuple[str, str, bool], Case] = {}
    for case in CASES:
        group = case.key, case.dtype, case.missing
        if group not in least or case.size < least[group].size:
            least[group] = case
    return {case.id for case in least.values()} | {OVERHEAD, IMPORTS, INTERRUPTS, BUILD}


def tasks(asked: argparse.Namespace, results: dict[str, Any]) -> Iterator[Task]:
    """What to run, each putting its result in its place."""
    wanted = [i for i in ids() if asked.only in i and (not asked.quick or i in smallest())]
    if asked.quick:
        asked.budget = min(asked.budget, 1.0)
    for case in CASES:
        if case.id in wanted:
            yield case.id, lambda case=case: results["cases"].append(_measure(case, asked))
    if OVERHEAD in wanted:
        rounds = "5" if asked.quick else "25"
        yield OVERHEAD, lambda: results.update(overhead=run_python("-m", "benchmarks.overhead", rounds, threads=1))
    if IMPORTS in wanted:
        count = 3 if asked.quick else 11
        yield IMPORTS, lambda: results.update(imports=imports.measure(count, asked.threads))
    if INTERRUPTS in wanted:
        yield INTERRUPTS, lambda: results.update(interrupts=interrupts.measure(asked.threads))
    if BUILD in wanted:
        yield BUILD, lambda: results.update(build=build.measure())
    for case in MEMORY_CASES if memory.available() else ():
        if _memory_id(case) in wanted:
            yield (
                _memory_id(case),
                lambda case=case: results["memory"].append(memory.measure(case, asked.threads, asked.backend)),
            )


def _measure(case: Case, asked: argparse.Namespace) -> dict[str, Any]:
    options = {"--budget": asked.budget, "--rounds": 2 if asked.quick else 3, "--threads": asked.threads}
    words = [str(word) for pair in options.items() for word in pair]
    words += ["--backend", asked.backend] if asked.backend else []
    return summarise(case, run_python("-m", "benchmarks.measure", case.id, *words, threads=asked.threads))


def main() -> None:
    asked = parse()
    console = Console(width=None if sys.stdout.isatty() else report.PIPE_WIDTH)
    if asked.list:
        console.print("\n".join(ids()), highlight=False)
        return
    name = asked.name or ("partial" if asked.only or asked.quick else "latest")
    results: dict[str, Any] = {"name": name, "machine": machine.describe(asked.threads), "cases": [], "memory": []}
    todo = list(tasks(asked, results))
    columns = BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}")
    try:
        with Progress(*columns, console=console) as progress:
            bar = progress.add_task("", total=len(todo))
            for task_id, run in todo:
                progress.update(bar, description=task_id)
                run()
                progress.advance(bar)
    except KeyboardInterrupt:
        console.print("Stopped: the report holds what was measured so far.")
    path = report.write(results, name)
    report.show(results, console)
    console.print(f"Written: benchmarks/results/{path.name} and {path.stem}.json", highlight=False)


if __name__ == "__main__":
    main()
