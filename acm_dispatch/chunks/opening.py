"""`scan`: which kind of source a value is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import arrays, files, streams
from .source import Source, by_number, refused
from .tables import Tables

_ENDINGS = (*files.KINDS, ".npy")


def opened(source: Any, columns: Sequence[str] | None, time: str | None) -> Source:
    """The `Source` that a value is: a path or several, a table that comes in batches, arrays."""
    if isinstance(source, str | os.PathLike):
        return _of_paths(_paths(Path(source)), Path(source).name, columns, time)
    if isinstance(source, list | tuple) and source and all(isinstance(one, str | os.PathLike) for one in source):
        return _of_paths([path for one in source for path in _paths(Path(one))], "the files", columns, time)
    parts = _parts_of(source)
    if parts is not None:
        return Tables(parts[0].label, parts, columns, time)
    _require_none(columns, time)
    if isinstance(source, np.ndarray) or hasattr(source, "iloc"):
        return arrays.of_matrix(source)
    if callable(source) or (hasattr(source, "__iter__") and not _are_rows(source)):
        return arrays.of_iterable(source)
    return arrays.of_matrix(source)


def _paths(path: Path) -> list[Path]:
    """The files that a path names: one, those of a folder, or those that a pattern fits."""
    if path.is_dir():
        found = files.files_in(path, _ENDINGS)
    elif any(sign in path.name for sign in "*?["):
        found = sorted(path.parent.glob(path.name), key=lambda one: by_number(one.name))
    else:
        found = [path]
    if not found or not found[0].exists():
        raise refused(f"is {str(path)!r}, where there is no file ending in {', '.join(_ENDINGS)}")
    return found


def _of_paths(paths: list[Path], label: str, columns: Sequence[str] | None, time: str | None) -> Source:
    endings = sorted({path.suffix.lower() for path in paths})
    if unknown := [ending for ending in endings if ending not in _ENDINGS]:
        raise refused(f"has a file that ends in {unknown[0]!r}; expected {', '.join(_ENDINGS)}")
    if endings == [".npy"]:
        _require_none(columns, time)
        return arrays.NpyFiles(paths, label)
    if ".npy" in endings:
        raise refused("has files of arrays and of tables; expected one kind")
    return Tables(label, files.parts_of(paths), columns, time)


def _parts_of(source: Any) -> list[Any] | None:
    """The parts of what comes in batches, or None: the order matters, since a relation of DuckDB is a stream, too."""
    if hasattr(source, "fetchnumpy"):
        return streams.of_duckdb(source)
    if hasattr(source, "collect_batches"):
        return streams.of_polars(source)
    if hasattr(source, "to_batches") and hasattr(source, "count_rows"):
        return streams.of_dataset(source)
    if hasattr(source, "__arrow_c_stream__") and not hasattr(source, "iloc"):
        return streams.of_arrow(source)
    return None


def _require_none(columns: Sequence[str] | None, time: str | None) -> None:
    for name, value in (("columns", columns), ("time", time)):
        if value is not None:
            raise refused(
                f"has no table's columns, which `{name}` names; expected files of tables, or a stream of them"
            )


def _are_rows(source: Any) -> bool:
    """Whether it is a matrix written as a list of rows."""
    return isinstance(source, list | tuple) and bool(source) and isinstance(source[0], list | tuple)
