"""Times come back however they are written: in one column or several, in words or counted; or the file is refused."""

import datetime as dt
import re

import numpy as np
import pytest
from acm_monitor.errors import UnusableData
from acm_monitor.reading import Reading
from acm_monitor.reading.times import parse_times

ROWS = 60
TIMES = [dt.datetime(2024, 3, 1) + dt.timedelta(minutes=10 * i) for i in range(ROWS)]
STAMPS = np.array(TIMES, "datetime64[us]")
FLOW = 1.5 + np.arange(ROWS) / 8
HOUR = dt.timedelta(hours=1)
MILLISECONDS = dt.timedelta(milliseconds=123)


def table(time, head="time;flow"):
    return "\n".join([head, *(f"{time(t)};{flow}" for t, flow in zip(TIMES, FLOW, strict=True))]) + "\n"


def seconds(time, origin=dt.datetime(1970, 1, 1)):
    return (time - origin).total_seconds()


def days(time, origin):
    return f"{seconds(time, origin) / 86_400:.10f}"


def ticks(time, year):
    return str(int(seconds(time, dt.datetime(year, 1, 1))) * 10**7)


def twelve(time):
    return f"{time.hour % 12 or 12}:{time:%M}"


def half(time):
    return "a.m." if time.hour < 12 else "p.m."


def late(time):
    """24:00 of the day before instead of midnight."""
    return f"{time - HOUR:%Y-%m-%d} 24:00:00" if time.hour == time.minute == 0 else f"{time:%Y-%m-%d %H:%M:%S}"


