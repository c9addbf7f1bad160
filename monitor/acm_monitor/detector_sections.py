"""What the detectors say, one by one and together, as sections of the result."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .detectors import DETECTORS
from .examine import Findings
from .features import BANDS, PER_SENSOR, window_of
from .fusion import AGREEING, Agreement
from .judge import detectors_against_truth
from .recording import clock, counted, lasting
from .section import Section, Table

#: Sensors that are named beside an unusual time.
_NAMED = 3


def detector_section(findings: Findings) -> Section:
    """Each detector: how often it is alarmed, where most, and how alike the others rank the rows."""
    fusion, times, unusual = findings.fusion, findings.recording.times, findings.thresholds.detectors
    when = clock(findings.recording)
    others = (fusion.correlation.sum(axis=0) - 1) / (len(DETECTORS) - 1)
    rows = [
        (
            detector.name,
            detector.sees,
            f"{(scores > unusual).mean():.2%}",
            f"{scores.max():.1f}",
            when(times[int(scores.argmax())]),
            f"{correlation:.2f}",
        )
        for detector, scores, correlation in zip(DETECTORS, fusion.scores.T, others, strict=True)
    ]
    n_rows, window = len(times), window_of(len(times))
    said = (
        f"{counted(len(findings.columns) * PER_SENSOR, 'feature')} of each row: each sensor's level, rolling mean, "
        f"median, standard deviation, MAD and slope, and amplitudes in {len(BANDS)} frequency bands, over "
        f"{counted(window, 'row')} ({lasting(window * findings.recording.step)})"
    )
    note = (
        "Unusual and highest: robust deviations of a detector's score from what is usual in the row's regime (rows "
        f"whose window saw a change of regime, {fusion.moving.sum() / n_rows:.0%}, are compared with each other); "
        f"unusual beyond {unusual:g}. Likeness: mean rank correlation with the other detectors."
    )
    header = ("detector", "what it sees", "unusual", "highest", "at", "likeness")
    numeric = frozenset({"unusual", "highest", "likeness"})
    return Section("Detectors", (said,), Table(header, rows, numeric, frozenset({"what it sees"})), (note,))


def agreement_section(findings: Findings) -> Section:
    """The times at which the detectors agree that something is unusual."""
    found = findings.agreements
    when = clock(findings.recording)
    rows = [_row(findings, when, rank, agreement) for rank, agreement in enumerate(found, 1)]
    said = counted(len(found), "alarm") + (", the most unusual first" if len(found) > 1 else "")
    header = ("#", "most unusual at", "lasting", "fused", "detectors", "sensors most out of range")
    table = Table(header, rows, frozenset({"lasting", "fused"}), things="alarm") if rows else None
    note = (
        f"Fused: the score that {AGREEING} of the {len(DETECTORS)} detectors reach, so that none alone can raise or "
        f"miss an alarm; an alarm lasts while it is beyond {findings.thresholds.detectors:g}. It is part of the "
        "health index."
    )
    return Section("Where detectors agree", (said, *detectors_against_truth(findings)), table, (note,))


def _row(findings: Findings, when: Callable[[np.datetime64], str], rank: int, agreement: Agreement) -> tuple[str, ...]:
    times, z = findings.recording.times, np.abs(findings.regime_scores[agreement.peak])
    worst = [f"{findings.names[j]} ({z[j]:.1f})" for j in np.argsort(-z)[:_NAMED] if z[j] >= 1]
    alarmed = [DETECTORS[j].name for j in agreement.detectors]
    return (
        str(rank),
        when(times[agreement.peak]),
        lasting(times[agreement.stop - 1] - times[agreement.start] + findings.recording.step),
        f"{findings.fusion.fused[agreement.peak]:.1f}",
        "all" if len(alarmed) == len(DETECTORS) else ", ".join(alarmed),
        ", ".join(worst) or "none",
    )
