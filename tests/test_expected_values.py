"""Every operation on numbers small enough to work out on paper, the result written out.

References and kernels are held against each other by the conformance kit; here both are held against arithmetic.
"""

from __future__ import annotations

from math import inf, nan, sqrt
from typing import Any, NamedTuple

import numpy as np
import pytest

import acm_dispatch as acm
from acm_dispatch import registry
from acm_dispatch.errors import BackendError

MAD = 1.4826


class Example(NamedTuple):
    """A call, and what it gives: one entry a part of the result."""

    operation: str
    arguments: dict[str, Any]
    expected: tuple[Any, ...]


def column(*values):
    return np.array(values, dtype=float)[:, None]


def example(operation, *expected, **arguments):
    return Example(operation, arguments, expected)


#: 1, 2, 4 and 7: mean 3.5, deviations -2.5, -1.5, 0.5, 3.5; squares sum to 21, cubes to 24, fourth powers to 194.25.
FOUR = column(1, 2, 4, 7)
SKEWNESS = sqrt(4 * 3) / 2 * (24 / 4) / (21 / 4) ** 1.5
KURTOSIS = 3 / (2 * 1) * (5 * (194.25 / 4) / (21 / 4) ** 2 - 9)

#: (3, 4) lies 5 from the origin and sqrt(5) from (4, 2), which lies sqrt(20) from the origin.
POINTS = np.array([[0.0, 0.0], [3.0, 4.0], [4.0, 2.0]])

#: Two trees over one column: a cut at 2 whose sides end after 1 and 3 steps, and a single leaf of path length 2.
TREES = {
    "roots": [0, 3],
    "feature": [0, -2, -2, -2],
    "threshold": [2.0, 0.0, 0.0, 0.0],
    "left": [1, 0, 0, 0],
    "path_length": [0.0, 1.0, 3.0, 2.0],
}

#: [[1, 0, 2], [0, 0, 0], [0, 3, 4]] by rows.
CSR = {"data": [1.0, 2.0, 3.0, 4.0], "indices": [0, 2, 1, 2], "indptr": [0, 2, 2, 4]}

