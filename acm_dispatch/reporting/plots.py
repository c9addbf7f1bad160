"""The figures of a report: cost curves, the heat map of gains, the share of time by backend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, log
from typing import Any

from ..tuning.cells import NUMBERS
from .drawing import (
    GROUND,
    INK,
    NARROW,
    ON_RAMP,
    RAMP,
    colour_of,
    count_told,
    figure_of,
    logarithmic,
    ratio_told,
    seconds_told,
    step_of,
)
from .measured import Costs, Gain, Measured

#: Places of a curve between and at its measured ones: between two widths it is no power of work.
_PLACES = 24

#: Pixels beside the cost curves, for a time such as 100 µs on the left, a legend above, a formula below.
_MARGINS = (56.0, 8.0, 24.0, 42.0)


def cost_curves(costs: Costs, width: int, backends: tuple[str, ...]) -> Any:
    """Seconds over work at one width: a line a backend, dots where it was measured, who is fastest in the ground."""
    figure, axes = figure_of(NARROW, 232, _MARGINS)
    works = costs.works(width)
    for stretch in costs.stretches(width):
        if stretch.stop > stretch.start:
            axes.axvspan(stretch.start, stretch.stop, color=colour_of(stretch.backend, backends), alpha=0.16, lw=0)
    for name in sorted(costs.curves, key=backends.index):
        curve, colour = costs.curves[name], colour_of(name, backends)
        at = sorted({*_between(works[0], works[-1]), *works})
        axes.plot(at, [curve.seconds(work, width) for work in at], color=colour, lw=1.4, label=name)
        own = costs.works(width, name)
        axes.plot(own, [curve.seconds(work, width) for work in own], ".", color=colour, ms=5)
    axes.set(xscale="log", yscale="log", xlabel=f"work ({costs.operation.work})")
    axes.margins(x=0.02)
    logarithmic(axes.xaxis, count_told)
    logarithmic(axes.yaxis, seconds_told)
    axes.set_title("1 column" if width == 1 else f"{width} columns", fontsize=8.5, loc="left")
    beside = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "borderaxespad": 0.1, "columnspacing": 0.9}
    axes.legend(**beside, ncols=len(costs.curves), fontsize=7.5, handlelength=1.0, handletextpad=0.4)
    return figure


def _between(least: int, most: int) -> list[int]:
    step = log(most / least) / _PLACES
    return [max(1, round(least * exp(place * step))) for place in range(_PLACES + 1)]


def heat_map(measured: Measured) -> Any:
    """Operations by size of the first array: how many times as fast as NumPy the fastest backend is."""
    rows = list(measured.gains())
    figure, axes = figure_of(NARROW + 40, 100 + 17 * len(rows))
    for place, (_, gains) in enumerate(rows):
        for column, gain in enumerate(gains):
            if gain is not None:
                _cell(axes, column, place, gain, measured.backends)
    axes.set(xlim=(0, len(NUMBERS)), ylim=(len(rows), 0))
    axes.set_xticks([column + 0.5 for column in range(len(NUMBERS))], map(count_told, NUMBERS))
    axes.set_yticks([place + 0.5 for place in range(len(rows))], [name for name, _ in rows], fontsize=7.5)
    axes.xaxis.tick_top()
    axes.set_xlabel("numbers in the first array")
    axes.xaxis.set_label_position("top")
    axes.tick_params(length=0)
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    _legend_below(figure, measured.backends)
    return figure


def _legend_below(figure: Any, backends: tuple[str, ...]) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(color=colour_of(name, backends), label=name) for name in backends]
    figure.legend(handles=handles, loc="outside lower right", ncols=len(handles), fontsize=7.5, handlelength=0.8)


def _cell(axes: Any, column: int, place: int, gain: Gain, backends: tuple[str, ...]) -> None:
    """A tile as deep as the gain, its number, and a bar in the colour of the backend."""
    from matplotlib.patches import Rectangle

    step = step_of(gain.ratio)
    axes.add_patch(Rectangle((column + 0.02, place + 0.05), 0.96, 0.9, color=RAMP[step].light, lw=0))
    axes.add_patch(Rectangle((column + 0.02, place + 0.05), 0.07, 0.9, color=colour_of(gain.backend, backends), lw=0))
    text = f"{'~' if gain.far else ''}{ratio_told(gain.ratio)}"
    axes.text(column + 0.53, place + 0.53, text, ha="center", va="center", fontsize=7.5, color=ON_RAMP[step].light)


def time_shares(seconds: Mapping[str, float], backends: Sequence[str]) -> Any:
    """One bar, divided by backend."""
    figure, axes = figure_of(NARROW, 84)
    total, left = sum(seconds.values()) or 1.0, 0.0
    for name, own in seconds.items():
        share = own / total
        axes.barh(0, share, left=left, height=0.8, color=colour_of(name, tuple(backends)), label=name)
        if share > 0.15:
            text = f"{name} {share:.0%}"
            axes.text(left + share / 2, 0, text, ha="center", va="center", color=GROUND.light, fontsize=8.5)
        left += share
    axes.set(xlim=(0, 1), yticks=[])
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)
    axes.tick_params(labelcolor=INK.light)
    _legend_below(figure, tuple(seconds))
    return figure
