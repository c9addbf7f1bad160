"""Filling equals pandas."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

import acm_dispatch

RNG = np.random.default_rng(8)
NOISE = np.where(RNG.random((4000, 5)) < [0.0, 0.05, 0.5, 0.95, 1.0], np.nan, RNG.normal(size=(4000, 5)))
STUCK = np.repeat(NOISE[::10], 10, axis=0).round(1)
STUCK[::97, 1] = np.inf


@pytest.fixture(params=list(acm_dispatch.ffill.kernels()))
def backend(request):
    return request.param


@pytest.mark.parametrize("limit", [None, 1, 7])
@pytest.mark.parametrize("x", [NOISE, STUCK, STUCK.astype(np.float32)], ids=["noise", "sensors", "float32"])
def test_filling_equals_pandas(backend, x, limit):
    frame = pd.DataFrame(x)
    assert_array_equal(acm_dispatch.ffill(x, limit=limit, backend=backend), frame.ffill(limit=limit))
    assert_array_equal(acm_dispatch.bfill(x, limit=limit, backend=backend), frame.bfill(limit=limit))
