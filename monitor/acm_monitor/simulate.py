"""A fan with three operating regimes, and everything that real recordings suffer from, at known places."""

from __future__ import annotations

from typing import Any

import numpy as np

from .recording import Floats, Integers, Recording, Truth

#: Sensor: level in each regime (standing by, part load, full load), noise, decimals as in a historian.
_SENSORS: dict[str, tuple[tuple[float, float, float], float]] = {
    "Damper position [%]": ((4.0, 45.0, 82.0), 0.9),
    "Motor current [A]": ((9.0, 34.0, 58.0), 0.5),
    "Outlet pressure [kPa]": ((0.1, 1.4, 3.1), 0.05),
    "Left inlet flow [t/h]": ((22.0, 180.0, 310.0), 3.5),
    "Right inlet flow [t/h]": ((20.0, 174.0, 305.0), 3.5),
    "Inlet temperature [C]": ((21.0, 21.0, 21.0), 0.6),
    "Bearing temperature [C]": ((38.0, 55.0, 64.0), 0.7),
    "Winding temperature [C]": ((35.0, 52.0, 71.0), 0.8),
    "Bearing vibration [mm/s]": ((0.6, 1.6, 2.2), 0.09),
    "Motor vibration [mm/s]": ((0.4, 1.1, 1.5), 0.07),
    "Oil pressure [bar]": ((2.1, 2.4, 2.4), 0.02),
    "Spare channel": ((0.0, 0.0, 0.0), 0.0),
}
_FAULTY = {"Bearing temperature [C]": 15.0, "Bearing vibration [mm/s]": 2.0}
_STUCK, _DRIFTING, _DEAD = "Winding temperature [C]", "Oil pressure [bar]", "Spare channel"

FAULT_ROWS = 216  # 36 hours
STUCK_ROWS = 90
_MINUTES = 10


def simulate(n_rows: int = 20_000, seed: int = 7) -> Recording:
    """A simulated recording of 12 sensors, one row every 10 minutes.

    Parameters
    ----------
    n_rows : int
        At least 2000, so that the fault is an exception and not a regime.
    seed : int
        The same seed gives the same recording.

    Returns
    -------
    Recording
        Its `truth` says where the fault and the stuck sensor were put.
    """
    rng = np.random.default_rng(seed)
    names = tuple(_SENSORS)
    regimes = _regimes(rng, n_rows)
    levels = np.array([level for level, _ in _SENSORS.values()]).T
    noise = np.array([sigma for _, sigma in _SENSORS.values()])
    values = _lagged(levels[regimes]) + _correlated(rng, n_rows, len(names)) * noise
    days = np.arange(n_rows) * _MINUTES / 1440
    daily = 2.5 * np.sin(2 * np.pi * days)
    for name, share in (("Inlet temperature [C]", 1.0), ("Bearing temperature [C]", 0.3), (_STUCK, 0.3)):
        values[:, names.index(name)] += share * daily
    values[:, names.index(_DRIFTING)] -= 0.06 * days / days[-1]
    fault = _inject_fault(values, names, start=int(0.7 * n_rows))
    stuck = int(0.3 * n_rows)
    values = values.round(2)
    values[stuck : stuck + STUCK_ROWS, names.index(_STUCK)] = values[stuck, names.index(_STUCK)]
    values[rng.random(values.shape) < 0.01] = np.nan
    values[:, names.index(_DEAD)] = np.nan
    return _recording(names, values, regimes, fault, stuck, keep=_without_outage(n_rows))


def _regimes(rng: Any, n_rows: int) -> Integers:
    """Stretches of 12 hours to 3 days; standing by is the rarest."""
    lengths = rng.integers(72, 432, size=n_rows // 72 + 1)
    states = rng.choice(3, p=[0.2, 0.35, 0.45], size=len(lengths))
    return np.repeat(states, lengths)[:n_rows].astype(np.int64)


def _lagged(levels: Floats) -> Floats:
    """MeanVariance approached within a few samples, as a machine does after a change of load."""
    lagged = levels.copy()
    for row in range(1, len(levels)):
        lagged[row] += 0.3 * (lagged[row - 1] - levels[row])
    return lagged


def _correlated(rng: Any, n_rows: int, n_sensors: int) -> Floats:
    """Unit noise that all sensors share in part, through the load."""
    load = rng.normal(size=(n_rows, 1))
    return 0.5 * load + np.sqrt(0.75) * rng.normal(size=(n_rows, n_sensors))


def _inject_fault(values: Floats, names: tuple[str, ...], start: int) -> slice:
    """A bearing that runs hot: up within the first half of the time, then steady until it is repaired."""
    shape = np.minimum(np.arange(1, FAULT_ROWS + 1) / (FAULT_ROWS / 2), 1.0)
    rows = slice(start, start + FAULT_ROWS)
    for name, height in _FAULTY.items():
        values[rows, names.index(name)] += height * shape
    return rows


def _without_outage(n_rows: int) -> Integers:
    """The rows that were logged: the logger was down for 8 hours."""
    down = int(0.5 * n_rows)
    return np.r_[0:down, down + 48 : n_rows].astype(np.int64)


def _recording(
    names: tuple[str, ...], values: Floats, regimes: Integers, fault: slice, stuck: int, keep: Integers
) -> Recording:
    times = np.datetime64("2024-01-01T00:00", "ms") + np.arange(len(values)) * np.timedelta64(_MINUTES, "m")
    truth = Truth(
        times[int(fault.start)],
        times[int(fault.stop) - 1],
        tuple(_FAULTY),
        _STUCK,
        times[stuck],
        STUCK_ROWS,
        regimes[keep],
    )
    note = "simulated: three regimes, drift, a bearing fault, a stuck sensor, gaps, an outage, a dead channel"
    return Recording("built-in simulation", times[keep], names, values[keep], (note,), truth)
