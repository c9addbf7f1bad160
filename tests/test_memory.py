"""What a call adds to the memory of a fresh process, on each backend that a process without stand-ins has."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import acm_dispatch
from benchmarks import memory

#: An operation, what it is called with, and the most megabytes that may come and go: far less than n x n (d x d) takes.
CALLS = {
    "silhouette_samples": ("silhouette_score(x, np.arange(len(x)) % 4, {backend})", (8_000, 10), 64),
    "pairwise_distances_argmin": ("pairwise_distances_argmin(x, x, {backend})", (8_000, 10), 64),
    "sparse_correlation": ("sparse_correlation(x, 0.6, {backend})", (60, 6_000), 72),
}
#: Where memory is taken tile by tile: a tenth of the input and a little for each thread.
FRUGAL = {
    "lagged_features": ("lagged_features(x, 3, {backend})", (500_000, 20), 10),
    "column_quantiles": ("column_quantiles(x, [0.1, 0.5], {backend})", (500_000, 20), 10),
    "column_median_mad": ("column_median_mad(x, {backend})", (500_000, 20), 10),
    "rolling_median": ("rolling_median(x, 60, {backend})", (500_000, 20), 10),
}
CODE = """
import numpy as np
from acm_dispatch import *
from benchmarks.memory import bytes_of, peak_above_inputs

def call(rows, columns):
    x = np.random.default_rng(0).normal(size=(rows, columns))
    return peak_above_inputs(lambda: {call})

call(200, min({columns}, 50))
peak, result = call({rows}, {columns})
print(peak - bytes_of(result) / 1e6)
"""


def megabytes(operation, backend, call, shape):
    """The peak above input and result."""
    if backend not in getattr(acm_dispatch, operation).kernels():
        pytest.skip(f"{backend} has no {operation}")
    call = call.format(backend=f"backend={backend!r}")
    code = CODE.format(call=call, rows=shape[0], columns=shape[1])
    root = Path(__file__).parents[1]
    two = {**os.environ, "ACM_DISPATCH_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-c", code], cwd=root, env=two, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return float(done.stdout)


pytestmark = pytest.mark.skipif(not memory.available(), reason="the peak of a process can be reset on Linux only")


@pytest.mark.parametrize("operation", CALLS)
@pytest.mark.parametrize("backend", ["rust", "numba", "numpy"])
def test_nothing_of_the_square_of_the_size_is_ever_allocated(operation, backend):
    call, shape, most = CALLS[operation]
    assert megabytes(operation, backend, call, shape) < most


@pytest.mark.parametrize("operation", FRUGAL)
def test_kernels_in_rust_need_tiles_beside_input_and_result(operation):
    call, shape, most = FRUGAL[operation]
    assert megabytes(operation, "rust", call, shape) < most
