"""The chain's times, peaks and agreement as Markdown and as tables on the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from .measure import OURS
from .report import as_table, facts_of, interval, milliseconds

#: The least ratio of their time to ours, and the most of our peak memory to theirs.
NEED_RATIO, NEED_MEMORY = 3.6, 0.45

_HEAD = ("rows x sensors", "stage", "ours (ms)", "theirs (ms)", "ratio [quartiles]", "need", "verdict")

_LEGEND = (
    "Ratio: median over the rounds of (their time / our time in the same round), with quartiles. Peak memory: resident "
    "memory above the input at the most, each chain in a fresh process."
)


def lines(results: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """The rows of the main table: each size's stages, total and peak memory."""
    for size in results["sizes"]:
        label = f"{size['rows']:,} x {size.get('sensors', '')}"
        if "failed" in size:
            yield label, "failed", "", "", "", "", f"FAILED: {size['failed']}"
            continue
        for stage, row in size["stages"].items():
            need, verdict = "", ""
            if stage == "total":
                need, verdict = f">= {NEED_RATIO}", "met" if row["ratio"][1] >= NEED_RATIO else "MISSED"
            yield (
                label,
                stage,
                milliseconds(row["ms"]),
                milliseconds(row["their_ms"]),
                interval(row["ratio"]),
                need,
                verdict,
            )
        yield from _memory(label, size.get("memory", {}))


def _memory(label: str, runs: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    peaks = {name: run.get("peak_mb") for name, run in runs.items()}
    if not runs:
        return
    if None in peaks.values():
        failed = "; ".join(f"{name}: {run['failed']}" for name, run in runs.items() if "failed" in run)
        yield label, "peak memory", "", "", "", "", f"FAILED: {failed}"
        return
    ours, (theirs,) = peaks.pop(OURS), peaks.values()
    share = ours / theirs
    verdict = "met" if share <= NEED_MEMORY else "MISSED"
    yield (
        label,
        "peak memory",
        f"{ours:.0f} MB",
        f"{theirs:.0f} MB",
        f"{share:.0%} of theirs",
        f"<= {NEED_MEMORY:.0%}",
        verdict,
    )


def _parts(size: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for part, row in size["parts"].items():
        yield part, milliseconds(row["ms"]), milliseconds(row["their_ms"]), interval(row["ratio"])


def _without_mad(size: dict[str, Any]) -> str:
    """The total without the part in which theirs has no good way."""
    total, mad = size["stages"]["total"], size["parts"]["MAD"]
    ratio = (total["their_ms"] - mad["their_ms"]) / (total["ms"] - mad["ms"])
    return f"Without the rolling MAD, which pandas does not have, the ratio of the medians would be {ratio:.2f}."


def disagreements(results: dict[str, Any]) -> list[str]:
    """What the chains should agree in and do not."""
    return [
        f"{size['rows']:,} rows, {check['what']}: off by {check['deviation']:.1e}, allowed {check['allowed']:.0e}"
        for size in results["sizes"]
        for check in size.get("agreement", [])
        if not check["holds"]
    ]


def markdown(results: dict[str, Any]) -> str:
    """The whole report."""
    parts = [f"# Pipeline: {results['name']}", facts_of(results["machine"]), _LEGEND, as_table(_HEAD, lines(results))]
    for size in results["sizes"]:
        if "failed" in size:
            continue
        parts += [
            f"## {size['rows']:,} rows",
            f"Rounds: {size['stages']['total']['rounds']}. Load average before and after: {size['load_average']}. "
            f"Ours ran on: {', '.join(f'{name} {backend}' for name, backend in size['backends'].items())}.",
            as_table(("part", "ours (ms)", "theirs (ms)", "ratio [quartiles]"), _parts(size)),
            _without_mad(size),
            as_table(
                ("both find the same", "largest deviation", "allowed", "verdict"),
                (
                    (c["what"], f"{c['deviation']:.1e}", f"{c['allowed']:.0e}", "same" if c["holds"] else "DIFFERENT")
                    for c in size["agreement"]
                ),
            ),
        ]
    return "\n\n".join(parts) + "\n"


def show(results: dict[str, Any], console: Console) -> None:
    """The main table, what was missed in red, and whatever the chains do not agree in."""
    table = Table(*_HEAD, title="The whole chain, ours against NumPy, pandas and scikit-learn")
    for line in lines(results):
        bad = line[-1].startswith(("MISSED", "FAILED"))
        table.add_row(
            *line,
            style="red" if bad else "bold" if line[1] == "total" else "",
            end_section=bool(line[5] == f"<= {NEED_MEMORY:.0%}"),
        )
    console.print(table)
    for size in results["sizes"]:
        if "parts" in size:
            parts = Table("part", "ours (ms)", "theirs (ms)", "ratio [quartiles]", title=f"{size['rows']:,} rows")
            for line in _parts(size):
                parts.add_row(*line)
            console.print(parts, _without_mad(size))
    for sentence in disagreements(results):
        console.print(f"DIFFERENT: {sentence}", style="red", markup=False)
