"""Energies of frequency bands, a batch of windows through one transform each."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends.numpy import numpy_backend
from ..ops.spectral import Bands
from . import units

#: Numbers transformed at a time: 8 MB in float64.
_BATCH = 1 << 20


@numpy_backend.kernel("band_energy")
def _band_energy_by_batches(x: Any, window: int, bands: Bands, step: int) -> Any:
    """Batches of windows through one transform each, then the bands by one matrix product."""
    views = np.lib.stride_tricks.sliding_window_view(x, window, axis=0)[::step]
    frequencies = np.arange(window // 2 + 1) / window
    inside = [(frequencies >= low) & ((frequencies < high) | (high == 0.5)) for low, high in bands]
    members = np.array(inside, dtype=np.float64).T
    count = max(_BATCH // (window * x.shape[1]), 1)
    result = np.empty((len(views), x.shape[1], len(bands)), x.dtype)
    with np.errstate(all="ignore"):
        for start in range(0, len(views), count):
            windows = views[start : start + count].astype(np.float64)
            energy = _power(windows) @ members
            if units.out_of_range(energy).any():
                exponents = units.exponents(np, np.abs(windows).max(axis=2))[:, :, None]
                if exponents.any():
                    energy = np.ldexp(_power(np.ldexp(windows, -exponents)) @ members, 2 * exponents)
            result[start : start + count] = energy
    return result


def _power(rows: Any) -> Any:
    """Squared magnitudes of each row's transform, its mean removed; NaN where anything is missing."""
    shifted = rows - rows[..., :1]
    shifted -= shifted.mean(axis=-1, keepdims=True)
    transform = np.fft.rfft(shifted)
    power = transform.real**2 + transform.imag**2
    return np.where(np.isfinite(rows).all(axis=-1, keepdims=True), power, np.nan)
