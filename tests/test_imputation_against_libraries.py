"""Filling equals pandas, and fills what can be filled."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
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


@settings(max_examples=40, deadline=None)
@given(arrays(np.float64, st.tuples(st.integers(1, 12), st.integers(1, 5)), elements=st.sampled_from([np.nan, 1, 2])))
def test_both_ways_fill_every_column_that_has_a_value(x):
    filled = acm_dispatch.bfill(acm_dispatch.ffill(x))
    assert_array_equal(np.isnan(filled), np.isnan(x).all(axis=0) | np.zeros(x.shape, bool))
