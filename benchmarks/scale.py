"""Recordings larger than memory: peaks, time over that of reading the file, and what others take for the same.

    python -m benchmarks.scale [--rows 2500000] [--columns 20] [--rounds 3] [--only SUBSTRING]

Every candidate runs in a process of its own, on a file that is in the page cache; candidates take turns, and times are
medians. Peaks are above the process with everything imported. Peers that are not installed are left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from . import long_recordings
from .memory import peak_above_inputs
from .process import pin, run_python

#: Of the files that a candidate is warmed up with.
_FEW_ROWS = 3000

_QUANTILES = [0.1, 0.5, 0.9]
_WINDOW = 60
_OURS, _READING = "acm_dispatch.chunks", "reading with pyarrow"

Job = Callable[[str, str], object]


def _applied(name: str, *args: Any, **kwargs: Any) -> Job:
    """One of our operations, computed."""

    def job(path: str, _: str) -> object:
        from acm_dispatch import chunks

        return chunks.scan(path, time="t").apply(name, *args, **kwargs).compute()

    return job


def _written(name: str, *args: Any, **kwargs: Any) -> Job:
    def job(path: str, out: str) -> object:
        from acm_dispatch import chunks

        return chunks.scan(path, time="t").apply(name, *args, **kwargs).to_parquet(out)

    return job


def _together(*calls: tuple[Any, ...]) -> Job:
    """Several operations in shared readings."""

    def job(path: str, _: str) -> object:
        from acm_dispatch import chunks

        recording = chunks.scan(path, time="t")
        return chunks.compute(*(recording.apply(*call) for call in calls))

    return job


def _polars(build: Callable[[Any], list[Any]], *, written: bool = False) -> Job:
    """Expressions of the columns, missing values as gaps, by Polars' streaming engine."""

    def job(path: str, out: str) -> object:
        import polars

        columns = polars.all().exclude("t").fill_nan(None)
        frame = polars.scan_parquet(path).select(build(columns))
        return frame.sink_parquet(out) if written else frame.collect(engine="streaming")

    return job


def _dask(build: Callable[[Any, Any], Any]) -> Job:
    """A result of dask.array, of a block for each row group."""

    def job(path: str, _: str) -> object:
        import dask
        import dask.array
        from pyarrow import parquet

        file = parquet.ParquetFile(path)
        names = file.schema_arrow.names[1:]

        def block(i: int) -> Any:
            return parquet.ParquetFile(path).read_row_group(i, names).to_pandas().to_numpy()

        sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
        blocks = [
            dask.array.from_delayed(dask.delayed(block)(i), (rows, len(names)), "float32")
            for i, rows in enumerate(sizes)
            if rows
        ]
        return dask.compute(build(dask.array, dask.array.concatenate(blocks)))

    return job


def _read_it(path: str, _: str) -> object:
    """All batches, on all threads; their columns are looked at by nobody."""
    from pyarrow import parquet

    return sum(batch.num_rows for batch in parquet.ParquetFile(path).iter_batches())


def _moments_of(columns: Any) -> list[Any]:
    found = {
        "mean": columns.mean(),
        "var": columns.var(),
        "skew": columns.skew(),
        "kurt": columns.kurtosis(),
        "min": columns.min(),
        "max": columns.max(),
    }
    return [column.name.suffix(f"_{name}") for name, column in found.items()]


def _moments_of_two(columns: Any) -> list[Any]:
    return [columns.mean().name.suffix("_mean"), columns.var().name.suffix("_var")]


def _quantiles_of(columns: Any) -> list[Any]:
    return [columns.quantile(q, "linear").name.suffix(f"_{q}") for q in _QUANTILES]


