"""The results as Markdown, JSON and a table on the terminal. A missed need is a missed need in all three."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from .build import NEED_RATIO
from .interrupts import NEED_SECONDS
from .measure import OURS
from .overhead import NEED_MICROSECONDS
from .results import state_of

RESULTS = Path(__file__).parent / "results"

#: Longer sentences are cut on the terminal and whole in the Markdown.
_TERMINAL_CELL = 60

#: Of the table where it goes to no terminal.
PIPE_WIDTH = 180

COLUMNS = (
    "operation",
    "size",
    "dtype",
    "data",
    "ours (ms)",
    "backend",
    "x floor",
    "best peer (ms)",
    "ratio [quartiles]",
    "x own float64",
    "need",
    "verdict",
)


def write(results: dict[str, Any], name: str, text_of: Callable[[dict[str, Any]], str] | None = None) -> Path:
    """Writes ``results/<name>.json`` and ``.md`` (by default `markdown`); the latter's path."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    path = RESULTS / f"{name}.md"
    path.write_text((text_of or markdown)(results), encoding="utf-8")
    return path


def cells(row: dict[str, Any]) -> list[str]:
    """A row of the main table."""
    head = [row["operation"], row["size"], row["dtype"], row["data"]]
    if row["failed"]:
        return [
            *head,
            "failed",
            str(row["backend"] or ""),
            "",
            "",
            "",
            "",
            _needs(row),
            f"{verdict(row)}: {row['failed']}",
        ]
    best = row["best"]
    peer = f"{best['name']} {milliseconds(best['ms'])}" + _mark(best["accuracy"]) if best else "none"
    floor = f"{row['times_floor']:.1f}" if row["times_floor"] else ""
    ratio = interval(best["ratio"]) if best else ""
    wide = f"{row['wide']['ratio'][1]:.2f}" if row["wide"] and "ratio" in row["wide"] else ""
    return [*head, milliseconds(row["ms"]), row["backend"], floor, peer, ratio, wide, _needs(row), verdict(row)]


def verdict(row: dict[str, Any]) -> str:
    """In words: met, MISSED, or nothing to be said; and whether the times can be trusted."""
    words = [state_of(row)]
    if row.get("accuracy") not in (None, "exact"):
        words.append(f"OUR RESULT: {row['accuracy']}")
    if row.get("noisy"):
        words.append("noisy")
    return ", ".join(filter(None, words))


def _needs(row: dict[str, Any]) -> str:
    def one(need: dict[str, Any]) -> str:
        over = "" if need["against"] == "best" else f" over {need['against']}"
        got = "" if need.get("ratio") is None or not over else f" (is {need['ratio']:.2f})"
        return f"{need['least']:g}{over}{got}"

    return "; ".join(map(one, row["needs"]))


def _mark(accuracy: str) -> str:
    return "" if accuracy == "exact" else f" ({accuracy})"


def milliseconds(value: float) -> str:
    """Three digits, or what is left of them."""
    return f"{value:.4f}" if value < 0.1 else f"{value:.3g}" if value < 100 else f"{value:.0f}"


def interval(quartiles: list[float]) -> str:
    """The median and, in brackets, the quartiles."""
    low, middle, high = quartiles
    return f"{middle:.2f} [{low:.2f}, {high:.2f}]"


def markdown(results: dict[str, Any]) -> str:
    """The whole report."""
    parts = [f"# Benchmarks: {results['name']}", facts_of(results["machine"]), needs_met(results)]
    if rows := results["cases"]:
        parts += ["## Operations", LEGEND, as_table(COLUMNS, map(cells, rows))]
    parts += others(results) + _peers(results)
    return "\n\n".join(parts) + "\n"


def others(results: dict[str, Any]) -> list[str]:
    """What was measured beside the operations: headings, sentences, tables."""
    return [part for section in (_overhead, _imports, _interrupts, _build, _memory) for part in section(results)]


LEGEND = (
    "Ratio: median over the rounds of (best peer's time / our time), with quartiles; above 1 we are faster. Need: the "
    "least such ratio, over the best peer, the best exact one, a named package, or our own call in float64 (x own "
    "float64: its time / ours). x floor: our time over what the reference machine allows. "
    '"loses digits": a peer that keeps the contract on this data but not on its traps (offsets, near '
    'duplicates); "inexact": misses it here. Noisy: quartiles more than 30 % of the median apart.'
)


def facts_of(machine: dict[str, Any]) -> str:
    """Where and with what was measured, as a list."""
    versions = machine["versions"]
    present = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    absent = ", ".join(name for name, version in versions.items() if not version) or "none"
    facts = {name: value for name, value in machine.items() if name != "versions"}
    lines = [f"- {name.replace('_', ' ')}: {value}" for name, value in facts.items()]
    return "\n".join([*lines, f"- versions: {present}", f"- absent peers: {absent}"])


def needs_met(results: dict[str, Any]) -> str:
    """How many rows reach what they need, and those that do not."""
    states = [state_of(row) for row in results["cases"]]
    if not states:
        return "No operation was measured."
    words = {"met": "met", "MISSED": "MISSED", "FAILED": "FAILED", "not measured": "not measured", "": "without a need"}
    counts = [f"{states.count(state)} {word}" for state, word in words.items() if state in states]
    lines = [f"**Of {len(states)} rows: {', '.join(counts)}.**"]
    short = [(row, state) for row, state in zip(results["cases"], states, strict=True) if state in ("MISSED", "FAILED")]
    lines += [f"- {state}: {row['id']} (need {_needs(row) or 'none'}; {_shortfall(row)})" for row, state in short]
    return "\n".join([lines[0], "", *lines[1:]])


