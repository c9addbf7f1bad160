"""``python -m benchmarks.device``: what a GPU gains, with the arrays on it and with arrays that go there and back.

Each case in turns: the dispatched call on NumPy arrays (the CPU), the same on CuPy arrays until the device is idle, and
on NumPy arrays with ``backend="cupy"``.
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import numpy as np
from acm_cupy.device import unavailable
from rich.console import Console
from rich.table import Table

import acm_dispatch
from acm_dispatch.backends.threads import usable_cores

from . import machine, report
from .case import Case
from .cases import CASES
from .measure import Candidate, interleave
from .process import without_paths

#: What is measured of a call, and what it is compared with.
CPU, RESIDENT, COPIED = "cpu", "resident", "copied"

#: Rounds of all three, however long they take.
LEAST_ROUNDS = 3

COLUMNS = ("operation", "size", "dtype", "CPU (ms)", "backend", "resident (ms)", "ratio", "copied (ms)", "ratio")


def cases(only: str) -> Iterator[Case]:
    """Of each operation, variant and dtype the largest case without gaps, with `only` in its id."""
    largest: dict[tuple[str, str], Case] = {}
    for case in CASES:
        known = largest.get((case.key, case.dtype))
        if not case.missing and (known is None or np.prod(case.size) > np.prod(known.size)):
            largest[case.key, case.dtype] = case
    return (case for case in largest.values() if only in case.id)


def on_device(value: Any) -> Any:
    """Arrays, and those of a model, on the device."""
    import cupy

    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(on_device, value))
    return cupy.asarray(value) if isinstance(value, np.ndarray) else value


def calls(case: Case) -> dict[str, Callable[[], Callable[[], Any]]]:
    """How the three ways of one case are prepared; those on the device end when it is idle."""
    arrays = case.draw()

    def resident() -> Callable[[], Any]:
        import cupy

        call = case.call(*map(on_device, arrays))
        return lambda: (call(), cupy.cuda.get_current_stream().synchronize())

    return {
        CPU: lambda: case.call(*arrays),
        RESIDENT: resident,
        COPIED: lambda: case.call(*arrays, backend="cupy"),
    }


def measure(case: Case, budget: float) -> dict[str, Any]:
    """Milliseconds of each way (median), the CPU's backend, or why a way failed."""
    row: dict[str, Any] = {"operation": case.key, "size": case.label, "dtype": case.dtype, "failed": {}}
    able: list[Candidate] = []
    for way, prepare in calls(case).items():
        candidate = Candidate(way, way, prepare)
        try:
            with acm_dispatch.trace() as trace:
                candidate.call = prepare()
                candidate.call()  # compiles
            able.append(candidate)
        except Exception as error:  # a way that this device cannot go is a line in the report
            row["failed"][way] = without_paths(f"{type(error).__name__}: {error}")
        if way == CPU:
            row["backend"] = trace.records[-1].backend if trace.records else ""
    interleave(able, budget, LEAST_ROUNDS)
    row["ms"] = {candidate.name: 1e3 * median(candidate.times.values()) for candidate in able}
    return row


def cells(row: dict[str, Any]) -> list[str]:
    """A row of the table; ratios are the CPU's time over the device's."""
    texts = {way: f"{ms:.3g}" for way, ms in row["ms"].items()} | dict.fromkeys(row["failed"], "failed")
    ratio = {
        way: f"{row['ms'][CPU] / row['ms'][way]:.2f}" if {CPU, way} <= row["ms"].keys() else ""
        for way in (RESIDENT, COPIED)
    }
    head = [row["operation"], row["size"], row["dtype"], texts[CPU], row.get("backend", "")]
    return [*head, texts[RESIDENT], ratio[RESIDENT], texts[COPIED], ratio[COPIED]]


def markdown(results: dict[str, Any]) -> str:
    """The table, what it was measured on, and what failed."""
    lines = ["# On a GPU", "", f"{results['device']}; {results['machine']}", ""]
    lines += [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    lines += [f"| {' | '.join(cells(row))} |" for row in results["cases"]]
    failed = [(row, way, why) for row in results["cases"] for way, why in row["failed"].items()]
    lines += ["", *(f"- {row['operation']} {row['size']}, {way}: {why}" for row, way, why in failed)]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.device", description=__doc__)
    parser.add_argument("--only", metavar="SUBSTRING", default="", help="only cases that have this in their ids")
    parser.add_argument("--budget", metavar="SECONDS", type=float, default=1.0, help="for a case (default 1)")
    asked = parser.parse_args()
    if reason := unavailable():
        parser.exit(1, f"Nothing to measure: {reason}\n")
    import cupy

    console = Console(width=report.PIPE_WIDTH)
    properties = cupy.cuda.runtime.getDeviceProperties(0)
    described = f"{properties['name'].decode()}, CUDA {cupy.cuda.runtime.runtimeGetVersion()}, CuPy {cupy.__version__}"
    threads = usable_cores()
    results: dict[str, Any] = {"device": described, "machine": machine.describe(threads), "cases": []}
    for case in cases(asked.only):
        results["cases"].append(measure(case, asked.budget))
        gc.collect()
        cupy.get_default_memory_pool().free_all_blocks()
        report.write(results, "device", markdown)
    table = Table(*COLUMNS, title=described)
    for row in results["cases"]:
        table.add_row(*cells(row))
    console.print(table)
    console.print("Written: benchmarks/results/device.md and device.json", highlight=False)


if __name__ == "__main__":
    main()
