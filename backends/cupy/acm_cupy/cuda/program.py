"""Kernels from the text of a family: compiled once for a device and a type of data, launched on the current stream."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import numpy as np

from acm_dispatch import Unsupported

_RANKS = ("columns.cuh", "select.cuh", "brackets.cuh")

#: What stands before the text of a family.
HEADERS = {
    "ar1": ("columns.cuh",),
    "distances": ("tiles.cuh",),
    "imputation": ("columns.cuh",),
    "kmeans": (),
    "lags": ("columns.cuh",),
    "moments": ("columns.cuh", "sums.cuh"),
    "normalization": ("columns.cuh",),
    "quantiles": _RANKS,
    "robust_stats": _RANKS,
    "rolling": ("columns.cuh",),
    "silhouette": ("tiles.cuh",),
}

#: How the type of the data is spelled.
REAL = {"float64": "double", "float32": "float"}

#: Rows, columns and centres are counted in 32 bits, and loops look this far beyond.
_MOST, _BEYOND = 2**31 - 1, 2**12

_programs: dict[tuple[int, str, str], Any] = {}


def source(family: str) -> str:
    """The text of a family's kernels."""
    folder = files(__package__)
    return "".join((folder / name).read_text("utf-8") for name in (*HEADERS[family], f"{family}.cu"))


def options(dtype: Any) -> tuple[str, ...]:
    """What the compiler is told for data of this type."""
    return ("--std=c++17", f"-DREAL={REAL[np.dtype(dtype).name]}")


def launcher(xp: Any, family: str, dtype: Any) -> Callable[..., None]:
    """A function ``(kernel, grid, threads, *arguments)`` that launches a family's kernels; ints become 32 bits wide."""
    key = (xp.cuda.runtime.getDevice(), family, np.dtype(dtype).name)
    program = _programs.get(key)
    if program is None:  # two threads may both compile it; either result will do
        program = _programs[key] = xp.RawModule(code=source(family), options=options(dtype))

    def launch(kernel: str, grid: tuple[int, ...], threads: int, *arguments: Any) -> None:
        values = tuple(np.int32(value) if isinstance(value, int) else value for value in arguments)
        program.get_function(kernel)(grid, (threads,), values)

    return launch


def check_sizes(operation: str, **sizes: int) -> None:
    """Leave what 32 bits cannot count to the array code."""
    for name, size in sizes.items():
        if size > _MOST - _BEYOND:
            raise Unsupported(f"{operation}: {name} is {size}; the fused kernel counts to {_MOST - _BEYOND}")


def blocks(count: int, each: int) -> int:
    """How many blocks of `each` cover `count`."""
    return -(-count // each)
