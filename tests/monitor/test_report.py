"""The report shows all that was found, to a reader on any screen, and nothing that a recording holds breaks it."""

import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from html import escape, unescape
from itertools import pairwise

import numpy as np
import pytest
from acm_monitor import Analysis, UnusableData, analyse
from acm_monitor.episodes import Episode
from acm_monitor.report import LARGEST, write_findings
from acm_monitor.section import named
from acm_monitor.sections import sections
from acm_monitor.show import show
from rich.console import Console

pd = pytest.importorskip("pandas")
EPISODES, SENSORS, ROWS = 12, 9, 6000
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def analysed(names):
    """One-second data in which a lot happens."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(ROWS, len(names)))
    for episode in range(EPISODES):
        values[300 + 450 * episode : 312 + 450 * episode, : 1 + episode % len(names)] += 30.0
    times = pd.date_range("2024-03-09 10:34:33", periods=ROWS, freq="s")
    return analyse(pd.DataFrame(values, index=times, columns=names)).findings


def frame_of(findings):
    recording = findings.recording
    return pd.DataFrame(recording.values, index=recording.times, columns=recording.names)


@pytest.fixture(scope="module")
def findings():
    return analysed([f"sensor {j}" for j in range(SENSORS)])


@pytest.fixture(scope="module")
def page(findings, tmp_path_factory):
    return written(findings, tmp_path_factory.mktemp("report"))


def written(findings, folder):
    write_findings(folder / "out.html", findings, [], 0.0)
    return (folder / "out.html").read_text(encoding="utf-8")


def drawings_of(page):
    return [ElementTree.fromstring(svg) for svg in re.findall(r"<svg .*?</svg>", page, re.DOTALL)]


# What is said.


def test_a_terminal_shows_the_first_rows_and_says_how_many_there_are(findings):
    parts = sections(findings, [], 0.0)
    found = len(findings.episodes)
    assert len(parts["episodes"].table.rows) == found > 9
    console = Console(width=200)
    with console.capture() as captured:
        show(console, [parts["episodes"]])
    text = captured.get()
    assert f"and {found - 8} more episodes, all in the report" in text
    assert f"{found} episodes, the most severe first" in text
    assert re.fullmatch(r"2024-03-09 1\d:\d\d:\d\d", parts["episodes"].table.rows[0][1])


def test_the_calls_come_last(page):
    assert re.findall(r'<section id="(\w+)">', page)[-1] == "calls"


def test_what_was_not_tried_is_not_told_as_a_number():
    single = analysed(["alone"])
    again = analyse(frame_of(single), model=single.model).findings
    for found, said in ((single, "one regime: those of a single sensor"), (again, "1 regime, learnt before")):
        section = sections(found, [], 0.0)["regimes"]
        assert section.paragraphs[0].startswith(said)
        assert "nan" not in " ".join([*section.paragraphs, *section.notes])


def test_a_regime_without_rows_has_no_health(findings):
    none = findings.regimes.labels * 0
    lonely = findings._replace(regimes=findings.regimes._replace(labels=none, centres=np.zeros((2, SENSORS))))
    medians = np.zeros((2, SENSORS))
    model = findings.model._replace(regimes=findings.model.regimes._replace(medians=medians, scales=medians + 1))
    rows = sections(lonely._replace(model=model), [], 0.0)["regimes"].table.rows
    assert [row[-1] for row in rows] == [f"{findings.health.mean():.1f}", "no row"]


def test_of_many_sensors_some_are_named_and_the_others_counted():
    assert named(["a", "b"]) == "a, b"
    assert named(list("abcdefgh")) == "a, b, c, d, e, f and 2 more"


def test_all_episodes_and_alarms_are_listed_and_each_episode_is_drawn(findings, page):
    rows = {
        key: body.count("<tr><td") for key, body in re.findall(r'<section id="(\w+)">(.*?)</section>', page, re.DOTALL)
    }
    assert rows["episodes"] == len(findings.episodes)
    assert rows["agreement"] == len(findings.agreements) > 8
    assert page.count("<details ") == len(findings.episodes)


def test_a_report_from_python_replaces_regular_files_only(findings, tmp_path):
    analysis = Analysis(findings)
    os.mkfifo(tmp_path / "pipe.html")
    for target, said in ((tmp_path / "pipe.html", "is no regular file"), (tmp_path, "is a folder")):
        with pytest.raises(UnusableData, match=f"the report cannot be written: .*{said}"):
            analysis.write_report(target)
    analysis.write_report(str(tmp_path / "out.html"))
    assert (tmp_path / "out.html").stat().st_size > 10_000


# What is drawn.


def test_every_drawing_is_well_formed(page):
    drawings = drawings_of(page)
    assert len(drawings) == page.count("<svg") > EPISODES


def test_a_trace_shows_the_values_in_a_band_with_the_episode_and_its_alarm(findings, page):
    episode = findings.episodes[0]
    (body,) = re.findall(r'<details id="episode-1".*?</details>', page, re.DOTALL)
    drawings = drawings_of(body)
    assert [drawing.find(".//*[@data-name]").get("data-name") for drawing in drawings] == [
        findings.names[j] for j in episode.sensors[:4]
    ]
    for drawing in drawings:
        kinds = [part.get("class") for part in drawing.iter() if part.get("class")]
        assert kinds == ["usual", "episode", "line k0", "alarm"]
        low, high = (float(drawing.get(f"data-{end}")) for end in ("low", "high"))
        assert low < -2 < 28 < high


def test_a_page_of_200_episodes_of_50_sensors_is_small_enough_and_lacks_none(tmp_path):
    found = analysed([f"Plant 7 / unit {j} / a name of some length [degC]" for j in range(50)])
    rng = np.random.default_rng(1)
    many = [
        Episode(20 + 29 * j, 40 + 29 * j, tuple(rng.permutation(50).tolist()), 9.0, 9.0 - j / 100) for j in range(200)
    ]
    page = written(found._replace(episodes=many), tmp_path)
    assert len(page.encode()) <= LARGEST
    assert page.count("<details ") == 200
    assert re.search(r"Every episode, with at most the \d sensors that are most out of range", page)


def test_what_a_page_has_no_room_for_is_said(findings, tmp_path):
    many = [Episode(j, j + 9, (0, 1), 9.0, 9.0) for j in range(ROWS - 9)]
    page = written(findings._replace(episodes=many), tmp_path)
    assert len(page.encode()) <= LARGEST
    drawn = page.count("<details ")
    assert f"The {drawn} most severe of {len(many)} episodes" in page
    assert re.search(r"and [\d,]+ more episodes for which a page has no room", page)


def test_extreme_values_gaps_and_pauses_are_drawn(findings, tmp_path):
    recording, episode = findings.recording, findings.episodes[0]
    values, times = recording.values.copy(), recording.times.copy()
    inside = slice(episode.start + 2, episode.stop - 2)
    values[inside, 0], values[inside, 1], values[:, 2] = 1.7e308, np.inf, np.nan
    values[episode.start, 0] = -1.7e308
    times[episode.start + 5 :] += np.timedelta64(900, "D")
    strange = findings._replace(
        recording=recording._replace(values=values, times=times),
        episodes=[episode._replace(sensors=(0, 1, 2)), episode._replace(start=0, stop=ROWS)],
    )
    page = written(strange, tmp_path)
    assert len(drawings_of(page)) == page.count("<svg ")
    assert not re.search(r'(?:d|data-low|data-high)="[^"]*(?:nan|inf)', page)


# What a browser makes of it.


_LOOKING = """<meta charset="utf-8"><meta name="color-scheme" content="light dark"><pre id="found"></pre>
<iframe width="WIDTH" height="900" style="border:0" srcdoc="PAGE"></iframe>
<script>onload = () => setTimeout(() => {
  const frame = document.querySelector("iframe"), page = frame.contentDocument, view = frame.contentWindow;
  const answer = (() => { SCRIPT })();
  document.getElementById("found").textContent = JSON.stringify(answer);
}, 500);</script>"""


@pytest.fixture(params=[1280, 400])
def seen(request, page, tmp_path):
    """A function: what a script answers in headless Chromium; `page` is the document, `view` its window."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")

    def look(script, *, dark=False):
        text = _LOOKING.replace("WIDTH", str(request.param)).replace("SCRIPT", script).replace("PAGE", escape(page))
        (tmp_path / "look.html").write_text(text, encoding="utf-8")
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=10000", "--dump-dom"]
        options += [f"--blink-settings=preferredColorScheme={0 if dark else 1}", "--window-size=1400,1000"]
        command = [CHROMIUM, *options, (tmp_path / "look.html").as_uri()]
        shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
        return json.loads(unescape(re.findall(r'<pre id="found">(.*?)</pre>', shown, re.DOTALL)[0]))

    look.width = request.param
    return look


