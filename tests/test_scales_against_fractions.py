"""Statistics of numbers from 1e-307 to 1e307 equal those that fractions give, on every backend."""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose

import acm_dispatch as acm

RNG = np.random.default_rng(12)
SCALES = np.array([1e-307, 1e-300, 1e-200, 1e-155, 1e-103, 3e-81, 1e-60, 1.0, 1e60, 3e80, 1e102, 1e154, 1e200, 1e305])
#: Columns of one size each, and columns that change theirs by up to 1e500 every seven rows, with gaps.
UNIFORM = RNG.exponential(size=(29, len(SCALES))) * SCALES
MIXED = UNIFORM * 1.0
for start in range(0, 29, 7):
    MIXED[start : start + 7] = RNG.normal(size=(len(MIXED[start : start + 7]), len(SCALES))) * RNG.permutation(SCALES)
MIXED[RNG.random(MIXED.shape) < 0.1] = np.nan
DATA = {"uniform": UNIFORM, "mixed": MIXED}


def on_each_backend(operation):
    """Every backend that has the kernel and runs here."""
    return pytest.mark.parametrize("backend", list(operation.kernels()))


def on_all_data(test):
    return pytest.mark.parametrize("x", DATA.values(), ids=DATA.keys())(test)


def number(fraction):
    """The nearest float; infinite where there is none."""
    try:
        return float(fraction)
    except OverflowError:
        return math.inf if fraction > 0 else -math.inf


def root(fraction):
    """The square root, which may be a number where the fraction is none."""
    half = (fraction.numerator.bit_length() - fraction.denominator.bit_length()) // 2
    return math.ldexp(math.sqrt(fraction / Fraction(4) ** half), half)


class Exact:
    """Statistics of some values, of which `places` are the rows; NaN where they are not defined."""

    def __init__(self, column):
        finite = np.flatnonzero(np.isfinite(column))
        self.values, self.places = [Fraction(float(column[i])) for i in finite], [Fraction(int(i)) for i in finite]
        self.n = len(self.values)
        self.mean = sum(self.values) / self.n if self.n else None
        self.distances = [value - self.mean for value in self.values]

    def power(self, degree):
        return sum(distance**degree for distance in self.distances)

    def variance(self, ddof):
        return self.power(2) / (self.n - ddof) if self.n > ddof else None

    def skewness(self):
        if self.n < 3 or not self.power(2):
            return math.nan
        squared = self.power(3) ** 2 / self.power(2) ** 3
        sign = 1.0 if self.power(3) > 0 else -1.0
        return sign * root(squared) * self.n * math.sqrt(self.n - 1) / (self.n - 2)

    def kurtosis(self):
        n = self.n
        if n < 4 or not self.power(2):
            return math.nan
        ratio = n * (n + 1) * self.power(4) / self.power(2) ** 2 - 3 * (n - 1)
        return float(ratio * Fraction(n - 1, (n - 2) * (n - 3)))

    def slope(self):
        if self.n < 2:
            return math.nan
        middle = sum(self.places) / self.n
        squares = sum((place - middle) ** 2 for place in self.places)
        return number(sum((p - middle) * d for p, d in zip(self.places, self.distances, strict=True)) / squares)


def assert_close(found, wanted, sizes=0.0):
    """Equal to 1e-9, or to as much of the largest number summed, or, where that is no normal number, just as small."""
    with np.errstate(all="ignore"):
        close = np.abs(found - wanted) <= 1e-9 * np.fmax(np.abs(wanted), sizes) + 1e-307
    same = close | (found == wanted) | (np.isnan(found) & np.isnan(wanted))
    assert same.all(), f"{found[~same]} instead of {wanted[~same]}"


def of_columns(x, statistic):
    return np.array([statistic(Exact(column)) for column in x.T])


