"""Squared distances of 64 rows at a time: the loop that distances and clustering share.

64 rows are laid out side by side, transposed and in float64, as a "panel" whose lanes the compiler turns into vectors.
Each lane adds its squares in the order of the columns: the same rows give the same distance wherever they stand, so
ties stay ties, and identical rows are at distance exactly 0.
"""

from __future__ import annotations

import numpy as np

from .jit import jit

#: Rows in a panel. 64 x 50 columns of float64 are 25 KB and stay in the first-level cache.
LANES = 64

#: Squared differences that a thread adds in a nanosecond; with AVX2, measured.
PER_NANOSECOND = 10


@jit
def load(x, start, stop, panel):
    """Rows `start` to `stop` of `x` as columns of `panel`; lanes left over repeat the last row."""
    for lane in range(LANES):
        row = min(start + lane, stop - 1)
        for k in range(x.shape[1]):
            panel[k, lane] = x[row, k]


@jit
def squares(panel, y, i, j, first, second):
    """Squared distances of every lane to row `i` of `y`, in `first`, and to row `j`, in `second`.

    Two rows and four columns at a time: each number of the panel is loaded once for two rows, each sum once for four
    columns.
    """
    first[:] = 0.0
    second[:] = 0.0
    columns = panel.shape[0]
    whole = columns - columns % 4
    for k in range(0, whole, 4):
        a, b, c, d = y[i, k], y[i, k + 1], y[i, k + 2], y[i, k + 3]
        e, f, g, h = y[j, k], y[j, k + 1], y[j, k + 2], y[j, k + 3]
        for lane in range(LANES):
            p, q = panel[k, lane], panel[k + 1, lane]
            r, s = panel[k + 2, lane], panel[k + 3, lane]
            first[lane] = add(add(add(add(first[lane], p - a), q - b), r - c), s - d)
            second[lane] = add(add(add(add(second[lane], p - e), q - f), r - g), s - h)
    for k in range(whole, columns):
        a, e = y[i, k], y[j, k]
        for lane in range(LANES):
            first[lane] = add(first[lane], panel[k, lane] - a)
            second[lane] = add(second[lane], panel[k, lane] - e)


@jit
def add(total, difference):
    """`total` and the square of `difference`: one fused multiply-add."""
    return total + difference * difference


@jit
def lanes():
    """Room for one number a lane."""
    return np.empty(LANES)
