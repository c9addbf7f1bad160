"""Moments equal those of pandas and SciPy, and parts can be joined."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

import acm_dispatch

RNG = np.random.default_rng(12)
SKEWED = np.where(RNG.random((5000, 6)) < 0.05, np.nan, RNG.gamma([0.5, 1, 2, 4, 8, 99], size=(5000, 6)))
STUCK = np.repeat(SKEWED[::10].round(1), 10, axis=0)
STUCK[:, 2] = 0.1


@pytest.fixture(params=list(acm_dispatch.column_moments.kernels()))
def backend(request):
    return request.param


@pytest.mark.parametrize("x", [SKEWED, STUCK, SKEWED[:3]], ids=["skewed", "sensors", "three_rows"])
def test_moments_equal_pandas(backend, x):
    frame = pd.DataFrame(x)
    ours = acm_dispatch.column_moments(x, ddof=1, backend=backend)
    assert_array_equal(ours.count, frame.count())
    theirs = [frame.mean(), frame.var(), frame.skew(), frame.kurt(), frame.min(), frame.max()]
    for value, expected in zip(ours[1:], theirs, strict=True):
        assert_allclose(value, expected, rtol=1e-10, atol=1e-12)


def test_moments_keep_their_digits_beside_an_offset(backend):
    x = np.nan_to_num(SKEWED, nan=1.0)
    ours = acm_dispatch.column_moments(x + 2.0**30, backend=backend)
    rounded = (x + 2.0**30) - 2.0**30
    assert_allclose(ours.variance, rounded.var(axis=0), rtol=1e-10)
    assert_allclose(ours.skewness, stats.skew(rounded, bias=False), rtol=1e-10)
    assert_allclose(ours.kurtosis, stats.kurtosis(rounded, bias=False), rtol=1e-9)


def test_sums_of_pairs_give_the_autocovariance(backend):
    x = SKEWED.round(3)
    sums = acm_dispatch.column_sums(x, backend=backend)
    both = np.isfinite(x[1:]) & np.isfinite(x[:-1])
    centred = x - sums.origin - sums.mean
    products = np.where(both, centred[1:] * centred[:-1], 0).sum(axis=0)
    ours = sums.products - sums.mean * (sums.before + sums.after) + sums.pairs * sums.mean**2
    assert_array_equal(sums.pairs, both.sum(axis=0))
    assert_allclose(ours, products, rtol=1e-9, atol=1e-8)


def test_sums_are_float64_whatever_the_input(backend):
    sums = acm_dispatch.column_sums(
        np.full((10, 2), 1e12, np.float32) * np.arange(10, dtype=np.float32)[:, None], backend=backend
    )
    assert sums.fourths.dtype == np.float64  # beyond float32
    assert np.isfinite(sums.fourths).all()