@on_all_data
@on_each_backend(acm.column_moments)
def test_moments(backend, x):
    found, sizes = acm.column_moments(x, ddof=1, backend=backend), np.nanmax(np.abs(x), axis=0)
    assert_close(found.mean, of_columns(x, lambda exact: number(exact.mean)), sizes)
    assert_close(found.variance, of_columns(x, lambda exact: number(exact.variance(1))))
    assert_close(found.skewness, of_columns(x, Exact.skewness), 1.0)
    assert_close(found.kurtosis, of_columns(x, Exact.kurtosis), 1.0)


@pytest.mark.parametrize("how", ["update", "merge"])
@on_all_data
@on_each_backend(acm.column_sums)
def test_streams(backend, x, how):
    statistics = acm.StreamingStatistics(x.shape[1], covariance=True)
    with acm.use(backend):
        for start in range(0, len(x), 7):
            part = acm.StreamingStatistics(x.shape[1], covariance=True) if how == "merge" else statistics
            part.update(x[start : start + 7])
            if how == "merge":
                statistics.merge(part)
    found, variances = statistics.result(), of_columns(x, lambda exact: number(exact.variance(1)))
    assert_close(found.mean, of_columns(x, lambda exact: number(exact.mean)), np.nanmax(np.abs(x), axis=0))
    assert_close(found.variance, variances)
    assert_close(np.diag(found.covariance), variances)
    assert_close(found.skewness, of_columns(x, Exact.skewness), 1.0)
    assert_close(found.kurtosis, of_columns(x, Exact.kurtosis), 1.0)


@on_each_backend(acm.cross_sums)
def test_streams_of_both_dtypes(backend):
    statistics = acm.StreamingStatistics(2, covariance=True)
    with acm.use(backend):
        for chunk in (np.array([[1e-200, 1e200], [3e-200, 2e200]]), np.float32([[0.0, 0.0], [0.0, 1.0]])):
            statistics.update(chunk)
    found = statistics.result()
    assert_allclose(found.mean, [1e-200, 0.75e200], rtol=1e-15)
    assert_allclose(found.covariance, [[0.0, 4 / 3], [4 / 3, np.inf]], rtol=1e-15)


@on_all_data
@on_each_backend(acm.zscore)
def test_scores(backend, x):
    wanted = np.full(x.shape, np.nan)
    for j, exact in enumerate(map(Exact, x.T)):
        deviation = Fraction(root(exact.variance(0)))
        wanted[np.isfinite(x[:, j]), j] = [float(distance / deviation) for distance in exact.distances]
    assert_close(acm.zscore(x, floor=5e-324, backend=backend), wanted, 1.0)


ROLLING = {
    acm.rolling_mean: (lambda exact: number(exact.mean), True),
    acm.rolling_std: (lambda exact: math.nan if exact.n < 2 else root(exact.variance(1)), True),
    acm.rolling_skew: (Exact.skewness, False),
    acm.rolling_kurt: (Exact.kurtosis, False),
    acm.rolling_slope: (Exact.slope, True),
}


@pytest.mark.parametrize("window", [5, 12])
@on_all_data
@pytest.mark.parametrize(("operation", "backend"), [(of, on) for of in ROLLING for on in of.kernels()])
def test_windows(operation, backend, x, window):
    statistic, in_units_of_x = ROLLING[operation]
    wanted, sizes = np.full((2, *x.shape), np.nan)
    for i in range(len(x)):
        rows = x[max(i + 1 - window, 0) : i + 1]
        for j in np.flatnonzero(np.isfinite(rows).any(axis=0)):
            wanted[i, j] = statistic(Exact(rows[:, j]))
            sizes[i, j] = np.nanmax(np.abs(rows[:, j])) if in_units_of_x else 1.0
    assert_close(operation(x, window, min_periods=1, backend=backend), wanted, sizes)


