"""However a file is laid out: its rows come back, or it is refused with the line and what to do."""

import datetime as dt
import gzip
import re

import numpy as np
import pytest
from acm_monitor.errors import UnusableData

ROWS = 60
TIMES = [dt.datetime(2024, 3, 1) + dt.timedelta(minutes=10 * i) for i in range(ROWS)]
STAMPS = np.array(TIMES, "datetime64[us]")
FLOW, RPM = 1.5 + np.arange(ROWS) / 8, 990.0 + np.arange(ROWS)
LINE_31 = "2024-03-01 05:00:00;5.25;1020\n"


def table(mark=";", head="time;flow;rpm", more="", form="%Y-%m-%d %H:%M:%S", decimal="."):
    rows = [
        mark.join([f"{time:{form}}", str(flow).replace(".", decimal), f"{rpm:.0f}"]) + more
        for time, flow, rpm in zip(TIMES, FLOW, RPM, strict=True)
    ]
    return "\n".join(([head.replace(";", mark)] if head else []) + rows) + "\n"


BASE = table()
AROUND = {
    "carriage_returns": BASE.replace("\n", "\r"),
    "two_kinds_of_line_ends": BASE.replace("\n", "\r\n", 30),
    "doubled_line_ends": BASE.replace("\n", "\r\r\n"),
    "empty_lines": BASE.replace("\n", "\n\n"),
    "end_of_file_mark": BASE + "\x1a",
    "zeros_at_the_end": BASE + "\0" * 50,
    "zeros_within": BASE.replace("2024-03-01 05:00", "\0\0\0 2024-03-01 05:00"),
    "two_byte_order_marks": "\ufeff\ufeff" + BASE,
    "separator_line": "\ufeffSEP=;\n" + BASE,
    "title": "Plant 7; export\n\n" + BASE,
    "title_as_wide": "Plant;7;x\n" + BASE,
    "title_wider": "a;b;c;d;e\n" + BASE,
    "title_padded": "Plant 7;;\n;;\n" + BASE,
    "comments": "".join(f"# line {i}; x={i}; y\n" for i in range(300)) + BASE,
    "settings": "".join(f"key{i};{i}\n" for i in range(300)) + BASE,
    "header_in_a_comment": "# " + BASE,
    "comment_within": BASE.replace(LINE_31, "# logger; restarted; x; y\n" + LINE_31),
    "footer": BASE + "End of export\n",
    "header_again": BASE.replace(LINE_31, "time;flow;rpm\n" + LINE_31),
    "units": BASE.replace("rpm\n", "rpm\n[UTC];[m3/h];[1/min]\n"),
    "descriptions_before": "Description;Flow;Speed\n" + BASE,
    "descriptions_after": BASE.replace("rpm\n", "rpm\nText;Flow of water;Speed\n;m3/h;1/min\n"),
    "ruler": BASE.replace("rpm\n", "rpm\n----;----;----\n"),
    "delimiters_at_the_end": table(more=";;;"),
    "delimiters_at_each_start": "\n".join(f";{line}" for line in BASE.splitlines()),
    "line_break_in_the_header": table(head='time;"flow\nm3/h";rpm'),
    "delimiter_in_the_header": table(head='time;"flow; m3/h";rpm'),
    "text_with_a_line_break": table(head="time;flow;rpm;note", more=';"a\nb"'),
    "text_with_escaped_quotes": table(head="time;flow;rpm;note", more=';"a\\"b"'),
    "text_with_a_single_quote": table(head="time;flow;rpm;note", more=';3/4"'),
    "bars_around": "\n".join(f"| {line.replace(';', ' | ')} |" for line in BASE.splitlines()),
    "fixed_width": "\n".join(
        [f"{'time':<24}{'flow':>10}{'rpm':>8}"]
        + [f"{t:%Y-%m-%d %H:%M:%S}     {flow:10}{rpm:8.0f}" for t, flow, rpm in zip(TIMES, FLOW, RPM, strict=True)]
    ),
    "american_month": table(form="%A, %B %d, %Y %H:%M:%S"),
}
NO_HEADER = {
    "iso": table(head=""),
    "comments": "# a\n# b\n" + table(head=""),
    "title": "Export of plant 7\n" + table(head=""),
    "months": table(head="", form="%d %b %Y %H:%M"),
    "run_together": table(head="", form="%y%m%d%H%M"),
    "decimal_comma": table(head="", form="%d.%m.%Y %H:%M", decimal=","),
    "missing_value": table(head="").replace(";1.5;", ";nan;", 1),
    "delimiter_at_the_end": table(head="").replace("\n", ";\n"),
}


def assert_read(recording, flow=FLOW):
    np.testing.assert_array_equal(recording.times, STAMPS)
    np.testing.assert_array_equal(recording.values[:, :2], np.column_stack([flow, RPM]))


@pytest.mark.parametrize("text", AROUND.values(), ids=AROUND)
def test_what_stands_around_the_rows(read, text):
    recording = read(text)
    assert_read(recording)
    assert recording.names[0].startswith("flow")
    assert recording.names[1] == "rpm"


@pytest.mark.parametrize("text", NO_HEADER.values(), ids=NO_HEADER)
def test_a_table_without_a_header_loses_no_row(read, text):
    recording = read(text)
    flow = np.r_[np.nan, FLOW[1:]] if "nan" in text else FLOW
    assert_read(recording, flow)
    assert "the table has no header" in "\n".join(recording.notes)


