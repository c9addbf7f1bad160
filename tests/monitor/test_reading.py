"""Every layout in which people export recordings comes back as it was written, or is refused with the line."""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import pandas as pd
import pytest
from acm_monitor.errors import UnusableData
from acm_monitor.reading import Reading, load
from hypothesis import given
from hypothesis import strategies as st

ROWS = 60
START = dt.datetime(2024, 3, 1)
TIMES = [START + dt.timedelta(minutes=10 * i) for i in range(ROWS)]
STAMPS = np.array(TIMES, "datetime64[us]")


def german(time):
    return f"{time:%d.%m.%Y %H:%M}"


def iso(time):
    return f"{time:%Y-%m-%d %H:%M:%S}"


def table(cells, head="time;flow;rpm", time=german, mark=";"):
    return "\n".join([head, *(mark.join([time(t), *cells(i)]) for i, t in enumerate(TIMES))]) + "\n"


def comma(number):
    return number.replace(".", ",")


@pytest.mark.parametrize(
    ("flow", "rpm"),
    [
        (lambda i: f"{1.5 + i / 10:.2f}".replace(".", ","), lambda i: f"1.{i:03d}"),
        (lambda i: f"{1.5 + i / 10:.2f}".replace(".", ","), lambda i: f"1.{i:03d},0"),
        (lambda i: f"{1.5 + i / 10:.2f}", lambda i: f"1'{i:03d}"),
        (lambda i: f"{1.5 + i / 10:.2f}", lambda i: f"1\u2019{i:03d}.0"),
        (lambda i: f"{1.5 + i / 10:.2f}".replace(".", ","), lambda i: f"1\u202f{i:03d},0"),
        (lambda i: f"{1.5 + i / 10:.2f}".replace(".", ","), lambda i: f"1\u00a0{i:03d}"),
        (lambda i: f"{1.5 + i / 10:.2f}".replace(".", ","), lambda i: f"{1000 + i}.00"),
        (lambda i: f"{1.5 + i / 10:.2f}", lambda i: f"1,{i:03d}"),
        (lambda i: f"+{1.5 + i / 10:.3e}", lambda i: f"{1000 + i}."),
    ],
)
def test_thousands_and_decimal_signs(read, flow, rpm):
    values = read(table(lambda i: [flow(i), rpm(i)])).values
    np.testing.assert_allclose(values[:, 0], 1.5 + np.arange(ROWS) / 10, rtol=1e-3)
    np.testing.assert_array_equal(values[:, 1], 1000.0 + np.arange(ROWS))


def test_a_minus_that_is_no_hyphen(read):
    np.testing.assert_array_equal(read(table(lambda i: [f"\u2212{i},5", "1"])).values[:, 0], -np.arange(ROWS) - 0.5)


def test_what_may_be_thousands_or_decimals_is_told_and_can_be_settled(read):
    text = table(lambda i: [f"1.{i + 100:03d}", "7"])
    recording = read(text)
    assert recording.values[0, 0] == 1.1
    assert any("'1.100' in line 2 may group thousands or be decimal" in note for note in recording.notes)
    assert read(text, Reading(decimal=",")).values[0, 0] == 1100.0


def test_both_signs_in_one_column_are_read_cell_by_cell(read):
    recording = read(
        table(lambda i: [f"{i},25" if i % 2 else f"{i}.25", f"1.{i + 100}" if i == 7 else "0,5" if i % 2 else "0.5"])
    )
    np.testing.assert_array_equal(recording.values[:, 0], np.arange(ROWS) + 0.25)
    assert np.isnan(recording.values[7, 1])
    notes = "\n".join(recording.notes)
    assert "flow: point and comma are both decimal signs" in notes
    assert "rpm: 1 cell such as '1.107' in line 9 may group thousands or be decimal; taken as gaps" in notes


def test_texts_and_a_row_of_units_among_decimal_commas(read):
    text = table(lambda i: ["Bad" if i == 30 else f"{i},25", "-" if i == 3 else "n/d" if i == 4 else f"{i},5"])
    recording = read(text.replace("rpm\n", "rpm\n;m3/h;1/min\n", 1))
    expected = np.add.outer([0.25, 0.5], np.arange(ROWS))
    expected[0, 30] = expected[1, 3] = expected[1, 4] = np.nan
    np.testing.assert_array_equal(recording.values.T, expected)
    notes = "\n".join(recording.notes)
    assert "1 line between the header and the data: ';m3/h;1/min'" in notes
    assert "flow: 1 cell not a number, such as 'Bad' in line 33, taken as gaps" in notes
    assert "rpm: 2 cells not a number, such as '-' in line 6, taken as gaps" in notes


