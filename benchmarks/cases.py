"""The table of cases: a new size is a line here."""

from __future__ import annotations

from .case import OWN_FLOAT64, Case

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

#: Of our float32 over our own float64, where memory or the width of registers is what bounds a kernel.
_TWICE_AS_NARROW = {OWN_FLOAT64: 1.5}

#: Operation, variant and size of the rows that show just that.
_NARROW = [
    ("pairwise_distances_argmin", "", (1_000_000, 8, 50)),
    ("silhouette_score", "", (10_000, 10, 4)),
    ("silhouette_score", "", (10_000, 50, 8)),
    ("column_median_mad", "", (100_000, 50)),
    ("zscore", "standard", (1_000_000, 50)),
    ("zscore", "robust", (1_000_000, 50)),
    ("zscore", "given", (1_000_000, 50)),
    ("impute", "given", (1_000_000, 50)),
    ("impute", "median", (1_000_000, 50)),
    ("ffill", "", (1_000_000, 50)),
    ("bfill", "", (1_000_000, 50)),
    ("lagged_features", "three", (200_000, 50)),
    ("lagged_features", "lag", (200_000, 50)),
    ("pearson", "", (100_000, 200)),
    ("matmul", "", (100_000, 5, 50)),
    *((f"rolling_{name}", "", size) for name in ("median", "min", "max") for size in ((10_000, 50), (200_000, 20))),
]

#: Where neither does, what is needed over the best peer on float32: sums that are float64 whatever is summed up,
#: windows held in order, counts, and nearest rows that float64 finds by float32 products as well.
_AS_WIDE = [
    ("pairwise_distances_argmin", "", (100_000, 64, 50), 1),
    ("column_quantiles", "", (100_000, 50), 2),
    ("pearson", "", (10_000, 50), 1.2),
    ("ar1_coefficients", "", (1_000_000, 50), 4),
    ("column_moments", "", (1_000_000, 50), 1),
    ("mahalanobis", "", (100_000, 50), 1),
    ("pca_spe_t2", "", (100_000, 50), 1),
    *(
        (f"rolling_{name}", "", size, _ROLLING[name][0])
        for name in ("mean", "std", "mad", "skew", "kurt", "slope")
        for size in ((10_000, 50), (200_000, 20))
    ),
]


def _columns(
    operation: str, variant: str, size: tuple[int, int], needs: tuple[float, float], floor: float | None
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
    ]


CASES: list[Case] = [
    Case("pairwise_euclidean", (100, 8, 50), {"scipy": 1.3}, 0.002),
    Case("pairwise_euclidean", (1_000, 1_000, 50), {"best": 2}, 1.05),
    Case("pairwise_euclidean", (10_000, 100, 50), {"best": 2}, 1.05),
    Case("pairwise_euclidean", (10_000, 10_000, 50), {"best": 1.8, "scipy": 6}, 150),
    Case("pairwise_euclidean", (100, 8, 50), dtype="float32"),
    Case("pairwise_euclidean", (1_000, 1_000, 50), _TWICE_AS_NARROW, dtype="float32"),
    Case("pairwise_euclidean", (10_000, 100, 50), _TWICE_AS_NARROW, dtype="float32"),
    Case("pairwise_euclidean", (10_000, 10_000, 50), {"best": 1, **_TWICE_AS_NARROW}, 94, dtype="float32"),
    # 4 over scikit-learn's function of this name; its faster KMeans.predict counts as "best" can.
    Case("pairwise_distances_argmin", (10_000, 8, 50), {"best": 1, "sklearn pairwise distances argmin": 4}, 0.08),
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
    Case("matmul", (10_000, 5, 50), {"best": 1.2}, 0.1),
    Case("pca_reconstruct", (10_000, 5, 50), {"best": 1.2}, 0.1),
    Case("truncated_svd", (10_000, 50), {"exact": 1.2}, 0.7),
    Case("truncated_svd", (100_000, 50), {"exact": 1.2}, 5),
    Case("pca_fit", (10_000, 50), {"exact": 1.2}, 0.7),
    Case("pca_fit", (100_000, 50), {"exact": 1.2}, 5),
    Case("pca_spe_t2", (10_000, 50), {"best": 1}),
    Case("pca_spe_t2", (100_000, 50), {"best": 1}),
    Case("mahalanobis", (10_000, 50), {"best": 1}),
    Case("mahalanobis", (100_000, 50), {"best": 1}),
    Case("kmeans", (10_000, 50, 4), {"best": 1}),
    Case("kmeans", (100_000, 50, 8), {"best": 1}),
    Case("isolation_forest_score", (10_000, 50), {"best": 1.5}, 10),
    Case("isolation_forest_score", (100_000, 50), {"best": 1.5}, 100),
    Case("power_spectrum", (10_000, 50), {"best": 1}),
    Case("power_spectrum", (100_000, 50), {"best": 1}),
    *_columns("column_moments", "", (10_000, 50), (1, 1), None),
    *_columns("column_moments", "", (1_000_000, 50), (1, 1), None),
    *_columns("cross_sums", "", (100_000, 50), (1, 1), None),
    Case("streaming", (100_000_000, 1_000_000), {"best": 0.9, "numpy mean and var": 3}, 25),
    *(case for name, (need, short, long) in _ROLLING.items() for case in _rolling(name, need, short, long)),
    *(Case(operation, size, _TWICE_AS_NARROW, None, variant, "float32") for operation, variant, size in _NARROW),
    *(
        Case(operation, size, {"best": n, OWN_FLOAT64: 0.9}, None, variant, "float32")
        for operation, variant, size, n in _AS_WIDE
    ),
]

#: Peak memory is looked at here, and compared with the n x n matrix that a careless form would build, or the data.
MEMORY_CASES: list[Case] = [
    Case("silhouette_score", (10_000, 10, 4)),
    Case("pairwise_distances_argmin", (10_000, 10_000, 50)),
    Case("pairwise_euclidean", (10_000, 10_000, 50)),
    Case("zscore", (1_000_000, 50), variant="standard"),
    Case("column_quantiles", (1_000_000, 50)),
    Case("lagged_features", (1_000_000, 20), variant="three"),
    Case("rolling_median", (1_000_000, 20)),
    Case("truncated_svd", (1_000_000, 50)),
    Case("sparse_correlation", (2_000, 20_000)),
]


def find(case_id: str) -> Case:
    """The case of that id."""
    return next(case for case in CASES if case.id == case_id)
