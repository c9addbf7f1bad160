"""Peers of band_energy and power_spectrum."""

from functools import partial

import numpy as np

from ..arguments import BANDS, STEP, overlap_of, window_of
from . import peer


@peer("band_energy", "numpy")
def batched_rfft(x):
    return partial(_band_energy, np.fft.rfft, x)


@peer("band_energy", "scipy")
def scipy_rfft_in_two_threads(x):
    from scipy.fft import rfft

    return partial(_band_energy, partial(rfft, workers=2), x)


def _band_energy(rfft, x):
    window = window_of(len(x))
    windows = np.lib.stride_tricks.sliding_window_view(x, window, axis=0)[::STEP]
    transform = rfft(windows - windows.mean(axis=-1, keepdims=True))
    power = transform.real**2 + transform.imag**2
    frequencies = np.arange(window // 2 + 1) / window
    inside = [(frequencies >= low) & ((frequencies < high) | (high == 0.5)) for low, high in BANDS]
    return np.stack([power[..., band].sum(axis=-1) for band in inside], axis=-1)


@peer("power_spectrum", "scipy")
def welch(x):
    from scipy.signal import welch

    rows = window_of(len(x))
    return partial(welch, x, nperseg=rows, noverlap=overlap_of(len(x)), axis=0)


@peer("power_spectrum", "numpy")
def batched_periodograms(x):
    rows, shared = window_of(len(x)), overlap_of(len(x))
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(rows) / rows)).astype(x.dtype)
    both_sides = np.full(rows // 2 + 1, 2.0)
    both_sides[[0, *([-1] if rows % 2 == 0 else [])]] = 1.0

    def call():
        windows = np.lib.stride_tricks.sliding_window_view(x, rows, axis=0)[:: rows - shared]
        transform = np.fft.rfft((windows - windows.mean(axis=-1, keepdims=True)) * window)
        power = (transform.real**2 + transform.imag**2).mean(axis=0).T
        return np.fft.rfftfreq(rows), power * (both_sides / (window @ window))[:, None]

    return call