def test_layout_and_encoding_are_judged_by_the_whole_file(read):
    lines = [f"{iso(START + dt.timedelta(minutes=i))};{i % 7}{'' if i < 6000 else ',25'};x" for i in range(9000)]
    lines[-1] = lines[-1].replace("x", "Ö")
    recording = read("time;a;note\n" + "\n".join(lines), encoding="cp1252")
    assert recording.values[-1, 0] == 8999 % 7 + 0.25
    assert {"text is cp1252, not UTF-8", "decimal comma"} <= {*recording.notes}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "utf-32"])
def test_other_encodings(read, encoding):
    np.testing.assert_array_equal(read(table(lambda i: [str(i), "1"]), encoding=encoding).values[:, 0], np.arange(ROWS))


@pytest.mark.parametrize(
    ("time", "note"),
    [
        (lambda t: f"{t:%d %m %Y %H:%M}", "DD MM YYYY HH:MM"),
        (lambda t: f"{t:%y%m%d%H%M}", "YYMMDDhhmm"),
        (lambda t: f"{t:%Y%m%d%H%M%S}", "YYYYMMDD"),
        (lambda t: f"{t:%Y%m%dT%H%M%SZ}", "YYYYMMDD"),
        (lambda t: f"{t:%Y-%m-%dT%H:%M:%S}+0000", "converted to UTC"),
        (lambda t: f"{t + dt.timedelta(hours=5, minutes=30):%Y-%m-%dT%H:%M:%S.123}+05:30", "converted to UTC"),
        (lambda t: str(int((t - dt.datetime(1970, 1, 1)).total_seconds())), "seconds since 1970"),
        (lambda t: str(int((t - dt.datetime(1970, 1, 1)).total_seconds() * 1000)), "milliseconds since 1970"),
        (lambda t: str(int((t - dt.datetime(1, 1, 1)).total_seconds()) * 10**7), ".NET ticks"),
        (lambda t: str(int((t - dt.datetime(1601, 1, 1)).total_seconds()) * 10**7), "Windows file time"),
        (lambda t: repr((t - dt.datetime(1899, 12, 30)).total_seconds() / 86400), "spreadsheet"),
    ],
)
def test_times_without_marks_with_offsets_and_counted(read, time, note):
    reading = Reading(day_first=True) if " MM " in note else Reading()
    recording = read(table(lambda i: [str(i)], "time,a", time, ","), reading)
    np.testing.assert_array_equal(recording.times.astype("datetime64[s]"), STAMPS.astype("datetime64[s]"))
    assert note in "\n".join(recording.notes)


@pytest.mark.parametrize("cell", ["error", "0", ""])
def test_one_cell_that_is_no_time_costs_one_row(read, cell):
    text = table(lambda i: [str(i)], "time,a", lambda t: str(1_700_000_000 + TIMES.index(t) * 60), ",")
    recording = read(text.replace("1700000420", cell))
    np.testing.assert_array_equal(recording.values[:, 0], np.delete(np.arange(ROWS), 7))
    assert f"1 row kept out, the time cannot be read (line 9: '{cell}')" in "\n".join(recording.notes)


def test_midnight_as_24_and_stamps_below_a_millisecond(read):
    hours = [f"2024-03-{1 + i // 24:02d}T{i % 24 + 1:02d}:00:00,{i}" for i in range(72)]
    recording = read("time,a\n" + "\n".join(hours))
    np.testing.assert_array_equal(np.diff(recording.times), np.timedelta64(1, "h"))
    recording = read(
        table(lambda i: [str(i)], "time,a", lambda t: f"2024-03-01 00:00:00.{TIMES.index(t) * 100:06d}", ",")
    )
    np.testing.assert_array_equal(np.diff(recording.times), np.timedelta64(100, "us"))
    assert not [note for note in recording.notes if "gap" in note or "row before" in note]