@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M"])
@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("mark", [";", "\t", "|", "^", "~", "\x1f", "; ", " | ", ";;"])
def test_delimiters(read, mark, decimal, form):
    assert_read(read(table(mark, form=form, decimal=decimal)))


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_delimiters_beside_many_texts(read, mark):
    more = mark.join(["", "pump", "north hall", "Good", "n a", "see note"])
    assert_read(read(table(mark, head=f"time;flow;rpm{mark}a{mark}b{mark}c{mark}d{mark}e", more=more)))


@pytest.mark.parametrize("mark", [",", ", ", " ", "  "])
def test_delimiters_that_stand_in_times_and_numbers(read, mark):
    assert_read(read(table(mark)))
    assert_read(read(table(mark, form="%Y-%m-%dT%H:%M:%S")))


def test_thousands_of_columns_with_long_names(read):
    names = [f"{'n' * 245}{j:05d}" for j in range(2000)]
    rows = [";".join([f"{t:%Y-%m-%d %H:%M}", *(f"{i}.{j}" for j in range(2000))]) for i, t in enumerate(TIMES[:25])]
    recording = read("\n".join([";".join(["time", *names]), *rows]))
    assert recording.names == tuple(names)
    np.testing.assert_array_equal(recording.values[3], [float(f"3.{j}") for j in range(2000)])


def test_hundreds_of_thousands_of_rows(read):
    times = np.datetime_as_string(np.datetime64("2024-01-01", "s") + np.arange(200_000))
    recording = read("\n".join(["time;flow", *(f"{time};{i}" for i, time in enumerate(times))]))
    np.testing.assert_array_equal(recording.values[:, 0], np.arange(200_000))


def test_packed_files(read):
    assert_read(read(gzip.compress(BASE.encode()), name="data.csv.gz"))


def test_an_index_without_a_name_of_its_own(read):
    lines = BASE.splitlines()
    text = "\n".join([lines[0], *(f"{i};{line}" for i, line in enumerate(lines[1:]))])
    recording = read(text)
    np.testing.assert_array_equal(recording.times, STAMPS)
    np.testing.assert_array_equal(recording.values[:, -2:], np.column_stack([FLOW, RPM]))


def test_utf_8_with_a_byte_that_is_no_text(read):
    text = table(head="time;flöw °C;rpm").encode().replace(b"5.25", b"5.\xff5")
    recording = read(text)
    assert recording.names[0] == "flöw °C"
    assert "1 byte is no text, the first in line 32; shown as \ufffd" in recording.notes
    assert np.flatnonzero(np.isnan(recording.values)).tolist() == [60]


def test_rows_that_do_not_fit_are_kept_out_and_told(read):
    short = read(BASE.replace(LINE_31, "2024-03-01 05:00:00;1020\n"))
    assert len(short.times) == ROWS - 1
    assert (
        "line 32 is kept out, it has fewer fields than the 3 of the others: '2024-03-01 05:00:00;1020'" in short.notes
    )
    two = read(BASE.replace("05:00:00;", "05:00:00;9;").replace("06:00:00;", "06:00:00;9;"))
    assert len(two.times) == ROWS - 2
    assert len([note for note in two.notes if "more fields than the 3 of the others" in note]) == 2


def test_trailing_fields_that_are_left_away_throughout_are_gaps(read):
    text = "\n".join(line.rsplit(";", 1)[0] if i % 3 == 1 else line for i, line in enumerate(BASE.splitlines()))
    recording = read(text)
    np.testing.assert_array_equal(np.isnan(recording.values[:, 1]), np.arange(ROWS) % 3 == 0)
    assert "20 lines with fewer fields than the 3 of the others, the first is line 2" in "\n".join(recording.notes)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (table(",", decimal=","), "line 2 has 4 fields, the header in line 1 names 3; name every column, and put"),
        (
            BASE.replace(";", ",").replace(",10", ",1,0"),
            "line 2 has 3 fields, line 12 has 4; put texts, and numbers with the mark",
        ),
        (table(head="time;flow"), "line 2 has 3 fields, the header in line 1 names 2; name every column"),
        (BASE.replace(";104", ";9;104"), "more fields than the others"),
        (BASE.replace("1020", '"1020'), "a quotation mark of line 32 is never closed; mend the line"),
        ("\n".join(f'"{line}"' for line in BASE.splitlines()), "has each line in quotes ('\"time;flow;rpm\"'); take"),
        ("<table><tr><td>time</td></tr></table>", "is HTML or XML; expected CSV or Parquet"),
        ('{"time": "2024-03-01", "flow": 1}\n' * 30, "is JSON; expected CSV or Parquet"),
        (b"PK\x03\x04" + bytes(range(256)), "is a ZIP archive, as workbooks of Excel are; save the sheet as CSV"),
        (b"\xd0\xcf\x11\xe0" + bytes(100), "is a workbook of an old Excel; save the sheet as CSV"),
        (bytes(range(256)) * 4, "is not a text file"),
        (b"\x1f\x8b\x08damaged", "cannot be unpacked"),
        ("\ufeff", "has a single column"),
    ],
)
def test_what_cannot_be_split_for_sure_is_refused(read, text, sentence):
    with pytest.raises(UnusableData, match=re.escape(sentence)):
        read(text)
