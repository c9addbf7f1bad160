"""`acm-dispatch report`: one HTML file that needs nothing else, says what the profile says, and runs nothing of it."""

import json
import re
import runpy
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from typer.testing import CliRunner

import acm_dispatch
from acm_dispatch.cli import app
from acm_dispatch.reporting import drawing
from acm_dispatch.selection.profile import Entry, Key, Point, text_of

LOOKS = runpy.run_path(str(Path(__file__).parent.parent / "docs" / "check_looks.py"))
CHROMIUM = LOOKS["browser"]()
VOID = {"meta", "br", "img", "link", "input", "hr"}


class Page(HTMLParser):
    """Its text, the elements that were left open, and what it would have fetched."""

    def __init__(self, text):
        super().__init__()
        self.open, self.text, self.tags, self.fetched, self.ids = [], "", [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.open += [] if tag in VOID else [tag]
        self._look(attrs)

    def handle_startendtag(self, tag, attrs):
        self._look(attrs)

    def _look(self, attrs):
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in ("src", "href", "xlink:href") and not value.startswith("#"):
                self.fetched.append(value)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def entry(operation, backend, *points, **changes):
    contract = acm_dispatch.registry.operations.get(operation)
    key = Key(operation, backend, operation, "float64", 2)
    unit = contract.work if contract else "n"
    return Entry(key, "x86_64 here", unit, "2026-01-01", tuple(Point(*point) for point in points))._replace(**changes)


@pytest.fixture
def profile(tmp_path):
    """NumPy costs what the work is; Rust costs 10 microseconds and a tenth of it: they meet at a work of 111."""
    works = (10, 100, 1_000, 10_000, 100_000)
    entries = [
        entry("zscore", "numpy", *((work, 5, work * 1e-7) for work in works)),
        entry("zscore", "rust", *((work, 5, 1e-5 + work * 1e-8) for work in works)),
        entry("no_such_operation", "rust", (10, 1, 1e-3)),
        entry("impute", "mine<b>", (10, 1, 1e-3)),
        entry("impute", "numpy", (10, 1, 2e-3)),
        entry("pearson", "numba", wrong="off by <i>3</i>"),
    ]
    path = tmp_path / "profile.json"
    path.write_text(text_of(entries, {"instruction set": "x86_64-<script>alert(1)</script>", "cores": 2}))
    return path


@pytest.fixture
def report(tmp_path, profile):
    """Writes a report with more options; its page, or the result of a command that failed."""

    def write(*words):
        output = tmp_path / "report.html"
        done = CliRunner().invoke(app, ["report", "--profile", str(profile), "-o", str(output), *map(str, words)])
        return output.read_text("utf-8") if done.exit_code == 0 else done

    return write


@pytest.fixture
def trace():
    with acm_dispatch.trace() as trace:
        acm_dispatch.zscore(np.ones((10, 3)), backend="numpy")
        acm_dispatch.zscore(np.ones((10, 3)))
    slow = trace.records[0]._replace(seconds=3.0, operation="<u>mine</u>", predicted=1.5, error="<p>")
    trace.records[:] = [slow, trace.records[1]._replace(seconds=1.0, backend="rust")]
    return trace


def test_the_page_is_well_formed_and_needs_nothing_else(report, trace, tmp_path):
    saved = tmp_path / "trace.json"
    saved.write_text(trace.to_json())
    text = report("--trace", saved)
    page = Page(text)
    assert text.startswith("<!DOCTYPE html>")
    assert not page.open
    assert not page.fetched
    assert not {"script", "link", "iframe", "object"} & {*page.tags}
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)
    assert {*re.findall(r"https?://[^\"\s]+", text)} <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    svgs = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(svgs) == 4  # gains, shares, one width of zscore and one of impute
    for svg in svgs:
        assert ElementTree.fromstring(svg).get("role") == "img"
        assert not re.search(r"#[0-9a-f]{6}\b", svg), "each colour follows light and dark"
    assert len(page.ids) == len({*page.ids})
    assert {*re.findall(r"(?:url\(|xlink:href=\")#([\w-]+)", text)} == {*page.ids}


def test_the_page_says_what_the_profile_says(report):
    text = Page(report()).text
    assert "Costs of 2 operations, float64, 2 threads" in text
    for said in ("x86_64-<script>alert(1)</script>", "2026-01-01", "no_such_operation", "off by <i>3</i>", "mine<b>"):
        assert said in text
    crossover = re.search(r"numpy is the fastest up to a work of (\d+), from (\d+) on rust", text)
    assert 100 < int(crossover[1]) < 125
    assert crossover[1] == crossover[2]
    assert "mine<b> is the fastest throughout" in text


def test_nothing_of_a_profile_or_a_trace_becomes_markup(report, trace, tmp_path):
    saved = tmp_path / "trace.json"
    saved.write_text(trace.to_json())
    assert not {"script", "i", "b", "u"} & {*Page(report("--trace", saved)).tags}


