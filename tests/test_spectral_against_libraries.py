"""Spectra against NumPy and SciPy."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.signal import welch

import acm_dispatch

RNG = np.random.default_rng(12)
TIME = np.arange(1000)[:, None]
VIBRATION = np.sin(TIME * [0.3, 1.1, 2.9]) + 0.1 * RNG.normal(size=(1000, 3)) + [0.0, 50.0, -3.0]


@pytest.mark.parametrize("backend", list(acm_dispatch.band_energy.kernels()))
@pytest.mark.parametrize("window", [50, 64, 77])
def test_band_energy_is_that_of_rfft(backend, window):
    found = acm_dispatch.band_energy(VIBRATION, window, [(0.0, 0.1), (0.1, 0.5)], step=9, backend=backend)
    for i, start in enumerate(range(0, 1000 - window + 1, 9)):
        part = VIBRATION[start : start + window]
        power = np.abs(np.fft.rfft(part - part.mean(axis=0), axis=0)) ** 2
        low = np.fft.rfftfreq(window) < 0.1
        expected = np.stack([power[low].sum(axis=0), power[~low].sum(axis=0)], axis=1)
        assert_allclose(found[i], expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("backend", list(acm_dispatch.power_spectrum.kernels()))
@pytest.mark.parametrize("window", ["hann", "hamming", "blackman", "boxcar"])
@pytest.mark.parametrize(("ours", "theirs"), [("mean", "constant"), ("linear", "linear"), ("none", False)])
def test_power_spectrum_equals_welch(backend, window, ours, theirs):
    for segment, overlap in [(128, 64), (99, 0), (250, 249)]:
        options = {"window": window, "segment": segment, "overlap": overlap}
        frequencies, power = acm_dispatch.power_spectrum(VIBRATION, detrend=ours, **options, backend=backend)
        expected = welch(VIBRATION, window=window, nperseg=segment, noverlap=overlap, detrend=theirs, axis=0)
        assert_allclose(frequencies, expected[0], rtol=1e-15)
        assert_allclose(power, expected[1], rtol=1e-8, atol=1e-12)
