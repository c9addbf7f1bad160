"""The operating regimes as a section of the result."""

from __future__ import annotations

import numpy as np

from .examine import Findings
from .recording import clock, counted
from .regimes import SILHOUETTE_ROWS
from .section import Section, Table

#: A smaller silhouette is that of clusters which overlap.
_WEAK = 0.25


def regime_section(findings: Findings) -> Section:
    """Each regime: its share, what it is like, its health; the clusters that are none."""
    header = ("regime", "share", "where it differs most (median)", "mean health")
    rows = [_row(findings, regime) for regime in range(len(findings.regimes.centres))]
    table = Table(header, rows, frozenset({"share", "mean health"}))
    notes = (_note(findings),) if findings.regimes.trials else ()
    return Section("Operating regimes", (_verdict(findings), *_suspects(findings)), table, notes)


def _row(findings: Findings, regime: int) -> tuple[str, ...]:
    rows = findings.regimes.labels == regime
    health = f"{findings.health[rows].mean():.1f}" if rows.any() else "no row"
    return str(regime + 1), f"{rows.mean():.1%}", _highlights(findings, regime), health


def _verdict(findings: Findings) -> str:
    """How many regimes there are, and why."""
    chosen, count = findings.regimes.chosen, len(findings.regimes.centres)
    if not findings.regimes.trials:
        return f"{counted(count, 'regime')}, learnt before"
    if len(findings.columns) == 1:
        return "one regime: those of a single sensor would be its values"
    if chosen.regimes < 2:
        return "one regime: no split leaves two regimes"
    weak = " (weak: they overlap)" if chosen.silhouette < _WEAK else ""
    clusters = counted(chosen.regimes, "cluster")
    return f"{counted(count, 'regime')}, silhouette of the {clusters} {chosen.silhouette:z.2f}{weak}"


def _note(findings: Findings) -> str:
    """What was tried, and which clusters are no regimes."""
    limits = findings.thresholds
    tried = [f"{t.clusters}: {t.silhouette:z.2f}" for t in findings.regimes.trials if np.isfinite(t.silhouette)]
    head = (
        f"Silhouette by number of clusters (k-means; sample of at most {SILHOUETTE_ROWS:,} rows): {', '.join(tried)}. "
    )
    return (head if tried else "") + (
        f"A cluster below {limits.regime_share:.0%} of the rows is an excursion, its rows are judged by the nearest "
        f"regime; so are those of a suspect: a cluster seen first after {limits.regime_early:.0%} of the recording, or "
        f"entered less than {limits.regime_visits} times and with less than {limits.regime_large_share:.0%} of the "
        "rows."
    )


def _suspects(findings: Findings) -> list[str]:
    times, when = findings.recording.times, clock(findings.recording)
    return [
        f"suspect: {suspect.share:.1%} of the rows, {when(times[suspect.first])} to {when(times[suspect.last])}, "
        f"entered {counted(suspect.visits, 'time')}: no regime of its own, the machine had hardly been there before"
        for suspect in findings.regimes.suspects
    ]


def _highlights(findings: Findings, regime: int, most: int = 3) -> str:
    centre = findings.regimes.centres[regime]
    told = [
        f"{findings.names[j]} {findings.model.regimes.medians[regime, j]:.4g} ({'high' if centre[j] > 0 else 'low'})"
        for j in np.argsort(-np.abs(centre))[:most]
        if abs(centre[j]) >= 0.5
    ]
    return ", ".join(told) or "close to the overall median in every sensor"
