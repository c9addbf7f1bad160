"""What `explain`, `trace` and `doctor` say of costs, and whether a profile is still true."""

import numpy as np
import pytest

import acm_dispatch
from acm_dispatch import registry, use
from acm_dispatch.selection import machine
from acm_dispatch.selection.costs import Estimate
from acm_dispatch.selection.keeping import update
from acm_dispatch.selection.profile import Entry, Key, Point, Profile, _row, merged
from acm_dispatch.tuning.staleness import staleness

X = np.ones((400, 5))
MEASURED = Point(2000, 5, 1e-3)
#: The middle of all amounts of work, and the width, at which calls like that of X are planned.
MIDDLE = (1536, 5)


def numpy_takes(seconds):
    facts = machine.facts_of(registry.find_backend("numpy"))
    key = Key("zscore", "numpy", "zscore_in_place", "float64", 1)
    return Entry(key, facts, "n * d", "2026-01-01", (MEASURED._replace(seconds=seconds),))


@pytest.fixture
def profile(tmp_path):
    entry = numpy_takes(1e-3)._replace(points=(Point(*MIDDLE, 1e-3),))
    update(tmp_path / "profile.json", lambda old: merged(old, [entry]))
    return tmp_path / "profile.json"


def test_explain_tells_the_seconds_and_where_they_come_from(profile):
    with use("numpy", profile=profile, strict=True):
        told = acm_dispatch.explain("zscore", X)
    origin = f"the profile {profile} of 2026-01-01"
    assert told.predicted == {"numpy": Estimate(pytest.approx(1e-3), origin)}
    assert f"predicted 1 ms ({origin})" in str(told)


@pytest.mark.parametrize(
    ("seconds", "start", "text"),
    [
        (2.5, 0.0, "predicted 2.5 s (a)"),
        (1.2e-5, 0.0, "predicted 12 µs (a)"),
        (0.004, 1.5, "predicted 4 ms, 1.5 s more the first time (a)"),
    ],
)
def test_times_are_told_in_units_that_one_can_read(seconds, start, text):
    assert str(Estimate(seconds, "a", start)) == text


def test_a_trace_has_the_predicted_beside_the_measured_time(profile):
    exclude = registry.backends().keys() - {"numpy"}
    with use(profile=profile, exclude=exclude), acm_dispatch.trace() as trace:
        acm_dispatch.zscore(X)
        acm_dispatch.zscore(X, backend="numpy")
    decided, named = trace.records
    assert decided.predicted == pytest.approx(1e-3)
    assert named.predicted is None
    assert "predicted" in str(trace)
    assert "1.0" in str(trace).splitlines()[1]


@pytest.mark.parametrize(("seconds", "text"), [(1e-9, "times as long"), (1e3, "of the time")])
def test_a_profile_that_is_off_by_more_than_twice_is_stale(seconds, text):
    assert text in staleness(Profile([_row(numpy_takes(seconds))]))


def test_a_profile_without_the_point_is_not_called_stale():
    assert staleness(Profile()) is None
    other = numpy_takes(1e-9)._replace(points=(Point(77, 7, 1e-9),))
    assert staleness(Profile([_row(other)])) is None
