"""How a result compares with what is known: what a simulation put into the recording, or what its labels say."""

from __future__ import annotations

import numpy as np

from .detectors import DETECTORS
from .events import Score, events_of_label, scored
from .examine import Findings
from .recording import Truth, clock, counted


def against_truth(findings: Findings) -> tuple[str, ...]:
    """Sentences on where the truth was and what was found of it; none for a recording of unknown truth."""
    truth = findings.recording.truth
    return () if truth is None else (_fault(findings, truth), _stuck(findings, truth), _regimes(findings, truth))


def label_scores(findings: Findings) -> dict[str, Score]:
    """How well the episodes meet what each label says; labels took no part in finding them.

    A label that never changes says nothing.
    """
    episodes = sorted((episode.start, episode.stop) for episode in findings.episodes)
    labels = findings.recording.labels.items()
    return {
        name: scored(events_of_label(label), episodes, findings.recording.times)
        for name, label in labels
        if len(np.unique(label[np.isfinite(label)])) > 1
    }


def against_labels(findings: Findings) -> tuple[str, ...]:
    """A sentence on each label of the recording."""
    return tuple(_on_label(name, score) for name, score in label_scores(findings).items())


def _on_label(name: str, score: Score) -> str:
    late = "" if np.isnan(score.delay) else f", {score.delay:.0f} rows after they began (median)"
    return (
        f"label {name!r}: {score.found} of {counted(score.events, 'event')} found{late}; "
        f"{counted(score.false_alarms, 'episode')} without one; precision {score.precision:.0%}, recall "
        f"{score.recall:.0%}, F1 {score.f1:.2f}"
    )


def _fault(findings: Findings, truth: Truth) -> str:
    times, when = findings.recording.times, clock(findings.recording)
    put = (
        f"truth: a fault in {' and '.join(truth.fault_sensors)} from {when(truth.fault_start)} to "
        f"{when(truth.fault_end)}, growing over its first half"
    )
    for rank, episode in enumerate(findings.episodes, 1):
        start, end = times[episode.start], times[episode.stop - 1]
        if start <= truth.fault_end and end >= truth.fault_start:
            delay = float((start - truth.fault_start) / np.timedelta64(1, "h"))
            named = {findings.names[j] for j in episode.sensors}
            right = "the same sensors" if named == set(truth.fault_sensors) else "other sensors"
            return f"{put}; found as episode {rank}, {delay:.1f} h after it began, in {right}"
    return f"{put}; not found"


def _stuck(findings: Findings, truth: Truth) -> str:
    when = clock(findings.recording)
    put = f"truth: {truth.stuck_sensor} stuck for {counted(truth.stuck_samples, 'row')} from {when(truth.stuck_start)}"
    for run in findings.stuck:
        if (
            findings.recording.names[run.sensor] == truth.stuck_sensor
            and findings.recording.times[run.start] <= truth.stuck_start < findings.recording.times[run.stop - 1]
        ):
            return f"{put}; found, {counted(run.stop - run.start, 'row')}"
    return f"{put}; not found"


def _regimes(findings: Findings, truth: Truth) -> str:
    """Each found regime stands for the true one that most of its rows belong to."""
    agreeing = sum(
        np.bincount(truth.regimes[findings.regimes.labels == j]).max() for j in range(len(findings.regimes.centres))
    )
    return (
        f"truth: {len(np.unique(truth.regimes))} regimes; {agreeing / len(truth.regimes):.2%} of the rows are in the "
        "right one"
    )


def detectors_against_truth(findings: Findings) -> tuple[str, ...]:
    """Which detectors see the fault once it has grown; nothing for a recording of unknown truth."""
    truth, times, fusion = findings.recording.truth, findings.recording.times, findings.fusion
    if truth is None:
        return ()
    grown = truth.fault_start + (truth.fault_end - truth.fault_start) / 2
    rows = (times >= grown) & (times <= truth.fault_end)
    alarmed = np.median(fusion.scores[rows], axis=0) > findings.thresholds.detectors
    named = ", ".join(detector.name for detector, seen in zip(DETECTORS, alarmed, strict=True) if seen)
    highest = times[fusion.fused.argmax()]
    where = "within" if truth.fault_start <= highest <= truth.fault_end else "outside"
    return (
        f"truth: {alarmed.sum()} of {len(DETECTORS)} detectors are alarmed in most rows of the grown fault "
        f"({named or 'none'}); fused, they are highest {where} it",
    )
