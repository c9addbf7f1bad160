"""Distances, silhouettes, medians, filling and scores equal the libraries whose meaning they follow."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from scipy.stats import median_abs_deviation
from sklearn.impute import SimpleImputer
from sklearn.metrics import pairwise_distances_argmin, pairwise_distances_argmin_min
from sklearn.metrics import silhouette_samples as sklearn_silhouette_samples
from sklearn.metrics import silhouette_score as sklearn_silhouette_score
from sklearn.metrics.pairwise import paired_distances

import acm_dispatch

RNG = np.random.default_rng(3)
X = RNG.normal(size=(300, 8)) * 10.0 ** RNG.integers(-3, 4, size=8)
Y = X[::7] + RNG.normal(size=(43, 8))
LABELS = RNG.choice([-4, 0, 17], size=300)
GAPPY = np.where(RNG.random(X.shape) < 0.1, np.nan, X)
#: What pandas takes for values: infinities are no gaps.
ENDLESS = np.where(RNG.random(X.shape) < 0.05, RNG.choice([-np.inf, np.inf], X.shape), GAPPY)


@pytest.fixture(params=list(acm_dispatch.zscore.kernels()))
def backend(request):
    """Every backend that runs here; the conformance kit's header says which do not, and why."""
    return request.param


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_distances_equal_scipy(backend, offset):
    expected = cdist(X + offset, Y + offset)
    assert_allclose(acm_dispatch.pairwise_euclidean(X + offset, Y + offset, backend=backend), expected, 1e-10, 1e-12)
    near = X + offset + 1e-7 * RNG.normal(size=X.shape)
    expected = cdist(X + offset, near)
    assert_allclose(acm_dispatch.pairwise_euclidean(X + offset, near, backend=backend), expected, 1e-10, 1e-12)


def test_nearest_rows_equal_scikit_learn(backend):
    index, distance = acm_dispatch.pairwise_distances_argmin_min(X, Y, backend=backend)
    assert_array_equal(acm_dispatch.pairwise_distances_argmin(X, Y, backend=backend), pairwise_distances_argmin(X, Y))
    expected_index, expected_distance = pairwise_distances_argmin_min(X, Y)
    assert_array_equal(index, expected_index)
    assert_allclose(distance, expected_distance, rtol=1e-6)  # scikit-learn's Gram form keeps no more digits


def test_distances_to_assigned_rows_equal_scikit_learn(backend):
    index = RNG.integers(0, len(Y), size=len(X))
    ours = acm_dispatch.assigned_distances(X, Y, index, backend=backend)
    assert_allclose(ours, paired_distances(X, Y[index]), rtol=1e-12)


@pytest.mark.parametrize("columns", [200, 400, 1000, 5000])
@pytest.mark.parametrize("rows", [64, 2000])
@pytest.mark.parametrize("clusters", [2, 3])
def test_silhouettes_of_wide_rows_equal_scikit_learn(backend, rows, columns, clusters):
    if rows * columns > 500_000 and backend != "rust":
        rows = 300  # tiles by width are Rust's alone; elsewhere fewer rows say the same
    labels = np.random.default_rng(columns).integers(0, clusters, size=rows)
    x = np.random.default_rng(rows).normal(size=(rows, columns)) + labels[:, None]
    expected = sklearn_silhouette_samples(x, labels)
    assert_allclose(acm_dispatch.silhouette_samples(x, labels, backend=backend), expected, rtol=0, atol=1e-10)
    narrow = acm_dispatch.silhouette_samples(x.astype(np.float32), labels, backend=backend)
    assert_allclose(narrow, expected, rtol=1e-5, atol=1e-6)


def test_silhouettes_equal_scikit_learn(backend):
    scaled = X / X.std(axis=0)
    ours = acm_dispatch.silhouette_samples(scaled, LABELS, backend=backend)
    assert_allclose(ours, sklearn_silhouette_samples(scaled, LABELS), rtol=0, atol=1e-10)
    ours = acm_dispatch.silhouette_score(scaled, LABELS, sample_size=120, random_state=5, backend=backend)
    theirs = sklearn_silhouette_score(scaled, LABELS, sample_size=120, random_state=5)
    assert abs(ours - theirs) < 1e-10
    state = np.random.RandomState(9)
    ours = acm_dispatch.silhouette_score(scaled, LABELS, sample_size=50, random_state=state, backend=backend)
    assert abs(ours - sklearn_silhouette_score(scaled, LABELS, sample_size=50, random_state=9)) < 1e-10


def test_a_sample_with_one_label_is_refused_as_in_scikit_learn(backend):
    labels = np.zeros(300, int)
    labels[0] = 1
    with pytest.raises(ValueError, match="holds 1 distinct labels for 2 rows"):
        acm_dispatch.silhouette_score(X, labels, sample_size=2, random_state=0, backend=backend)


def test_median_and_deviation_equal_scipy(backend):
    median, mad = acm_dispatch.column_median_mad(GAPPY, scale=1.0, backend=backend)
    assert_allclose(median, np.nanmedian(GAPPY, axis=0), rtol=1e-15)
    assert_allclose(mad, median_abs_deviation(GAPPY, axis=0, nan_policy="omit"), rtol=1e-12)


def test_imputation_equals_scikit_learn(backend):
    theirs = SimpleImputer(strategy="median").fit_transform(GAPPY)
    assert_array_equal(acm_dispatch.impute(GAPPY, backend=backend), theirs)


def test_infinities_are_values_where_only_nan_is_missing_as_in_pandas(backend):
    frame = pd.DataFrame(ENDLESS)
    median, mad = acm_dispatch.column_median_mad(ENDLESS, scale=1.0, missing="nan", backend=backend)
    assert_allclose(median, frame.median(), rtol=1e-15)
    assert_allclose(mad, (frame - frame.median()).abs().median(), rtol=1e-12)
    ours = acm_dispatch.impute(ENDLESS, missing="nan", backend=backend)
    assert_array_equal(ours, frame.fillna(frame.median()))
    for method in ("lower", "higher", "nearest"):
        ours = acm_dispatch.quantiles(ENDLESS, [0.0, 0.03, 0.5, 1.0], method=method, missing="nan", backend=backend)
        assert_array_equal(ours, frame.quantile([0.0, 0.03, 0.5, 1.0], interpolation=method))


def test_scores_equal_the_plain_formula(backend):
    expected = (GAPPY - np.nanmean(GAPPY, axis=0)) / np.nanstd(GAPPY, axis=0, ddof=1)
    assert_allclose(acm_dispatch.zscore(GAPPY, ddof=1, backend=backend), expected, rtol=1e-10, atol=1e-12)