EXAMPLES = [
    # Distances.
    example("pairwise_euclidean", [[0, 5, sqrt(20)], [5, 0, sqrt(5)], [sqrt(20), sqrt(5), 0]], x=POINTS),
    example("pairwise_distances_argmin", [0, 1], x=[[1.0, 0.0], [3.0, 3.0]], y=POINTS),
    example("pairwise_distances_argmin", [0], x=[[2.0]], y=[[1.0], [3.0]]),  # a tie goes to the first
    example("pairwise_distances_argmin_min", [0, 1], [1, 1], x=[[1.0, 0.0], [3.0, 3.0]], y=POINTS),
    example("assigned_distances", [5, 0, nan], x=POINTS, centers=[[3.0, 4.0]], labels=[0, 0, -1]),
    # Clusters. Within {0, 1}: a = 1; to {10}: b = 10 and 9; a cluster of one scores 0.
    example("silhouette_samples", [0.9, 8 / 9, 0], x=column(0, 1, 10), labels=[5, 5, -2]),
    # The nearest other cluster of 10 is that of 0 and 2, of 12 that of 20.
    example("silhouette_samples", [9 / 11, 7 / 9, 7 / 9, 6 / 8, 0], x=column(0, 2, 10, 12, 20), labels=[0, 0, 1, 1, 2]),
    example("lloyd_step", [0, 0, 1], [[1], [9]], [2, 1], x=column(0, 2, 9), centers=column(1, 10)),
    # Linear algebra.
    example("matmul", [[19, 22], [43, 50]], a=[[1.0, 2.0], [3.0, 4.0]], b=[[5.0, 6.0], [7.0, 8.0]]),
    example(  # (1, 1) [[2, 1], [1, 3]] (1, 1)' = 7
        "mahalanobis", [7, 0], x=[[2.0, 1.0], [1.0, 0.0]], mean=[1.0, 0.0], precision=[[2.0, 1.0], [1.0, 3.0]]
    ),
    example("truncated_svd", [[-1], [0]], [3], [[0, 1]], x=[[0.0, -3.0], [2.0, 0.0]], n_components=1),
    # Principal components. Along (1, 0) the variance is (4 + 0 + 4) / 2; the rest of (0, 1) is its own square.
    example("pca_fit", [0, 0], [[1, 0]], [4], x=[[-2.0, 0.0], [0.0, 0.0], [2.0, 0.0]], n_components=1),
    example(
        "spe_t2", [1, 0], [4, 1], x=[[4.0, 1.0], [2.0, 0.0]], mean=[0.0, 0.0], components=[[1.0, 0.0]], variance=[4.0]
    ),
    # The least variance is 1e-12.
    example("spe_t2", [4], [9e12], x=[[3.0, 2.0]], mean=[0.0, 0.0], components=[[1.0, 0.0]], variance=[0.0]),
    example("pca_reconstruct", [[12, 26]], scores=[[2.0]], components=[[1.0, 3.0]], mean=[10.0, 20.0]),
    # Robust statistics and quantiles. Median 3; deviations 2, 1, 1, 4.
    example("column_median_mad", [3], [1.5 * MAD], x=FOUR),
    example("column_median_mad", [2.25], [0.375], x=column(1, nan, 2, inf, 2.5, 9), scale=0.5),
    example("column_quantiles", [[1], [3], [5.5]], x=FOUR, q=[0.0, 0.5, 5 / 6]),
    example("column_quantiles", [[2]], x=FOUR, q=[0.5], method="lower"),
    # Moments.
    example("column_moments", [4], [3.5], [21 / 4], [SKEWNESS], [KURTOSIS], [1], [7], x=FOUR),
    example("column_moments", [2], [3], [8], [nan], [nan], [1], [5], x=column(1, nan, 5), ddof=1),
    # From the first value on: 0, 1, 3, 6. The earlier ones sum to 4, the later ones to 10, their products to 21.
    example("column_mean_variance", [1], [4], [2.5], [21], x=FOUR),
    example("column_sums", [1], [4], [2.5], [21], [24], [194.25], [1], [7], [3], [4], [10], [21], x=FOUR),
    # From the origin on: (0, 1, -) and (2, 4, 5), by pairs of columns over the rows that both have.
    example(
        "cross_sums",
        [[1, 4], [4, 45]],
        [[1, 1], [6, 11]],
        [[2, 2], [2, 3]],
        x=[[1.0, 2.0], [2.0, 4.0], [nan, 5.0]],
        origin=[1.0, 0.0],
    ),
    example("zscore", column(-2.5, -1.5, 0.5, 3.5) / sqrt(21 / 4), x=FOUR),
    example("zscore", column(-2, -1, 1, 2) / (1.5 * MAD), x=FOUR, method="robust", clip=2 / (1.5 * MAD)),
    example("zscore", column(-9, -8, -6, -3) / 2, x=FOUR, center=[10.0], scale=[2.0]),
    # Gaps.
    example("impute", column(1, 3, 3, 5), x=column(1, nan, inf, 5)),
    example("impute", column(1, -1), x=column(1, nan), fill=[-1.0]),
    example("ffill", column(nan, 1, 1, nan, 2), x=column(nan, 1, nan, nan, 2), limit=1),
    example("bfill", column(1, 1, nan, 2, 2), x=column(nan, 1, nan, nan, 2), limit=1),
    example("lagged_features", [[1, nan], [2, 1], [4, 2], [7, 4]], x=FOUR, max_lag=1),
    example("lagged_features", [[nan, nan], [1, 5]], x=[[1.0, 5.0], [2.0, 6.0]], max_lag=1, include_current=False),
    # Moving windows of 3: {1, 2, 4} and {2, 4, 7}.
    example("rolling_mean", column(nan, nan, 7 / 3, 13 / 3), x=FOUR, window=3),
    example("rolling_std", column(nan, nan, sqrt(7 / 3), sqrt(19 / 3)), x=FOUR, window=3),
    example("rolling_median", column(1, 1.5, 2, 4), x=FOUR, window=3, min_periods=1),
    example("rolling_mad", column(nan, nan, 2, 4), x=FOUR, window=3, scale=2.0),
    example("rolling_min", column(nan, nan, 1, 2), x=FOUR, window=3),
    example("rolling_max", column(nan, nan, 4, 7), x=FOUR, window=3),
    # Of {0, 0, 3}: third moment 2, second 2, so 2 / 2**1.5 times sqrt(3 * 2) / 1.
    example("rolling_skew", column(nan, nan, sqrt(3)), x=column(0, 0, 3), window=3),
    example("rolling_kurt", column(nan, nan, nan, KURTOSIS), x=FOUR, window=4),
    # Times -1, 0, 1 times values, over 2: (4 - 1) / 2 and (7 - 2) / 2.
    example("rolling_slope", column(nan, nan, 1.5, 2.5), x=FOUR, window=3),
    # Correlation. (-1, 0, 1) with (-1, 1, 0): 1 / 2; ranks of (1, 10, 5) are (1, 3, 2).
    example("pearson", [[1, 0.5], [0.5, 1]], x=[[1.0, 1.0], [2.0, 3.0], [3.0, 2.0]]),
    example("spearman", [[1, 0.5], [0.5, 1]], x=[[1.0, 1.0], [2.0, 10.0], [3.0, 5.0]]),
    # Equal values share the mean of their ranks: 1.5, 1.5, 3 and 1, 2.5, 2.5.
    example("spearman", [[1, 0.5], [0.5, 1]], x=[[1.0, 1.0], [1.0, 2.0], [2.0, 2.0]]),
    example("sparse_correlation", [1, 1], [0, 1], [0, 1, 2], x=[[1.0, 1.0], [2.0, 3.0], [3.0, 2.0]], threshold=0.6),
    # Spectra. (1, -1, 1, -1) is all at half a cycle a row: |4|^2; at a quarter of a cycle there is nothing.
    example("band_energy", [[[0, 16]]], x=column(1, -1, 1, -1), window=4, bands=[(0.0, 0.4), (0.4, 0.5)]),
    # One segment without a taper: |X|^2 / 4, twice that between the ends; 4^2 / 4 at half a cycle.
    example(
        "power_spectrum", [0, 0.25, 0.5], [[0], [0], [4]], x=column(1, -1, 1, -1), window="boxcar", segment=4, overlap=0
    ),
    # Autoregression. Deviations -2.5, -1.5, 0.5, 3.5: products 3.75 - 0.75 + 1.75, squares without the last 8.75.
    example("ar1_coefficients", [4.75 / 8.75], [3.5], x=FOUR),
    # Less the median: -2, -1, 1, 4.
    example("ar1_coefficients", [5 / 6], [3], x=FOUR, center="median"),
    example("ar1_residuals", column(0, 1, 2.5, 4.5), x=FOUR, phi=[0.5], mu=[1.0]),
    # Isolation forests: the mean of both trees.
    example("mean_path_length", [1.5, 1.5, 2.5], x=column(0, 2, 3), **TREES),
    # Sparse products.
    example("csr_matvec", [7, 0, 18], v=[1.0, 2.0, 3.0], **CSR),
    example("csr_matmul", [[7, 1], [0, 0], [18, 3]], b=[[1.0, 1.0], [2.0, 1.0], [3.0, 0.0]], **CSR),
]


