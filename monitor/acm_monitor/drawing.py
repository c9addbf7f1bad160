"""What all figures share: colours, style, axes of time, SVG text."""

from __future__ import annotations

from io import StringIO
from typing import Any

import numpy as np

from .recording import Integers

COLOURS = ("#1f6f8b", "#e07a3f", "#6a994e", "#8e6bb0", "#c9a227", "#b5485d", "#4d648d", "#7d7d7d")
INK, _GRID = "#24323d", "#d9e0e5"
STYLE: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "text.parse_math": False,  # a sensor may be called $x$
    "text.color": INK,
    "axes.edgecolor": "#9aa7b0",
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": _GRID,
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.hashsalt": "acm-dispatch",
}
#: Columns of pixels that a figure can show: longer recordings are summarised to as many stretches.
_STRETCHES = 1000


def figure_of(height: float, **options: Any) -> tuple[Any, Any]:
    """A figure of the page's width, and its axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, height), layout="constrained")
    return figure, figure.subplots(**options)


def as_svg(figure: Any) -> str:
    """The figure as SVG text, the same for the same figure."""
    text = StringIO()
    figure.savefig(text, format="svg", dpi=160, metadata={"Date": None})
    return text.getvalue()


def date_axis(axes: Any) -> None:
    """Label the axis of abscissas with dates as short as they can be; what all share, such as the year, ends it."""
    from matplotlib import dates

    locator = dates.AutoDateLocator(maxticks=10)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))


def stretches(n_rows: int) -> Integers:
    """Row numbers that cut a recording into stretches."""
    return np.linspace(0, n_rows, min(n_rows, _STRETCHES) + 1).astype(np.int64)


def cut(name: str, most: int = 34) -> str:
    """`name`, its end left out where it is long."""
    return name if len(name) <= most else name[: most - 1] + "…"
