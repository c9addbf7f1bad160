"""The monitor reads what real exports look like, loses no row silently, and refuses what it cannot read."""

import re

import numpy as np
import pandas as pd
import pytest
from acm_monitor.errors import UnusableData
from acm_monitor.reading import Reading, load
from acm_monitor.reading.epochs import from_numbers
from acm_monitor.reading.times import parse_times
from acm_monitor.recording import Recording, clock, lasting, shortened

SENSORS = "flow,pressure\n"


def rows(times, values="1.5,{i}.25"):
    return "".join(f"{time},{values.format(i=i)}\n" for i, time in enumerate(times))


def written(folder, text, name="data.csv", encoding="utf-8"):
    path = folder / name
    path.write_text(text, encoding=encoding)
    return path


def daily(form, start="2023-05-20", days=40):
    return list(pd.date_range(start, periods=days).strftime(form))


def mixed_formats(days=40):
    """As a spreadsheet leaves them: what it took for a day first date is rewritten, the rest is not."""
    return [
        f"{day:%m-%d-%Y} 00:00" if day.day <= 12 else f"{day.month}/{day.day}/{day.year} {day.hour}:00"
        for day in pd.date_range("2023-05-20", periods=days)
    ]


def test_mixed_formats_lose_no_row(tmp_path):
    recording = load(written(tmp_path, "TS," + SENSORS + rows(mixed_formats())))
    assert recording.values.shape == (40, 2)
    np.testing.assert_array_equal(recording.times, np.array(pd.date_range("2023-05-20", periods=40), "datetime64[ms]"))
    notes = "\n".join(recording.notes)
    assert "12 rows as MM-DD-YYYY HH:MM, month first (read day first, time would run backwards" in notes
    assert "28 rows as M/D/YYYY H:MM, month first (28 of them are no date the other way round)" in notes
    assert "40 rows, each with its time" in notes


@pytest.mark.parametrize(
    ("form", "label"),
    [
        ("%d/%m/%Y %H:%M", "DD/MM/YYYY HH:MM, day first"),
        ("%m/%d/%Y %H:%M:%S", "MM/DD/YYYY HH:MM:SS, month first"),
        ("%d.%m.%y", "DD.MM.YY, day first"),
        ("%m/%d/%Y %I:%M %p", "MM/DD/YYYY HH:MM AM/PM, month first"),
        ("%Y-%m-%d %H:%M", "ISO 8601"),
        ("%Y/%m/%d", "ISO 8601"),
        ("%Y-%m-%dT%H:%M:%SZ", "converted to UTC"),
        ("%d %b %Y %H:%M", "month in letters"),
    ],
)
@pytest.mark.parametrize("days", [40, 12], ids=["impossible_values", "order_of_time"])
def test_formats_and_the_order_of_day_and_month(form, label, days):
    """Twelve days from the first of a month on can be read both ways."""
    parsed = parse_times(daily(form, "2023-06-01", days))
    np.testing.assert_array_equal(parsed.times, np.array(pd.date_range("2023-06-01", periods=days), "datetime64[ms]"))
    assert label in "\n".join(parsed.notes)


def test_what_cannot_be_decided_is_said_to_be_assumed():
    parsed = parse_times(["03/04/2024 10:00", "03/04/2024 11:00"])
    assert parsed.times[0] == np.datetime64("2024-03-04T10:00")
    assert "assumed" in parsed.notes[0]
    assert parse_times(["03/04/2024 10:00"], day_first=True).times[0] == np.datetime64("2024-04-03T10:00")


def test_contradicting_rows_are_read_each_in_its_own_way():
    parsed = parse_times(["05/25/2024", "26/05/2024", "05/27/2024"])
    np.testing.assert_array_equal(parsed.times, np.array(["2024-05-25", "2024-05-26", "2024-05-27"], "datetime64[ms]"))
    assert "2 rows can only be month first and 1 only day first" in parsed.notes[0]


def test_midnight_written_as_24_and_impossible_dates():
    parsed = parse_times(["31/12/2023 24:00", "30/02/2024", "13/13/2024", None, "n/a", "12:00"])
    assert parsed.times[0] == np.datetime64("2024-01-01T00:00")
    assert np.isnat(parsed.times[1:]).all()


@pytest.mark.parametrize("factor", [1, 1_000, 1_000_000, 1_000_000_000])
def test_counted_times(factor):
    times = from_numbers(np.array([1_700_000_000, np.nan, 1_700_000_060]) * factor).times
    assert times[2] - times[0] == np.timedelta64(60, "s")
    assert np.isnat(times[1])
    assert from_numbers(np.array([0.0, 1.0])) is None


def test_rows_without_a_readable_time_are_counted_and_shown(tmp_path):
    times = daily("%Y-%m-%d")
    times[3], times[7] = "unknown", ""
    notes = "\n".join(load(written(tmp_path, "time," + SENSORS + rows(times))).notes)
    assert "2 rows kept out, the time cannot be read (line 5: 'unknown', line 9: '')" in notes


def test_time_gaps_repeats_and_order_are_reported(tmp_path):
    times = daily("%Y-%m-%d")
    times[10], times[20:] = times[9], daily("%Y-%m-%d", "2024-01-01", 20)
    recording = load(written(tmp_path, "time," + SENSORS + rows(times[::-1])))
    notes = "\n".join(recording.notes)
    assert (np.diff(recording.times) >= np.timedelta64(0)).all()
    assert "they were sorted" in notes
    assert "1 row with the time of the row before, kept" in notes
    assert "the longest 207 d from 2023-06-08" in notes