def _shortfall(row: dict[str, Any]) -> str:
    if row["failed"]:
        return row["failed"]
    reached = [f"{need['ratio']:.2f}" for need in row["needs"] if need["state"] == "MISSED"]
    return f"is {', '.join(reached)} on {row['backend']}"


def as_table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    names = list(head)
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines)


def _overhead(results: dict[str, Any]) -> list[str]:
    if not (overhead := results.get("overhead")):
        return []
    if "failed" in overhead:
        return ["## Dispatch overhead", f"failed: {overhead['failed']}"]
    lines = []
    for row in overhead["rows"]:
        for name, way in row["ways"].items():
            bound = f"<= {NEED_MICROSECONDS} us" if name.startswith(OURS) else ""
            state = ("met" if way["microseconds"] <= NEED_MICROSECONDS else "MISSED") if bound else ""
            numbers = [f"{way['microseconds']:.3f}", f"{way['plain_calls']:.1f}"]
            lines.append([str(row["arrays"]), name, *numbers, bound, state])
    head = ("arrays", "way", "us a call", "x plain call", "need", "verdict")
    return ["## Dispatch overhead", "A kernel that gives back its argument, called in each way.", as_table(head, lines)]


def _imports(results: dict[str, Any]) -> list[str]:
    if not (imports := results.get("imports")):
        return []
    if "failed" in imports:
        return ["## Import", f"failed: {imports['failed']}"]
    heavy = ", ".join(imports["heavy"]) or "none"
    text = (
        f"`import acm_dispatch` adds {imports['acm_dispatch_ms']:.1f} ms and {imports['modules']} modules to "
        f"`import numpy` ({imports['numpy_ms']:.1f} ms); heavy packages among them: {heavy}. The first call, which "
        f"finds and loads a backend, takes {imports['first_call_ms']:.1f} ms. "
        f"Medians of {imports['processes']} processes."
    )
    return ["## Import", text]


def _interrupts(results: dict[str, Any]) -> list[str]:
    lines = []
    for name, run in results.get("interrupts", {}).items():
        state = run.get("failed") or ("met" if run["seconds"] <= NEED_SECONDS else "MISSED")
        lines.append([name, f"{run.get('seconds', float('nan')):.3f}", f"<= {NEED_SECONDS}", state])
    if not lines:
        return []
    return ["## Ctrl-C in a long Rust kernel", as_table(("operation", "seconds", "need", "verdict"), lines)]


def _build(results: dict[str, Any]) -> list[str]:
    if not (build := results.get("build")):
        return []
    if "failed" in build:
        return ["## Build of the Rust kernels", f"failed: {build['failed']}"]
    state = "met" if build["ratio"] >= NEED_RATIO else "MISSED: a slow build"
    line = [build["build"], f"{build['ratio']:.2f}", f">= {NEED_RATIO:g}", state]
    return ["## Build of the Rust kernels", as_table(("built by", "NumPy / z-scores", "need", "verdict"), [line])]


def _memory(results: dict[str, Any]) -> list[str]:
    lines = []
    for entry in results.get("memory", []):
        for name, run in entry["runs"].items():
            numbers = [f"{run['peak_mb']:.1f}", f"{run['result_mb']:.1f}"] if "peak_mb" in run else ["failed", ""]
            bound = f"<= {entry['allowed_mb']:.0f}" if name == OURS else ""
            state = ("met" if run.get("peak_mb", 1e9) <= entry["allowed_mb"] else "MISSED") if bound else ""
            state = state or run.get("failed", "")
            lines.append([entry["case"], name, *numbers, f"{entry['full_mb']:.0f}", bound, state])
    if not lines:
        return []
    head = ("case", "candidate", "peak above inputs (MB)", "its result", "n x n (the data) would be", "need", "verdict")
    return ["## Peak memory", as_table(head, lines)]


def _peers(results: dict[str, Any]) -> list[str]:
    """Every candidate of every case, and what the first call (imports, compilation) took."""
    parts = ["## Every candidate"] if results["cases"] else []
    for row in results["cases"]:
        lines = (
            [] if row["failed"] else [[f"**ours ({row['backend']})**", milliseconds(row["ms"]), "1", *_details(row)]]
        )
        for peer in sorted(row["peers"], key=lambda peer: peer.get("ms", 1e9)):
            times = [milliseconds(peer["ms"]), interval(peer["ratio"])] if "ratio" in peer else ["failed", ""]
            lines.append([peer["name"], *times, *(_details(peer) if "ratio" in peer else (peer["failed"], "", ""))])
        lines += [[name, "absent", "", "", "", ""] for name in row["absent"]]
        load = f"Load average before and after: {row['load_average']}."
        parts += [
            f"### {row['id']}",
            load,
            as_table(("candidate", "ms", "ratio", "numbers", "first call (ms)", "samples"), lines),
        ]
    return parts


def _details(entry: dict[str, Any]) -> tuple[str, str, str]:
    return entry["accuracy"], milliseconds(entry["first_ms"]), str(entry["samples"])


def show(results: dict[str, Any], console: Console) -> None:
    """The main table on the terminal, missed rows in red; the shorter sections as they are written."""
    console.print(needs_met(results), markup=False)
    table = Table("case", *COLUMNS[4:], title=f"Benchmarks: {results['name']}")
    for row in results["cases"]:
        bad = state_of(row) in ("MISSED", "FAILED")
        shown = [cell[:_TERMINAL_CELL] for cell in cells(row)[4:]]
        table.add_row(row["id"], *shown, style="red" if bad else "yellow" if row.get("noisy") else "")
    if results["cases"]:
        console.print(table)
    for part in others(results):
        console.print(part, markup=False, soft_wrap=True)
