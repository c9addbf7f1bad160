"""The detectors over time: what they agree on, and each one's score."""

from __future__ import annotations

import numpy as np

from ..detectors import DETECTORS
from ..examine import Findings
from ..recording import Floats, Integers
from .chart import Plot, chart, legend, path, ranges, tells
from .overview import corners, heat_map, span_of, stretches
from .shapes import WIDTH, blocks, line, up


def detectors(findings: Findings) -> str:
    """The fused score and the alarms above a row of colours for each detector; of each stretch the highest."""
    unusual, times = findings.thresholds.detectors, findings.recording.times
    edges = stretches(len(times))
    x, fused = corners(times, edges), _highest(findings.fusion.fused, edges)
    top = max(1.1 * float(fused.max()), 1.5 * unusual)
    height = up(fused, 0.0, top)
    limit = int(1000 * (1 - unusual / top))
    shapes = path("fill k0", blocks(x, np.ones(len(fused), bool), high=height))
    shapes += path("faint k0", line(x[:-1], height), tells("fused score")) + path("limit", f"M0 {limit}h{WIDTH}")
    agreed = np.zeros(len(times), bool)
    for alarm in findings.agreements:
        agreed[alarm.start : alarm.stop] = True
    shapes += path("alarm", blocks(x, np.maximum.reduceat(agreed, edges[:-1]), high=0.06))
    scale = [(0.0, f"{top:.3g}"), (1 - unusual / top, f"{unusual:g}"), (1.0, "0")]
    described = f"Fused score of the detectors over time, highest {fused.max():.1f}, unusual beyond {unusual:g}"
    names = [detector.name for detector in DETECTORS]
    rows = np.stack([_highest(scores, edges) for scores in findings.fusion.scores.T])
    plots = [
        Plot(shapes, 120, scale, "", ranges(0.0, top), described),
        heat_map(findings, names, rows, (0.0, 2.5 * unusual), "highest score"),
    ]
    told = [
        ("k0", "fused score"),
        ("limit", "unusual"),
        ("alarm", "alarm"),
        ("hot", f"score of a detector up to {2.5 * unusual:g}"),
    ]
    return legend(told) + chart(plots, span_of(times), kind="named")


def _highest(scores: Floats, edges: Integers) -> Floats:
    return np.maximum.reduceat(scores, edges[:-1])
