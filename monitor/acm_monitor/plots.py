"""The figures of the report, as SVG text; crowded parts are rasters inside, so that the file stays small."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .calls import Calls, Measured
from .drawing import COLOURS, INK, STYLE, as_svg, cut, date_axis, figure_of, stretches
from .episodes import Episode, worst_first
from .examine import Findings
from .plot_detectors import detector_heat_map
from .recording import Floats, Integers
from .scoring import CLIP_SEARCH, scored

_POINTS = 4000
_MOST_SENSORS = 12


def figures(findings: Findings, measured: Sequence[Measured]) -> dict[str, str]:
    """SVG by the section that it belongs to."""
    import matplotlib

    with matplotlib.rc_context(STYLE):
        drawn = {
            "health": _health(findings),
            "regimes": _regimes(findings),
            "sensors": _heat_map(findings),
            "detectors": detector_heat_map(findings),
        }
        if any(row.speed_up is not None for row in measured):
            drawn["calls"] = _speed_ups(measured)
        return {key: as_svg(figure) for key, figure in drawn.items()}


def _health(findings: Findings) -> Any:
    figure, (top, strip) = figure_of(3.4, nrows=2, sharex=True, height_ratios=[12, 1])
    times, health = findings.recording.times, findings.health
    edges = stretches(len(times))
    middle = times[(edges[:-1] + edges[1:]) // 2]
    mean = np.add.reduceat(health, edges[:-1]) / np.diff(edges)
    top.fill_between(middle, np.minimum.reduceat(health, edges[:-1]), mean, color="#b9d4de", lw=0, label="lowest")
    top.plot(middle, mean, color=COLOURS[0], lw=1.0, label="mean")
    for rank, episode in enumerate(findings.episodes[:5], 1):
        _mark(top, findings, rank, episode)
    top.set(ylim=(-3, 112), yticks=range(0, 101, 25), ylabel="health index")
    top.legend(loc="lower left", frameon=False, ncols=2)
    strip.pcolormesh(
        times[np.r_[edges[:-1], len(times) - 1]],
        [0, 1],
        findings.regimes.labels[edges[:-1]][None, :] % len(COLOURS),
        cmap=_regime_colours(),
        vmin=0,
        vmax=len(COLOURS),
        rasterized=True,
    )
    strip.set(yticks=[])
    strip.set_ylabel("regime", rotation=0, ha="right", va="center")
    strip.grid(visible=False)
    date_axis(strip)
    return figure


def _mark(axes: Any, findings: Findings, rank: int, episode: Episode) -> None:
    times = findings.recording.times
    start, end = times[episode.start], times[episode.stop - 1]
    axes.axvspan(start, end, color="#b5485d", alpha=0.18, lw=0)
    axes.annotate(str(rank), (start + (end - start) / 2, 104), ha="center", color="#b5485d", fontweight="bold")


def _regime_colours() -> Any:
    from matplotlib.colors import ListedColormap

    return ListedColormap(list(COLOURS))


def _regimes(findings: Findings) -> Any:
    figure, axes = figure_of(3.9)
    labels = findings.regimes.labels
    chosen = np.random.default_rng(0).permutation(len(labels))[:_POINTS]
    scores = _overall_scores(findings, chosen)
    middle = scores.mean(axis=0)
    _, spread, directions = np.linalg.svd(scores - middle, full_matrices=False)
    for j in range(len(findings.regimes.centres)):
        place = _in_plane(scores[labels[chosen] == j] - middle, directions)
        label = f"regime {j + 1} ({(labels == j).mean():.0%})"
        colour = COLOURS[j % len(COLOURS)]
        axes.scatter(place[:, 0], place[:, 1], s=5, lw=0, alpha=0.5, color=colour, label=label, rasterized=True)
    if findings.episodes:
        worst = findings.episodes[0]
        rows = np.arange(worst.start, worst.stop, max(1, (worst.stop - worst.start) // 200))
        place = _in_plane(_overall_scores(findings, rows) - middle, directions)
        ring = {"facecolors": "none", "edgecolors": "#b5485d", "lw": 0.8, "s": 18}
        axes.scatter(place[:, 0], place[:, 1], **ring, label="episode 1")
    share = spread**2 / (spread**2).sum()
    axes.set_xlabel(f"first principal direction ({share[0]:.0%} of the variance)")
    axes.set_ylabel(f"second ({share[1]:.0%})" if len(share) > 1 else "")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, markerscale=2.5)
    return figure


def _overall_scores(findings: Findings, rows: Integers) -> Floats:
    values = findings.recording.values[rows][:, findings.columns]
    return scored(values, findings.model.regimes.levels, Calls(timing=False), CLIP_SEARCH)


def _in_plane(scores: Floats, directions: Floats) -> Floats:
    return scores @ directions[:2].T if len(directions) > 1 else np.column_stack([scores[:, 0], 0 * scores[:, 0]])


def _heat_map(findings: Findings) -> Any:
    limit = findings.thresholds.sensor
    order = worst_first(findings.regime_scores, limit)[:_MOST_SENSORS]
    figure, axes = figure_of(1.2 + 0.24 * len(order))
    times, edges = findings.recording.times, stretches(len(findings.recording.times))
    means = np.add.reduceat(findings.regime_scores[:, order], edges[:-1]) / np.diff(edges)[:, None]
    mesh = axes.pcolormesh(
        times[np.r_[edges[:-1], len(times) - 1]],
        np.arange(len(order) + 1),
        means.T,
        cmap="RdBu_r",
        vmin=-2 * limit,
        vmax=2 * limit,
        rasterized=True,
    )
    axes.set_yticks(np.arange(len(order)) + 0.5, [cut(findings.names[j]) for j in order])
    axes.invert_yaxis()
    date_axis(axes)
    axes.grid(visible=False)
    axes.tick_params(axis="y", length=0)
    figure.colorbar(mesh, ax=axes, label="mean z within the regime", pad=0.01, extend="both")
    return figure


def _speed_ups(measured: Sequence[Measured]) -> Any:
    """A bar per operation, on the shape that cost most."""
    costs = sorted(measured, key=lambda row: row.milliseconds * row.calls)
    costliest = {row.operation: row for row in costs if row.speed_up is not None}
    rows = sorted(costliest.values(), key=lambda row: row.speed_up or 0.0)
    figure, axes = figure_of(0.9 + 0.3 * len(rows))
    backends = list(dict.fromkeys(row.backend for row in rows))
    for position, row in enumerate(rows):
        colour = COLOURS[backends.index(row.backend) % len(COLOURS)]
        axes.barh(position, row.speed_up, height=0.68, color=colour)
        axes.annotate(f" {row.speed_up:.1f}x", (row.speed_up, position), va="center", fontsize=8, annotation_clip=False)
    axes.axvline(1.0, color=INK, lw=1)
    axes.set_yticks(range(len(rows)), [f"{row.operation}  {row.shape}" for row in rows], fontsize=8)
    axes.set(xlabel="times as fast as the NumPy backend (1 = equally fast)", ylim=(-0.6, len(rows) - 0.4))
    axes.set_xlim(0, 1.12 * max(row.speed_up or 0.0 for row in rows))
    axes.grid(visible=False, axis="y")
    from matplotlib.patches import Patch

    handles = [Patch(color=COLOURS[i % len(COLOURS)], label=name) for i, name in enumerate(backends)]
    axes.legend(handles=handles, loc="lower right", frameon=False)
    return figure
