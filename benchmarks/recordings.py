"""How well episodes are found on labelled recordings, next to detectors in common use: events, false alarms, delay.

    python -m benchmarks.recordings FOLDER

A recording is labelled by a column of its own (`anomaly`, `fault`, ...) or by `truth.json` in the folder, which maps
file names to lists of [start, end]. A recording that is in neither counts as healthy. PyOD's detectors take part where
it is installed; every detector judges the same filled, scaled matrix, at the rate of alarms that it has by default.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from acm_monitor.calls import Calls
from acm_monitor.episodes import joined, runs
from acm_monitor.events import Score, Stretch, events_of_label, scored
from acm_monitor.examine import examine
from acm_monitor.reading import load
from acm_monitor.recording import Recording
from rich.console import Console
from rich.table import Table


def events_of(recording: Recording, truth: Mapping[str, Any]) -> list[Stretch]:
    """The labelled stretches of rows."""
    if recording.source in truth:
        times = recording.times
        stretches = [np.searchsorted(times, np.array(ends, "datetime64[us]")) for ends in truth[recording.source]]
        return [(int(start), max(int(stop), int(start) + 1)) for start, stop in stretches]
    states = [values for name, values in recording.labels.items() if "change" not in name.lower()]
    return events_of_label(states[0]) if states else []


def ours(recording: Recording) -> list[Stretch]:
    """The monitor's episodes."""
    findings = examine(recording, Calls(timing=False), on_step=lambda step: None)
    return sorted((episode.start, episode.stop) for episode in findings.episodes)


def _matrix(recording: Recording) -> Any:
    """Gaps carried on, columns scaled: what the libraries' detectors are given."""
    x = recording.values
    x = x[:, np.isfinite(x).any(axis=0)]
    filled = np.where(np.isfinite(x), x, np.nanmedian(np.where(np.isfinite(x), x, np.nan), axis=0))
    return (filled - filled.mean(axis=0)) / np.maximum(filled.std(axis=0), 1e-12)


def _by_labels(make: Callable[[], Any]) -> Callable[[Recording], list[Stretch]]:
    def detect(recording: Recording) -> list[Stretch]:
        return joined(runs(np.asarray(make().fit_predict(_matrix(recording))) == -1))

    return detect


def _by_outliers(make: Callable[[], Any]) -> Callable[[Recording], list[Stretch]]:
    """As PyOD has it."""
    return lambda recording: joined(runs(np.asarray(make().fit(_matrix(recording)).labels_) == 1))


def rolling_z(recording: Recording, window: int = 64, limit: float = 4.0) -> list[Stretch]:
    """Alarms of a plain z-score against the window before."""
    import pandas as pd

    frame = pd.DataFrame(_matrix(recording))
    before = frame.shift().rolling(window)
    z = ((frame - before.mean()) / before.std().clip(lower=1e-6)).abs().max(axis=1)
    return joined(runs((z > limit).to_numpy()))


def detectors() -> dict[str, Callable[[Recording], list[Stretch]]]:
    """Everything that takes part, by name."""
    from sklearn.ensemble import IsolationForest
    from sklearn.neighbors import LocalOutlierFactor

    found: dict[str, Callable[[Recording], list[Stretch]]] = {
        "acm-monitor": ours,
        "scikit-learn IsolationForest": _by_labels(lambda: IsolationForest(random_state=0)),
        "scikit-learn LocalOutlierFactor": _by_labels(LocalOutlierFactor),
        "rolling z-score": rolling_z,
    }
    try:
        from pyod.models.ecod import ECOD
        from pyod.models.iforest import IForest
    except ImportError:
        return found
    return found | {"PyOD ECOD": _by_outliers(ECOD), "PyOD IForest": _by_outliers(lambda: IForest(random_state=0))}


def main() -> None:
    """Score every detector on every recording of a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    truth_file = folder / "truth.json"
    truth = json.loads(truth_file.read_text(encoding="utf-8")) if truth_file.exists() else {}
    recordings = [load(path) for path in sorted(folder.glob("*.csv"))]
    table = Table("detector", "F1", "events found", "false alarms", "a week", "median delay, rows")
    for name, detect in detectors().items():
        scores = [scored(events_of(recording, truth), detect(recording), recording.times) for recording in recordings]
        false, weeks = sum(score.false_alarms for score in scores), sum(score.weeks for score in scores)
        total = Score(sum(s.found for s in scores), sum(s.events for s in scores), false, weeks, 0.0)
        delay = np.nanmedian([score.delay for score in scores] or [np.nan])
        cells = [
            f"{total.f1:.2f}",
            f"{total.found} of {total.events}",
            str(false),
            f"{false / weeks:.1f}",
            f"{delay:.0f}",
        ]
        table.add_row(name, *cells)
    Console().print(table)


if __name__ == "__main__":
    main()
