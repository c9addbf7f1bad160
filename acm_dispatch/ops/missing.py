"""What counts as missing, and sensor matrices that show it."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np

from ..contract.options import one_of
from ..contract.samples import Samples

#: "nonfinite": NaN and infinities; "nan": NaN only, infinities are numbers (as in pandas).
Missing = Literal["nonfinite", "nan"]
MISSING = one_of(*get_args(Missing))


def is_missing(x: Any, missing: str) -> Any:
    """Mask of the missing values of `x`."""
    return np.isnan(x) if missing == "nan" else ~np.isfinite(x)


def sensors(rng: np.random.Generator, n: int) -> dict[str, Any]:
    """A sensor matrix as it comes: 50 columns on different levels, 5 % NaN."""
    x = rng.normal(size=(n, 50)) * rng.uniform(0.1, 10, size=50) + rng.uniform(-100, 100, size=50)
    x[rng.random(x.shape) < 0.05] = np.nan
    return {"x": x}


#: The traps that every operation on columns with gaps has to pass.
gappy = Samples(sensors)


@gappy.case
def quantised(rng: np.random.Generator) -> dict[str, Any]:
    """Two decimals, so many ties, and constant runs."""
    x = rng.normal(size=(400, 6)).round(2)
    x[50:200, 1] = 0.25
    return {"x": x}


@gappy.case
def constant_columns(rng: np.random.Generator) -> dict[str, Any]:
    x = np.tile([0.1, -3.7, 0.0, 1e6 + 0.3], (37, 1))
    x[5, 1] = np.nan
    return {"x": x}


@gappy.case
def dead_columns(rng: np.random.Generator) -> dict[str, Any]:
    """One all NaN, one all infinite, one with a single value."""
    x = rng.normal(size=(21, 4))
    x[:, 0], x[:, 1], x[1:, 2] = np.nan, np.inf, np.nan
    return {"x": x}


@gappy.case
def infinities(rng: np.random.Generator) -> dict[str, Any]:
    x = rng.normal(size=(64, 5))
    x[::7, 0], x[::5, 1], x[3, 2], x[9, 2] = np.inf, -np.inf, np.inf, -np.inf
    return {"x": x}


@gappy.case
def even_counts(rng: np.random.Generator) -> dict[str, Any]:
    x = rng.normal(size=(100, 3))
    x[0, 0], x[:2, 1] = np.nan, np.nan
    return {"x": x}


@gappy.case
def largest_numbers(rng: np.random.Generator) -> dict[str, Any]:
    """The sum of the two middle values overflows, their mean does not."""
    return {"x": np.array([[1.7e308, -1.7e308], [1.6e308, -1.5e308], [1.5e308, -1.2e308], [1.2e308, -1.1e308]])}


@gappy.case
def offset_1e6(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": 1e6 + rng.normal(size=(500, 7))}


@gappy.case
def two_rows(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(2, 19))}


@gappy.case
def one_long_column(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(5003, 1))}


@gappy.case
def sorted_columns(rng: np.random.Generator) -> dict[str, Any]:
    """Orders that drive a naive quickselect to quadratic time."""
    rising = np.arange(3000.0)
    return {"x": np.column_stack([rising, rising[::-1], np.abs(rising - 1500), rising % 2, np.minimum(rising, 7)])}


#: Those, and the traps of an operation that lets its caller say what is missing.
columns = Samples(sensors, gappy)


@columns.case
def infinities_are_numbers(rng: np.random.Generator) -> dict[str, Any]:
    return {**infinities(rng), "missing": "nan"}


@columns.case
def mostly_infinite(rng: np.random.Generator) -> dict[str, Any]:
    """The median itself is infinite, or lies between the two infinities."""
    x = rng.normal(size=(12, 3))
    x[:8, 0], x[:6, 1], x[6:, 1], x[:6, 2] = np.inf, np.inf, -np.inf, np.nan
    return {"x": x, "missing": "nan"}


@columns.mistake("missing")
def unknown_missing(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 8), "missing": "none"}