IN_ONE_WAY = {
    "iso": lambda t: f"{t:%Y-%m-%d %H:%M:%S}",
    "iso_t_z": lambda t: f"{t:%Y-%m-%dT%H:%M:%S}Z",
    "iso_lower": lambda t: f"{t:%Y-%m-%dt%H:%M:%S}z",
    "iso_comma": lambda t: f"{t:%Y-%m-%d %H:%M:%S},000",
    "iso_offset": lambda t: f"{t + HOUR:%Y-%m-%dT%H:%M:%S}+0100",
    "iso_short_offset": lambda t: f"{t + HOUR:%Y-%m-%d %H:%M:%S}+01",
    "iso_negative_offset": lambda t: f"{t - HOUR:%Y-%m-%d %H:%M}-01:00",
    "iso_minus_sign": lambda t: f"{t - HOUR:%Y-%m-%dT%H:%M:%S}\u221201:00",
    "iso_zone": lambda t: f"{t + HOUR:%Y-%m-%dT%H:%M:%S}+01:00[Europe/Berlin]",
    "iso_two_zones": lambda t: f"{t:%Y-%m-%d %H:%M:%S} +0000 UTC",
    "iso_gmt": lambda t: f"{t + HOUR:%Y-%m-%d %H:%M:%S} GMT+1",
    "iso_utc": lambda t: f"{t + HOUR:%Y-%m-%d %H:%M:%S} UTC+01:00",
    "iso_letters": lambda t: f"{t:%Y-%m-%d %H:%M:%S} CET",
    "iso_two_offsets": lambda t: (
        f"{t + HOUR:%Y-%m-%dT%H:%M:%S}+01:00" if t.hour < 5 else f"{t + 2 * HOUR:%Y-%m-%dT%H:%M:%S}+02:00"
    ),
    "iso_half": lambda t: f"{t:%Y-%m-%d} {twelve(t)} {half(t)}",
    "midnight_24": late,
    "points": lambda t: f"{t:%Y.%m.%d %H:%M}",
    "slashes": lambda t: f"{t.year}/{t.month}/{t.day} {t.hour}:{t:%M}",
    "blanks": lambda t: f"{t:%Y %m %d %H:%M}",
    "blanks_throughout": lambda t: f"{t:%Y %m %d %H %M}",
    "colons": lambda t: f"{t:%Y:%m:%d %H:%M:%S}",
    "underscores": lambda t: f"{t:%Y-%m-%d_%H-%M-%S}",
    "clock_with_points": lambda t: f"{t:%Y-%m-%d %H.%M.%S}",
    "database": lambda t: f"{t:%Y-%m-%d-%H.%M.%S}.000000",
    "hungarian": lambda t: f"{t:%Y. %m. %d. %H:%M}",
    "japanese": lambda t: f"{t.year}年{t.month}月{t.day}日{t.hour}時{t.minute}分",
    "time_first": lambda t: f"{t:%H:%M:%S %Y-%m-%d}",
    "weekday_first": lambda t: f"{t:%a %Y-%m-%d %H:%M}",
    "brackets": lambda t: f"[{t:%Y-%m-%d %H:%M:%S}]",
    "formula": lambda t: f'="{t:%Y-%m-%d %H:%M:%S}"',
    "ordinal": lambda t: f"{t:%Y-%j %H:%M}",
    "ordinal_run_together": lambda t: f"{t:%Y%j%H%M}",
    "run_together": lambda t: f"{t:%Y%m%d%H%M%S}",
    "run_together_fraction": lambda t: f"{t:%Y%m%d%H%M%S}000",
    "run_together_blank": lambda t: f"{t:%Y%m%d %H%M}",
    "run_together_underscore": lambda t: f"{t:%Y%m%d_%H%M%S}",
    "run_together_clock": lambda t: f"{t:%Y%m%d %H:%M:%S}",
    "month_in_letters": lambda t: f"{t:%d-%b-%Y %H:%M}",
    "month_in_letters_year_first": lambda t: f"{t:%Y-%b-%d %H:%M}",
    "month_and_short_year": lambda t: f"{t:%d-%b-%y %H:%M}",
    "month_in_full": lambda t: f"{t:%A %B %d %Y} {twelve(t)} {half(t)}",
    "month_at": lambda t: f"{t:%B %d, %Y at %H:%M}",
    "first_of": lambda t: f"{t.day}st {t:%B %Y %H:%M}",
    "ctime": lambda t: t.ctime(),
    "web_server": lambda t: f"{t:%d/%b/%Y:%H:%M:%S +0000}",
    "mail": lambda t: f"{t + HOUR:%a, %d %b %Y %H:%M:%S} +0100",
    "browser": lambda t: f"{t:%a %b %d %Y %H:%M:%S} GMT+0000 (Coordinated Universal Time)",
    "statistics": lambda t: f"{t:%d%b%Y:%H:%M:%S}".upper(),
    "clock_with_points_and_letters": lambda t: f"{t:%d-%b-%y %I.%M.%S}.000000 {'AM' if t.hour < 12 else 'PM'}".upper(),
    "german_month": lambda t: f"{t.day}. März {t:%Y %H:%M}",
    "german_short_month": lambda t: f"{t:%d}-Mrz-{t:%y %H:%M}",
    "french_month": lambda t: f"{t.day} mars {t:%Y à %H:%M}",
    "spanish_month": lambda t: f"{t.day} de marzo de {t:%Y %H:%M}",
    "dutch_month": lambda t: f"{t.day} mrt. {t:%Y %H:%M}",
    "russian_month": lambda t: f"{t.day} марта {t:%Y %H:%M}",
}
DAY_FIRST = {
    "slashes": lambda t: f"{t:%d/%m/%Y %H:%M}",
    "backslashes": lambda t: f"{t:%d}\\{t:%m}\\{t:%Y} {t:%H:%M}",
    "blanks": lambda t: f"{t:%d %m %Y %H %M %S}",
    "french_clock": lambda t: f"{t:%d/%m/%Y %H}h{t:%M}",
    "time_first": lambda t: f"{t:%H:%M:%S %d/%m/%Y}",
    "run_together": lambda t: f"{t:%d%m%Y %H%M}",
    "run_together_short": lambda t: f"{t:%d%m%y %H:%M}",
}
MONTH_FIRST = {
    "half": lambda t: f"{t:%m/%d/%Y} {twelve(t)} {half(t)}",
    "narrow_blank": lambda t: f"{t:%m/%d/%Y}, {twelve(t)}:00\u202f{'AM' if t.hour < 12 else 'PM'}",
    "short_year": lambda t: f"{t:%m/%d/%y %H:%M}",
}
FOUND_OUT = {
    "points": lambda t: f"{t:%d.%m.%Y %H:%M}",
    "points_short_year": lambda t: f"{t:%d.%m.%y %H:%M}",
    "clock_with_points": lambda t: f"{t:%d.%m.%Y %H.%M}",
    "blanks_after_points": lambda t: f"{t.day}. {t.month}. {t.year} {t:%H:%M}",
    "milliseconds_after_a_colon": lambda t: f"{t:%d.%m.%Y %H:%M:%S}:000",
    "o_clock": lambda t: f"Fr., {t:%d.%m.%Y %H:%M} Uhr",
    "year_first": lambda t: f"{t:%y-%m-%d %H:%M}",
    "year_first_slashes": lambda t: f"{t:%y/%m/%d %H:%M:%S}",
    "year_first_points": lambda t: f"{t:%y.%m.%d %H:%M:%S}",
    "year_first_run_together": lambda t: f"{t:%y%m%d%H%M}",
    "year_first_run_together_blank": lambda t: f"{t:%y%m%d %H:%M:%S}",
}
COUNTED = {
    "seconds": lambda t: f"{seconds(t):.0f}",
    "seconds_fraction": lambda t: f"{seconds(t):.1f}",
    "seconds_decimal_comma": lambda t: f"{seconds(t):.0f},0",
    "seconds_grouped": lambda t: f"{seconds(t):,.0f}".replace(",", "."),
    "seconds_exponent": lambda t: f"{seconds(t):.9E}",
    "seconds_at": lambda t: f"@{seconds(t):.0f}",
    "milliseconds": lambda t: f"{seconds(t) * 1e3:.0f}",
    "milliseconds_json": lambda t: f"/Date({seconds(t) * 1e3:.0f})/",
    "microseconds": lambda t: f"{seconds(t) * 1e6:.0f}",
    "nanoseconds": lambda t: f"{int(seconds(t)) * 10**9}",
    "ticks": lambda t: ticks(t, 1),
    "file_time": lambda t: ticks(t, 1601),
    "labview": lambda t: f"{seconds(t, dt.datetime(1904, 1, 1)):.3f}",
}
DAYS = {
    "spreadsheet": lambda t: days(t, dt.datetime(1899, 12, 30)),
    "spreadsheet_decimal_comma": lambda t: days(t, dt.datetime(1899, 12, 30)).replace(".", ","),
    "modified_julian": lambda t: days(t, dt.datetime(1858, 11, 17)),
    "julian": lambda t: f"{2_440_587.5 + seconds(t) / 86_400:.8f}",
    "matlab": lambda t: f"{719_529 + seconds(t) / 86_400:.8f}",
}


