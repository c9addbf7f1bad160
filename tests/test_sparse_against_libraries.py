"""Sparse products and correlations against SciPy and NumPy."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from acm_cupy.testing import StrictNumpy
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

import acm_dispatch

RNG = np.random.default_rng(13)
MATRICES = [
    sparse.random_array((60, 40), density=0.1, format="csr", rng=RNG),
    sparse.random_array((60, 40), density=0.1, format="coo", rng=RNG),
    sparse.csr_matrix((60, 40)),
    sparse.csc_array(RNG.normal(size=(60, 40))),
]


@pytest.fixture(params=list(acm_dispatch.csr_matmul.kernels()))
def backend(request):
    """Every backend that has the kernel and runs here."""
    return request.param


@pytest.mark.parametrize("matrix", MATRICES, ids=["csr", "coo", "empty", "csc"])
@pytest.mark.parametrize("columns", [1, 7, 8, 50])
def test_products_equal_scipy(backend, matrix, columns):
    b = RNG.normal(size=(40, columns))
    assert_allclose(acm_dispatch.sparse_matmul(matrix, b, backend=backend), matrix @ b, rtol=1e-10, atol=1e-12)
    assert_allclose(
        acm_dispatch.sparse_matvec(matrix, b[:, 0], backend=backend), matrix @ b[:, 0], rtol=1e-10, atol=1e-12
    )


@pytest.mark.parametrize("backend", list(acm_dispatch.sparse_correlation.kernels()))
def test_correlation_is_numpy_corrcoef_above_the_threshold(backend):
    x = RNG.normal(size=(80, 300)) + RNG.normal(size=(80, 30))[:, np.arange(300) // 10]
    dense = np.corrcoef(x.T)
    found = acm_dispatch.sparse_correlation(x, 0.4, backend=backend)
    assert found.has_sorted_indices
    assert_array_equal(found.toarray() != 0, np.abs(dense) >= 0.4)
    assert_allclose(found.toarray(), np.where(np.abs(dense) >= 0.4, dense, 0.0), rtol=1e-10)


def test_correlation_of_a_device_array_stays_on_the_device(monkeypatch):
    made = SimpleNamespace(csr_matrix=lambda arrays, shape: (arrays, shape))
    monkeypatch.setitem(sys.modules, "cupyx.scipy.sparse", made)
    x = RNG.normal(size=(50, 6))
    arrays, shape = acm_dispatch.sparse_correlation(StrictNumpy.asarray(x), 0.2)
    expected = acm_dispatch.sparse_correlation(x, 0.2)
    assert shape == expected.shape
    for array, wanted in zip(arrays, (expected.data, expected.indices, expected.indptr), strict=True):
        assert_allclose(StrictNumpy.asnumpy(array), wanted, rtol=1e-10)
