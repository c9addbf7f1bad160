"""Laws of what is gathered in parts: however data are cut and merged, the whole is the same."""

import pickle

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import acm_dispatch as acm

SEEDS = st.integers(0, 10**6)
Q = (0.0, 0.1, 0.5, 0.99, 1.0)
BACKENDS = [name for name in acm.column_sums.kernels() if name in acm.column_quantiles.kernels()]


def summary(x):
    """What one part knows."""
    statistics = acm.StreamingStatistics(x.shape[1], Q, covariance=True)
    statistics.update(x)
    return statistics


def merged(parts, rng):
    """Neighbours, sent from elsewhere, merged in any order until one is left: a random tree."""
    parts = pickle.loads(pickle.dumps(parts))
    while len(parts) > 1:
        at = rng.integers(len(parts) - 1)
        parts[at].merge(parts.pop(at + 1))
    return parts[0].result()


def assert_same(found, whole, x):
    """Equal to rounding, which is as large as the spread of the data; quantiles of so few rows are exact."""
    spread = np.nan_to_num(np.nanmax(x, axis=0, initial=-np.inf) - np.nanmin(x, axis=0, initial=np.inf), neginf=0.0)
    powers = {"variance": spread**2, "autocovariance": spread**2, "covariance": np.outer(spread, spread)}
    for name, a, b in zip(whole._fields, found, whole, strict=True):
        shape = name in ("skewness", "kurtosis")
        slack = 1e-7 if shape else 1e-9 * powers.get(name, spread)
        same = np.isclose(a, b, rtol=1e-7 if shape else 1e-9, atol=slack + 1e-12, equal_nan=True)
        assert same.all(), f"{name}: {a} instead of {b}"


@pytest.mark.parametrize("backend", BACKENDS)
@given(seed=SEEDS, rows=st.integers(1, 80), cuts=st.lists(st.integers(0, 80), max_size=6))
def test_any_cut_and_any_tree_of_merges_give_the_whole(backend, sensors_of, seed, rows, cuts):
    x = sensors_of(seed, (rows, 3), gaps=0.1)
    with acm.use(backend):
        whole = summary(x).result()
        parts = np.split(x, sorted(cuts))
        chunked = acm.StreamingStatistics(3, Q, covariance=True)
        for part in parts:
            chunked.update(part)
        tree = merged([summary(part) for part in parts], np.random.default_rng(seed))
    assert_same(chunked.result(), whole, x)
    assert_same(tree, whole, x)


@pytest.mark.parametrize("backend", BACKENDS)
@given(seed=SEEDS, rows=st.integers(1, 80), cuts=st.lists(st.integers(0, 80), max_size=6))
def test_infinities_are_left_out_like_nan(backend, sensors_of, seed, rows, cuts):
    rng = np.random.default_rng(seed)
    gaps = sensors_of(seed, (rows, 3), gaps=0.2)
    x = np.where(np.isnan(gaps), rng.choice([np.nan, np.inf, -np.inf], size=gaps.shape), gaps)
    with acm.use(backend):
        expected = summary(gaps).result()
        tree = merged([summary(part) for part in np.split(x, sorted(cuts))], rng)
    assert_same(tree, expected, gaps)


@pytest.mark.parametrize("backend", BACKENDS)
@given(seed=SEEDS, rows=st.integers(1, 9000))
def test_merged_with_itself_means_the_data_twice(backend, sensors_of, seed, rows):
    x = sensors_of(seed, (rows, 2), gaps=0.1)
    with acm.use(backend):
        own, first, second = summary(x), summary(x), summary(x)
        own.merge(own)
        first.merge(second)
    for name, a, b in zip(acm.StreamingResult._fields, own.result(), first.result(), strict=True):
        assert_array_equal(a, b, err_msg=name)


def ranks_off(backend, seed, parts, rows):
    """How far quantiles of levels that follow each other are from their ranks, and what is stated."""
    rng = np.random.default_rng(seed)
    x = [rng.exponential(size=(rng.integers(1, rows), 2)).round(2) + level for level in range(parts)]
    with acm.use(backend):
        result = merged([summary(part) for part in x], rng)
    together = np.sort(np.concatenate(x), axis=0)
    assert_array_equal(result.quantiles[[0, -1]], together[[0, -1]])
    wanted, off = np.multiply(Q, len(together) - 1), np.zeros((len(Q), 2))
    for j in range(2):
        low, high = (np.searchsorted(together[:, j], result.quantiles[:, j], side=side) for side in ("left", "right"))
        off[:, j] = np.maximum(np.maximum(low - wanted, wanted - high), 0)
    return off, result.rank_error


@pytest.mark.parametrize("backend", BACKENDS)
@given(seed=SEEDS, parts=st.integers(1, 12), rows=st.integers(500, 6000))
@example(seed=12521, parts=12, rows=811)  # the step between two points is most of the error
def test_quantiles_of_many_rows_keep_to_a_bounded_error(backend, seed, parts, rows):
    off, stated = ranks_off(backend, seed, parts, rows)
    assert (off <= stated + 1).all()


@pytest.mark.parametrize("backend", BACKENDS)
@given(seed=SEEDS, rows=st.integers(2, 60), shift=st.integers(-1000, 1000))
def test_streams_follow_level_and_unit(backend, sensors_of, seed, rows, shift):
    x = sensors_of(seed, (rows, 2), gaps=0.1)
    with acm.use(backend):
        own, moved = (summary(values).result() for values in (x, 2.0 * (x + shift)))
    assert_allclose(moved.mean, 2.0 * (own.mean + shift), rtol=1e-10, atol=1e-9)
    assert_allclose(moved.quantiles, 2.0 * (own.quantiles + shift), rtol=1e-10, atol=1e-9)
    for name in ("variance", "autocovariance", "covariance"):
        assert_allclose(getattr(moved, name), 4.0 * getattr(own, name), rtol=1e-7, atol=1e-7)