def test_the_page_fits_its_texts_are_readable_and_wide_tables_say_so(seen):
    found = seen("""
      const scrolls = [...page.querySelectorAll(".scroll")].map(box => [box.scrollWidth > box.clientWidth + 1,
        view.getComputedStyle(box, "::before").content !== "none"]);
      const sizes = [...page.querySelectorAll(".chart span")].map(s => parseFloat(view.getComputedStyle(s).fontSize));
      return {wide: page.documentElement.scrollWidth, scrolls, smallest: Math.min(...sizes)};""")
    assert found["wide"] <= seen.width
    assert found["smallest"] >= 11
    assert all(wide == told for wide, told in found["scrolls"])
    assert any(wide for wide, _ in found["scrolls"]) == (seen.width == 400)


def test_axes_have_dates_and_seconds_and_labels_that_do_not_overlap(seen):
    axes = seen("""
      return [...page.querySelectorAll("details[open] .times, #health .times")].map(axis => [...axis.children].map(
        label => [label.textContent, label.getBoundingClientRect().left, label.getBoundingClientRect().right]));""")
    assert len(axes) == 4
    for axis in axes:
        assert axis[0][0].endswith("9 Mar 2024")
        assert all(right <= left for (_, _, right), (_, left, _) in pairwise(axis))
    exact = any(re.match(r"1\d:\d\d:\d\d", label[0]) for axis in axes[1:] for label in axis)
    assert exact == (seen.width == 1280), "whole minutes are enough for a narrow axis"