def assert_read(recording, within=0, stamps=STAMPS):
    assert recording.times.shape == stamps.shape
    assert (abs(recording.times - stamps) <= np.timedelta64(within, "us")).all()
    np.testing.assert_array_equal(recording.values, FLOW[:, None])


@pytest.mark.parametrize("form", IN_ONE_WAY.values(), ids=IN_ONE_WAY)
def test_what_can_be_read_in_one_way(read, form):
    assert_read(read(table(form)))


@pytest.mark.parametrize("form", DAY_FIRST.values(), ids=DAY_FIRST)
def test_day_first(read, form):
    assert_read(read(table(form), Reading(day_first=True)))


@pytest.mark.parametrize("form", MONTH_FIRST.values(), ids=MONTH_FIRST)
def test_month_first(read, form):
    assert_read(read(table(form), Reading(day_first=False)))


@pytest.mark.parametrize("form", FOUND_OUT.values(), ids=FOUND_OUT)
def test_the_order_is_found_out(read, form):
    assert_read(read(table(form)))


@pytest.mark.parametrize("head", ["time;flow", "x;flow", "Datum/Uhrzeit;flow", "Time [s];flow", "日時;flow"])
@pytest.mark.parametrize("form", COUNTED.values(), ids=COUNTED)
def test_counted_times(read, form, head):
    assert_read(read(table(form, head)))


@pytest.mark.parametrize("form", DAYS.values(), ids=DAYS)
def test_counted_days_in_a_column_named_like_a_time(read, form):
    assert_read(read(table(form)), within=1000)
    with pytest.raises(UnusableData, match="has no time column"):
        read(table(form, "load;flow"))


