"""The report as one HTML file that needs nothing else: no script, no font, no image from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from .calls import Share, by_backend, shares
from .drawing import as_svg, count_told, drawing, seconds_told, style_sheet
from .measured import Costs, Measured, Stretch
from .plots import cost_curves, heat_map, time_shares

_STYLE = """
html { color-scheme: light dark; }
[data-theme="light"] { color-scheme: light; } [data-theme="dark"] { color-scheme: dark; }
body { background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 1240px; margin: 0 auto; padding: 8px 16px 48px; }
h1 { font-size: 1.5rem; margin: 0.6em 0 0; } h2 { font-size: 1.15rem; margin: 1.8em 0 0.3em; }
p { max-width: 68ch; margin: 0.4em 0; } .dim { color: var(--dim); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 0.6em 0; }
dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; }
details { border-top: 1px solid var(--line); padding: 5px 0; }
summary { cursor: pointer; overflow-wrap: anywhere; } summary span { color: var(--dim); }
.halves { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 0 40px; }
section { min-width: 0; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 340px), 1fr)); gap: 10px 24px; }
.scroll { overflow-x: auto; }
figure { margin: 8px 0; } figcaption { color: var(--dim); font-size: 0.86rem; }
table { border-collapse: collapse; font-size: 0.9rem; } td, th { padding: 2px 12px 2px 0; text-align: left; }
th { color: var(--dim); font-weight: 500; } td { border-top: 1px solid var(--line); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
"""

#: Rows of the table of calls; the rest is added up in the last.
_MOST_ROWS = 20


def page(measured: Measured, trace: Sequence[Any] | None) -> str:
    """The whole file: the machine, gains, a trace if there is one, and the cost curves of every operation."""
    title = f"Costs of {len(measured.costs)} operations, {measured.dtype}, {_threads(measured.threads)}"
    with drawing():
        gains = _gains(measured)
        traced = "" if trace is None else _trace(shares(trace))
        curves = _curves(measured)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{style_sheet()}{_STYLE}</style></head>\n"
        f'<body class="shades"><h1>{escape(title)}</h1><div class="halves"><section>{gains}</section>'
        f"<section>{_machine(measured)}{traced}</section></div>{curves}</body></html>\n"
    )


def _threads(count: int) -> str:
    return "1 thread" if count == 1 else f"{count} threads"


def _machine(measured: Measured) -> str:
    facts: list[tuple[str, Any]] = [("file", measured.path), *measured.profile.machine.items()]
    if measured.days:
        first, last = measured.days[0], measured.days[-1]
        facts.append(("measured", first if first == last else f"{first} to {last}"))
    facts += [("ignored", sentence) for sentence in measured.profile.ignored]
    facts += [("not installed here", name) for name in measured.unknown]
    facts += [("wrong results", f"{entry.key}: {entry.wrong}") for entry in measured.wrong]
    items = "".join(f"<dt>{escape(str(name))}</dt><dd>{escape(str(value))}</dd>" for name, value in facts)
    return f"<h2>The profile</h2><dl>{items}</dl>"


def _gains(measured: Measured) -> str:
    return (
        "<h2>Gain over NumPy</h2><p>How many times as fast as NumPy's kernel the fastest backend is, in the mean over "
        "the numbers of columns that were measured. The bar on the left says which backend that is. “~”: NumPy was "
        "not measured at this size; its time is extrapolated.</p><figure>"
        + as_svg(heat_map(measured), "gains", "Gain over NumPy by operation and size")
        + "</figure>"
    )


def _trace(found: Sequence[Share]) -> str:
    seconds = by_backend(found)
    head = "<h2>Where the time of the traced calls went</h2><p>"
    if not seconds:
        return f"{head}The trace holds no calls.</p>"
    figure = as_svg(time_shares(seconds, tuple(seconds)), "shares", "Share of time by backend")
    return (
        f"{head}{sum(share.calls for share in found):,} calls took {seconds_told(sum(seconds.values()))}.</p>"
        f"<figure>{figure}</figure>"
        f'<div class="scroll">{_shares(found)}</div>'
        '<p class="dim">Measured over predicted: of the calls of which a profile predicted the time.</p>'
    )


def _shares(found: Sequence[Share]) -> str:
    names = ("operation", "backend", "calls", "time", "share", "measured / predicted", "failed")
    total = sum(share.seconds for share in found) or 1.0
    rows = [_share(share, total) for share in found[:_MOST_ROWS]]
    if rest := found[_MOST_ROWS:]:
        seconds = sum(share.seconds for share in rest)
        calls, failed = sum(share.calls for share in rest), sum(share.failed for share in rest)
        others = Share(f"{len(rest)} more", "", calls, seconds, 0.0, 0.0, failed)
        rows.append(_share(others, total))
    return _table(names, 2, rows)


def _share(share: Share, total: float) -> tuple[str, ...]:
    ratio = f"{share.seconds_of_predicted / share.predicted:.2f}" if share.predicted else ""
    counts = f"{share.calls:,}", seconds_told(share.seconds), f"{share.seconds / total:.1%}", ratio
    return share.operation, share.backend, *counts, str(share.failed or "")


def _table(names: Sequence[str], words: int, rows: Iterable[Sequence[str]]) -> str:
    """A table whose first columns are words and the others numbers."""

    def line(tag: str, cells: Sequence[str]) -> str:
        kinds = ["" if place < words else ' class="number"' for place in range(len(cells))]
        inner = (f"<{tag}{kind}>{escape(cell)}</{tag}>" for kind, cell in zip(kinds, cells, strict=True))
        return f"<tr>{''.join(inner)}</tr>"

    return f"<table><thead>{line('th', names)}</thead><tbody>{''.join(line('td', row) for row in rows)}</tbody></table>"


def _curves(measured: Measured) -> str:
    text = (
        "<h2>Cost curves</h2><p>Seconds over amount of work, for each number of columns. Dots were measured; what "
        "lies between is interpolated. The ground has the colour of the backend that is the fastest.</p>"
    )
    return text + "".join(_operation(costs, measured.backends) for costs in measured.costs)


def _operation(costs: Costs, backends: tuple[str, ...]) -> str:
    name = costs.operation.name
    figures: list[str] = []
    winners: dict[str, None] = {}
    for width in costs.widths:
        stretches = costs.stretches(width)
        winners.update(dict.fromkeys(stretch.backend for stretch in stretches))
        svg = as_svg(cost_curves(costs, width, backends), f"{name}-{width}", f"{name}: seconds over work, {width} wide")
        figures.append(f"<figure>{svg}<figcaption>{escape(_told(stretches))}</figcaption></figure>")
    summary = f"<summary>{escape(name)} <span>{escape(', '.join(winners))}</span></summary>"
    return f'<details>{summary}<div class="grid">{"".join(figures)}</div></details>'


def _told(stretches: Sequence[Stretch]) -> str:
    """Who is fastest where, as a sentence: ``numpy up to a work of 3.1k, then rust``."""
    first, *others = stretches
    if not others:
        return f"{first.backend} is the fastest throughout"
    turns = "".join(f", from {count_told(other.start)} on {other.backend}" for other in others)
    return f"{first.backend} is the fastest up to a work of {count_told(first.stop)}{turns}"
