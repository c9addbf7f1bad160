"""Correlations against pandas, NumPy and SciPy."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.stats import spearmanr

import acm_dispatch

RNG = np.random.default_rng(11)
#: Sensors on different levels that share a drift, quantised as they are read.
SENSORS = (np.cumsum(RNG.normal(size=(500, 1)), axis=0) * RNG.uniform(-1, 1, 7) + RNG.normal(size=(500, 7))).round(1)
SENSORS += [0, 1e3, -50, 7, 1e6, 20, 300]
GAPPY = np.where(RNG.random(SENSORS.shape) < 0.1, np.nan, SENSORS)
GAPPY[100:300, 2] = np.nan
GAPPY[5, 3], GAPPY[6, 4] = np.inf, -np.inf


@pytest.fixture(params=list(acm_dispatch.pearson.kernels()))
def backend(request):
    """Every backend that has the kernel and runs here."""
    return request.param


def test_pearson_equals_numpy(backend):
    assert_allclose(acm_dispatch.pearson(SENSORS, backend=backend), np.corrcoef(SENSORS.T), rtol=1e-9)


def test_pearson_with_gaps_equals_pandas(backend):
    expected = pd.DataFrame(GAPPY).corr()
    assert_allclose(acm_dispatch.pearson(GAPPY, backend=backend), expected, rtol=1e-9)


@pytest.mark.parametrize("backend", list(acm_dispatch.spearman.kernels()))
def test_spearman_equals_scipy_and_pandas(backend):
    assert_allclose(acm_dispatch.spearman(SENSORS, backend=backend), spearmanr(SENSORS).statistic, rtol=1e-10)
    finite = np.where(np.isfinite(GAPPY), GAPPY, np.nan)
    expected = pd.DataFrame(finite).corr(method="spearman")
    assert_allclose(acm_dispatch.spearman(GAPPY, backend=backend), expected, rtol=1e-10)
