"""The result in words and tables, once for the terminal and the report."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .call_section import calls_section
from .calls import Measured
from .detector_sections import agreement_section, detector_section
from .episodes import worst_first
from .examine import Findings
from .health import health_rule
from .judge import against_labels, against_truth
from .recording import Floats, clock, counted, lasting
from .regime_section import regime_section
from .scoring import HELD_ROWS
from .section import Section, Table, named

_BARS = "▁▂▃▄▅▆▇█"


def sections(findings: Findings, measured: Sequence[Measured], warm_up: float) -> dict[str, Section]:
    """Every section in the order of reading, by a key that figures can be put beside."""
    return {
        "data": _data(findings),
        "health": _health(findings),
        "regimes": regime_section(findings),
        "episodes": _episodes(findings),
        "sensors": _sensors(findings),
        "detectors": detector_section(findings),
        "agreement": agreement_section(findings),
        "stuck": _stuck(findings),
        "calls": calls_section(measured, warm_up),
    }


def _data(findings: Findings) -> Section:
    recording, sensors, when = findings.recording, findings.sensors, clock(findings.recording)
    said = [
        f"{recording.source}: {counted(len(recording.times), 'row')} of {counted(len(sensors), 'sensor')}, "
        f"{when(recording.times[0])} to {when(recording.times[-1])}, every {lasting(recording.step)}",
        *recording.notes,
    ]
    for verdict, meaning in (("dead", "without any value"), ("constant", "one value throughout")):
        if names := [sensor.name for sensor in sensors if sensor.verdict == verdict]:
            said.append(f"left out, {meaning}: {', '.join(names)}")
    gappy = max((sensor for sensor in sensors if not sensor.verdict), key=lambda sensor: sensor.missing)
    said.append(
        f"gaps: up to {gappy.missing:.1%} of a sensor's values ({gappy.name}); up to "
        f"{HELD_ROWS} rows are held at the last value, longer gaps filled with the regime's median"
        if gappy.missing
        else "no gaps in the values"
    )
    return Section("Data", tuple(said))


def _health(findings: Findings) -> Section:
    health, times, step = findings.health, findings.recording.times, findings.recording.step
    unwell, when = findings.thresholds.health, clock(findings.recording)
    width = max(1, min(len(health), int(np.timedelta64(1, "D") / step)))
    means = np.convolve(health, np.full(width, 1 / width), "valid")
    low = int(means.argmin())
    rows = [
        ("mean", f"{health.mean():.1f}"),
        (f"rows below {unwell:g}", f"{(health < unwell).mean():.2%}"),
        (f"worst {lasting(width * step)}", f"{means[low]:.1f} from {when(times[low])}"),
        (f"last {lasting(width * step)}", f"{means[-1]:.1f}"),
    ]
    return Section(
        "Health",
        (f"{_sparkline(health)}  {str(times[0])[:10]} to {str(times[-1])[:10]}, lowest of each stretch",),
        Table(("health index", "value"), rows, frozenset({"value"})),
        (f"Health index: {health_rule(findings.thresholds)}.",),
    )


def _sparkline(health: Floats, width: int = 64) -> str:
    """The least of each stretch as a bar, so that a short fall is seen."""
    least = [part.min() for part in np.array_split(health, min(width, len(health)))]
    return "".join(_BARS[min(int(value / 100 * len(_BARS)), len(_BARS) - 1)] for value in least)


def _episodes(findings: Findings) -> Section:
    times, when, limits = findings.recording.times, clock(findings.recording), findings.thresholds
    rows = [
        (
            str(rank),
            when(times[episode.start]),
            when(times[episode.stop - 1]),
            lasting(times[episode.stop - 1] - times[episode.start] + findings.recording.step),
            named([findings.names[j] for j in episode.sensors]),
            f"{episode.peak:.1f}",
            f"{episode.severity:,.0f}",
        )
        for rank, episode in enumerate(findings.episodes, 1)
    ]
    said = counted(len(findings.episodes), "episode") + (", the most severe first" if len(rows) > 1 else "")
    note = (
        f"An episode: health below {limits.health:g}. Sensors: those out of range (|z| within the regime beyond "
        f"{limits.sensor:g}) in "
        "order of their part in it, else the one nearest to it. Severity: sum of |z| beyond the limit over rows and "
        "sensors; z is clipped at 25."
    )
    header = ("#", "start", "end", "lasting", "sensors", "peak |z|", "severity")
    table = Table(header, rows, frozenset({"lasting", "peak |z|", "severity"}), things="episode") if rows else None
    return Section("Anomalous episodes", (said, *against_truth(findings), *against_labels(findings)), table, (note,))


def _sensors(findings: Findings) -> Section:
    z, times, limit = findings.regime_scores, findings.recording.times, findings.thresholds.sensor
    when = clock(findings.recording)
    outside = np.array([(np.abs(column) > limit).mean() for column in z.T])
    peaks = np.array([np.abs(column).argmax() for column in z.T])
    rows = [
        (findings.names[j], f"{outside[j]:.2%}", f"{abs(z[peaks[j], j]):.1f}", when(times[int(peaks[j])]))
        for j in worst_first(z, limit)
    ]
    header = ("sensor", "out of range", "peak |z|", "at")
    table = Table(header, rows, frozenset({"out of range", "peak |z|"}), things="sensor")
    often = [
        f"{findings.names[j]} is out of range in {share:.0%} of the rows: its range is not learnt well here"
        for j, share in enumerate(outside)
        if share > findings.thresholds.warned_share
    ]
    return Section(
        "Most anomalous sensors", tuple(often), table, (f"Out of range: |z| within the regime beyond {limit:g}.",)
    )


def _stuck(findings: Findings) -> Section:
    recording, when = findings.recording, clock(findings.recording)
    rows = [
        (
            recording.names[run.sensor],
            when(recording.times[run.start]),
            f"{run.stop - run.start:,}",
            lasting(recording.times[run.stop - 1] - recording.times[run.start]),
            f"{run.value:.6g}",
        )
        for run in findings.stuck
    ]
    said = counted(len(findings.stuck), "run") + " of equal values" + (", the longest first" if len(rows) > 1 else "")
    least = findings.thresholds.stuck_rows
    note = f"A run of equal values counts from {least} rows on, if it is unusually long for its sensor."
    header = ("sensor", "from", "rows", "lasting", "value")
    table = Table(header, rows, frozenset({"rows", "lasting", "value"}), things="run") if rows else None
    return Section("Stuck sensors", (said,), table, (note,))
