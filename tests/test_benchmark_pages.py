"""What the site shows of a run: every number is one of the results, in figures that follow light and dark."""

import json
import re
import runpy
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip("rich", reason="the benchmarks' report needs rich")

from acm_dispatch import registry
from benchmarks import pages, plots, report
from benchmarks.case import Case
from benchmarks.measure import OURS
from benchmarks.results import summarise

DOCS = Path(__file__).parent.parent / "docs"
CASES = [
    Case("zscore", (1_000, 50), {"best": 2}, 1.0, "standard"),
    Case("zscore", (10_000, 50), {"best": 2}, 1.0, "standard"),
    Case("zscore", (10_000, 50), {"best": 2}, 1.0, "standard", missing=True),
    Case("zscore", (10_000, 50), variant="standard", dtype="float32"),
    Case("matmul", (10_000, 5, 50)),
]


def candidate(name, milliseconds, accuracy="exact"):
    times = {str(i): milliseconds / 1e3 for i in range(3)}
    known = {"name": name, "package": name, "accuracy": accuracy, "deviation": 0.1, "failed": ""}
    return {**known, "first_seconds": 1.0, "times": times}


def row(case, ours, **peers):
    candidates = [
        candidate(OURS, ours),
        *(candidate(name, ms) for name, ms in peers.items()),
        candidate("w", 0.1, "wrong"),
    ]
    return summarise(case, {"backend": "rust", "load_average": [0, 0], "candidates": candidates})


@pytest.fixture
def results():
    machine = {"kind": "x86_64-avx2-4", "commit": "abc1234", "date": "2026-01-01", "processor": "A & B", "threads": 2}
    rows = [
        row(CASES[0], 1.0, numpy=3.0, pandas=4.0),
        row(CASES[1], 10.0, numpy=45.0, pandas=70.0),
        row(CASES[2], 10.0, numpy=20.0),
        row(CASES[3], 5.0, numpy=50.0),
        row(CASES[4], 2.0, numpy=1.0),
    ]
    return {"name": "latest", "machine": {**machine, "versions": {"numpy": "2"}}, "cases": rows, "memory": []}


@pytest.fixture
def docs(tmp_path):
    """The pages that have room for what is written."""
    (tmp_path / "benchmarks").mkdir()
    for name in ("index.md", "benchmarks/index.md"):
        (tmp_path / name).write_text((DOCS / name).read_text("utf-8"), "utf-8")
    return tmp_path


def test_ratios_are_those_over_the_best_peer_whose_results_are_right(results):
    found = plots.ratios(results["cases"])
    assert [(ratio.operation, ratio.peer, ratio.quartiles[1]) for ratio in found] == [
        ("zscore standard", "numpy", pytest.approx(3.0)),
        ("zscore standard", "numpy", pytest.approx(4.5)),
        ("zscore standard", "numpy", pytest.approx(2.0)),
        ("matmul", "numpy", pytest.approx(0.5)),
    ]
    assert pages.summary(results).startswith(
        "In 3 of 4 cases in float64 acm_dispatch takes no longer than the best peer"
    )
    assert pages.summary(results).endswith("it is 2.5 times as fast.")


def test_times_are_shown_of_operations_with_several_sizes(results):
    assert {name: [row["ms"] for row in rows] for name, rows in plots.groups(results["cases"]).items()} == {
        "zscore standard": [pytest.approx(1.0), pytest.approx(10.0)]
    }


def test_the_page_tells_machine_commit_and_every_case(results, docs):
    text = pages.write(results, docs).read_text("utf-8")
    assert text.startswith("# A & B, 2 threads\n\nCommit abc1234, 2026-01-01.")
    table = [line for line in text.splitlines() if line.startswith(("| zscore", "| matmul"))]
    assert len(table) == len(CASES)
    assert "4.50 [4.50, 4.50]" in table[1]
    assert "MISSED: zscore-standard-10kx50-float64-nan" not in text
    assert "**Of 5 rows: 3 met, 2 without a need.**" in text
    for name in re.findall(r":file: (.*)", text):
        assert (docs / "benchmarks" / name).is_file()


def test_figures_are_well_formed_and_follow_light_and_dark(results):
    found = pages.figures(results)
    assert {*found} == {"overview.svg", "ratios.svg", "times.html"}
    for name in ("overview.svg", "ratios.svg"):
        root = ElementTree.fromstring(found[name])
        texts = " ".join(text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text"))
        assert "zscore standard" in texts
        drawn = re.sub(r"<style>.*?</style>", "", found[name], flags=re.DOTALL)
        assert not re.search(r"#[0-9a-f]{6}\b", drawn)
        for variable in re.findall(r"var(\(--[\w-]+\))", drawn):
            assert found[name].count(f"{variable.strip('()')}:") == 4, "light, dark, and as the page wants"
    assert "2.0 x numpy" in found["overview.svg"], "the last size of each"


def test_pages_are_written_where_they_have_room_and_only_there(results, docs):
    before = {name: (docs / name).read_text("utf-8") for name in ("index.md", "benchmarks/index.md")}
    pages.write(results, docs)
    once = {name: (docs / name).read_text("utf-8") for name in before}
    pages.write(results, docs)
    assert once == {name: (docs / name).read_text("utf-8") for name in before}, "a second time changes nothing"
    assert "benchmarks/x86_64-avx2-4/overview.svg" in once["index.md"]
    assert "commit abc1234" in once["index.md"]
    assert "\nx86_64-avx2-4\n" in once["benchmarks/index.md"]
    for name, text in before.items():
        assert pages._WRITTEN.sub("", once[name]) == pages._WRITTEN.sub("", text)


@pytest.mark.skipif(not {"rust", "numba"} <= registry.backends().keys(), reason="the pages name every backend")
def test_the_pages_of_operations_show_the_ratios_of_a_run_that_is_kept(results, docs, monkeypatch):
    pages.write(results, docs)
    generate = runpy.run_path(str(DOCS / "generate.py"))
    monkeypatch.setitem(generate["_speed"].__globals__, "DOCS", docs)
    line = "- speed over the best other library, on [A & B, 2 threads](../benchmarks/x86_64-avx2-4.md): "
    assert f"{line}2.0 x numpy (standard, 10k x 50)" in generate["family_page"]("normalization")
    assert f"{line}0.5 x numpy (10k x 5 x 50)" in generate["family_page"]("matmul")
    assert "speed over" not in generate["family_page"]("imputation")


def test_results_that_cannot_be_shown_are_refused_with_a_sentence(results, docs, tmp_path, monkeypatch):
    monkeypatch.setattr(report, "RESULTS", tmp_path)
    monkeypatch.setattr("sys.argv", ["pages", "--name", "mine", "--docs", str(docs)])
    with pytest.raises(SystemExit, match="There are no results"):
        pages.main()
    (tmp_path / "mine.json").write_text(json.dumps({**results, "cases": [results["cases"][3]]}))
    with pytest.raises(SystemExit, match="no case in float64"):
        pages.main()
    (tmp_path / "mine.json").write_text(json.dumps(results))
    pages.main()
    assert (docs / "benchmarks" / "x86_64-avx2-4.md").is_file()
