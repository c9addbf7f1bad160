"""Laws of time series, on every backend: moving windows, correlation, spectra, autoregression."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import acm_dispatch as acm

SEEDS, SHAPES = st.integers(0, 10**6), st.tuples(st.integers(1, 40), st.integers(1, 4))
ROLLING = ("mean", "std", "median", "mad", "min", "max", "skew", "kurt", "slope")


def on_each_backend(operation):
    """Every backend that has the kernel and runs here."""
    return pytest.mark.parametrize("backend", list(operation.kernels()))


def wild(x, seed):
    """`x` with a constant run, a jump after it, an infinity, and all far from 0."""
    rng = np.random.default_rng(seed)
    x = x.copy()
    x[len(x) // 3 : len(x) // 2] = x[len(x) // 3]
    x[len(x) // 2 :] += 1e4
    x[rng.integers(len(x)), 0] = np.inf
    return x + 1e6


@on_each_backend(acm.rolling_mean)
@pytest.mark.parametrize("name", ROLLING)
@given(seed=SEEDS, shape=SHAPES, window=st.integers(1, 25), periods=st.integers(1, 4))
def test_a_window_knows_only_its_own_rows(backend, sensors_of, name, seed, shape, window, periods):
    """Rolling equals recomputation: each row is what the same operation gives for the window alone."""
    operation, options = getattr(acm, f"rolling_{name}"), {"min_periods": min(periods, window)}
    x = wild(sensors_of(seed, shape, gaps=0.1), seed)
    found = operation(x, window, **options, backend=backend)
    for row in range(0, len(x), 3):
        alone = x[max(row - window + 1, 0) : row + 1]
        expected = operation.reference(alone, window, **options)[-1]
        assert_allclose(found[row], expected, rtol=1e-9, atol=1e-9)


@on_each_backend(acm.rolling_mean)
@pytest.mark.parametrize(("name", "odd"), [(name, name in ("mean", "median", "skew", "slope")) for name in ROLLING])
@given(seed=SEEDS, shape=SHAPES, window=st.integers(1, 12), factor=st.sampled_from([0.25, 1.0, 16.0]))
def test_windows_follow_unit_and_sign(backend, sensors_of, name, odd, seed, shape, window, factor):
    x = sensors_of(seed, shape, gaps=0.1)
    found = getattr(acm, f"rolling_{name}")(x, window, min_periods=1, backend=backend)
    scaled = getattr(acm, f"rolling_{name}")(factor * x, window, min_periods=1, backend=backend)
    assert_allclose(scaled, found if name in ("skew", "kurt") else factor * found, rtol=1e-12)
    other, sign = {"min": ("max", -1), "max": ("min", -1)}.get(name, (name, -1 if odd else 1))
    mirrored = getattr(acm, f"rolling_{other}")(-x, window, min_periods=1, backend=backend)
    assert_allclose(mirrored, sign * found, rtol=1e-12)


@on_each_backend(acm.rolling_mean)
@given(seed=SEEDS, shape=SHAPES, window=st.integers(1, 12))
def test_extremes_enclose_what_lies_between(backend, sensors_of, seed, shape, window):
    x = sensors_of(seed, shape, gaps=0.2)
    least, median, mean, most = (
        getattr(acm, f"rolling_{name}")(x, window, min_periods=1, backend=backend)
        for name in ("min", "median", "mean", "max")
    )
    told = ~np.isnan(least)
    assert_array_equal(told, ~np.isnan(mean))
    slack = 1e-12 * np.abs(most[told])
    for between in (median[told], mean[told]):
        assert ((least[told] <= between + slack) & (between <= most[told] + slack)).all()


@pytest.mark.parametrize(
    ("operation", "backend"), [(op, name) for op in (acm.pearson, acm.spearman) for name in op.kernels()]
)
@given(seed=SEEDS, rows=st.integers(2, 40), columns=st.integers(1, 5), gaps=st.sampled_from([0.0, 0.2]))
def test_correlations_are_symmetric_and_know_no_level_unit_or_order(
    operation, backend, sensors_of, seed, rows, columns, gaps
):
    x = sensors_of(seed, (rows, columns), gaps=gaps, decimals=0)
    found = operation(x, backend=backend)
    assert_array_equal(found, found.T)
    assert ((np.abs(found) <= 1) | np.isnan(found)).all()
    own = np.diag(found)
    assert ((own == 1.0) | np.isnan(own)).all()
    moved = operation(4.0 * x - 3000, backend=backend)
    assert_allclose(moved, found, rtol=1e-8, atol=1e-9)
    rng = np.random.default_rng(seed)
    rows, order = rng.permutation(len(x)), rng.permutation(columns)
    shuffled = operation(x[rows][:, order], backend=backend)
    assert_allclose(shuffled, found[np.ix_(order, order)], rtol=1e-8, atol=1e-9)
    signs = rng.choice([-1.0, 1.0], size=columns)
    assert_allclose(operation(signs * x, backend=backend), np.outer(signs, signs) * found, rtol=1e-8, atol=1e-9)


@on_each_backend(acm.spearman)
@given(seed=SEEDS, rows=st.integers(2, 40), columns=st.integers(1, 5))
def test_rank_correlation_sees_only_the_order(backend, sensors_of, seed, rows, columns):
    x = sensors_of(seed, (rows, columns), gaps=0.2, decimals=1)
    stretched = np.sign(x) * np.abs(x) ** 3 + x
    assert_array_equal(acm.spearman(stretched, backend=backend), acm.spearman(x, backend=backend))


@on_each_backend(acm.sparse_correlation)
@given(seed=SEEDS, rows=st.integers(3, 30), columns=st.integers(1, 20), threshold=st.floats(0, 1))
def test_sparse_correlation_is_the_dense_one_above_its_threshold(backend, seed, rows, columns, threshold):
    x = np.random.default_rng(seed).normal(size=(rows, columns))
    dense = acm.pearson(x, backend="numpy")
    found = acm.sparse_correlation(x, threshold, backend=backend)
    kept = np.zeros((columns, columns), bool)
    kept[np.repeat(np.arange(columns), np.diff(found.indptr)), found.indices] = True
    sure = np.abs(np.abs(dense) - threshold) > 1e-12
    assert_array_equal(kept[sure], ((np.abs(dense) >= threshold) | np.eye(columns, dtype=bool))[sure])
    assert_allclose(found.toarray()[kept], dense[kept], rtol=1e-10, atol=1e-12)


@on_each_backend(acm.band_energy)
@given(seed=SEEDS, window=st.integers(2, 40), shift=st.integers(-1000, 1000))
def test_all_bands_together_hold_the_variance(backend, seed, window, shift):
    """Parseval: every frequency but 0 and a half stands for its negative as well."""
    x = np.random.default_rng(seed).normal(size=(window, 2)).round(6)
    parts = acm.band_energy(x + shift, window, [(0.0, 0.1), (0.1, 0.3), (0.3, 0.5)], backend=backend)[0]
    middle = np.abs(((-1.0) ** np.arange(window)) @ (x - x.mean(axis=0))) ** 2 if window % 2 == 0 else 0.0
    assert_allclose(2 * parts.sum(axis=1) - middle, window**2 * x.var(axis=0), rtol=1e-8)


@on_each_backend(acm.band_energy)
@given(seed=SEEDS, rows=st.integers(5, 60), window=st.integers(1, 12), step=st.integers(1, 15))
def test_steps_leave_out_windows_and_change_none(backend, seed, rows, window, step):
    x, bands = np.random.default_rng(seed).normal(size=(rows, 2)), [(0.0, 0.2), (0.2, 0.5)]
    every = acm.band_energy(x, window, bands, backend=backend)
    assert_allclose(acm.band_energy(x, window, bands, step=step, backend=backend), every[::step], rtol=1e-9, atol=1e-12)
    turned = acm.band_energy(x[::-1], window, bands, backend=backend)
    assert_allclose(turned[::-1], every, rtol=1e-9, atol=1e-12)


@on_each_backend(acm.power_spectrum)
@given(seed=SEEDS, segment=st.integers(2, 40), segments=st.integers(1, 4))
def test_the_spectrum_adds_up_to_the_mean_square(backend, seed, segment, segments):
    x = np.random.default_rng(seed).normal(size=(segment * segments, 3))
    options = {"detrend": "none", "window": "boxcar", "segment": segment, "overlap": 0}
    frequencies, power = acm.power_spectrum(x, **options, backend=backend)
    assert_allclose(power.sum(axis=0) / segment, (x**2).mean(axis=0), rtol=1e-9)
    assert_allclose(frequencies, np.fft.rfftfreq(segment), rtol=1e-15)
    turned = acm.power_spectrum(-2.0 * x[::-1], **options, backend=backend)[1]
    assert_allclose(turned, 4.0 * power, rtol=1e-8, atol=1e-14)


@pytest.mark.parametrize(
    "backend", [name for name in acm.ar1_coefficients.kernels() if name in acm.ar1_residuals.kernels()]
)
@given(seed=SEEDS, shape=SHAPES, shift=st.integers(-1000, 1000))
def test_residuals_rebuild_the_series(backend, sensors_of, seed, shape, shift):
    x = sensors_of(seed, shape)
    phi, mu = acm.ar1_coefficients(x, backend=backend)
    assert (np.abs(phi) <= 0.999).all()
    residuals = acm.ar1_residuals(x, phi, mu, backend=backend)
    rebuilt = np.empty_like(x)
    for t, residual in enumerate(residuals):
        rebuilt[t] = mu + residual + (phi * (rebuilt[t - 1] - mu) if t else 0.0)
    assert_allclose(rebuilt, x, rtol=1e-9, atol=1e-9)
    told = phi != 0
    moved_phi, moved_mu = acm.ar1_coefficients(2.0 * (x + shift), backend=backend)
    assert_allclose(moved_phi[told], phi[told], rtol=1e-6, atol=1e-7)
    assert_allclose(moved_mu, 2.0 * (mu + shift), rtol=1e-9, atol=1e-9)
