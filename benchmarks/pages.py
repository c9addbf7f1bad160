"""``python -m benchmarks.pages``: a run's results as a page of the site, and the picture on the site's first page.

Every number of the page comes from the results; nothing in it is written by hand.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from statistics import median
from typing import Any

from acm_dispatch.reporting.drawing import as_svg, drawing, ratio_told, style_sheet

from . import plots, report

DOCS = Path(__file__).parent.parent / "docs"

#: What stands between these in a page is written by this program.
_WRITTEN = re.compile(r"(<!-- written by benchmarks\.pages -->\n).*?(\n<!-- end -->)", re.DOTALL)


def figures(results: dict[str, Any]) -> dict[str, str]:
    """SVG by file name; times by size, which only the page shows, are one piece of HTML."""
    rows, kind = results["cases"], results["machine"]["kind"]
    found = plots.ratios(rows)
    with drawing():
        overview = as_svg(
            plots.overview(found), f"{kind}-overview", "Ratio over the best peer, by operation", alone=True
        )
        ratios = as_svg(
            plots.ratio_by_operation(found), f"{kind}-ratios", "Ratio in every case, by operation", alone=True
        )
        times = [
            as_svg(plots.times_by_size(name, own), f"{kind}-{name.replace(' ', '-')}", f"Times by size: {name}")
            for name, own in plots.groups(rows).items()
        ]
    texts = overview, ratios, "\n".join([f"<style>{style_sheet()}</style>", *times])
    return dict(zip(("overview.svg", "ratios.svg", "times.html"), texts, strict=True))


def page(results: dict[str, Any]) -> str:
    """The page of a run: where it was, ratios, times by size, everything else that was measured."""
    machine, rows = results["machine"], results["cases"]
    folder = machine["kind"]
    parts = [
        f"# {machine['processor']}, {machine['threads']} threads",
        f"Commit {machine['commit']}, {machine['date']}. {summary(results)}",
        "## Ratio by operation",
        "A dot is a case (float64; several sizes, with and without gaps), its bar the quartiles over the rounds. Right "
        "of 1 acm_dispatch is faster than the best peer whose results are right.",
        _included(f"{folder}/ratios.svg"),
        "## Times by size",
        "The floor is what the reference machine's arithmetic and memory allow.",
        _included(f"{folder}/times.html"),
        "## All cases",
        report.needs_met(results),
        report.LEGEND,
        report.as_table(report.COLUMNS, map(report.cells, rows)),
        *report.others(results),
        "## The machine",
        report.facts_of(machine),
    ]
    return "\n\n".join(parts) + "\n"


def summary(results: dict[str, Any]) -> str:
    """How many cases we win, and by how much in the middle: a sentence."""
    found = [ratio.quartiles[1] for ratio in plots.ratios(results["cases"])]
    won = sum(ratio >= 1 for ratio in found)
    return (
        f"In {won} of {len(found)} cases in float64 acm_dispatch takes no longer than the best peer; in the median of "
        f"all cases it is {ratio_told(median(found))} times as fast."
    )


def ratios(results: dict[str, Any]) -> dict[str, Any]:
    """What the pages of operations show of a run."""
    machine = results["machine"]
    found = [
        {"operation": ratio.operation, "size": ratio.size, "peer": ratio.peer, "middle": ratio_told(ratio.quartiles[1])}
        for ratio in plots.ratios(results["cases"])
    ]
    return {"machine": f"{machine['processor']}, {machine['threads']} threads", "ratios": found}


def _included(path: str) -> str:
    return f"```{{raw}} html\n:file: {path}\n```"


def first_page(results: dict[str, Any]) -> str:
    """What the site's first page shows: the overview, with a sentence that says where it is from."""
    machine = results["machine"]
    kind = machine["kind"]
    return (
        f"{_included(f'benchmarks/{kind}/overview.svg')}\n\nTimes of the best of the other libraries over those of "
        f"acm_dispatch, at the largest size of some operations that stand evenly between the best and the worst; "
        f"{machine['processor']}, {machine['threads']} threads, commit {machine['commit']}. "
        f"[All cases](benchmarks/{kind}.md)."
    )


def write(results: dict[str, Any], docs: Path = DOCS) -> Path:
    """Write the page, its figures and the picture of the first page; the page's path."""
    kind = results["machine"]["kind"]
    folder = docs / "benchmarks" / kind
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in figures(results).items():
        (folder / name).write_text(text + "\n", encoding="utf-8")
    (folder / "ratios.json").write_text(json.dumps(ratios(results), indent=1) + "\n", encoding="utf-8")
    path = folder.with_suffix(".md")
    path.write_text(page(results), encoding="utf-8")
    _fill(docs / "index.md", first_page(results))
    _fill(docs / "benchmarks" / "index.md", _contents(docs / "benchmarks"))
    return path


def _fill(page: Path, text: str) -> None:
    """Put the text where the page has room for it."""
    old = page.read_text(encoding="utf-8")
    page.write_text(_WRITTEN.sub(lambda found: found[1] + text + found[2], old), encoding="utf-8")


def _contents(folder: Path) -> str:
    """The kinds of machines of which a page is kept."""
    kinds = sorted(path.stem for path in folder.glob("*.md") if path.stem != "index")
    return "\n".join(["```{toctree}", ":maxdepth: 1", "", *kinds, "```"])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--name", default="latest", help="of the results in benchmarks/results (default: latest)")
    parser.add_argument("--docs", type=Path, default=DOCS, help="the folder of the site (default: docs)")
    asked = parser.parse_args()
    path = report.RESULTS / f"{asked.name}.json"
    if not path.is_file():
        sys.exit(f"There are no results {path}; `make bench` measures them.")
    results = json.loads(path.read_text(encoding="utf-8"))
    if not plots.ratios(results["cases"]):
        sys.exit(f"{path} has no case in float64 that could be compared with a peer; nothing is written.")
    print(f"Written: {write(results, asked.docs)} and its figures; commit them with the first page.")


if __name__ == "__main__":
    main()
