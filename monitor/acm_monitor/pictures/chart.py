"""Charts as HTML: text stands beside the drawing, so that it keeps its size where the drawing is stretched."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from ..markup import escape
from ..recording import when
from .shapes import HEIGHT, WIDTH

#: Letters of a label.
_LONGEST = 28

Span = tuple[np.datetime64, np.datetime64]


class Plot(NamedTuple):
    """One drawing of a chart.

    `shapes` are SVG; `scale` labels places between the upper edge (0) and the lower one (1); `said` are attributes by
    which the page's script tells values; `described` is for those who do not see it.
    """

    shapes: str
    height: int
    scale: Sequence[tuple[float, str]] = ()
    title: str = ""
    said: str = ""
    described: str = ""


class Mark(NamedTuple):
    """A label at a place along the time, as a fraction of it."""

    at: float
    text: str


def chart(plots: Iterable[Plot], span: Span | None = None, marks: Sequence[Mark] = (), kind: str = "") -> str:
    """The plots one below the other, over an axis of time if they have one."""
    drawn = "".join(map(_plot, plots))
    above = "".join(f'<span data-at="{mark.at:.5f}" style="left:{mark.at:.2%}">{mark.text}</span>' for mark in marks)
    if above:
        above = f'<div class="marks">{above}</div>'
    if span is None:
        return f'<figure class="chart{kind and " "}{kind}">{above}{drawn}</figure>'
    ends_told = f'<span style="left:0">{when(span[0], "s")}</span><span style="left:100%">{when(span[1], "s")}</span>'
    return (
        f'<figure class="chart{kind and " "}{kind}" data-from="{_milliseconds(span[0])}" '
        f'data-to="{_milliseconds(span[1])}">{above}{drawn}<div class="times">{ends_told}</div></figure>'
    )


def legend(entries: Iterable[tuple[str, str]]) -> str:
    """What is drawn how: (class, text)."""
    return (
        '<p class="legend">'
        + " ".join(f'<span class="{mark}">{escape(text)}</span>' for mark, text in entries)
        + "</p>"
    )


def path(kind: str, d: str, said: str = "") -> str:
    """A path of class `kind`; nothing where it would be empty."""
    return f'<path class="{kind}"{said and " "}{said} d="{d}"/>' if d else ""


def tells(name: str) -> str:
    """The attribute by which a line's values are told under that name."""
    return f'data-name="{escape(name)}"'


def ranges(low: float, high: float) -> str:
    """The attributes that say what the lower and the upper edge of a plot mean."""
    return f'data-low="{low:.7g}" data-high="{high:.7g}"'


def ends(low: float, high: float) -> list[tuple[float, str]]:
    """The ends of a scale, with as many digits as tell them apart well."""
    return [(0.0, short(high, high - low)), (1.0, short(low, high - low))]


def short(value: float, length: float) -> str:
    """A number on a scale of some length."""
    if not 1e-6 <= length < 1e9:
        return f"{value:.3g}"
    decimals = max(0, 2 - math.floor(math.log10(length)))
    return f"{value:,.{decimals}f}"


def _plot(plot: Plot) -> str:
    title = f'<div class="title">{escape(plot.title)}</div>' if plot.title else ""
    scale = "".join(_label(at, text) for at, text in plot.scale)
    described = f' role="img" aria-label="{escape(plot.described)}"' if plot.described else ' aria-hidden="true"'
    return (
        f'{title}<div class="plot"><div class="scale">{scale}</div><svg xmlns="http://www.w3.org/2000/svg" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" style="height:{plot.height}px"'
        f"{described}{plot.said and ' '}{plot.said}>{plot.shapes}</svg></div>"
    )


def _label(at: float, text: str) -> str:
    """A label beside a plot; the middle of a long one is left out, and all of it told by the pointer."""
    short = text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]}…{text[-_LONGEST // 2 + 1 :]}"
    whole = "" if short == text else f' title="{escape(text)}"'
    return f'<span style="top:{at:.1%}"{whole}>{escape(short)}</span>'


def _milliseconds(time: np.datetime64) -> str:
    """Since 1970, as the page's script counts."""
    return f"{time.astype('datetime64[us]').astype(np.int64) / 1000:.15g}"
