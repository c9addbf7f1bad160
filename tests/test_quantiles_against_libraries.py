"""Quantiles equal NumPy's of the values that are not missing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

import acm_dispatch

RNG = np.random.default_rng(31)
NOISE = np.where(RNG.random((3000, 6)) < 0.1, np.nan, RNG.standard_cauchy((3000, 6)))
STUCK = np.repeat(NOISE[::30], 30, axis=0).round(1)
Q = [0.5, 0.0, 0.999, 0.25, 0.25, 1.0]


@pytest.fixture(params=list(acm_dispatch.column_quantiles.kernels()))
def backend(request):
    return request.param


@pytest.mark.parametrize("method", ["linear", "lower", "higher", "midpoint", "nearest"])
@pytest.mark.parametrize("x", [NOISE, STUCK, NOISE[:4]], ids=["noise", "sensors", "four_rows"])
def test_quantiles_equal_numpy(backend, x, method):
    expected = np.nanquantile(x, Q, axis=0, method=method)
    assert_allclose(acm_dispatch.quantiles(x, Q, method=method, backend=backend), expected, rtol=1e-10, atol=1e-12)
    expected = np.nanquantile(x, Q, axis=1, method=method)
    assert_allclose(acm_dispatch.quantiles(x, Q, axis=1, method=method, backend=backend), expected, 1e-10, 1e-12)
    one = acm_dispatch.quantiles(x[:, 2], 0.3, method=method, backend=backend)
    assert_allclose(one, np.nanquantile(x[:, 2], 0.3, method=method), rtol=1e-10)


@given(x=arrays(np.float64, st.integers(1, 30), elements=st.floats(-1e6, 1e6)), q=st.lists(st.floats(0, 1), max_size=6))
def test_quantiles_rise_with_their_level(x, q):
    found = acm_dispatch.quantiles(x, sorted(q))
    assert (np.diff(found) >= -1e-9 * np.abs(x).max()).all()
    assert_array_equal(acm_dispatch.quantiles(x, [0.0, 1.0]), [x.min(), x.max()])
