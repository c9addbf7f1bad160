"""The sensors around an episode: their values, what is usual of them, and where detectors agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..episodes import Episode
from ..examine import Findings
from ..markup import escape
from ..recording import Booleans, Floats, Integers, Times, clock, lasting
from ..section import named
from .chart import Plot, Span, chart, ends, legend, path, ranges, tells
from .shapes import across, blocks, line, up

#: Rows that are shown before and after an episode, at least; and as a share of its length.
_LEAST_AROUND, _AROUND = 30, 0.5
#: Of the points of a trace, so many steps may the band of what is usual take.
_BAND_SHARE = 4
#: A pause of so many steps interrupts a line.
_PAUSE = 5
#: Numbers beyond this are drawn as this: the length of a scale has to be a number, too.
_LARGEST = 1e300
#: Bytes that a point of a trace takes at least.
_BYTES = 3
#: The pictures of so many episodes need no opening.
_OPEN = 3


class Room(NamedTuple):
    """How much may be drawn: episodes, sensors of each, and points of a trace."""

    episodes: int
    sensors: int
    points: int


def rooms_for(episodes: Sequence[Episode], most: int, rooms: Sequence[Room]) -> list[Room]:
    """Those of `rooms` whose traces may fit into `most` bytes, or the last one."""

    def least(room: Room) -> int:
        return _BYTES * sum(
            min(len(episode.sensors), room.sensors) * min(room.points, episode.stop - episode.start)
            for episode in episodes[: room.episodes]
        )

    return [room for room in rooms if least(room) <= most] or [rooms[-1]]


class _Window(NamedTuple):
    """The rows around an episode, their times, and shapes that all sensors share."""

    rows: slice
    times: Times
    span: Span
    behind: str
    alarms: str


def traces(findings: Findings, room: Room) -> str:
    """The episodes, the most severe first, each to be opened; the first ones are."""
    if not findings.episodes:
        return ""
    when, step = clock(findings.recording), findings.recording.step
    alarms = np.array([(alarm.start, alarm.stop) for alarm in findings.agreements], np.int64).reshape(-1, 2)
    told = [
        ("k0", "value"),
        ("usual", "in range for its regime"),
        ("episode", "episode"),
        ("alarm", "alarm of detectors"),
    ]
    parts = [legend(told)]
    for rank, episode in enumerate(findings.episodes[: room.episodes], 1):
        first, last = (findings.recording.times[row] for row in (episode.start, episode.stop - 1))
        who = named([findings.names[j] for j in episode.sensors])
        summary = escape(f"Episode {rank}: {when(first)}, {lasting(last - first + step)}, {who}")
        window = _window(findings.recording.times, episode, alarms)
        pause = _PAUSE * float(step / max(window.span[1] - window.span[0], step))
        plots = [_trace(findings, j, window, pause, room.points) for j in episode.sensors[: room.sensors]]
        state = " open" if rank <= _OPEN else ""
        drawn = chart(plots, window.span)
        parts.append(f'<details id="episode-{rank}"{state}><summary>{summary}</summary>{drawn}</details>')
    return "".join([*parts, f'<p class="note">{_said(len(findings.episodes), room)}</p>'])


def _said(count: int, room: Room) -> str:
    """What is shown and what is not."""
    which = f"The {room.episodes} most severe of {count} episodes" if count > room.episodes else "Every episode"
    sensors = "sensor that is" if room.sensors == 1 else f"{room.sensors} sensors that are"
    return (
        f"{which}, with at most the {sensors} most out of range. A trace has at most {room.points} points: the lowest "
        "and the highest of each stretch where there are more rows."
    )


def _window(times: Times, episode: Episode, alarms: Integers) -> _Window:
    around = max(_LEAST_AROUND, int(_AROUND * (episode.stop - episode.start)))
    start, stop = max(0, episode.start - around), min(len(times), episode.stop + around)
    span, shown = (times[start], times[stop - 1]), times[start:stop]
    near = alarms[(alarms[:, 0] < stop) & (alarms[:, 1] > start)] - start
    behind = path("episode", _stretch(shown, span, [(episode.start - start, episode.stop - start)], 1.0))
    return _Window(slice(start, stop), shown, span, behind, path("alarm", _stretch(shown, span, near.tolist(), 0.05)))


def _trace(findings: Findings, sensor: int, window: _Window, pause: float, points: int) -> Plot:
    """A sensor's values over what is usual of them; the episode behind, alarms below."""
    values = findings.recording.values[window.rows, findings.columns[sensor]]
    values = np.clip(np.where(np.isfinite(values), values, np.nan), -_LARGEST, _LARGEST)
    edges = _edges(len(values), points // _BAND_SHARE)
    below, above = _usual(findings, sensor, findings.regimes.labels[window.rows][edges[:-1]])
    low, high = _ends(values, below, above)
    x = across(window.times[np.r_[edges[:-1], len(values) - 1]], window.span)
    usual = blocks(x, np.ones(len(below), bool), up(below, low, high), up(above, low, high))
    at, seen = summarised(across(window.times, window.span), values, pause, points)
    name, scale = findings.names[sensor], ends(low, high)
    drawn = path("line k0", line(at, up(seen, low, high)), tells(name))
    described = f"{name} around the episode, from {scale[1][1]} to {scale[0][1]}"
    shapes = path("usual", usual) + window.behind + drawn + window.alarms
    return Plot(shapes, 96, scale, name, ranges(low, high), described)


def _usual(findings: Findings, sensor: int, labels: Integers) -> tuple[Floats, Floats]:
    """Between what a sensor is in range in these regimes."""
    learnt, limit = findings.model.regimes, findings.thresholds.sensor
    middle, scale = learnt.medians[labels, sensor], learnt.scales[labels, sensor]
    return middle - limit * scale, middle + limit * scale


def _ends(values: Floats, below: Floats, above: Floats) -> tuple[float, float]:
    """The ends of a scale: all values, and of what is usual as much as leaves the values visible."""
    known = values[np.isfinite(values)]
    least, most = (known.min(), known.max()) if len(known) else (below.min(), above.max())
    room = 1.5 * (most - least) or np.inf
    least, most = min(least, max(below.min(), least - room)), max(most, min(above.max(), most + room))
    edge = 0.04 * (most - least) or 1.0
    return float(least - edge), float(most + edge)


def _edges(n_rows: int, most: int) -> Integers:
    return np.linspace(0, n_rows, min(n_rows, most) + 1).astype(np.int64)


def _stretch(times: Times, span: Span, pieces: list[tuple[int, int]], height: float) -> str:
    """Blocks over the rows of `pieces` that are shown; rows are counted from the first one shown."""
    covered: Booleans = np.zeros(len(times), bool)
    for start, stop in pieces:
        covered[max(start, 0) : max(stop, 0)] = True
    return blocks(across(times[np.r_[: len(times), -1]], span), covered, high=height)


def summarised(x: Floats, y: Floats, pause: float, points: int) -> tuple[Floats, Floats]:
    """The points of a line, no more than `points`: where there are more, the lowest and highest of each stretch.

    The line is interrupted where `x` goes on by more than `pause`.
    """
    if len(x) > points:
        edges = _edges(len(x), points // 2)
        starts, middle = edges[:-1], x[(edges[:-1] + edges[1:]) // 2]
        y = np.column_stack([np.fmin.reduceat(y, starts), np.fmax.reduceat(y, starts)]).ravel()
        x, pause = np.repeat(middle, 2), pause * float(np.diff(edges).max())
    pauses = np.flatnonzero(np.diff(x) > pause) + 1
    return np.insert(x, pauses, x[pauses]), np.insert(y, pauses, np.nan)
