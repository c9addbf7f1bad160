"""Lagged features equal shifted frames side by side."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

import acm_dispatch

RNG = np.random.default_rng(9)
NOISE = np.where(RNG.random((900, 6)) < 0.05, np.nan, RNG.normal(size=(900, 6)))
WALK = RNG.normal(size=(901, 3)).cumsum(axis=0).round(2).astype(np.float32)


@pytest.fixture(params=list(acm_dispatch.lagged_features.kernels()))
def backend(request):
    return request.param


@pytest.mark.parametrize("x", [NOISE, WALK], ids=["noise", "walk"])
@pytest.mark.parametrize("lags", [range(1), range(4), range(1, 12)], ids=str)
def test_lags_equal_shifts_in_pandas(backend, x, lags):
    shifted = pd.concat([pd.DataFrame(x).shift(lag) for lag in lags], axis=1).to_numpy()
    options = {"include_current": lags.start == 0, "backend": backend}
    by_lag = acm_dispatch.lagged_features(x, lags.stop - 1, order="lag", **options)
    assert_array_equal(by_lag, shifted)
    by_column = acm_dispatch.lagged_features(x, lags.stop - 1, **options)
    assert_array_equal(by_column.reshape(len(x), x.shape[1], -1), by_lag.reshape(len(x), -1, x.shape[1]).swapaxes(1, 2))
