"""``python -m benchmarks.pipeline``: a whole condition monitoring against NumPy, pandas and scikit-learn, by stage."""

from __future__ import annotations

import argparse
import json
import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from rich.console import Console

import acm_dispatch
from acm_dispatch.execution.timing import wait_for_idle_threads

from . import machine, memory, pipeline_report, report
from .chains import STAGES, Clock, plant, run
from .measure import OURS, WAIT, Candidate, interleave
from .process import load_average, pin, run_python, without_paths
from .results import quartiles

SIZES = (10_000, 100_000)
SENSORS = 50
THEIRS = "numpy, pandas, scikit-learn"
MODULES = {OURS: "ours", THEIRS: "theirs"}

TOTAL = "total"

#: For warming up: imports, thread pools, plans.
_SMALL = 1_000


@dataclass
class Chain(Candidate):
    """A chain as a candidate: with the times of the whole, those of its stages and their parts, by round."""

    seconds: dict[int, dict[str, float]] = field(default_factory=dict)
    x: Any = None

    def sample(self, number: int) -> None:
        """One run, part by part."""
        begun = time.perf_counter()
        wait_for_idle_threads(**WAIT)
        clock = Clock()
        run(chain(self.name), self.x, clock)
        self.seconds[number] = clock.seconds | {stage: clock.stage(stage) for stage in STAGES}
        self.times[number] = self.seconds[number][TOTAL] = sum(map(clock.stage, STAGES))
        self.spent += time.perf_counter() - begun


def chain(name: str) -> Any:
    """The module of that chain."""
    return import_module(f"{__package__}.chains.{MODULES[name]}")


def measure(rows: int, budget: float, rounds: int, sensors: int = SENSORS) -> dict[str, Any]:
    """Both chains on the same rows: checked against each other, then timed in turns."""
    load = load_average()
    for name in MODULES:
        run(chain(name), plant(_SMALL, sensors))
    x = plant(rows, sensors)
    checks = _agreement(x)
    chains = [Chain(name, name, start=lambda: None, x=x) for name in MODULES]
    interleave(chains, budget, rounds)
    return {
        "rows": rows,
        "sensors": sensors,
        "load_average": [load, load_average()],
        "agreement": [check._asdict() | {"holds": check.holds} for check in checks],
        "backends": _backends(x[:_SMALL]),
        "stages": {name: _against(chains, name) for name in (*STAGES, TOTAL)},
        "parts": {name: _against(chains, name) for parts in STAGES.values() for name in parts},
    }


def _agreement(x: Any) -> list[Any]:
    from .chains.agreement import compare

    outcomes = [run(chain(name), x) for name in MODULES]
    return compare(*outcomes)


def _against(chains: list[Chain], name: str) -> dict[str, Any]:
    """Milliseconds of both for a stage or part, and quartiles of the ratio of the same round."""
    ours, theirs = ({number: seconds[name] for number, seconds in c.seconds.items()} for c in chains)
    ratios = [seconds / ours[number] for number, seconds in theirs.items()]
    return {
        "ms": quartiles(list(ours.values()))[1] * 1e3,
        "their_ms": quartiles(list(theirs.values()))[1] * 1e3,
        "ratio": list(quartiles(ratios)),
        "rounds": len(ratios),
    }


def _backends(x: Any) -> dict[str, str]:
    """Where each operation of our chain runs."""
    with acm_dispatch.trace() as trace:
        run(chain(OURS), x)
    return {record.operation: record.backend for record in trace.records}


def peak(rows: int, name: str) -> dict[str, Any]:
    """Peak memory of a chain above its input, in this process."""
    run(chain(name), plant(_SMALL, SENSORS))
    x = plant(rows, SENSORS)
    megabytes, _ = memory.peak_above_inputs(lambda: run(chain(name), x))
    return {"peak_mb": megabytes, "input_mb": x.nbytes / 1e6}


def size(rows: int, asked: argparse.Namespace) -> dict[str, Any]:
    """Times and peaks of one size, each from a process of its own."""
    words = ["-m", "benchmarks.pipeline", "--rows", str(rows), "--threads", str(asked.threads)]
    words += ["--backend", asked.backend] if asked.backend else []
    timing = ["--budget", str(asked.budget), "--rounds", str(asked.rounds)]
    row = run_python(*words, *timing, "--inside", "times", threads=asked.threads) | {"rows": rows}
    if memory.available():
        row["memory"] = {name: run_python(*words, "--inside", name, threads=asked.threads) for name in MODULES}
    return row


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pipeline", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=list(SIZES), help="sizes (default 10000 100000)")
    parser.add_argument("--budget", metavar="SECONDS", type=float, default=60.0, help="for timing a size (default 60)")
    parser.add_argument("--rounds", type=int, default=3, help="at least so many (default 3)")
    parser.add_argument("--backend", metavar="NAME", help="ours on this backend only (default: what dispatch chooses)")
    parser.add_argument("--threads", type=int, default=2, help="of both chains (default 2)")
    parser.add_argument("--name", default="pipeline", help="of the files in benchmarks/results")
    parser.add_argument("--inside", choices=("times", *MODULES), help=argparse.SUPPRESS)
    return parser.parse_args()


def _inside(asked: argparse.Namespace) -> dict[str, Any]:
    """One measurement, in the process that was started for it."""
    pin(asked.threads)
    (rows,) = asked.rows
    with acm_dispatch.use(asked.backend, strict=True) if asked.backend else nullcontext():
        try:
            return measure(rows, asked.budget, asked.rounds) if asked.inside == "times" else peak(rows, asked.inside)
        except Exception as error:  # a line in the report
            return {"failed": without_paths(f"{type(error).__name__}: {error}")}


def main() -> None:
    asked = parse()
    if asked.inside:
        print(json.dumps(_inside(asked)))
        return
    console = Console(width=None if sys.stdout.isatty() else report.PIPE_WIDTH)
    results = {"name": asked.name, "machine": machine.describe(asked.threads), "sizes": []}
    with console.status("measuring") as status:
        for rows in asked.rows:
            status.update(f"{rows:,} rows")
            results["sizes"].append(size(rows, asked))
    path = report.write(results, asked.name, pipeline_report.markdown)
    pipeline_report.show(results, console)
    console.print(f"Written: benchmarks/results/{path.name} and {path.stem}.json", highlight=False)


if __name__ == "__main__":
    main()