def test_repeated_stamps_are_no_gaps(read):
    recording = read(
        table(lambda i: [str(i)], "time,a", lambda t: iso(START + (TIMES.index(t) // 30) * dt.timedelta(1)), ",")
    )
    assert len(recording.times) == ROWS
    assert not [note for note in recording.notes if "gap" in note]


def test_date_and_clock_in_two_columns(read):
    text = table(lambda i: [f"{TIMES[i]:%H:%M:%S}", f"{i / 10}"], "Date,Time,flow", lambda t: f"{t:%d/%m/%Y}", ",")
    recording = read(text, Reading(day_first=True))
    np.testing.assert_array_equal(recording.times, STAMPS)
    assert recording.names == ("flow",)
    assert "time is columns 'Date' and 'Time' (by its name)" in recording.notes


def test_one_value_a_row_becomes_a_sensor_for_each_tag(read):
    lines = [f"{iso(t)},{tag},{i + k}" for i, t in enumerate(TIMES) for k, tag in enumerate(["P1", "T1", "F1"])]
    recording = read("timestamp,tag,value\n" + "\n".join([*lines, f"{iso(TIMES[-1])},F1,99"]))
    assert recording.names == ("P1", "T1", "F1")
    np.testing.assert_array_equal(recording.times, STAMPS)
    np.testing.assert_array_equal(recording.values[:-1], np.arange(ROWS - 1)[:, None] + [0, 1, 2])
    assert recording.values[-1, 2] == 99
    assert "1 row with the time and the tag of another, the last one counts" in recording.notes


def test_a_state_beside_a_sensor_is_no_tag(read):
    recording = read(table(lambda i: [["on", "off"][i % 2], str(i)], "time,state,flow", iso, ","))
    assert recording.names == ("flow",)
    assert recording.values.shape == (ROWS, 1)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Plant 7; export\n# made 2024\n\n" + table(lambda i: [str(i), str(2 * i)]), ("flow", "rpm")),
        ("sep=;\n" + table(lambda i: [str(i), str(2 * i)]), ("flow", "rpm")),
        (table(lambda i: [str(i), str(2 * i), ""]), ("flow", "rpm")),
        (table(lambda i: [str(i), str(2 * i)]).partition("\n")[2], ("column 2", "column 3")),
        (table(lambda i: [str(i), str(2 * i)], "time;flow; flow"), ("flow", "flow (2)")),
        (table(lambda i: [str(i), str(2 * i)], "time;flow;"), ("flow", "column 3")),
        (table(lambda i: [str(i), str(2 * i)], "time;101;102"), ("101", "102")),
    ],
    ids=["title", "sep", "delimiter_at_the_end", "no_header", "equal_names", "nameless", "numbers_as_names"],
)
def test_what_stands_around_the_table(read, text, names):
    recording = read(text)
    assert recording.names == names
    np.testing.assert_array_equal(recording.values, np.arange(ROWS)[:, None] * [1, 2])
    np.testing.assert_array_equal(recording.times, STAMPS)


def test_what_is_skipped_or_numbered_is_told(read):
    notes = "\n".join(read("Plant 7\n" + table(lambda i: [str(i)], "time;a")).notes)
    assert "1 line before the table: 'Plant 7'" in notes
    notes = "\n".join(read(table(lambda i: [str(i)]).partition("\n")[2]).notes)
    assert "the table has no header (its first line is '01.03.2024 00:00;0'): columns are numbered" in notes


def test_a_line_with_too_many_fields_is_kept_out_and_told(read):
    lines = table(lambda i: [str(i)], "time;a").splitlines()
    lines[30:30] = ["01.03.2024 04:55;3;4;5"]
    recording = read("\n".join(lines))
    assert len(recording.times) == ROWS
    assert (
        "line 31 is kept out, it has more fields than the 2 of the others: '01.03.2024 04:55;3;4;5'" in recording.notes
    )


@pytest.mark.parametrize("name", ["anomaly", "Fault", "ground_truth", "is_anomaly", "changepoint", "Label"])
def test_labels_are_no_sensors(read, name):
    recording = read(table(lambda i: [str(i), str(int(i > 40))], f"time,flow,{name}", iso, ","))
    assert recording.names == ("flow",)
    assert recording.labels[name].sum() == 19
    assert f"left out, labels and no sensors (by their names): {name!r}" in recording.notes


def test_columns_labels_and_exclusions_of_the_user(read):
    text = table(lambda i: [str(i), "1", "0"], "time,flow,rpm,state", iso, ",")
    recording = read(text, Reading(labels=("state",), exclude=("rpm",)))
    assert (recording.names, list(recording.labels)) == (("flow",), ["state"])
    assert read(text, Reading(columns=("rpm",))).names == ("rpm",)
    with pytest.raises(UnusableData, match="has no column 'rmp'; it has 'flow', 'rpm', 'state'"):
        read(text, Reading(exclude=("rmp",)))


def test_parquet_with_an_index_named_like_a_column(tmp_path):
    frame = pd.DataFrame({"time": range(ROWS), "a": np.arange(ROWS) / 2}, pd.DatetimeIndex(TIMES, name="time"))
    frame.to_parquet(tmp_path / "data.parquet")
    recording = load(tmp_path / "data.parquet")
    np.testing.assert_array_equal(recording.times, STAMPS)


MARKS = st.sampled_from([(".", ","), (",", "."), (",", "\u202f"), (".", "'"), (",", ""), (".", "")])


def spelled(number, decimal, group, digits):
    whole, _, fraction = f"{abs(number):,.{digits}f}".partition(".")
    return ("-" if number < 0 else "") + whole.replace(",", group) + (decimal + fraction if digits else "")


FORMS = {
    "points": lambda t: [f"{t:%d.%m.%Y %H:%M}"],
    "iso": lambda t: [f"{t:%Y-%m-%d %H:%M:%S}"],
    "utc": lambda t: [f"{t:%Y-%m-%dT%H:%MZ}"],
    "offset": lambda t: [f"{t + dt.timedelta(hours=2):%Y-%m-%dT%H:%M:%S}+0200"],
    "half_days": lambda t: [f"{t:%m/%d/%Y %I:%M %p}"],
    "month": lambda t: [f"{t:%d-%b-%Y %H:%M}"],
    "run_together": lambda t: [f"{t:%Y%m%d%H%M%S}"],
    "year_first": lambda t: [f"{t:%y-%m-%d %H:%M}"],
    "two_columns": lambda t: [f"{t:%d.%m.%Y}", f"{t:%H:%M:%S}"],
    "seconds": lambda t: [f"{(t - dt.datetime(1970, 1, 1)).total_seconds():.0f}"],
    "milliseconds": lambda t: [f"{(t - dt.datetime(1970, 1, 1)).total_seconds() * 1000:.0f}"],
    "ticks": lambda t: [str(int((t - dt.datetime(1, 1, 1)).total_seconds()) * 10**7)],
}
TITLES = st.sampled_from(["", "Plant 7\n", "# made by a logger; x\n# 2024\n", "Export;Plant 7\n\n", "sep=;\n"])


@given(
    values=st.lists(st.floats(-1e7, 1e7).map(lambda x: round(x, 2)), min_size=25, max_size=40),
    marks=MARKS,
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    quoted=st.booleans(),
    form=st.sampled_from(list(FORMS)),
    title=TITLES,
    header=st.sampled_from(["names", "names and units", "none"]),
    ends=st.sampled_from(["\n", "\r\n", "\r"]),
    trailing=st.booleans(),
    backwards=st.booleans(),
)
def test_values_come_back_in_every_layout(
    tmp_path_factory,
    values,
    marks,
    delimiter,
    encoding,
    quoted,
    form,
    title,
    header,
    ends,
    trailing,
    backwards,
):
    stamps = [START + dt.timedelta(hours=7 * i) for i in range(len(values))]
    times = [FORMS[form](stamp) for stamp in stamps]
    cells = [spelled(value, *marks, 2) for value in values]
    quote = '"{}"' if quoted or delimiter in marks else "{}"
    rows = [[*time, quote.format(cell), str(i)] for i, (time, cell) in enumerate(zip(times, cells, strict=True))]
    names = [["Date", "Time"][: len(times[0])], ["time"]][len(times[0]) == 1]
    above = {"names": 1, "names and units": 2, "none": 0}[header]
    head = [[*names, "flow", "count"], [""] * len(names) + ["l/s", ""]][:above]
    lines = [delimiter.join(row) + delimiter * trailing for row in [*head, *(rows[::-1] if backwards else rows)]]
    path = tmp_path_factory.mktemp("layout") / "data.csv"
    text = (title if delimiter == ";" or "sep" not in title else "") + "\n".join(lines) + "\n"
    path.write_bytes(text.replace("\n", ends).encode(encoding))
    recording = load(path)
    np.testing.assert_array_equal(recording.values, np.column_stack([values, np.arange(len(values))]))
    np.testing.assert_array_equal(recording.times, np.array(stamps, "datetime64[us]"))


def test_refusals_name_the_line(read):
    with pytest.raises(UnusableData, match=re.escape("a quotation mark of line 12 is never closed")):
        read(table(lambda i: ['"5' if i == 10 else str(i)], "time;a"))
