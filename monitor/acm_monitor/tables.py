"""The result as tables: what each row got, the episodes, the alarms, the regimes; and files of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .detectors import DETECTORS
from .errors import UnusableData
from .events import Score
from .examine import Findings
from .judge import label_scores
from .reading.arrow import pa

SUFFIXES = (".parquet", ".csv", ".json")


def check_suffix(path: Path) -> None:
    """Refuse a kind of file that is not written here."""
    if path.suffix.lower() not in SUFFIXES:
        raise UnusableData(f"the output cannot be written: {path} ends in none of {', '.join(SUFFIXES)}")


def scores_table(findings: Findings) -> Any:
    """What each row got, as an Arrow table: health, regime, numbers of episode and alarm, detectors, each sensor's z.

    Where no episode or alarm is, its number is null; `z <sensor>` are robust scores within the regime.
    """
    fusion = findings.fusion
    columns: dict[str, Any] = {
        "time": pa.array(findings.recording.times.astype("datetime64[us]")),
        "health": findings.health,
        "regime": findings.regimes.labels + 1,
        "episode": _numbered(findings, findings.episodes),
        "alarm": _numbered(findings, findings.agreements),
        "fused": fusion.fused,
    }
    columns |= {detector.name: scores for detector, scores in zip(DETECTORS, fusion.scores.T, strict=True)}
    columns |= {f"z {name}": z for name, z in zip(findings.names, findings.regime_scores.T, strict=True)}
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def episodes_table(findings: Findings) -> list[dict[str, Any]]:
    """Every episode, the most severe first."""
    times = findings.recording.times
    return [
        {
            "episode": rank,
            "start": times[episode.start],
            "end": times[episode.stop - 1],
            "sensors": [findings.names[j] for j in episode.sensors],
            "peak": episode.peak,
            "severity": episode.severity,
        }
        for rank, episode in enumerate(findings.episodes, 1)
    ]


def alarms_table(findings: Findings) -> list[dict[str, Any]]:
    """Every time at which the detectors agree, the most unusual first."""
    times = findings.recording.times
    return [
        {
            "alarm": rank,
            "start": times[alarm.start],
            "end": times[alarm.stop - 1],
            "peak at": times[alarm.peak],
            "fused": float(findings.fusion.fused[alarm.peak]),
            "detectors": [DETECTORS[j].name for j in alarm.detectors],
        }
        for rank, alarm in enumerate(findings.agreements, 1)
    ]


def regimes_table(findings: Findings) -> list[dict[str, Any]]:
    """Every regime, and each sensor's usual value and scale in it."""
    learnt = findings.model.regimes
    return [
        {
            "regime": regime + 1,
            "share": float((findings.regimes.labels == regime).mean()),
            "median": dict(zip(findings.names, map(float, learnt.medians[regime]), strict=True)),
            "scale": dict(zip(findings.names, map(float, learnt.scales[regime]), strict=True)),
        }
        for regime in range(len(learnt.centres))
    ]


def summary(findings: Findings) -> dict[str, Any]:
    """What an alert has to say: one line of JSON."""
    times, health = findings.recording.times, findings.health
    return {
        "source": findings.recording.source,
        "rows": len(times),
        "start": times[0],
        "end": times[-1],
        "health": {"mean": float(health.mean()), "last": float(health[-1]), "lowest": float(health.min())},
        "in_episode": bool(any(episode.stop == len(times) for episode in findings.episodes)),
        "episodes": episodes_table(findings),
        "alarms": len(findings.agreements),
        "labels": {name: _on_label(score) for name, score in label_scores(findings).items()},
    }


def _on_label(score: Score) -> dict[str, Any]:
    """How well the episodes meet a label."""
    told = {name: getattr(score, name) for name in ("events", "found", "false_alarms", "precision", "recall", "f1")}
    return told | {"delay_rows": None if np.isnan(score.delay) else score.delay}


def as_json(value: Any) -> str:
    """JSON on one line, times in ISO 8601."""
    return json.dumps(value, default=str, ensure_ascii=False, allow_nan=False)


def write_output(path: Path, findings: Findings) -> None:
    """Write what each row got; JSON holds episodes, alarms and regimes as well, Parquet in its metadata."""
    scores = scores_table(findings)
    about = summary(findings) | {"alarms": alarms_table(findings), "regimes": regimes_table(findings)}
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        from pyarrow import parquet

        parquet.write_table(scores.replace_schema_metadata({"acm_monitor": as_json(about)}), path)
    elif suffix == ".csv":
        from pyarrow import csv

        csv.write_csv(scores, path)
    else:
        columns = {name: scores.column(name).to_pylist() for name in scores.column_names}
        columns["time"] = np.datetime_as_string(findings.recording.times).tolist()
        path.write_text(as_json(about | {"scores": columns}) + "\n", encoding="utf-8")


def _numbered(findings: Findings, stretches: Sequence[Any]) -> Any:
    numbers = np.zeros(len(findings.health), np.int64)
    for rank, stretch in reversed(list(enumerate(stretches, 1))):
        numbers[stretch.start : stretch.stop] = rank
    return pa.array(numbers, mask=numbers == 0)
