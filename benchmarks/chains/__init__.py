"""The same condition monitoring, once with acm_dispatch and once as a good user writes it without.

Each of `ours` and `theirs` has three stages of the same names, functions of arrays: `features` fills gaps and scores
rolling statistics and spectra, `detectors` judges each row in five ways, `clustering` finds regimes and says how
healthy each row is in its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from scipy.signal import lfilter

from ..arguments import BANDS, STEP, WINDOW
from ..case import SEED

__all__ = ["BANDS", "SEED", "STEP", "WINDOW"]

#: Rows of a spectrum's window.
SPECTRAL_WINDOW = 256

#: Scores beyond this are cut, so that no outlier turns a component or pulls a centre.
CLIP = 8.0
#: Least scale, as `acm_dispatch.zscore` has it.
FLOOR = 1e-6
#: Makes the MAD of normal data estimate its standard deviation.
NORMAL_CONSISTENCY = 1.4826

COMPONENTS = 5
TREES, TREE_ROWS = 100, 256
CLUSTERS = (2, 3, 4, 5)
#: Rows of which the silhouette is taken: its work grows with their square.
SILHOUETTE_ROWS = 5_000
#: Detectors' scores, in robust deviations of their roots, where health starts to fall and where it reaches 0.
HEALTH_RANGE = 2.0, 8.0
HEALTH_ROWS = 5

#: The stages and their parts, as both chains name them.
STAGES = {
    "features": ("gaps", "mean, std", "median", "MAD", "slope", "spectra", "scores"),
    "detectors": ("PCA", "AR(1)", "isolation forest", "Mahalanobis"),
    "clustering": ("k-means", "silhouette", "health"),
}


class Clock:
    """Seconds by part: ``with clock("PCA"): ...``; a part may come in pieces."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[part] = self.seconds.get(part, 0.0) + time.perf_counter() - start

    def stage(self, name: str) -> float:
        """Seconds of all parts of a stage."""
        return sum(self.seconds[part] for part in STAGES[name])


class Features(NamedTuple):
    """What `features` gives: gaps filled; the sensors' scores; every feature's scores, the sensors' own first."""

    filled: Any
    sensors: Any
    scores: Any


class Detectors(NamedTuple):
    """How unusual each row is: five vectors, larger is more so."""

    spe: Any
    t2: Any
    innovation: Any
    isolation: Any
    mahalanobis: Any


class Regimes(NamedTuple):
    """What `clustering` gives: the regime of each row, the silhouette of each number of them, health from 0 to 100."""

    labels: Any
    silhouettes: tuple[float, ...]
    health: Any


class Outcome(NamedTuple):
    """Everything that a chain finds."""

    features: Features
    detectors: Detectors
    regimes: Regimes


def run(chain: ModuleType, x: Any, clock: Clock | None = None) -> Outcome:
    """All stages of `chain`, timed by `clock`."""
    clock = clock or Clock()
    features = chain.features(x, clock)
    detectors = chain.detectors(features, clock)
    return Outcome(features, detectors, chain.clustering(features.sensors, detectors, clock))


def window_rows(rows: int) -> tuple[int, int]:
    """Rows of a rolling window and of a spectrum's, in a recording of so many."""
    return min(WINDOW, rows), min(SPECTRAL_WINDOW, rows)


def last_window(rows: int, window: int) -> Any:
    """Of each row the number of the last spectral window that has ended, from 1; 0 before the first."""
    return np.maximum((np.arange(rows) - (window - 1)) // STEP + 1, 0)


def plant(rows: int, sensors: int = 50) -> Any:
    """A machine with three regimes, noise with a memory, 2 % gaps, and a fault in a few sensors near the end."""
    rng = np.random.default_rng(SEED)
    length = max(rows // 60, 10)
    regimes = np.repeat(rng.integers(0, 3, size=rows // length + 1), length)[:rows]
    spreads = rng.uniform(0.1, 10, size=sensors)
    levels = rng.uniform(-100, 100, size=sensors) + 4 * spreads * rng.normal(size=(3, sensors))
    x = lfilter([1.0], [1.0, -0.6], rng.normal(size=(rows, sensors)), axis=0)
    x += rng.normal(size=(rows, 3)) @ rng.normal(size=(3, sensors))
    x *= spreads
    x += levels[regimes]
    x[int(0.8 * rows) : int(0.82 * rows), :5] += 12 * spreads[:5]
    x[rng.random(x.shape) < 0.02] = np.nan
    return x
