"""Numbers come back however they are written, or are gaps with a note that names the line."""

import datetime as dt

import numpy as np
import pytest
from acm_monitor.reading import Reading

ROWS = 60
TIMES = [dt.datetime(2024, 3, 1) + dt.timedelta(minutes=10 * i) for i in range(ROWS)]
RPM = 990.0 + np.arange(ROWS)
GROUPS = {"point": ".", "apostrophe": "'", "quote": "\u2019", "thin": "\u2009", "narrow": "\u202f", "blank": " "}


def table(cells, mark=";"):
    rows = [mark.join([f"{time:%Y-%m-%d %H:%M}", *map(str, row)]) for time, row in zip(TIMES, cells, strict=True)]
    head = ["time", "rpm", "other"][: 1 + len(cells[0])]
    return "\n".join([mark.join(head), *rows]) + "\n"


def column(spelled, mark=";"):
    return table([[spelled(value)] for value in RPM], mark)


def grouped(value, mark):
    return f"{value:,.0f}".replace(",", mark)


@pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
def test_thousands_beside_a_decimal_comma(read, group):
    cells = [[grouped(value, group), f"{i},25"] for i, value in enumerate(RPM)]
    np.testing.assert_array_equal(read(table(cells)).values.T, [RPM, np.arange(ROWS) + 0.25])


@pytest.mark.parametrize(
    "spelled",
    [
        lambda x: f"{x:.0f}.",
        lambda x: f"{x:07.0f}",
        lambda x: f"+{x:.0f}",
        lambda x: f"  {x:.2f}\t",
        lambda x: f"\u00a0{x:.2f}\u00a0",
        lambda x: f"{x:.5E}",
        lambda x: f"{x:.5E}".replace(".", ","),
        lambda x: f"{x:.5E}".replace("E", "D"),
        lambda x: f'="{x:.2f}"',
        lambda x: f"'{x:.2f}'",
        lambda x: f"{x:.2f} %",
        lambda x: f"{x:.2f}°C",
        lambda x: f"{x:.2f} U/min".replace(".", ","),
        lambda x: f"{x:.25f}",
    ],
)
def test_spellings(read, spelled):
    np.testing.assert_array_equal(read(column(spelled)).values[:, 0], RPM)


@pytest.mark.parametrize("spelled", [lambda x: f"\u2212{x:.0f}", lambda x: f"\u2013{x:.0f}", lambda x: f"{x:.1f}-"])
def test_negative_numbers(read, spelled):
    np.testing.assert_array_equal(read(column(spelled)).values[:, 0], -RPM)


def test_groups_of_two_digits(read):
    values = read(table([[f"1,23,{456 + i}.25"] for i in range(ROWS)])).values[:, 0]
    np.testing.assert_array_equal(values, 123_456.25 + np.arange(ROWS))


@pytest.mark.parametrize("group", [".", ","])
def test_thousands_that_go_on_from_smaller_numbers(read, group):
    recording = read(column(lambda x: grouped(x, group)))
    np.testing.assert_array_equal(recording.values[:, 0], RPM)
    assert "may group thousands or be decimal; read grouping thousands" in "\n".join(recording.notes)


@pytest.mark.parametrize("group", [".", ","])
def test_a_sensor_that_is_off_now_and_then_has_decimals(read, group):
    cells = [["0" if i % 7 == 0 else f"1{group}{200 + i}"] for i in range(ROWS)]
    assert 0 <= read(table(cells)).values.max() < 2
    assert read(table(cells), Reading(decimal="," if group == "." else ".")).values.max() > 1000


NO_NUMBERS = (
    "inf -Infinity 1e999 1.#QNAN #DIV/0! Bad *** <0.05 12:30 1..5 1.2.3 1/2 0x1F TRUE (5) 5* Überlauf No_Good_Data"
)


@pytest.mark.parametrize("cell", [*NO_NUMBERS.split(), "5 5", "[-11059] No Good Data"])
@pytest.mark.parametrize("decimal", [".", ","])
def test_a_cell_that_is_no_number_is_a_gap_and_told(read, cell, decimal):
    cells = [[cell if i in (4, 5) else f"{value / 8}".replace(".", decimal)] for i, value in enumerate(RPM)]
    recording = read(table(cells))
    np.testing.assert_array_equal(recording.values[:, 0], np.where(np.isin(np.arange(ROWS), (4, 5)), np.nan, RPM / 8))
    assert f"rpm: 2 cells not a number, such as {cell!r} in line 6, taken as gaps" in recording.notes


def test_a_sensor_that_fails_mostly_is_no_sensor_lost(read):
    recording = read(table([[f"{value:.1f}" if i % 6 == 0 else "Bad Input"] for i, value in enumerate(RPM)]))
    assert np.isfinite(recording.values[:, 0]).sum() == 10
    assert "rpm: 50 cells not a number, such as 'Bad Input' in line 3, taken as gaps" in recording.notes


def test_what_is_left_out_is_told_with_its_line(read):
    recording = read(table([["on" if i % 2 else "off", i] for i in range(ROWS)]))
    assert "left out, not numeric: 'rpm' ('off' in line 2)" in recording.notes
    recording = read(table([[f"{i} bar" if i % 2 else f"{i} mbar", i] for i in range(ROWS)]))
    assert "left out, not numeric: 'rpm' ('0 mbar' in line 2)" in recording.notes


def test_units_are_told(read):
    assert "rpm: each number is followed by '°C', which is left out" in read(column(lambda x: f"{x:.1f} °C")).notes


def test_integers_beyond_a_float_are_told(read):
    notes = read(column(lambda x: f"900719925474{x:.0f}99")).notes
    assert "rpm: integers such as '90071992547499099' in line 2 have more digits than a float64 keeps" in "\n".join(
        notes
    )
