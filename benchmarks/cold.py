"""``python -m benchmarks.cold``: jobs of 1, 10 and 1,000 calls from cold caches, compilation counted.

Each job runs in a fresh process whose Numba cache is empty, under the bundled profile: as dispatch chooses, on NumPy
alone, and on Numba alone. Dispatch must not take more than twice the better of these two, however many calls there are.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import acm_dispatch
from acm_dispatch.execution.dispatch import find
from acm_dispatch.tuning.cells import Cell, drawn

from .process import load_average, run_python

#: Lengths of the jobs, and the most that one may take of the better of two.
CALLS, LIMIT = (1, 10, 1000), 2.0

#: Operations of loops, sorting, moving windows and matrices.
OPERATIONS = ("zscore", "impute", "column_median_mad", "rolling_median", "rolling_mean", "pairwise_distances_argmin")

#: Rows of five columns: a call of some microseconds, and one that lasts.
ROWS = (200, 20_000)

#: A job that takes longer than this ends; what is missing of it is told from its last calls.
_MOST_SECONDS = 60.0


class Job(NamedTuple):
    """Seconds until so many calls were done, by who ran them."""

    operation: str
    rows: int
    calls: int
    dispatch: float
    numpy: float
    numba: float

    @property
    def ratio(self) -> float:
        """Time as dispatch chooses over that of the better of the two."""
        return self.dispatch / min(self.numpy, self.numba)


def jobs(operation: str, rows: int, threads: int, repeat: int) -> list[Job]:
    """Jobs of each length: medians over processes in turns, each with a cache of its own."""
    names = ("dispatch", "numpy", "numba")
    runs = [{name: _in_fresh_process(operation, rows, name, threads) for name in names} for _ in range(repeat)]
    medians = {
        (name, calls): statistics.median(run[name][str(calls)] for run in runs) for name in names for calls in CALLS
    }
    return [Job(operation, rows, calls, *(medians[name, calls] for name in names)) for calls in CALLS]


def _in_fresh_process(operation: str, rows: int, backend: str, threads: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NUMBA_CACHE_DIR"] = os.environ["ACM_DISPATCH_CACHE_DIR"] = folder
        found = run_python("-m", "benchmarks.cold", "--job", operation, str(rows), backend, threads=threads)
    if "failed" in found:
        raise SystemExit(f"{operation} on {backend}: {found['failed']}")
    return found


def run_job(operation: str, rows: int, backend: str) -> dict[int, float]:
    """Seconds after which 1, 10, 1,000 calls were done in this process, imports of the backend's counted."""
    subject = find(operation)
    arguments = drawn(subject, Cell(operation, rows, 5, "float64", 1)).arguments
    asked: Any = {"exclude": ["rust"]} if backend == "dispatch" else {"strict": True}
    names = () if backend == "dispatch" else (backend,)
    done: dict[int, float] = {}
    with acm_dispatch.use(*names, **asked, profile="bundled"):
        begun = before = time.perf_counter()
        for count in range(1, max(CALLS) + 1):
            subject.function(**arguments)
            now = time.perf_counter()
            if count in CALLS:
                done[count] = now - begun
            if now - begun > _MOST_SECONDS:
                last = now - before
                return {calls: done.get(calls, now - begun + (calls - count) * last) for calls in CALLS}
            before = now
    return done


def main() -> None:
    """Print each job and, as the last line, a summary; ends with status 1 where a job takes too long."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cold", description=__doc__)
    parser.add_argument("--ops", nargs="*", default=OPERATIONS)
    parser.add_argument("--rows", nargs="*", type=int, default=ROWS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3, help="processes of each candidate")
    parser.add_argument("--json", action="store_true", help="the summary alone")
    parser.add_argument("--job", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.job:
        operation, rows, backend = asked.job
        print(json.dumps(run_job(operation, int(rows), backend)))
        return
    found: list[Job] = []
    for operation in asked.ops:
        for rows in asked.rows:
            for job in jobs(operation, rows, asked.threads, asked.repeat):
                found.append(job)
                if not asked.json:
                    print(_line(job), flush=True)
    print(json.dumps(summary(found)))
    raise SystemExit(any(job.ratio > LIMIT for job in found))


def _line(job: Job) -> str:
    times = f"dispatch {job.dispatch:9.4f}  numpy {job.numpy:9.4f}  numba {job.numba:9.4f} seconds"
    return f"{job.ratio:6.2f}  {job.operation:26} {job.rows:7,} rows {job.calls:5,} calls  {times}"


def summary(found: Sequence[Job]) -> dict[str, Any]:
    """The worst job of each length."""
    worst = {str(calls): round(max(job.ratio for job in found if job.calls == calls), 3) for calls in CALLS}
    return {"jobs": len(found), "worst by calls": worst, "load average": load_average()}


if __name__ == "__main__":
    main()
