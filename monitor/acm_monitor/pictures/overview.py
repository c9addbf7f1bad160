"""What the whole recording was like: health over regimes, the regimes side by side, and the sensors that stray most."""

from __future__ import annotations

import numpy as np

from ..calls import Calls
from ..episodes import worst_first
from ..examine import Findings
from ..recording import Floats, Integers, Times
from ..scoring import CLIP_SEARCH, scored
from . import raster
from .chart import Mark, Plot, Span, chart, legend, path, ranges, tells
from .shapes import HEIGHT, WIDTH, across, between, blocks, dots, line, up

#: Stretches that a long recording is summarised to; a heat map shows fewer.
_STRETCHES, _COLUMNS = 2000, 1000
_POINTS = 4000
_MOST_SENSORS = 24
#: Colours that regimes take in turn.
_COLOURS = 8
#: Episodes that are numbered above the health, and how near to each other their numbers may be.
_NUMBERED, _APART = 20, 0.02


def span_of(times: Times) -> Span:
    """From the first row to the last."""
    return times[0], times[-1]


def stretches(n_rows: int, most: int = _COLUMNS) -> Integers:
    """Row numbers that cut a recording into stretches."""
    return np.linspace(0, n_rows, min(n_rows, most) + 1).astype(np.int64)


def corners(times: Times, edges: Integers) -> Floats:
    """Where stretches begin, and where the last one ends, as fractions of the time."""
    return across(times[np.r_[edges[:-1], len(times) - 1]], span_of(times))


