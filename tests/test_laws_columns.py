"""Laws of statistics and transformations of columns, on every backend: order, level and unit of the data."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import acm_dispatch as acm

SEEDS, SHAPES = st.integers(0, 10**6), st.tuples(st.integers(1, 40), st.integers(1, 5))
#: Powers of two change no digits, so that laws hold to the last one.
FACTORS = st.sampled_from([2.0**-9, 0.5, 1.0, 4.0, 2.0**20])


def on_each_backend(operation):
    """Every backend that has the kernel and runs here."""
    return pytest.mark.parametrize("backend", list(operation.kernels()))


@on_each_backend(acm.column_median_mad)
@given(seed=SEEDS, shape=SHAPES, factor=FACTORS, shift=st.integers(-1000, 1000))
def test_median_moves_and_deviation_scales_with_the_data(backend, sensors_of, seed, shape, factor, shift):
    x = sensors_of(seed, shape, gaps=0.1)
    median, mad = acm.column_median_mad(x, backend=backend)
    moved, scaled = acm.column_median_mad(factor * (x + shift), backend=backend)
    assert_allclose(moved, factor * (median + shift), rtol=1e-12, atol=1e-12 * factor)
    assert_allclose(scaled, factor * mad, rtol=1e-9, atol=1e-10 * factor)
    mirrored, same = acm.column_median_mad(-x, backend=backend)
    assert_array_equal(mirrored, -median)
    assert_array_equal(same, mad)


@on_each_backend(acm.column_median_mad)
@given(seed=SEEDS, shape=SHAPES)
def test_medians_and_deviations_see_no_order(backend, sensors_of, seed, shape):
    x = sensors_of(seed, shape, gaps=0.2)
    rows, columns = (np.random.default_rng(seed).permutation(size) for size in shape)
    found, shuffled = (acm.column_median_mad(values, backend=backend) for values in (x, x[rows][:, columns]))
    assert_array_equal(shuffled, np.array(found)[:, columns])


@on_each_backend(acm.column_quantiles)
@pytest.mark.parametrize("method", ["linear", "lower", "higher", "midpoint", "nearest"])
@given(seed=SEEDS, shape=SHAPES, q=st.lists(st.floats(0, 1), min_size=1, max_size=6), factor=FACTORS)
def test_quantiles_rise_scale_and_see_no_order(backend, sensors_of, method, seed, shape, q, factor):
    x = sensors_of(seed, shape, gaps=0.1)
    found = acm.quantiles(x, sorted(q), method=method, backend=backend)
    assert_array_equal(np.isnan(found), np.broadcast_to(np.isnan(x).all(axis=0), found.shape))
    rises = np.diff(found, axis=0)
    assert ((rises >= -1e-9) | np.isnan(rises)).all()
    assert_array_equal(acm.quantiles(factor * x, sorted(q), method=method, backend=backend), factor * found)
    shuffled = np.random.default_rng(seed).permutation(x)
    assert_array_equal(acm.quantiles(shuffled, sorted(q), method=method, backend=backend), found)
    gathered = acm.quantiles(x, [0.0, 1.0], method=method, backend=backend)
    valued = ~np.isnan(gathered[0])
    assert_array_equal(gathered[:, valued], [np.nanmin(x[:, valued], 0), np.nanmax(x[:, valued], 0)])


@on_each_backend(acm.column_quantiles)
@given(seed=SEEDS, shape=SHAPES)
def test_the_middle_quantile_is_the_median(backend, sensors_of, seed, shape):
    x = sensors_of(seed, shape, gaps=0.1)
    median = acm.column_median_mad(x, backend="numpy")[0]
    assert_allclose(acm.quantiles(x, 0.5, backend=backend), median, rtol=1e-12)


@on_each_backend(acm.column_moments)
@given(seed=SEEDS, shape=SHAPES, factor=FACTORS, shift=st.integers(-1000, 1000))
def test_moments_follow_level_and_unit(backend, sensors_of, seed, shape, factor, shift):
    x = sensors_of(seed, shape, gaps=0.1)
    own, moved = (acm.column_moments(values, backend=backend) for values in (x, factor * (x + shift)))
    assert_array_equal(moved.count, own.count)
    assert_allclose(moved.mean, factor * (own.mean + shift), rtol=1e-10, atol=1e-9 * factor)
    assert_allclose(moved.variance, factor**2 * own.variance, rtol=1e-8, atol=1e-18 * factor**2)
    for name in ("skewness", "kurtosis"):
        assert_allclose(getattr(moved, name), getattr(own, name), rtol=1e-6, atol=1e-6)
    mirrored = acm.column_moments(-x, backend=backend)
    assert_array_equal(mirrored.minimum, -own.maximum)
    assert_allclose(mirrored.skewness, -own.skewness, rtol=1e-10, atol=1e-12)


@on_each_backend(acm.column_moments)
@given(seed=SEEDS, shape=SHAPES)
def test_moments_see_no_order(backend, sensors_of, seed, shape):
    x = sensors_of(seed, shape, gaps=0.1)
    own = acm.column_moments(x, backend=backend)
    shuffled = acm.column_moments(np.random.default_rng(seed).permutation(x), backend=backend)
    for name, a, b in zip(own._fields, own, shuffled, strict=True):
        assert_allclose(b, a, rtol=1e-6 if name in ("skewness", "kurtosis") else 1e-10, atol=1e-9, err_msg=name)


@on_each_backend(acm.zscore)
@pytest.mark.parametrize("method", ["standard", "robust"])
@given(seed=SEEDS, shape=SHAPES, factor=FACTORS.filter(lambda factor: factor >= 1), shift=st.integers(-1000, 1000))
def test_scores_know_neither_level_nor_unit(backend, sensors_of, method, seed, shape, factor, shift):
    x = sensors_of(seed, shape, gaps=0.1)
    own = acm.zscore(x, method=method, floor=1e-12, backend=backend)
    moved = acm.zscore(factor * (x + shift), method=method, floor=1e-12, backend=backend)
    told = np.nanmax(np.abs(own), axis=0, initial=0) < 1e6  # elsewhere the scale is rounding, or the floor
    assert_allclose(moved[:, told], own[:, told], rtol=1e-7, atol=1e-7)
    assert_array_equal(np.isnan(moved), np.isnan(x))


@on_each_backend(acm.impute)
@given(seed=SEEDS, shape=SHAPES)
def test_imputing_leaves_nothing_to_impute(backend, sensors_of, seed, shape):
    x = sensors_of(seed, shape, gaps=0.3)
    once = acm.impute(x, backend=backend)
    assert_array_equal(acm.impute(once, backend=backend), once)
    assert_array_equal(np.isnan(once).any(axis=0), np.isnan(x).all(axis=0))
    assert_array_equal(once[~np.isnan(x)], x[~np.isnan(x)])


@on_each_backend(acm.ffill)
@given(seed=SEEDS, shape=SHAPES, limit=st.sampled_from([None, 1, 2, 5]))
def test_filling_backwards_mirrors_filling_forwards(backend, sensors_of, seed, shape, limit):
    x = sensors_of(seed, shape, gaps=0.5)
    mirrored = acm.ffill(x[::-1], limit=limit, backend=backend)[::-1]
    assert_array_equal(acm.bfill(x, limit=limit, backend=backend), mirrored)
    both = acm.bfill(acm.ffill(x, backend=backend), backend=backend)
    assert_array_equal(np.isnan(both), np.isnan(x).all(axis=0) | np.zeros(shape, bool))


@on_each_backend(acm.lagged_features)
@given(seed=SEEDS, shape=SHAPES, max_lag=st.integers(0, 45), current=st.booleans())
def test_lags_are_shifts(backend, sensors_of, seed, shape, max_lag, current):
    x = sensors_of(seed, shape, gaps=0.1)
    if not (current or max_lag):
        max_lag = 1
    lags = range(0 if current else 1, max_lag + 1)
    gone = np.full((max(lags), shape[1]), np.nan)
    shifted = [np.concatenate([gone[:lag], x])[: len(x)] for lag in lags]
    options = {"include_current": current, "backend": backend}
    by_lag = acm.lagged_features(x, max_lag, order="lag", **options)
    assert_array_equal(by_lag, np.concatenate(shifted, axis=1))
    by_column = acm.lagged_features(x, max_lag, order="column", **options)
    assert_array_equal(by_column, np.stack(shifted, axis=2).reshape(len(x), -1))