@pytest.mark.parametrize("missing", ["drop", "pair"])
@pytest.mark.parametrize("center", ["mean", "median"])
@on_all_data
@on_each_backend(acm.ar1_coefficients)
def test_coefficients(backend, x, center, missing):
    wanted = np.zeros(x.shape[1])
    for j, column in enumerate(x.T):
        finite = np.isfinite(column)
        values = [Fraction(float(value)) for value in column[finite]]
        middle = sum(values) / len(values)
        if center == "median":
            ordered = sorted(values)
            middle = (ordered[(len(values) - 1) // 2] + ordered[len(values) // 2]) / 2
        centred = np.full(len(column), None)
        centred[finite] = [value - middle for value in values]
        if missing == "drop":
            centred = centred[finite]
        pairs = [pair for pair in pairwise(centred) if None not in pair]
        squares = sum(before**2 for before, _ in pairs)
        wanted[j] = np.clip(float(sum(a * b for a, b in pairs) / squares), -0.999, 0.999)
    found = acm.ar1_coefficients(x, epsilon=0.0, center=center, missing=missing, backend=backend)
    assert_close(found.phi, wanted, 1.0)


@on_each_backend(acm.band_energy)
def test_energies(backend):
    x = UNIFORM[:, np.abs(np.log10(SCALES)) < 140]
    energies = acm.band_energy(x, 16, [(0.0, 0.25), (0.25, 0.5)], step=3, backend=backend)
    scales = SCALES[np.abs(np.log10(SCALES)) < 140]
    plain = acm.band_energy.reference(x / scales, 16, ((0.0, 0.25), (0.25, 0.5)), step=3)
    assert_allclose(energies / scales[:, None] / scales[:, None], plain, rtol=1e-10)


@on_each_backend(acm.power_spectrum)
def test_densities(backend):
    x = UNIFORM[:, np.abs(np.log10(SCALES)) < 140]
    _, densities = acm.power_spectrum(x, segment=8, overlap=4, backend=backend)
    scales = SCALES[np.abs(np.log10(SCALES)) < 140]
    _, plain = acm.power_spectrum.reference(x / scales, segment=8, overlap=4)
    assert_allclose(densities / scales / scales, plain, rtol=1e-10)


@on_each_backend(acm.column_quantiles)
@pytest.mark.parametrize("rows", [6, 2000, 70_000])
@pytest.mark.parametrize("scale", [5e-324, 1e-308, 1e-300, 1.0, 1.7e308])
def test_quantiles_reach_from_one_end_to_the_other(backend, rows, scale):
    x = np.random.default_rng(3).uniform(-1, 1, size=(rows, 3)) * scale
    x[:2, 0], x[:, 1] = [scale, -scale], np.where(np.arange(rows) % 2, scale, -scale)
    q = (0.0, 0.1, 0.5, 0.99, 1.0)
    found = acm.column_quantiles(x, q, backend=backend)
    for j, column in enumerate(x.T):
        ordered = sorted(column)
        for value, level in zip(found[:, j], q, strict=True):
            place = level * (rows - 1)
            low, share = int(place), Fraction(place) - int(place)
            wanted = Fraction(ordered[low]) * (1 - share) + Fraction(ordered[min(low + 1, rows - 1)]) * share
            assert abs(Fraction(value) - wanted) <= Fraction(scale) * Fraction(1e-10) + Fraction(5e-324)


@on_each_backend(acm.column_median_mad)
@pytest.mark.parametrize("rows", [5, 8, 3000, 40_001])
def test_deviations_of_opposite_ends(backend, rows):
    x = np.random.default_rng(3).choice([1.7e308, -1.7e308, 1.6e308, 1.5e308, 1e308], size=(rows, 4))
    median, mad = acm.column_median_mad(x, scale=0.5, backend=backend)
    for j, column in enumerate(x.T):
        ordered = [Fraction(value) for value in sorted(column)]
        middle = (ordered[(rows - 1) // 2] + ordered[rows // 2]) / 2
        distances = sorted(abs(value - middle) for value in ordered)
        deviation = (distances[(rows - 1) // 2] + distances[rows // 2]) / 4
        assert_allclose([median[j], mad[j]], [float(middle), float(deviation)], rtol=1e-12, atol=1e292)
