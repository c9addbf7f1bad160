"""The table of cases: operation, size, dtype and data -> arguments, what must be reached, where the floor lies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

import acm_dispatch

SEED = 20260101

#: Samples of an operation's contract on which candidates that are fine on ordinary data may lose their digits.
TRAPS = ("offset_1e6", "near_duplicates")

#: Rows of the windows in the rolling cases: an hour of minutes.
WINDOW = 60

#: Rows of a case's small version: enough for every code path and a window, quick in pure Python.
_SMALL = 80


#: Of the sliding windows of `band_energy`: rows from one to the next, and the bands.
STEP = 128
BANDS = ((0.0, 0.05), (0.05, 0.2), (0.2, 0.5))

#: Of `sparse_correlation`.
THRESHOLD = 0.3


def window_of(rows: int) -> int:
    """Rows of a sliding window."""
    return min(256, rows)


@dataclass(frozen=True)
class Case:
    """One row of the table.

    `size` is n x m x d for distances (rows, other rows, columns), n x d x k for clusters, n x d for columns, n x c and
    n x c x k for a sparse matrix of 1 % and what it is multiplied with. `need`
    maps "best" or a peer's package to the least ratio of its time to ours; `floor_ms` is what the reference machine
    allows.
    """

    operation: str
    size: tuple[int, ...]
    need: dict[str, float] = field(default_factory=dict)
    floor_ms: float | None = None
    variant: str = ""
    dtype: str = "float64"
    missing: bool = False

    @property
    def key(self) -> str:
        """What peers are registered under: the operation, and the variant where there are several."""
        return f"{self.operation} {self.variant}".strip()

    @property
    def label(self) -> str:
        """The size as one reads it: ``10k x 50``."""
        return " x ".join(map(_short, self.size))

    @property
    def data(self) -> str:
        """Which values the arguments hold."""
        return "5 % NaN" if self.missing else "clean"

    @property
    def id(self) -> str:
        """Unique, and what ``--only`` looks into."""
        words = [*self.key.split(), self.label.replace(" ", ""), self.dtype, "nan" if self.missing else "clean"]
        return "-".join(words)

    @property
    def function(self) -> Callable[..., Any]:
        """The public operation."""
        return getattr(acm_dispatch, self.operation)

    @property
    def options(self) -> dict[str, Any]:
        """Keywords of our call beyond the arrays."""
        if self.operation.startswith("rolling_"):
            return {"window": WINDOW}
        if self.operation == "band_energy":
            return {"window": window_of(self.size[0]), "bands": BANDS, "step": STEP}
        return _OPTIONS.get(self.variant or self.operation, {})

    def draw(self) -> tuple[np.ndarray, ...]:
        """The arrays of the call, the same each time."""
        arrays = _DRAWS[self.operation](np.random.default_rng(SEED), *self.size)
        if self.missing:
            arrays[0][np.random.default_rng(SEED + 1).random(arrays[0].shape) < 0.05] = np.nan
        return self.complete(arrays)

    def complete(self, arrays: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
        """`arrays` in the case's dtype, followed by those that the variant derives from the first of them."""
        real = tuple(a.astype(self.dtype, copy=False) if a.dtype.kind == "f" else a for a in arrays)
        return real + _DERIVED.get(self.key, _nothing)(real[0])

    def traps(self) -> list[tuple[np.ndarray, ...]]:
        """The traps of the operation's contract, as arguments of this case."""
        samples = acm_dispatch.registry.compositions.get(self.operation) or self.function.operation
        draws = [samples.samples.cases[name] for name in TRAPS if name in samples.samples.cases]
        drawn = [draw(np.random.default_rng(SEED)).values() for draw in draws]
        return [self.complete(tuple(value for value in values if isinstance(value, np.ndarray))) for values in drawn]

    def small(self) -> Case:
        """The same case on few rows, for tests and warming up."""
        return replace(self, size=tuple(min(size, _SMALL) for size in self.size))


def _short(count: int) -> str:
    for unit, name in ((1_000_000, "M"), (1_000, "k")):
        if count % unit == 0:
            return f"{count // unit}{name}"
    return str(count)


def _points(rng: np.random.Generator, n: int, m: int, d: int) -> tuple[np.ndarray, ...]:
    return rng.normal(size=(n, d)), rng.normal(size=(m, d))


def _clusters(rng: np.random.Generator, n: int, d: int, k: int) -> tuple[np.ndarray, ...]:
    labels = np.arange(n) % k
    return rng.normal(size=(n, d)) + labels[:, None], labels


def _sensors(rng: np.random.Generator, n: int, d: int) -> tuple[np.ndarray, ...]:
    """Columns on different levels, as the operations' own samples have them."""
    levels, spreads = rng.uniform(-100, 100, size=d), rng.uniform(0.1, 10, size=d)
    x = rng.normal(size=(n, d))
    x *= spreads
    x += levels
    return (x,)


