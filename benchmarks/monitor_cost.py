"""What the monitor costs on large files: time and memory of reading and of the analysis, each in a process of its own.

    python -m benchmarks.monitor_cost [ROWSxSENSORS ...]

Memory is the peak of the whole process beyond that of an interpreter with its imports, in units of the recording's
matrix of float64.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

SIZES = ("300000x20", "500x5000", "5000000x3")
#: Columns are written in blocks of so many rows.
_BLOCK = 100_000


def write(path: Path, n_rows: int, n_sensors: int) -> None:
    """A recording in which sensors follow a load of three levels, a row a minute."""
    import pyarrow
    from pyarrow import csv

    rng = np.random.default_rng(0)
    gains = rng.normal(size=n_sensors)
    start = np.datetime64("2024-01-01", "s")
    with path.open("wb") as file:
        for first in range(0, n_rows, _BLOCK):
            rows = np.arange(first, min(first + _BLOCK, n_rows))
            load = (rows // 500 * 7919) % 3
            values = (50 + 10 * load[:, None] * gains + rng.normal(size=(len(rows), n_sensors))).round(2)
            columns = {"time": pyarrow.array(start + rows * np.timedelta64(60, "s"))}
            columns |= {f"sensor {j}": pyarrow.array(values[:, j]) for j in range(n_sensors)}
            csv.write_csv(pyarrow.table(columns), file, csv.WriteOptions(include_header=first == 0))


def measure(path: Path) -> None:
    """Print seconds of reading, of the analysis and of the processor, and the peak of memory over the matrix."""
    from acm_monitor.calls import Calls
    from acm_monitor.examine import examine
    from acm_monitor.reading import load

    before = _peak()
    start = time.perf_counter()
    recording = load(path)
    read = time.perf_counter() - start
    examine(recording, Calls(timing=False), on_step=_in_silence)
    whole = time.perf_counter() - start
    memory = (_peak() - before) / recording.values.nbytes
    print(f"{read:.1f} {whole - read:.1f} {time.process_time():.1f} {memory:.1f}")


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _in_silence(step: str) -> None:
    """No progress is shown."""


def main() -> None:
    """Measure each size and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", default=SIZES)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.file is not None:
        measure(chosen.file)
        return
    table = Table("recording", "reading, s", "analysis, s", "processor, s", "memory / matrix")
    with tempfile.TemporaryDirectory() as folder:
        for size in chosen.sizes:
            n_rows, n_sensors = map(int, size.split("x"))
            path = Path(folder) / f"{size}.csv"
            write(path, n_rows, n_sensors)
            command = [sys.executable, "-m", "benchmarks.monitor_cost", "--file", str(path)]
            result = subprocess.run(command, check=True, capture_output=True, text=True)
            table.add_row(f"{n_rows:,} x {n_sensors:,}", *result.stdout.split()[-4:])
            path.unlink()
    Console().print(table)


if __name__ == "__main__":
    main()
