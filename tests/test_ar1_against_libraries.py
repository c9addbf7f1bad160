"""Autoregression equals NumPy's least squares, and its residuals SciPy's filter."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.signal import lfilter

import acm_dispatch

RNG = np.random.default_rng(23)
LEVELS = np.array([0.0, 3.0, -200.0, 1e4, 0.5, 1e6])
WALK = lfilter([1.0], [1.0, -0.7], RNG.normal(size=(900, 6)), axis=0) + LEVELS
GAPPY = np.where(RNG.random(WALK.shape) < 0.1, np.nan, WALK.round(2))


@pytest.fixture(params=["walk", "gappy", "fan"])
def x(request, fan):
    """The last one's dead sensor has no coefficient."""
    return {"walk": WALK, "gappy": GAPPY, "fan": fan}[request.param]


def least_squares(previous, following):
    """The slope of a line through the origin."""
    slope = np.linalg.lstsq(previous[:, None], following, rcond=None)[0][0]
    return np.clip(slope, -0.999, 0.999)


@pytest.mark.parametrize("backend", list(acm_dispatch.ar1_coefficients.kernels()))
@pytest.mark.parametrize("center", ["mean", "median"])
@pytest.mark.parametrize("missing", ["drop", "pair"])
def test_coefficients_equal_least_squares(backend, x, center, missing):
    phi, mu = acm_dispatch.ar1_coefficients(x, center=center, missing=missing, backend=backend)
    expected = getattr(pd.DataFrame(x), center)()
    assert_allclose(mu, expected, rtol=1e-12)
    for column, own_mu, own_phi in zip(x.T, mu, phi, strict=True):
        c = (column[np.isfinite(column)] if missing == "drop" else column) - own_mu
        both = np.isfinite(c[1:]) & np.isfinite(c[:-1])
        if both.any() and np.ptp(c[np.isfinite(c)]) > 0:
            assert_allclose(own_phi, least_squares(c[:-1][both], c[1:][both]), rtol=1e-8)
        else:
            assert own_phi == 0


@pytest.mark.parametrize("backend", list(acm_dispatch.ar1_residuals.kernels()))
def test_residuals_equal_a_filter(backend, x):
    phi, mu = acm_dispatch.ar1_coefficients(x, backend="numpy")
    ours = acm_dispatch.ar1_residuals(x, phi, mu, backend=backend)
    assert_array_equal(np.isnan(ours), np.isnan(x))
    known = np.where(np.isfinite(x), x - mu, 0.0)  # a missing value before counts as the centre
    for column, own_phi, residuals in zip(known.T, phi, ours.T, strict=True):
        told = ~np.isnan(residuals)
        assert_allclose(residuals[told], lfilter([1.0, -own_phi], [1.0], column)[told], rtol=1e-9, atol=1e-9)