def _groups(rng: np.random.Generator, n: int, d: int) -> tuple[np.ndarray, ...]:
    """Columns of which every four share a factor."""
    return (rng.normal(size=(n, d)) + 1.2 * rng.normal(size=(n, d // 4 + 1))[:, np.arange(d) // 4],)


def _sparse(rng: np.random.Generator, n: int, c: int, *k: int) -> tuple[np.ndarray, ...]:
    from scipy.sparse import random_array

    matrix = random_array((n, c), density=0.01, format="csr", rng=rng)
    return matrix.data, matrix.indices, matrix.indptr, rng.normal(size=(c, *k))


def _nothing(x: np.ndarray) -> tuple[np.ndarray, ...]:
    return ()


def _center_and_scale(x: np.ndarray) -> tuple[np.ndarray, ...]:
    head = x[:10_000]
    return np.nanmean(head, axis=0), np.nanstd(head, axis=0)


def _fill(x: np.ndarray) -> tuple[np.ndarray, ...]:
    return (np.nanmean(x[:10_000], axis=0),)


def _three_lags(x: np.ndarray) -> tuple[int]:
    return (3,)


def _ten_lags(x: np.ndarray) -> tuple[int]:
    return (10,)


def _seven_levels(x: np.ndarray) -> tuple[tuple[float, ...]]:
    return ((0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99),)


#: What is needed over the best peer, and the floors at both sizes.
_ROLLING = {
    "mean": (1.5, 0.2, 3),
    "std": (1.5, 0.2, 3),
    "median": (2, 8, 65),
    "mad": (8, 25, 200),
    "skew": (2, 1, 8),
    "kurt": (2, 1, 8),
    "min": (3, 0.5, 4),
    "max": (3, 0.5, 4),
    "slope": (4, 0.5, 4),
}

_DRAWS: dict[str, Callable[..., tuple[np.ndarray, ...]]] = {
    "pairwise_euclidean": _points,
    "pairwise_distances_argmin": _points,
    "silhouette_score": _clusters,
    "column_median_mad": _sensors,
    "zscore": _sensors,
    "impute": _sensors,
    "ffill": _sensors,
    "bfill": _sensors,
    "lagged_features": _sensors,
    "column_quantiles": _sensors,
    "pearson": _sensors,
    "spearman": _sensors,
    "band_energy": _sensors,
    "sparse_correlation": _groups,
    "csr_matvec": _sparse,
    "csr_matmul": _sparse,
    "ar1_coefficients": _sensors,
    **dict.fromkeys((f"rolling_{name}" for name in _ROLLING), _sensors),
}
_DERIVED = {
    "zscore given": _center_and_scale,
    "impute given": _fill,
    "lagged_features three": _three_lags,
    "lagged_features lag": _three_lags,
    "lagged_features ten": _ten_lags,
    "column_quantiles": _seven_levels,
}
_OPTIONS = {
    "standard": {"method": "standard"},
    "robust": {"method": "robust"},
    "lag": {"order": "lag"},
    "sparse_correlation": {"threshold": THRESHOLD},
}


def _columns(
    operation: str, variant: str, size: tuple[int, int], needs: tuple[float, float], floor: float
) -> list[Case]:
    """The clean case and the one with gaps."""
    clean, missing = ({"best": need} for need in needs)
    return [
        Case(operation, size, clean, floor, variant),
        Case(operation, size, missing, floor, variant, missing=True),
    ]


def _rolling(name: str, need: float, short: float, long: float) -> list[Case]:
    return [
        Case(f"rolling_{name}", (10_000, 50), {"best": need}, short),
        Case(f"rolling_{name}", (200_000, 20), {"best": need}, long),
        Case(f"rolling_{name}", (10_000, 50), dtype="float32"),
    ]


CASES: list[Case] = [
    Case("pairwise_euclidean", (100, 8, 50), {"scipy": 1.3}, 0.002),
    Case("pairwise_euclidean", (1_000, 1_000, 50), {"best": 2}, 1.05),
    Case("pairwise_euclidean", (10_000, 100, 50), {"best": 2}, 1.05),
    Case("pairwise_euclidean", (10_000, 10_000, 50), {"best": 1.8, "scipy": 6}, 150),
    Case("pairwise_euclidean", (100, 8, 50), dtype="float32"),
    Case("pairwise_euclidean", (1_000, 1_000, 50), dtype="float32"),
    Case("pairwise_euclidean", (10_000, 100, 50), dtype="float32"),
    Case("pairwise_euclidean", (10_000, 10_000, 50), {"best": 1}, 94, dtype="float32"),
    Case("pairwise_distances_argmin", (10_000, 8, 50), {"best": 1, "sklearn": 4}, 0.08),
    Case("pairwise_distances_argmin", (100_000, 64, 50), {"best": 1.5}, 6.6),
    Case("pairwise_distances_argmin", (1_000_000, 8, 50), {"best": 1.3}, 12.5),
    Case("pairwise_distances_argmin", (10_000, 10_000, 50), {"best": 1.4}, 103),
    Case("silhouette_score", (10_000, 10, 4), {"best": 4, "sklearn": 14}, 18),
    Case("silhouette_score", (10_000, 50, 8), {"best": 4}, 52),
    Case("silhouette_score", (30_000, 10, 4), {"best": 4}, 160),
    *_columns("column_median_mad", "", (10_000, 50), (1.5, 3), 1),
    *_columns("column_median_mad", "", (100_000, 50), (1.5, 3), 10),
    *_columns("column_median_mad", "", (1_000_000, 20), (1.5, 2.5), 50),
    *_columns("zscore", "standard", (10_000, 50), (1, 1), 0.15),
    *_columns("zscore", "standard", (1_000_000, 50), (0.9, 0.9), 53),
    *_columns("zscore", "robust", (10_000, 50), (2, 2), 1.2),
    *_columns("zscore", "robust", (1_000_000, 50), (1.5, 1.5), 150),
    *_columns("zscore", "given", (10_000, 50), (0.9, 0.9), 0.1),
    *_columns("zscore", "given", (1_000_000, 50), (1.5, 1.5), 44),
    *_columns("impute", "given", (10_000, 50), (0.9, 0.9), 0.1),
    *_columns("impute", "given", (1_000_000, 50), (1, 1), 44),
    *_columns("impute", "median", (10_000, 50), (2, 2), 1),
    *_columns("impute", "median", (1_000_000, 50), (2, 2), 150),
    Case("ffill", (10_000, 50), {"best": 1.3}, 0.1, missing=True),
    Case("ffill", (1_000_000, 50), {"best": 2}, 44, missing=True),
    Case("bfill", (10_000, 50), {"best": 1.3}, 0.1, missing=True),
    Case("bfill", (1_000_000, 50), {"best": 2}, 44, missing=True),
    Case("lagged_features", (10_000, 50), {"best": 1}, 0.25, "lag"),
    Case("lagged_features", (10_000, 50), {"best": 2}, 0.25, "three"),
    Case("lagged_features", (10_000, 50), {"best": 2}, 1.2, "ten"),
    Case("lagged_features", (200_000, 50), {"pandas": 1.5}, 10, "three"),
    Case("column_quantiles", (10_000, 1), {"best": 1.2}, 0.02),
    Case("column_quantiles", (10_000_000, 1), {"best": 2}, 20),
    *_columns("column_quantiles", "", (10_000, 50), (2, 2), 1),
    *_columns("column_quantiles", "", (100_000, 50), (2, 2), 12),
    *_columns("pearson", "", (10_000, 50), (1.2, 1.5), 0.5),
    *_columns("pearson", "", (100_000, 200), (1, 2), 42),
    Case("pearson", (100_000, 200), dtype="float32"),
    Case("spearman", (10_000, 50), {"best": 2}, 8),
    Case("spearman", (100_000, 200), {"best": 2}, 400),
    Case("band_energy", (5_000, 50), {"best": 2.5}, 0.7),
    Case("band_energy", (10_000, 50), {"best": 2.5}, 1.5),
    Case("band_energy", (78_000, 50), {"best": 2.5}, 12),
    Case("sparse_correlation", (1_000, 2_000), {"best": 1.2}, 80),
    Case("sparse_correlation", (10_000, 5_000), {"best": 2}, 1800),
    Case("csr_matvec", (10_000, 10_000), {"scipy": 1.5}, 0.2),
    Case("csr_matmul", (10_000, 10_000, 50), {"best": 1, "scipy": 2.5}, 4),
    *_columns("ar1_coefficients", "", (10_000, 50), (2, 2), 0.1),
    *_columns("ar1_coefficients", "", (1_000_000, 50), (4, 4), 12.5),
    *(case for name, (need, short, long) in _ROLLING.items() for case in _rolling(name, need, short, long)),
]

#: Peak memory is looked at here, and set against the n x n matrix that a careless form would build.
MEMORY_CASES: list[Case] = [
    Case("silhouette_score", (10_000, 10, 4)),
    Case("pairwise_distances_argmin", (10_000, 10_000, 50)),
    Case("pairwise_euclidean", (10_000, 10_000, 50)),
    Case("zscore", (1_000_000, 50), variant="standard"),
]


def find(case_id: str) -> Case:
    """The case of that id."""
    return next(case for case in CASES if case.id == case_id)