#: What is asked -> who answers it.
TASKS: dict[str, dict[str, Job]] = {
    "read": {_READING: _read_it},
    "mean, variance": {_OURS: _applied("column_mean_variance"), "polars streaming": _polars(_moments_of_two)},
    "moments": {_OURS: _applied("column_moments"), "polars streaming": _polars(_moments_of)},
    "three quantiles": {
        _OURS: _applied("column_quantiles", _QUANTILES),
        "polars streaming": _polars(_quantiles_of),
        "dask.array": _dask(lambda da, x: da.nanquantile(x, _QUANTILES, axis=0)),
    },
    "median, MAD": {
        _OURS: _applied("column_median_mad"),
        "dask.array": _dask(lambda da, x: da.nanmedian(abs(x - da.nanmedian(x, axis=0)), axis=0)),
    },
    "correlation": {_OURS: _applied("pearson")},
    "moments, quantiles, correlation, AR(1)": {
        _OURS: _together(("column_moments",), ("column_quantiles", _QUANTILES), ("pearson",), ("ar1_coefficients",))
    },
    "rolling mean, to Parquet": {
        _OURS: _written("rolling_mean", _WINDOW),
        "polars streaming": _polars(lambda c: [c.rolling_mean(_WINDOW, min_samples=1)], written=True),
    },
    "rolling median, to Parquet": {
        _OURS: _written("rolling_median", _WINDOW),
        "polars streaming": _polars(lambda c: [c.rolling_median(_WINDOW, min_samples=1)], written=True),
    },
    "ffill, to Parquet": {
        _OURS: _written("ffill"),
        "polars streaming": _polars(lambda c: [c.forward_fill()], written=True),
    },
}


def _installed(name: str) -> bool:
    package = name.partition(" ")[0].partition(".")[0]
    return name in (_OURS, _READING) or importlib.util.find_spec(package) is not None


def _measure(task: str, name: str, short: str, path: str, out: str) -> dict[str, float]:
    """Seconds and peak of one candidate, in this process."""
    job = TASKS[task][name]
    job(short, out)
    start = time.perf_counter()
    peak, _ = peak_above_inputs(lambda: job(path, out))
    return {"seconds": time.perf_counter() - start, "peak_mb": peak}


def _rounds(task: str, asked: argparse.Namespace, folder: Path) -> dict[str, dict[str, Any]]:
    """Medians of every candidate, with the time of reading the file in the same rounds."""
    candidates = [("read", _READING), *((task, name) for name in TASKS[task] if _installed(name) and task != "read")]
    runs: dict[str, list[dict[str, Any]]] = {name: [] for _, name in candidates}
    files = [str(folder / name) for name in ("short.parquet", "long.parquet", "out.parquet")]
    for _ in range(asked.rounds):
        for of, name in candidates:
            words = ["-m", "benchmarks.scale", "--candidate", of, name, *files, "--threads", str(asked.threads)]
            runs[name].append(run_python(*words, threads=asked.threads))
    return {name: _medians(found) for name, found in runs.items()}


def _medians(runs: list[dict[str, Any]]) -> dict[str, Any]:
    failed = [run for run in runs if "failed" in run]
    return failed[0] if failed else {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--rows", type=int, default=2_500_000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", metavar="SUBSTRING", default="", help="only tasks whose name has this in it")
    parser.add_argument("--candidate", nargs=5, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    asked = _parse()
    if asked.candidate:
        pin(asked.threads)
        print(json.dumps(_measure(*asked.candidate)))
        return
    table = Table("task", "by", "seconds", "of reading", "peak, MB")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        long_recordings.write(folder / "short.parquet", _FEW_ROWS, asked.columns)
        long_recordings.write(folder / "long.parquet", asked.rows, asked.columns)
        for task in TASKS:
            if asked.only in task:
                found = _rounds(task, asked, folder)
                for who, run in found.items():
                    if who != _READING or task == "read":
                        table.add_row(task, who, *_cells(run, found[_READING]))
    Console(width=120).print(table)


def _cells(run: dict[str, Any], reading: dict[str, Any]) -> list[str]:
    if "failed" in run:
        return [run["failed"], "", ""]
    return [f"{run['seconds']:.2f}", f"{run['seconds'] / reading['seconds']:.2f}", f"{run['peak_mb']:.0f}"]


if __name__ == "__main__":
    main()
