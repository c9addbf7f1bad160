"""Kernels altered in one place: values or the checked build must notice, else the checks show nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from acm_cupy.cuda import program
from calls import (
    SCHEDULES,
    assigned,
    lloyd,
    lloyd_in_chunks,
    nearest,
    nearest_of_every_size,
    pairwise,
    pairwise_of_every_size,
    pairwise_with_itself,
    silhouettes,
)
from column_mutants import MUTANTS as OF_COLUMNS
from host_build import LaunchError
from host_device import HostDevice
from rolling_mutants import MUTANTS as OF_WINDOWS

#: What stands in the text, what takes its place, and the calls that run it.
MUTANTS: dict[str, tuple[str, str, str, tuple[Any, ...]]] = {
    "no barrier after loading": (
        "distances",
        "column, d);\n    __syncthreads();",
        "column, d);",
        (pairwise,),
    ),
    "no barrier before loading again": (
        "distances",
        "few, tx, ty);\n    __syncthreads();",
        "few, tx, ty);",
        (pairwise,),
    ),
    "the last columns are left out": (
        "distances",
        "few < DEPTH && column + few < d",
        "few + STEP <= d - column && few < DEPTH",
        (pairwise,),
    ),
    "columns beyond the last are loaded": ("distances", " && column + k < d;", ";", (pairwise,)),
    "rows beyond the last are stored": ("distances", "if (row < n && column < m) {", "if (column < m) {", (pairwise,)),
    "the mirror is not turned": (
        "distances",
        "slab[tx + j * SIDE][ty]",
        "slab[ty + j * SIDE][tx]",
        (pairwise_with_itself,),
    ),
    "no barrier before the mirror is read": (
        "distances",
        "sqrt(squares[i][j]);\n      __syncthreads();",
        "sqrt(squares[i][j]);",
        (pairwise_with_itself,),
    ),
    "squares out of range are taken": (
        "distances",
        "return (square >= LEAST_SQUARE",
        "return (square >= 0",
        (pairwise_of_every_size,),
    ),
    "a distance in units is left in them": (
        "distances",
        "return ldexp(sqrt(sum), exponent);",
        "return sqrt(sum);",
        (pairwise_of_every_size,),
    ),
    "the last of equals wins in a thread": (
        "distances",
        "squares[i][j] < best[i].square",
        "squares[i][j] <= best[i].square",
        (nearest,),
    ),
    "any of equals wins between threads": (
        "distances",
        " || (square == best.square && index < best.index)",
        " || false",
        (nearest,),
    ),
    "half of the threads are compared": (
        "distances",
        "offset = SIDE / 2; offset",
        "offset = SIDE / 4; offset",
        (nearest,),
    ),
    "no barrier before the nearest are read": (
        "distances",
        "    }\n  }\n  __syncthreads();\n  for",
        "    }\n  }\n  for",
        (nearest,),
    ),
    "equal rows are taken for sure": (
        "distances",
        "are_equal(row, y + (size_t)index * d, d, half_warp())",
        "true",
        (nearest_of_every_size,),
    ),
    "labels below 0 name a centre": ("distances", "label >= 0 && ", "true && ", (assigned,)),
    "rows of other clusters count": ("kmeans", "labels[first + lane] == cluster", "true", (lloyd,)),
    "the first chunk only": ("kmeans", "chunk < chunks; chunk++", "chunk < 1; chunk++", (lloyd_in_chunks,)),
    "a cluster without rows has no mean": ("kmeans", "size ? (REAL)mean : centers[place]", "(REAL)mean", (lloyd,)),
    "no barrier before warps are added up": (
        "kmeans",
        "found[warp] = count;\n    __syncthreads();",
        "found[warp] = count;",
        (lloyd,),
    ),
    "a row counts among its own": ("silhouette", "(end - start - 1)", "(end - start)", (silhouettes,)),
    "the next cluster is in the sum": ("silhouette", "if (first_y + tx + j * SIDE < end)", "if (true)", (silhouettes,)),
    "places are not rows": (
        "silhouette",
        "scores[order[first_x + ty + i * SIDE]]",
        "scores[first_x + ty + i * SIDE]",
        (silhouettes,),
    ),
    **OF_COLUMNS,
    **OF_WINDOWS,
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_noticed(name, monkeypatch):
    family, text, instead, calls = MUTANTS[name]
    original = program.source(family)
    assert text in original, "the text that is to be altered is not there"
    altered = original.replace(text, instead, 1)
    whole = program.source
    monkeypatch.setattr(program, "source", lambda wanted: altered if wanted == family else whole(wanted))
    monkeypatch.setattr(program, "_programs", {})
    assert _noticed(calls, False, monkeypatch) or _noticed(calls, True, monkeypatch), f"not noticed: {name}"


def _noticed(calls: tuple[Any, ...], checked: bool, monkeypatch: pytest.MonkeyPatch) -> bool:
    for schedule in SCHEDULES:
        monkeypatch.setenv("CUDACPU_ORDER", schedule)
        for call in calls:
            try:
                with np.errstate(all="ignore"):
                    call(HostDevice(checked=checked), "float64")
            except (AssertionError, LaunchError):
                return True
    return False