def test_zoom_and_the_values_under_the_pointer(seen):
    before, after, told, whole = seen("""
      const figure = page.querySelector("#health figure"), svg = figure.querySelector("svg");
      const box = svg.getBoundingClientRect(), states = [svg.getAttribute("viewBox")];
      const at = (kind, share) => svg.dispatchEvent(new view.PointerEvent(kind,
        {clientX: box.left + share * box.width, clientY: box.top + 20, bubbles: true, pointerId: 1}));
      svg.setPointerCapture = () => {};
      at("pointerdown", .25); at("pointermove", .4); at("pointerup", .5);
      states.push(svg.getAttribute("viewBox"));
      at("pointermove", .5);
      states.push(figure.querySelector("output").textContent);
      svg.dispatchEvent(new view.MouseEvent("dblclick"));
      return [...states, svg.getAttribute("viewBox")];""")
    assert before == whole
    start, _, length, _ = map(float, after.split())
    assert (start, length) == pytest.approx((1000, 1000), abs=20)
    assert re.fullmatch(
        r"2024-03-09 11:12:\d\d(\.\d+)?  (lowest [\d.]+( to [\d.]+)?, )?(mean|health) [\d.]+.*", told
    ), told


def test_a_dark_page_is_dark_and_its_lines_are_not(seen):
    script = """
      const rgb = text => text.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 3;
      return [rgb(view.getComputedStyle(page.body).backgroundColor), rgb(view.getComputedStyle(page.body).color),
        rgb(view.getComputedStyle(page.querySelector("svg .line")).stroke)];"""
    ground, ink, line = seen(script, dark=True)
    assert ground < 40 < 120 < line < ink
    ground, ink, line = seen(script)
    assert ink < line < 130 < 230 < ground