@pytest.mark.parametrize(
    ("head", "form"),
    [
        ("Date;Time;flow", lambda t: f"{t:%d.%m.%Y};{t:%H:%M}"),
        ("Time;Date;flow", lambda t: f"{t:%H:%M:%S};{t:%Y-%m-%d}"),
        ("Time;Time;flow", lambda t: f"{t:%Y-%m-%d};{t:%H:%M:%S}"),
        ("Date;Time;flow", lambda t: f"{t:%d-%b-%Y};{twelve(t)} {half(t)}"),
        ("Date;Time;flow", lambda t: f"{t:%Y%m%d};{t:%H%M}"),
        ("Date;Time;flow", lambda t: f"{t:%Y-%m-%d};{t:%H%M%S}"),
        ("Date;Time;flow", lambda t: f"{t:%Y-%m-%d};{int(f'{t:%H%M}')}"),
        ("Datum;Zeit;flow", lambda t: f"{t:%d.%m.%Y} 00:00:00;{t:%H:%M:%S}"),
        ("Datum;Zeit;flow", lambda t: f"{t:%d.%m.%Y};30.12.1899 {t:%H:%M:%S}"),
        ("Datum;Zeit;flow", lambda t: f"{t:%d.%m.%Y};{t:%H.%M.%S}"),
        ("Datum;Zeit;flow", lambda t: f"{t:%d.%m.%Y};{t:%H.%M}"),
        ("Date;Heure;flow", lambda t: f"{t:%Y-%m-%d};{t:%H}h{t:%M}"),
        ("Date;Time;flow", lambda t: f"{t:%Y-%m-%d};{t:%H:%M:%S}Z"),
        ("Date;Hour;Minute;flow", lambda t: f"{t:%Y-%m-%d};{t.hour};{t.minute}"),
        ("Year;Month;Day;Hour;Minute;flow", lambda t: f"{t.year};{t.month};{t.day};{t.hour};{t.minute}"),
        ("#YY;MM;DD;hh;mm;flow", lambda t: f"{t:%y;%m;%d;%H;%M}"),
        ("Date;Time;Milliseconds;flow", lambda t: f"{t:%Y-%m-%d};{t:%H:%M:%S};0"),
    ],
)
def test_several_columns(read, head, form):
    recording = read(table(form, head))
    assert_read(recording)
    assert recording.names == ("flow",)


def test_milliseconds_of_their_own_column(read):
    recording = read(table(lambda t: f"{seconds(t):.0f};{MILLISECONDS.microseconds // 1000}", "epoch;ms;flow"))
    assert_read(recording, stamps=STAMPS + np.timedelta64(MILLISECONDS))
    assert "time is columns 'epoch' and 'ms' (by its name)" in recording.notes


def test_a_time_of_a_sensor_is_not_the_time(read):
    text = table(lambda t: f"{27_000 + TIMES.index(t) / 6:.2f};{t:%Y-%m-%d %H:%M}", "run_time;stamp;flow")
    assert read(text).names == ("run_time", "flow")


def test_two_digit_years_are_of_two_centuries():
    times = parse_times(["31.12.99 23:00", "01.01.00 00:00"]).times
    np.testing.assert_array_equal(times, np.array(["1999-12-31T23", "2000-01-01T00"], "datetime64[us]"))


def test_the_year_is_found_first_by_the_way_through_time():
    parsed = parse_times([f"24-{m:02d}-{d:02d} 00:00" for m in (3, 4) for d in range(1, 13)])
    assert parsed.times[0] == np.datetime64("2024-03-01")
    assert "year first" in parsed.notes[0]


def test_zones_in_letters_are_told():
    assert "zones in letters are left out ('2024-03-01 00:00 CET')" in parse_times(["2024-03-01 00:00 CET"]).notes[0]


@pytest.mark.parametrize(
    "form",
    [
        lambda t: f"{t:%b %d %H:%M:%S}",
        lambda t: f"{t:%H:%M:%S}",
        lambda t: f"{t:%G-W%V-%u}",
        lambda t: str(TIMES.index(t)),
        lambda t: hex(int(seconds(t))),
    ],
    ids=["no_year", "clock_alone", "weeks", "counted_rows", "hexadecimal"],
)
def test_what_is_no_time_is_refused_with_what_to_do(read, form):
    told = f"'time' holds {form(TIMES[0])!r}: say how it is written with --time-format"
    with pytest.raises(UnusableData, match=re.escape(told)):
        read(table(form))
