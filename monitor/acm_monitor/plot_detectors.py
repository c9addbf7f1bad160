"""The detectors over time: each one's score, and what they agree on."""

from __future__ import annotations

from typing import Any

import numpy as np

from .detectors import DETECTORS
from .drawing import COLOURS, date_axis, figure_of, stretches
from .examine import Findings
from .recording import Floats, Integers


def detector_heat_map(findings: Findings) -> Any:
    """A strip for each detector, the fused score above them; of each stretch of time the highest."""
    unusual = findings.thresholds.detectors
    figure, (top, strips) = figure_of(3.6, nrows=2, sharex=True, height_ratios=[5, 4])
    times, edges = findings.recording.times, stretches(len(findings.recording.times))
    corners = times[np.r_[edges[:-1], len(times) - 1]]
    fused = _highest(findings.fusion.fused, edges)
    top.fill_between(corners[:-1], 0, fused, step="post", color=COLOURS[0], lw=0)
    top.axhline(unusual, color="#b5485d", lw=0.8, ls="--")
    top.annotate("unusual", (0.01, unusual), xycoords=("axes fraction", "data"), color="#b5485d", va="bottom")
    top.set(ylim=(0, max(1.1 * fused.max(), 1.5 * unusual)), ylabel="fused score")
    mesh = strips.pcolormesh(
        corners,
        np.arange(len(DETECTORS) + 1),
        np.stack([_highest(scores, edges) for scores in findings.fusion.scores.T]),
        cmap="magma_r",
        vmin=0,
        vmax=2.5 * unusual,
        rasterized=True,
    )
    strips.set_yticks(np.arange(len(DETECTORS)) + 0.5, [detector.name for detector in DETECTORS])
    strips.invert_yaxis()
    strips.grid(visible=False)
    strips.tick_params(axis="y", length=0)
    date_axis(strips)
    figure.colorbar(mesh, ax=[top, strips], label="score", pad=0.01, extend="max")
    return figure


def _highest(scores: Floats, edges: Integers) -> Floats:
    return np.maximum.reduceat(scores, edges[:-1])
