"""Peers of band_energy."""

from functools import partial

import numpy as np

from ..cases import BANDS, STEP, window_of
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
