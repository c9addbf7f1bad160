"""The figures of a page: our ratio over the best peer by operation, and times by size with peers and floor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from acm_dispatch.reporting.drawing import (
    DIM,
    INK,
    NARROW,
    OTHERS,
    colour_of,
    figure_of,
    logarithmic,
    ratio_told,
    seconds_told,
)

#: Peers that a figure of times shows beside us: those that were the fastest at the largest size.
_MOST_PEERS = len(OTHERS)

#: Bars of the overview.
_MOST_BARS = 12


class Ratio(NamedTuple):
    """Our ratio over the best peer in one case: quartiles over the rounds."""

    operation: str
    size: str
    peer: str
    quartiles: tuple[float, float, float]


def ratios(rows: Sequence[dict[str, Any]], dtype: str = "float64") -> list[Ratio]:
    """Of all cases of a dtype in which a peer and we were measured, in the order of the table."""
    compared = [row for row in rows if row["dtype"] == dtype and not row["failed"] and row["best"]]
    return [Ratio(row["operation"], row["size"], row["best"]["name"], tuple(row["best"]["ratio"])) for row in compared]


def ratio_by_operation(found: Sequence[Ratio]) -> Any:
    """A line an operation, a dot a case with its quartiles; right of 1 we are faster than the best peer."""
    names = list(dict.fromkeys(ratio.operation for ratio in found))
    figure, axes = figure_of(NARROW + 40, 64 + 15 * len(names))
    colour = colour_of("rust")
    for ratio in found:
        low, middle, high = ratio.quartiles
        place = names.index(ratio.operation)
        axes.plot([low, high], [place, place], color=colour, lw=2.5, alpha=0.35, solid_capstyle="butt")
        axes.plot([middle], [place], "o", color=colour, ms=3.6, alpha=0.9)
    _ratio_axis(axes, names)
    return figure


def _ratio_axis(axes: Any, names: Sequence[str]) -> None:
    axes.axvline(1.0, color=INK.light, lw=1.0)
    axes.set(xscale="log", ylim=(len(names) - 0.4, -0.6), xlabel="best peer's time / ours")
    logarithmic(axes.xaxis, lambda value: f"{value:g}")
    axes.set_yticks(range(len(names)), names, fontsize=7.5)
    axes.tick_params(axis="y", length=0)


def overview(found: Sequence[Ratio]) -> Any:
    """A bar an operation, the ratio at its last size; of many those that stand evenly between the extremes."""
    last = {ratio.operation: ratio for ratio in found}
    order = sorted(last.values(), key=lambda ratio: -ratio.quartiles[1])
    step = max(1.0, (len(order) - 1) / (_MOST_BARS - 1))
    shown = [order[round(place * step)] for place in range(min(_MOST_BARS, len(order)))]
    figure, axes = figure_of(NARROW + 40, 56 + 21 * len(shown))
    for place, ratio in enumerate(shown):
        middle = ratio.quartiles[1]
        axes.barh(place, middle - 1, left=1, height=0.66, color=colour_of("rust"))
        beside = {"xytext": (4, 0), "textcoords": "offset points", "va": "center"}
        axes.annotate(
            f"{ratio_told(middle)} x {ratio.peer}", (max(middle, 1.0), place), fontsize=7, color=DIM.light, **beside
        )
    _ratio_axis(axes, [ratio.operation for ratio in shown])
    middles = [ratio.quartiles[1] for ratio in shown]
    axes.set_xlim(min([0.8, *middles]), max([2.0, *middles]) ** 2.5)  # the larger part of it is for the names of peers
    axes.grid(visible=False)
    return figure


def groups(rows: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The cases by operation that were measured at several sizes in float64, with gaps where there are no others."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        if row["dtype"] == "float64" and not row["failed"]:
            found.setdefault((row["operation"], row["data"]), []).append(row)
    chosen: dict[str, list[dict[str, Any]]] = {}
    for (operation, data), own in found.items():
        if len(own) > 1 and (data == "clean" or operation not in chosen):
            chosen[operation] = own
    return chosen


def times_by_size(operation: str, rows: Sequence[dict[str, Any]]) -> Any:
    """Milliseconds at each size: ours, those of the fastest peers, and what the machine allows."""
    figure, axes = figure_of(NARROW, 250)
    sizes = list(range(len(rows)))
    for peer, shade in zip(_peers(rows), OTHERS, strict=False):
        seconds = [_seconds_of(row, peer) for row in rows]
        axes.plot(sizes, seconds, "o-", color=shade.light, lw=1.1, ms=3.4, label=peer)
    axes.plot(
        sizes,
        [row["ms"] / 1e3 for row in rows],
        "o-",
        color=colour_of("rust"),
        lw=2.0,
        ms=4.4,
        label=f"acm_dispatch ({', '.join(dict.fromkeys(row['backend'] for row in rows))})",
    )
    floors = [row["floor_ms"] / 1e3 if row["floor_ms"] else float("nan") for row in rows]
    if any(floor == floor for floor in floors):
        axes.plot(sizes, floors, "_", color=DIM.light, ms=16, mew=1.6, label="floor")
    axes.set(yscale="log", xlim=(-0.3, len(rows) - 0.7))
    logarithmic(axes.yaxis, seconds_told)
    axes.set_xticks(sizes, [row["size"] for row in rows], fontsize=7.5)
    axes.set_title(operation, fontsize=8.5, loc="left")
    figure.legend(loc="outside lower left", ncols=2, fontsize=7, handlelength=1.2, columnspacing=1.0)
    return figure


def _peers(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Names of those with right results, the fastest at the largest size first."""
    fastest: dict[str, float] = {}
    for row in reversed(rows):
        for peer in sorted(filter(_counts, row["peers"]), key=lambda peer: peer["ms"]):
            fastest.setdefault(peer["name"], peer["ms"])
    return list(fastest)[:_MOST_PEERS]


def _counts(peer: dict[str, Any]) -> bool:
    return peer.get("ms") is not None and peer["accuracy"] != "wrong"


def _seconds_of(row: dict[str, Any], name: str) -> float:
    found = (peer["ms"] / 1e3 for peer in row["peers"] if peer["name"] == name and _counts(peer))
    return next(found, float("nan"))
