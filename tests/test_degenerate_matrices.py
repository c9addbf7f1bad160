"""Singular vectors and principal components of matrices without full rank: orthonormal, whatever the matrix."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import acm_dispatch as acm

#: Matrices that are drawn, of each dtype.
DRAWS = 2000


def on_each_backend(operation):
    """Every backend that has the kernel and runs here."""
    return pytest.mark.parametrize("backend", list(operation.kernels()))


def _equal_rows(rng, n, d):
    return np.repeat(rng.integers(1, 20, size=(1, d)).astype(float), n, axis=0)


def _proportional_rows(rng, n, d):
    return np.outer(rng.integers(1, 5, size=n), 2.0 ** rng.integers(0, 5, size=d))


def _low_rank(rng, n, d):
    rank = int(rng.integers(0, min(n, d) + 1))
    return rng.normal(size=(n, rank)) @ rng.normal(size=(rank, d))


def _low_rank_of_integers(rng, n, d):
    rank = int(rng.integers(1, min(n, d) + 1))
    return (rng.integers(-3, 4, size=(n, rank)) @ rng.integers(-3, 4, size=(rank, d))).astype(float)


def _bits(rng, n, d):
    return rng.integers(0, 2, size=(n, d)).astype(float)


def _repeated_rows(rng, n, d):
    few = max(n // 2, 1)
    return rng.normal(size=(few, d))[rng.integers(0, few, size=n)]


def _repeated_columns(rng, n, d):
    return _repeated_rows(rng, d, n).T.copy()


def _one_value(rng, n, d):
    x = np.zeros((n, d))
    x[rng.integers(n), rng.integers(d)] = rng.choice([1.0, 1e-300, 1e-40, 1e38, 1e308, 0.0])
    return x


def _low_rank_of_any_size(rng, n, d):
    return _low_rank(rng, n, d) * 10.0 ** rng.integers(-200, 200)


KINDS = [
    _equal_rows,
    _proportional_rows,
    _low_rank,
    _low_rank_of_integers,
    _bits,
    _repeated_rows,
    _repeated_columns,
    _one_value,
    _low_rank_of_any_size,
]


def _drawn(dtype):
    """Small matrices of every kind, tall and wide, with all their components or some."""
    rng = np.random.default_rng(0)
    for draw in range(DRAWS):
        n, d = rng.integers(1, 13, size=2)
        with np.errstate(over="ignore"):
            x = KINDS[draw % len(KINDS)](rng, n, d).astype(dtype)
        if np.isfinite(x).all():
            yield x, int(rng.integers(1, min(n, d) + 1)) if draw % 3 else min(n, d)


def _assert_orthonormal(rows, tolerance):
    assert_allclose(rows @ rows.T, np.eye(len(rows)), rtol=0, atol=tolerance)


@on_each_backend(acm.truncated_svd)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-5)])
def test_singular_vectors_are_orthonormal(backend, dtype, tolerance):
    for x, count in _drawn(dtype):
        u, s, vt = acm.truncated_svd(x, count, backend=backend)
        _assert_orthonormal(u.T, tolerance)
        _assert_orthonormal(vt, tolerance)
        scale = np.ldexp(1.0, -np.frexp(np.abs(x).max())[1] // 2)
        known = np.linalg.svd(x.astype(float) * scale * scale, compute_uv=False)[:count]
        assert_allclose(s.astype(float) * scale * scale, known, rtol=tolerance, atol=tolerance * known[0])


@on_each_backend(acm.pca_fit)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-5)])
def test_components_are_orthonormal(backend, dtype, tolerance):
    for x, count in _drawn(dtype):
        if len(x) > 1:
            model = acm.pca_fit(x, count, backend=backend)
            _assert_orthonormal(model.components, tolerance)
            assert np.isfinite(model.mean).all()
            assert (model.explained_variance >= 0).all()
            assert (np.diff(model.explained_variance[np.isfinite(model.explained_variance)]) <= 0).all()


@on_each_backend(acm.truncated_svd)
def test_a_long_matrix_of_equal_rows_has_orthonormal_vectors(backend):
    u, s, vt = acm.truncated_svd(np.tile(np.arange(1.0, 9.0), (20_000, 1)), 8, backend=backend)
    _assert_orthonormal(u.T, 1e-12)
    _assert_orthonormal(vt, 1e-12)
    assert s[0] == pytest.approx(np.sqrt(20_000 * 204), rel=1e-13)
    assert (s[1:] <= 1e-13 * s[0]).all()