def test_the_gains_are_those_of_the_curves(profile):
    from acm_dispatch.reporting.measured import Measured

    gains = dict(Measured(profile, "float64").gains())["zscore"]
    assert [gain.backend for gain in gains] == ["numpy", "rust", "rust", "rust", "rust"]
    assert gains[0].ratio == 1
    assert np.isclose(gains[3].ratio, 60_000e-7 / (1e-5 + 60_000e-8), rtol=0.05)
    assert [gain.far for gain in gains] == [False, False, False, False, True], (
        "NumPy was measured up to a work of 100,000"
    )


@pytest.mark.parametrize("form", ["json", "chrome"])
def test_a_saved_trace_is_added_up_whichever_form_it_has(report, trace, tmp_path, form):
    saved = tmp_path / "trace.json"
    if form == "json":
        saved.write_text(trace.to_json())
    else:
        trace.to_chrome(saved)
    text = Page(report("--trace", saved)).text
    assert "2 calls took 4 s" in text
    assert re.search(r"<u>mine</u>numpy13 s75.0%" + (r"2.001" if form == "json" else r"1"), text)
    assert "numpy 75%" in text
    assert "rust 25%" in text


def test_figures_are_written_as_png(report, tmp_path):
    report("--figures", tmp_path / "figures")
    found = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert found == ["gains.png", "impute-1.png", "zscore-5.png"]
    for path in (tmp_path / "figures").iterdir():
        assert path.read_bytes().startswith(b"\x89PNG")


def test_without_a_profile_named_the_report_is_of_the_one_that_calls_go_by(profile, tmp_path):
    output = tmp_path / "report.html"
    with acm_dispatch.use(profile=profile):
        done = CliRunner().invoke(app, ["report", "-o", str(output)])
    assert done.exit_code == 0, done.output
    assert str(profile) in Page(output.read_text("utf-8")).text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--dtype", "int8"], "--dtype is 'int8'; expected one of float64, float32"),
        (["--dtype", "float32"], "has nothing to show: it has no entries of float32"),
        (["--profile", "none.json"], "there is no profile none.json"),
        (["--trace", "none.json"], "the trace none.json cannot be read"),
        (["-o", "/proc/none/report.html"], "report: /proc/none/report.html cannot be written"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(report, words, said):
    done = report(*words)
    assert done.exit_code == 2
    assert said in done.output


def test_a_file_that_is_no_trace_is_refused(report, tmp_path):
    for document in ({}, [{}], [1], {"traceEvents": [{}]}, 3):
        (tmp_path / "wrong.json").write_text(json.dumps(document))
        assert "expected a file with what `Trace.to_json()` gives" in report("--trace", tmp_path / "wrong.json").output


def test_a_missing_matplotlib_is_a_sentence(report, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    done = report()
    assert done.exit_code == 2
    assert 'pip install "acm-dispatch[report]"' in done.output


def test_every_shade_has_a_name_and_a_colour_of_its_own():
    for attribute in ("name", "light"):
        values = [getattr(shade, attribute) for shade in drawing.SHADES]
        assert len(values) == len({*values})


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(theme):
    def luminance(shade):
        channels = [int(getattr(shade, theme)[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))

    def contrast(*shades):
        dark, light = sorted(map(luminance, shades))
        return (light + 0.05) / (dark + 0.05)

    for ground, text in zip(drawing.RAMP, drawing.ON_RAMP, strict=True):
        assert contrast(ground, text) > 4.5, ground.name
    assert contrast(drawing.INK, drawing.GROUND) > 7
    assert contrast(drawing.DIM, drawing.GROUND) > 4.5
    for line in drawing.LINES:
        assert contrast(line, drawing.GROUND) > 3, line.name


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_the_page_fits_a_telephone_and_can_be_read_in_both_themes(report, tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "report.html").write_text(report().replace("<details>", "<details open>"), "utf-8")
    looks = LOOKS["looks_of"](folder, CHROMIUM)
    assert [(look.screen, look.theme) for look in looks] == [
        (width, theme) for width in (400, 1280) for theme in ("light", "dark")
    ]
    assert not [look.fault for look in looks if look.fault]


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_a_page_that_is_too_wide_or_hard_to_read_is_found(tmp_path):
    (tmp_path / "wide.html").write_text('<p style="width: 500px">wide')
    (tmp_path / "pale.html").write_text('<style>[data-theme="dark"] p { color: #bbb }</style><p>pale')
    faults = [look.fault for look in LOOKS["looks_of"](tmp_path, CHROMIUM) if look.fault]
    assert [fault.partition(":")[0] for fault in faults] == [
        "pale.html at 400 pixels, dark",
        "pale.html at 1280 pixels, dark",
        "wide.html at 400 pixels, light",
        "wide.html at 400 pixels, dark",
    ]
