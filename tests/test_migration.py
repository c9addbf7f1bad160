"""The names of the migration plan exist, and give what NumPy, SciPy and scikit-learn give."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from sklearn.metrics import pairwise_distances_argmin, silhouette_score

import acm_dispatch

acm_rs = pytest.importorskip("acm_rs")
if acm_rs.backend.available() is not None:
    pytest.skip("the Rust library is not built", allow_module_level=True)

RNG = np.random.default_rng(42)
X, Y = RNG.standard_normal((1000, 50)), RNG.standard_normal((100, 50))
LABELS = RNG.integers(0, 4, size=1000)
GAPPY = np.where(RNG.random(X.shape) < 0.05, np.nan, X)


def test_distances_equal_scipy():
    assert_allclose(acm_rs.pairwise_euclidean_f64(X, Y), cdist(X, Y), rtol=1e-10, atol=1e-12)
    nearest = acm_rs.pairwise_distances_argmin_f64(X, Y)
    assert nearest.dtype == np.int32
    assert_array_equal(nearest, pairwise_distances_argmin(X, Y))


def test_silhouette_equals_scikit_learn():
    assert abs(acm_rs.silhouette_score_euclidean(X, LABELS) - silhouette_score(X, LABELS)) < 1e-10
    assert -1 <= acm_rs.silhouette_score_euclidean(X, LABELS, sample_size=200) <= 1


def test_columns_equal_numpy():
    median, mad = acm_rs.column_median_mad_f64(GAPPY)
    assert_allclose(median, np.nanmedian(GAPPY, axis=0), rtol=1e-12)
    assert_allclose(mad, 1.4826 * np.nanmedian(np.abs(GAPPY - median), axis=0), rtol=1e-12)
    levels = [0.05, 0.5, 0.95]
    assert_allclose(acm_rs.multi_quantile_f64(GAPPY, levels), np.nanquantile(GAPPY, levels, axis=0), 1e-10, 1e-12)
    assert_allclose(acm_rs.multi_quantile_f64(X[:, 0], levels), np.quantile(X[:, 0], levels), 1e-10, 1e-12)
    assert_allclose(acm_rs.zscore_normalize_f64(GAPPY), (GAPPY - median) / mad, 1e-10, 1e-12)
    assert_allclose(acm_rs.zscore_normalize_f64(X, X.mean(axis=0), X.std(axis=0)), (X - X.mean(0)) / X.std(0), 1e-10)
    assert_array_equal(acm_rs.median_impute_f64(GAPPY, median), np.where(np.isnan(GAPPY), median, GAPPY))


def test_lags_stand_side_by_side():
    lagged = acm_rs.build_lagged_features_f64(X, 2)
    assert_array_equal(lagged[2:, :3], np.column_stack([X[2:, 0], X[1:-1, 0], X[:-2, 0]]))


def test_every_name_is_there():
    from acm_rs import migration

    assert acm_rs.StreamingStatistics is acm_dispatch.StreamingStatistics
    assert all(getattr(acm_rs, name) is getattr(migration, name) for name in migration.__all__)
    with pytest.raises(AttributeError, match="no attribute 'fast_f64'"):
        _ = acm_rs.fast_f64
