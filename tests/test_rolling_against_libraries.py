"""Windows equal pandas' where its running sums keep their digits, and the plain formulas everywhere."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import kurtosis, linregress, median_abs_deviation, skew

import acm_dispatch
from acm_dispatch.numpy_kernels import prefix_doubling

RNG = np.random.default_rng(11)
X = RNG.normal(size=(400, 12)).cumsum(axis=0)
SENSORS = np.where(RNG.random(X.shape) < 0.05, np.nan, X.round(2))
SENSORS[100, 3], SENSORS[200:230, 5], SENSORS[50, 7] = np.inf, np.nan, -np.inf


@pytest.fixture(params=list(acm_dispatch.rolling_mean.kernels()))
def backend(request):
    """Every backend that runs here; the conformance kit's header says which do not, and why."""
    return request.param


@pytest.mark.parametrize("name", ["mean", "std", "median", "min", "max", "skew", "kurt"])
@pytest.mark.parametrize(("window", "min_periods"), [(1, None), (2, 1), (20, 12), (60, None), (500, 4)])
def test_windows_equal_pandas(backend, name, window, min_periods):
    rolling = pd.DataFrame(SENSORS).rolling(window, min_periods=min_periods)
    ours = getattr(acm_dispatch, f"rolling_{name}")(SENSORS, window, min_periods=min_periods, backend=backend)
    assert_allclose(ours, getattr(rolling, name)().to_numpy(), rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_windows_equal_scipy(backend, offset):
    x = (offset + X)[:70, :2]
    windows = np.lib.stride_tricks.sliding_window_view(x, 20, axis=0) - offset
    time = np.arange(20)
    expected = {
        "skew": skew(windows, axis=2, bias=False),
        "kurt": kurtosis(windows, axis=2, bias=False),
        "mad": median_abs_deviation(windows, axis=2),
        "slope": np.apply_along_axis(lambda values: linregress(time, values).slope, 2, windows),
    }
    for name, theirs in expected.items():
        ours = getattr(acm_dispatch, f"rolling_{name}")(x, 20, backend=backend)
        assert_allclose(ours[19:], theirs, rtol=1e-9, atol=1e-12 * max(offset, 1.0))


def test_what_left_a_window_is_forgotten(backend):
    """The same rows give the same results, to rounding, whatever came before them."""
    calm = RNG.normal(size=(100, 3))
    wild = np.concatenate([1e12 * RNG.normal(size=(100, 3)), np.full((30, 3), np.inf), calm])
    for name in ("mean", "std", "median", "mad", "min", "max", "skew", "kurt", "slope"):
        operation = getattr(acm_dispatch, f"rolling_{name}")
        expected = operation(calm, 30, backend=backend)[29:]
        assert_allclose(operation(wild, 30, backend=backend)[-71:], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("window", [5, 37, 299])
def test_strips_of_doubled_windows_join(window):
    """Strips smaller and larger than the windows, of some columns at a time, give what one strip gives."""
    x = np.where(RNG.random((300, 7)) < 0.1, np.nan, 1e6 + RNG.normal(size=(300, 7)))
    for name in ("mean", "std", "skew", "kurt", "slope", "min", "max"):
        kernel = getattr(prefix_doubling, f"rolling_{name}")
        options = (window, 1, 4) if name == "std" else (window, 4)
        with np.errstate(all="ignore"):
            whole, cut = (prefix_doubling.over_strips(np, numbers, kernel, x, *options) for numbers in (1 << 20, 64))
        assert_allclose(cut, whole, rtol=1e-9, atol=1e-12)


SERIES = st.lists(st.sampled_from([-2.0, 0.0, 0.5, 3.0, 1e3, np.nan, np.inf]), min_size=1, max_size=30)


@given(series=SERIES, window=st.integers(1, 12), periods=st.integers(0, 3))
def test_extremes_are_mirror_images_and_enclose(series, window, periods):
    x = np.array(series)[:, None]
    least, greatest, middle, mean = (
        getattr(acm_dispatch, f"rolling_{name}")(x, window, min_periods=min(periods, window))
        for name in ("min", "max", "median", "mean")
    )
    assert_array_equal(least, -acm_dispatch.rolling_max(-x, window, min_periods=min(periods, window)))
    some = ~np.isnan(least)
    for between in (middle[some], mean[some]):
        assert (least[some] <= between + 1e-12).all()
        assert (between <= greatest[some] + 1e-12).all()
