"""What an engineer sets and takes away: settings in a file, a healthy period, a model, scores, alerts, and all of it
from Python.
"""

import json

import numpy as np
import pandas as pd
import pytest
from acm_monitor import Config, Reading, Thresholds, UnusableData, analyse, load_model
from acm_monitor.command import app
from acm_monitor.config import read_config, written
from pyarrow import parquet
from typer.testing import CliRunner

from acm_dispatch import ConfigurationError

ROWS = 600


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(5)
    times = pd.date_range("2024-01-01", periods=ROWS, freq="h", name="time")
    frame = pd.DataFrame(rng.normal(size=(ROWS, 3)).round(3), times, ["flow", "pressure", "speed"])
    frame.iloc[400:440, 0] += 30
    return frame


@pytest.fixture
def file(frame, tmp_path):
    path = tmp_path / "plant.csv"
    frame.to_csv(path)
    return path


def invoke(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_settings_are_printed_and_read_back_as_they_are(tmp_path):
    path = tmp_path / "settings.toml"
    words = ["--exclude", 'a "b"\u007f', "--decimal", "comma", "--clusters", "3", "--train", "2024-01..2024-02"]
    result = invoke("--write-config", *words)
    assert result.exit_code == 0, result.output
    path.write_text(result.stdout, encoding="utf-8")
    config = read_config(path)
    assert (config.reading.exclude, config.reading.decimal, config.clusters) == (('a "b"\u007f',), ",", (3, 3))
    assert config.train == (np.datetime64("2024-01-01"), np.datetime64("2024-02-29T23:59:59.999999"))
    assert written(config).strip() == result.stdout.strip()
    assert "# day_first =  # true or false" in result.stdout
    path.write_text(written(Config()))
    assert read_config(path) == Config()


def test_options_override_the_file(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text('[thresholds]\nsensor = 7\n[reading]\ncolumns = ["a"]\ndecimal = "point"\n')
    result = invoke("--config", path, "--decimal", "comma", "--write-config")
    assert "sensor = 7.0" in result.stdout
    assert 'decimal = "comma"' in result.stdout
    assert 'columns = ["a"]' in result.stdout


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[reading", "is no TOML"),
        ("[readings]\n", "has 'readings'; expected the sections reading, analysis, thresholds"),
        ("[reading]\ncolumn = 1\n", "has reading.'column'; expected time_column"),
        ("[thresholds]\nhealth = '50'\n", "thresholds.health is '50'; expected a number"),
        ("[thresholds]\nregime_share = 5\n", "thresholds.regime_share is 5; expected a share of 1, such as 0.05"),
        ("[thresholds]\nstuck_rows = 2.5\n", "thresholds.stuck_rows is 2.5; expected a whole number from 1 on"),
        ("[thresholds]\nsensor = nan\n", "thresholds.sensor is nan; expected a number"),
        ("[analysis]\ntrain = ['x', 'y']\n", "analysis.train is 'x..y'; expected two times"),
        ("[analysis]\ntrain = ['2024', '2023']\n", "expected two times, the earlier first"),
        ("[analysis]\nclusters = [1, 3]\n", "clusters are 1..3; expected a range"),
        ("[analysis]\nclusters = [2]\n", "analysis.clusters is [2]; expected two whole numbers"),
        ('[reading]\n"\\u001b[1m" = 1\n', "x1b[1m"),
    ],
)
def test_settings_that_cannot_be_are_sentences(tmp_path, text, sentence):
    path = tmp_path / "settings.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as error:
        read_config(path)
    assert sentence in str(error.value)
    assert "\x1b" not in str(error.value)


@pytest.mark.parametrize("words", [["--train", "2024"], ["--train", "a..b"], ["--config", "no.toml"]])
def test_options_that_cannot_be_are_sentences(file, words):
    result = invoke(file, *words)
    assert result.exit_code == 2
    assert words[0] in result.stderr


def test_scores_hold_everything_in_each_kind_of_file(frame, file, tmp_path):
    for suffix in ("parquet", "csv", "json"):
        result = invoke(file, "--clusters", "2", "--output", tmp_path / f"scores.{suffix}")
        assert result.exit_code == 0, result.output
        assert f"scores.{suffix}" in result.stdout
    table = parquet.read_table(tmp_path / "scores.parquet")
    content = json.loads((tmp_path / "scores.json").read_text())
    csv = pd.read_csv(tmp_path / "scores.csv", parse_dates=["time"])
    assert json.loads(table.schema.metadata[b"acm_monitor"])["episodes"] == content["episodes"]
    expected = table.to_pandas()
    assert list(expected.columns) == list(csv.columns) == list(content["scores"])
    for name in ("health", "fused", "PCA SPE", "z flow", "z pressure"):
        np.testing.assert_allclose(csv[name], expected[name])
        np.testing.assert_allclose(content["scores"][name], expected[name])
    np.testing.assert_array_equal(expected["time"], frame.index)
    assert (expected["episode"].dropna() == 1).all()
    assert abs(expected["episode"].notna().sum() - 40) <= 8
    (episode,) = content["episodes"]
    assert episode["sensors"] == ["flow"]
    assert {len(content["alarms"]) > 0, len(content["regimes"]) > 0} == {True}
    assert invoke(file, "--output", tmp_path / "scores.xls").exit_code == 2
    assert "ends in none of .parquet, .csv, .json" in invoke(file, "--output", tmp_path / "scores.xls").stderr
    both = invoke(file, "--output", tmp_path / "a.json", "--report", tmp_path / "a.json")
    assert "is a file of this job already" in both.stderr


def test_alerts_are_an_exit_code_and_a_line(file, tmp_path):
    healthy = tmp_path / "healthy.csv"
    healthy.write_text("".join(file.read_text().splitlines(keepends=True)[:391]))
    found = invoke(file, "--alert", "--summary", "--clusters", "2")
    assert found.exit_code == 3
    said = json.loads(found.stdout)
    assert (len(said["episodes"]), said["rows"], said["in_episode"]) == (1, ROWS, False)
    calm = invoke(healthy, "--alert", "--summary", "--clusters", "2")
    assert calm.exit_code == 0, calm.output
    assert json.loads(calm.stdout)["episodes"] == []


def test_the_result_is_held_against_a_label(frame, tmp_path):
    labelled = frame.assign(repair=0, anomaly="normal")
    labelled.iloc[398:436, 3] = 1
    labelled.iloc[100:110, 3] = 1
    labelled.to_csv(tmp_path / "plant.csv")
    result = invoke(tmp_path / "plant.csv", "--label", "repair", "--clusters", "2")
    assert result.exit_code == 0, result.output
    said = " ".join(result.stdout.split())
    assert "label 'repair': 1 of 2 events found, " in said
    assert "0 episodes without one; precision 100%, recall 50%, F1 0.67" in said
    assert "label 'anomaly'" not in said, "it never changes"
    summary = json.loads(invoke(tmp_path / "plant.csv", "--label", "repair", "--clusters", "2", "--summary").stdout)
    assert {name: summary["labels"]["repair"][name] for name in ("events", "found", "false_alarms")} == {
        "events": 2,
        "found": 1,
        "false_alarms": 0,
    }


def test_every_limit_can_be_set(frame, file, tmp_path):
    settings = invoke("--write-config").stdout
    assert all(f"\n{name} = " in settings for name in Thresholds._fields)
    (tmp_path / "settings.toml").write_text("[thresholds]\nepisode_rows = 60\nstuck_rows = 3\nregime_visits = 9\n")
    result = invoke(file, "--config", tmp_path / "settings.toml", "--clusters", "2")
    said = " ".join(result.stdout.split())
    assert "0 episodes" in said, "the fault lasts 40 rows"
    assert "counts from 3 rows on" in said
    assert "entered less than 9 times" in said


def test_exit_codes_are_told():
    assert "3 with --alert where an episode is found" in " ".join(invoke("--help").stdout.split())


def test_a_model_is_learnt_once_and_judges_later(file, tmp_path):
    model = tmp_path / "model.npz"
    first = invoke(file, "--train", "2024-01-01..2024-01-14", "--save-model", model, "--clusters", "2")
    assert first.exit_code == 0, first.output
    assert load_model(model).names == ("flow", "pressure", "speed")
    later = invoke(file, "--model", model, "--summary")
    assert [episode["sensors"] for episode in json.loads(later.stdout)["episodes"]] == [["flow"]]
    refused = invoke(file, "--model", file)
    assert refused.exit_code == 2
    assert "is no model" in refused.stderr


def test_a_frame_gives_what_its_file_gives(frame, file):
    config = Config(clusters=(2, 3), thresholds=Thresholds(health=40.0))
    found = analyse(frame, config)
    assert found.scores.index.equals(frame.index.as_unit("us"))
    assert found.episodes.sensors.tolist() == [["flow"]]
    assert found.alarms.start[0] <= frame.index[405]
    assert set(found.regimes.columns) == {"regime", "share", "median", "scale"}
    assert analyse(frame.reset_index(), config).scores.equals(found.scores)
    again = analyse(frame, config, model=found.model)
    assert again.scores.health.equals(found.scores.health)
    assert found.summary["source"] == "frame"
    only = analyse(frame, config._replace(reading=Reading(columns=("pressure", "speed"))))
    assert only.episodes.empty
    with pytest.raises(UnusableData, match="frame has no time column"):
        analyse(frame.reset_index(drop=True))


def test_a_report_of_an_analysis(frame, tmp_path):
    analyse(frame, Config(clusters=(2, 2))).write_report(tmp_path / "out.html")
    assert "Condition monitoring: frame" in (tmp_path / "out.html").read_text()


def test_a_time_format_that_nothing_would_guess(frame, tmp_path):
    path = tmp_path / "odd.csv"
    lines = [f"{time:%Hh%M on %d of %m in %Y},{value}" for time, value in zip(frame.index, frame["speed"], strict=True)]
    path.write_text("\n".join(["when,speed", *lines]))
    assert "has no time column" in invoke(path).stderr
    result = invoke(path, "--time-format", "%Hh%M on %d of %m in %Y", "--summary")
    assert json.loads(result.stdout)["start"] == "2024-01-01T00:00:00.000000"
    assert "no cell is a time in the format '%d'" in invoke(path, "--time-format", "%d").stderr
    assert "cannot be used" in invoke(path, "--time-format", "%Q").stderr
