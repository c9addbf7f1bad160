"""Correlations, decompositions and quadratic forms near the ends of float64, against rational arithmetic."""

from fractions import Fraction
from functools import cache
from itertools import combinations, product
from math import isqrt

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import acm_dispatch as acm

#: From the smallest normal numbers to the largest, and where squares leave float64.
SIZES = [2.0**-1020, 1e-290, 1e-200, 1e-165, 1e-155, 1e-100, 1.0, 1e100, 1e153, 1e155, 1e200, 1e290, 2.0**1019]
RNG = np.random.default_rng(3)
X = RNG.integers(-15, 16, size=(12, 4)) + RNG.integers(-9, 10, size=(12, 1))


def on_each_backend(operation):
    """Every backend that has the kernel and runs here."""
    return pytest.mark.parametrize("backend", list(operation.kernels()))


def _square_root(value):
    """Of a fraction, to 200 bits and more."""
    shift = 4 * (200 + abs(value.denominator.bit_length() - value.numerator.bit_length()))
    return Fraction(isqrt((value.numerator << (2 * shift)) // value.denominator), 1 << shift)


def _correlation(a, b):
    """Pearson's coefficient of two columns of floats, in rational arithmetic up to its square root."""
    a, b = ([Fraction(float(value)) for value in column] for column in (a, b))
    (mean_a, mean_b), n = (sum(column) / len(column) for column in (a, b)), len(a)
    products = sum((a[i] - mean_a) * (b[i] - mean_b) for i in range(n))
    squares = [sum((value - mean) ** 2 for value in column) for column, mean in ((a, mean_a), (b, mean_b))]
    return float(products / _square_root(squares[0] * squares[1]))


def _sized(first, second):
    return X * np.array([first, second, first, 1.0]) / 32


@cache
def _correlations(first, second, start):
    """Of every pair of columns, from a row on."""
    x = _sized(first, second)[start:]
    found = np.eye(x.shape[1])
    for i, j in combinations(range(x.shape[1]), 2):
        found[i, j] = found[j, i] = _correlation(x[:, i], x[:, j])
    return found


@on_each_backend(acm.pearson)
@pytest.mark.parametrize("gap", [False, True])
def test_columns_of_every_size_are_correlated(backend, gap):
    for first, second in product(SIZES, SIZES):
        x = _sized(first, second)
        if gap:
            x[0] = np.nan
        assert_allclose(acm.pearson(x, backend=backend), _correlations(first, second, int(gap)), rtol=1e-12, atol=1e-13)


@on_each_backend(acm.sparse_correlation)
def test_sparse_correlations_drop_no_column_for_its_size(backend):
    expected = acm.pearson(X.astype(float), backend="numpy")
    for first, second in product(SIZES, SIZES):
        kept = acm.sparse_correlation(_sized(first, second), 0.2, backend=backend).toarray()
        assert_allclose(kept, np.where(np.abs(expected) >= 0.2, expected, 0.0), rtol=1e-12)


@on_each_backend(acm.sparse_correlation)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_what_equals_the_threshold_is_kept(backend, dtype):
    """Integer columns, many of whose pairs have a coefficient that is exactly a quarter, a half or one."""
    signs = np.array(list(product([-1, 1], repeat=7)))
    chosen = RNG.permuted(np.tile(np.arange(7), (131, 1)), axis=1)[:, :4]
    x = np.stack([signs[:, which].sum(axis=1) for which in chosen], axis=1)
    exact = np.array([[len(set(a) & set(b)) for b in chosen] for a in chosen])  # in quarters
    scales = RNG.choice([1.0, 3.0, 0.1, 1 / 3, 1e5], size=131)
    for quarters in (1, 2, 3, 4):
        kept = acm.sparse_correlation((x * scales).astype(dtype), quarters / 4, backend=backend)
        assert_array_equal(kept.toarray() != 0, exact >= quarters)


@on_each_backend(acm.truncated_svd)
def test_singular_values_of_every_size(backend):
    u, s, vt = acm.truncated_svd(X.astype(float), 4, backend="numpy")
    for size in SIZES:
        found = acm.truncated_svd(X * (size / 512), 4, backend=backend)
        assert_allclose(found[1] / size * 512, s, rtol=1e-12)
        for vectors, expected in ((found[0], u), (found[2], vt)):
            assert_allclose(vectors, expected, atol=1e-12)


@on_each_backend(acm.truncated_svd)
def test_singular_values_that_no_number_holds_are_infinite(backend):
    u, s, vt = acm.truncated_svd(np.full((2, 2), 1.7e308), 2, backend=backend)
    assert s[0] == np.inf
    assert s[1] <= 1e-13 * 1.7e308
    assert_allclose(np.abs(u[:, 0]), np.sqrt([0.5, 0.5]), rtol=1e-14)
    assert_allclose(vt[0], np.sqrt([0.5, 0.5]), rtol=1e-14)


@on_each_backend(acm.pca_fit)
def test_fits_of_every_size(backend):
    plain = acm.pca_fit(X.astype(float), 3, backend="numpy")
    for size in SIZES:
        with np.errstate(over="ignore"):
            model = acm.pca_fit(X * (size / 32), 3, backend=backend)
            expected = np.ldexp(plain.explained_variance, -10) * size * size
        assert_allclose(model.mean / size * 32, plain.mean, rtol=1e-12)
        assert_allclose(model.components, plain.components, atol=1e-12)
        assert_allclose(model.explained_variance, expected, rtol=1e-12, atol=1e-320)


@on_each_backend(acm.pca_fit)
def test_means_of_the_largest_numbers_beside_the_smallest(backend):
    x = np.array([[1.7e308, 3e-308], [1.7e308, 6e-308], [-1.7e308, 9e-308], [1.7e308, 2.4e-307]])
    model = acm.pca_fit(x, 1, backend=backend)
    assert_allclose(model.mean, [0.85e308, 1.05e-307], rtol=1e-15)
    assert_array_equal(model.components, [[1.0, 0.0]])
    assert_array_equal(model.explained_variance, [np.inf])


@on_each_backend(acm.spe_t2)
def test_scores_whose_squares_are_no_numbers(backend):
    for size in (1e160, 1e250, 1e300):
        spe, t2 = acm.spe_t2([[3 * size, 2.0]], [0.0, 0.5], [[1.0, 0.0]], [1e306], backend=backend)
        share = Fraction(3 * size) ** 2 / Fraction(1e306)
        assert_allclose(spe, [2.25], rtol=1e-14)
        assert_allclose(t2, [float(share) if share < Fraction(1.7e308) else np.inf], rtol=1e-13)


@on_each_backend(acm.mahalanobis)
def test_forms_whose_terms_are_no_numbers(backend):
    x, mean = np.array([[1.7e308, 5.0], [1.5e200, 3.0]]), np.array([-1.7e308, 1.0])
    found = acm.mahalanobis(x, mean, [[0.0, 0.0], [0.0, 0.25]], backend=backend)
    assert_allclose(found, [4.0, 1.0], rtol=1e-14)
    found = acm.mahalanobis([[2.0**700], [2.0**-700]], [0.0], [[2.0**-800]], backend=backend)
    assert_array_equal(found, [2.0**600, 0.0])
    assert_array_equal(
        acm.mahalanobis([[1e200, 1e200]], [0.0, 0.0], [[1.0, -1.0], [-1.0, 1.0]], backend=backend), [0.0]
    )