def test_semicolons_decimal_comma_and_old_encodings(tmp_path):
    lines = [f"{time};{i},5;{i * 2},25" for i, time in enumerate(daily("%d.%m.%Y %H:%M"))]
    text = "Zeit;Temperatur [°C];Druck\n" + "\n".join(lines)
    recording = load(written(tmp_path, text, encoding="cp1252"))
    assert recording.names == ("Temperatur [°C]", "Druck")
    np.testing.assert_array_equal(recording.values[2], [2.5, 4.25])
    assert {"fields are separated by semicolons", "decimal comma", "text is cp1252, not UTF-8"} <= {*recording.notes}


def test_time_column_is_found_by_its_cells_or_named(tmp_path):
    times = daily("%Y-%m-%d")
    text = "tag,when,created\n" + "".join(f"{i},{time},2020-01-01\n" for i, time in enumerate(times))
    path = written(tmp_path, text)
    assert "time is column 'when' (its cells read as times)" in load(path).notes
    assert "time is column 'created' (asked for)" in load(path, Reading(time_column="created")).notes
    with pytest.raises(UnusableData, match="has no column 'nope'; it has 'tag', 'when', 'created'"):
        load(path, Reading(time_column="nope"))


def test_texts_among_numbers_are_gaps_and_text_columns_are_left_out(tmp_path):
    lines = [f"{time},{'Bad' if i == 4 else i},{'on'},\n" for i, time in enumerate(daily("%Y-%m-%d"))]
    recording = load(written(tmp_path, "time,flow,state,spare\n" + "".join(lines)))
    notes = "\n".join(recording.notes)
    assert recording.names == ("flow", "spare")
    assert "flow: 1 cell not a number, such as 'Bad' in line 6, taken as gaps" in notes
    assert "left out, not numeric: 'state'" in notes
    assert np.isnan(recording.values[4, 0])
    assert np.isnan(recording.values[:, 1]).all()


@pytest.mark.parametrize("indexed", [False, True])
def test_parquet(tmp_path, indexed):
    frame = pd.DataFrame({"time": pd.date_range("2024-01-01", periods=30, tz="Europe/Berlin"), "a": range(30)})
    frame["a"] = frame["a"].astype("Int64").where(frame["a"] != 3)
    path = tmp_path / "data.parquet"
    (frame.set_index("time") if indexed else frame).to_parquet(path)
    recording = load(path)
    assert recording.times[0] == np.datetime64("2023-12-31T23:00")
    assert np.isnan(recording.values[3, 0])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("time,a\n", "has a header but no rows"),
        ("time\n2024-01-01\n", "has a single column"),
        ("a,b\n" + "1,2\n" * 30, "has no time column: none of 'a', 'b' is named like a time and holds dates"),
        ("time,a\n" + rows(daily("%Y-%m-%d"), "x"), "has no numeric column beside the time; it has 'a'"),
        ("time,a\n" + rows(daily("%Y-%m-%d", days=5), "{i}"), "has 5 usable rows; at least 20 are needed"),
        ('time,a\n2024-01-01,"2\n' + rows(daily("%Y-%m-%d"), "{i}"), "a quotation mark of line 2 is never closed"),
        ("time,a\n" + "2024-01-01,2\n2024-01-01,2,3,4\n" * 15, "line 3 has more fields than the others"),
        ("\0\1\2", "is not a text file"),
    ],
)
def test_unusable_files_are_sentences(tmp_path, text, sentence):
    with pytest.raises(UnusableData, match=re.escape(sentence)):
        load(written(tmp_path, text))


def test_missing_files_folders_and_broken_parquet(tmp_path):
    with pytest.raises(UnusableData, match="does not exist"):
        load(tmp_path / "nothing.csv")
    with pytest.raises(UnusableData, match="is not a file"):
        load(tmp_path)
    with pytest.raises(UnusableData, match="cannot be read as Parquet"):
        load(written(tmp_path, "time,a", "data.parquet"))


def test_names_are_shortened_by_whole_words():
    assert shortened(["PLANT.FAN.flow left", "PLANT.FAN.flow right"]) == ("left", "right")
    assert shortened(["flow", "flowmeter"]) == ("flow", "flowmeter")
    assert shortened(["only"]) == ("only",)


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        ("90 s", "90 s"),
        ("5400 s", "90 min"),
        ("12600 s", "3.5 h"),
        ("864000 s", "10 d"),
        ("1234 D", "1,234 d"),
        ("250 ms", "250 ms"),
        ("1500 ms", "1.5 s"),
        ("3 us", "3 us"),
        ("0 s", "0 s"),
    ],
)
def test_durations(duration, text):
    amount, unit = duration.split()
    assert lasting(np.timedelta64(int(amount), unit)) == text


@pytest.mark.parametrize(
    ("step", "late", "text"),
    [
        ("10 m", "0 s", "2024-01-01 00:10"),
        ("10 m", "7 s", "2024-01-01 00:10:07"),
        ("10 m", "7123456 us", "2024-01-01 00:10:07"),
        ("1 s", "0 s", "2024-01-01 00:00:01"),
        ("20 ms", "0 s", "2024-01-01 00:00:00.020"),
        ("3 us", "0 s", "2024-01-01 00:00:00.000003"),
    ],
)
def test_times_are_written_as_exactly_as_the_recording_has_them(step, late, text):
    step, late = (np.timedelta64(int(part.split()[0]), part.split()[1]) for part in (step, late))
    times = np.datetime64("2024-01-01", "us") + np.arange(100) * step + late
    assert clock(Recording("test", times, ("a",), np.zeros((100, 1)), ()))(times[1]) == text