def health(findings: Findings) -> str:
    """The mean health and the lowest of each stretch, the episodes, and the regimes below."""
    times, values = findings.recording.times, findings.health
    edges = stretches(len(times), _STRETCHES)
    x = across(times[(edges[:-1] + edges[1:]) // 2], span_of(times))
    mean = np.add.reduceat(values, edges[:-1]) / np.diff(edges) / 100
    lowest = np.minimum.reduceat(values, edges[:-1]) / 100
    shapes = path("episode", _episodes(findings))
    if len(x) < len(times):
        shapes += path("area k0", between(x, lowest, mean))
        shapes += path("faint k0", line(x, lowest), tells("lowest"))
    shapes += path("line k0", line(x, mean), tells("mean" if len(x) < len(times) else "health"))
    scale = [(0.0, "100"), (0.5, "50"), (1.0, "0")]
    described = f"Health index over time, mean {values.mean():.0f}, lowest {values.min():.0f}"
    plots = [
        Plot(shapes, 170, scale, "", ranges(0, 100), described),
        Plot(_regime_strip(findings), 14, [(0.5, "regime")]),
    ]
    told = [("k0", "health"), ("episode", "episode")] + [
        (f"k{j % _COLOURS}", f"regime {j + 1}") for j in range(len(findings.regimes.centres))
    ]
    return legend(told) + chart(plots, span_of(times), _numbers(findings))


def _episodes(findings: Findings) -> str:
    """All of them as one shape."""
    times = findings.recording.times
    pieces = sorted((episode.start, episode.stop - 1) for episode in findings.episodes)
    return "".join(
        f"M{x} 0h{max(end - x, 2)}v{HEIGHT}h{-max(end - x, 2)}z"
        for x, end in (np.rint(across(times[list(piece)], span_of(times)) * WIDTH).astype(int) for piece in pieces)
    )


def _numbers(findings: Findings) -> list[Mark]:
    """The most severe episodes by their rank, where there is room."""
    placed: list[Mark] = []
    for rank, episode in enumerate(findings.episodes[:_NUMBERED], 1):
        middle = findings.recording.times[[(episode.start + episode.stop) // 2]]
        at = float(across(middle, span_of(findings.recording.times))[0])
        if all(abs(at - mark.at) > _APART for mark in placed):
            placed.append(Mark(at, str(rank)))
    return placed


def _regime_strip(findings: Findings) -> str:
    edges = stretches(len(findings.health))
    x, labels = corners(findings.recording.times, edges), findings.regimes.labels[edges[:-1]] % _COLOURS
    return "".join(path(f"fill k{colour}", blocks(x, labels == colour)) for colour in np.unique(labels).tolist())


def regimes(findings: Findings) -> str:
    """A dot for each of some rows in the plane in which they differ most."""
    labels = findings.regimes.labels
    chosen = np.random.default_rng(0).permutation(len(labels))[:_POINTS]
    scores = _overall_scores(findings, chosen)
    middle = scores.mean(axis=0)
    _, spread, directions = np.linalg.svd(scores - middle, full_matrices=False)
    place = _in_plane(scores - middle, directions)
    low, high = place.min(axis=0), place.max(axis=0)
    room = 0.04 * (high - low)

    def dots_of(rows: Floats) -> str:
        return dots(*(up(rows[:, j], low[j] - room[j], high[j] + room[j]) for j in (0, 1)))

    count = len(findings.regimes.centres)
    shapes = "".join(path(f"dots k{j % _COLOURS}", dots_of(place[labels[chosen] == j])) for j in range(count))
    told = [(f"k{j % _COLOURS}", f"regime {j + 1} ({(labels == j).mean():.0%})") for j in range(count)]
    if findings.episodes:
        worst = findings.episodes[0]
        rows = np.arange(worst.start, worst.stop, max(1, (worst.stop - worst.start) // 200))
        inside = _in_plane(_overall_scores(findings, rows) - middle, directions)
        shapes += path("dots worst", dots_of(np.clip(inside, low, high)))
        told.append(("dot", "episode 1"))
    share = spread**2 / ((spread**2).sum() or 1.0)
    said = f"Across: the direction in which the rows differ most ({share[0]:.0%} of the variance)"
    said += f"; upwards: the next ({share[1]:.0%})" if len(share) > 1 else ""
    described = f"Rows by regime, {count} in all, in the plane in which they differ most"
    return legend(told) + chart([Plot(shapes, 300, described=described)], kind="plane") + f'<p class="note">{said}.</p>'


def _overall_scores(findings: Findings, rows: Integers) -> Floats:
    values = findings.recording.values[rows][:, findings.columns]
    return scored(values, findings.model.regimes.levels, Calls(timing=False), CLIP_SEARCH)


def _in_plane(scores: Floats, directions: Floats) -> Floats:
    return scores @ directions[:2].T if len(directions) > 1 else np.column_stack([scores[:, 0], 0 * scores[:, 0]])


def sensors(findings: Findings) -> str:
    """The mean z of the sensors that stray most, over time."""
    limit = findings.thresholds.sensor
    order = worst_first(findings.regime_scores, limit)[:_MOST_SENSORS]
    edges = stretches(len(findings.health))
    means = np.stack([np.add.reduceat(findings.regime_scores[:, j], edges[:-1]) / np.diff(edges) for j in order])
    names = [findings.names[j] for j in order]
    drawn = heat_map(findings, names, means, (-2 * limit, 2 * limit), "mean z")
    told = [("cold", f"mean z within the regime down to {-2 * limit:g}"), ("hot", f"up to {2 * limit:g}")]
    return legend(told) + chart([drawn], span_of(findings.recording.times), kind="named")


def heat_map(findings: Findings, names: list[str], rows: Floats, limits: tuple[float, float], what: str) -> Plot:
    """A row of colours for each name; from `limits`' lower to their upper end, around 0 where that is between."""
    level = raster.levels(rows, *limits)
    edges = corners(findings.recording.times, stretches(len(findings.health)))
    # cells are equally wide in an image, stretches of rows are not where rows are missing
    cells = np.clip(np.searchsorted(edges, (np.arange(_COLUMNS) + 0.5) / _COLUMNS, "right") - 1, 0, rows.shape[1] - 1)
    level = level[:, cells]
    address = raster.image(level, diverging=limits[0] < 0)
    shapes = f'<image href="{address}" width="{WIDTH}" height="{HEIGHT}" preserveAspectRatio="none"/>'
    said = f'{ranges(*limits)} data-cells="{raster.letters(level)}" {tells(what)}'
    scale = [((row + 0.5) / len(names), name) for row, name in enumerate(names)]
    described = f"{what} of {', '.join(names)} over time"
    return Plot(shapes, max(40, 17 * len(names)), scale, "", said, described)