def backends_of(operation):
    return sorted(registry.operations[operation].kernels())


CALLS = [(e, backend) for e in EXAMPLES for backend in (None, *backends_of(e.operation))]


def told(case):
    given, backend = case
    number = next(i for i, other in enumerate(EXAMPLES) if other is given)
    return f"{given.operation}-{backend or 'reference'}-{number}"


def run(operation, arguments, backend):
    function = getattr(acm, operation)
    call = function.reference if backend is None else lambda **given: function(**given, backend=backend)
    try:
        return call(**{k: np.asarray(v) if isinstance(v, list) and k != "bands" else v for k, v in arguments.items()})
    except BackendError as declined:
        pytest.skip(f"declined: {declined.reasons.get(backend, declined)}")


@pytest.mark.parametrize("case", CALLS, ids=[told(case) for case in CALLS])
def test_results_are_those_of_paper_and_pencil(case):
    given, backend = case
    result = run(given.operation, given.arguments, backend)
    parts = tuple(result) if isinstance(result, tuple) else (result,)
    if hasattr(result, "indptr"):
        parts = result.data, result.indices, result.indptr
    assert len(parts) == len(given.expected)
    for actual, expected in zip(parts, given.expected, strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-12)


def test_every_operation_has_an_example():
    own = {
        name for name, operation in registry.operations.items() if operation.body.__module__.startswith("acm_dispatch.")
    }
    assert own == {e.operation for e in EXAMPLES}
