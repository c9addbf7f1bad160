"""Nothing that a file holds reaches the terminal as a command, breaks a figure, or makes the job overwrite a file."""

import os
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pandas as pd
import pytest
from acm_monitor.command import app
from acm_monitor.errors import UnusableData, printable
from acm_monitor.job import Options, run_job
from acm_monitor.targets import check_target, write_whole
from rich.console import Console
from typer.testing import CliRunner

ROWS = 200
NASTY = ["$\\frac$", "\x1b[31mred\x1b]0;title\x07", "<svg onload=1>&amp;", "{x} %s \\n", "n" * 250, "a\u202eb\u0085"]


@pytest.fixture
def nasty_file(tmp_path):
    """A recording whose names, cells and own name would do harm, and two sensors whose sum is a third."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(ROWS, len(NASTY))).round(3), columns=NASTY)
    frame["sum"] = frame.iloc[:, 0] + frame.iloc[:, 1]
    frame["sum of all"] = frame.sum(axis=1)
    frame = frame.astype(object)
    frame.iloc[7, 2] = "\x1b[2Jbad"
    frame.insert(0, "time", pd.date_range("2024-01-01", periods=ROWS, freq="h").astype(str))
    frame.loc[9, "time"] = "\x1b[5m"
    path = tmp_path / "plant\x1b[1m.csv"
    frame.to_csv(path, index=False)
    return path


def figures_of(page):
    return re.findall(r"<svg .*?</svg>", page, re.DOTALL)


def test_names_and_cells_are_shown_and_not_obeyed(nasty_file, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    report = tmp_path / "out\x1b[1m.html"
    result = CliRunner().invoke(app, [str(nasty_file), "--report", str(report), "--clusters", "2..2"])
    assert result.exit_code == 0, result.output
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", result.output)
    assert "\\x1b[2Jbad" in result.output
    page = report.read_text(encoding="utf-8")
    assert page.count("<svg ") == page.count("</svg>")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", page)
    figures = figures_of(page)
    assert len(figures) >= 4
    for figure in figures:
        ElementTree.fromstring(figure)


@pytest.mark.parametrize("words", [["no\x1b[1m.csv"], ["--time-column", "\x1b[1m"], ["--exclude", "\x1b[1m"]])
def test_refusals_show_what_they_quote(nasty_file, words):
    result = CliRunner().invoke(app, [str(nasty_file), *words] if words[0].startswith("-") else words)
    assert result.exit_code == 2
    assert "\x1b" not in result.stderr
    assert "x1b[1m" in result.stderr


def test_what_is_visible_stays_as_it_is():
    assert printable("Öl\u00a0[°C] 温度 \u2009") == "Öl\u00a0[°C] 温度 \u2009"
    assert printable("a\tb\ud800") == "a\\tb\\ud800"


def test_a_report_takes_the_place_of_regular_files_only(nasty_file, tmp_path):
    link, fifo = tmp_path / "link.html", tmp_path / "pipe.html"
    link.symlink_to(nasty_file)
    os.mkfifo(fifo)
    before = nasty_file.read_bytes()
    for target, said in [
        (nasty_file, "is a file of this job already"),
        (link, "is a file of this job already"),
        (fifo, "is no regular file"),
        (tmp_path, "is a folder"),
    ]:
        with pytest.raises(UnusableData, match=f"the report cannot be written: .*{said}"):
            run_job(Options(nasty_file, target), Console(quiet=True))
    with pytest.raises(UnusableData, match="is no regular file"):
        check_target(tmp_path.joinpath("/dev/null"), "report")
    assert nasty_file.read_bytes() == before


def test_a_link_stays_one_and_long_names_are_written(tmp_path):
    real, link = tmp_path / ("n" * 240 + ".html"), tmp_path / "link.html"
    link.symlink_to(real)
    write_whole(link, "report", lambda path: path.write_text("new"))
    assert link.is_symlink()
    assert real.read_text() == "new"
    assert sorted(tmp_path.iterdir()) == sorted([real, link])
