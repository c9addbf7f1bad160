"""Profiles: what they predict, what of a file counts, that nothing is lost in one, and that calls go by them."""

import json
import subprocess
import sys
from math import isclose

import numpy as np
import pytest

import acm_dispatch
from acm_dispatch import Backend, Samples, operation, registry, use
from acm_dispatch.selection import machine, profile
from acm_dispatch.selection.curves import Curve, Point
from acm_dispatch.selection.keeping import update
from acm_dispatch.selection.profile import Entry, Key, merged, read
from acm_dispatch.selection.sources import Source, read_again
from acm_dispatch.tuning.cells import cells_of, variants_of
from acm_dispatch.tuning.session import Session
from acm_dispatch.tuning.warming import warm_up

X = np.ones((100, 4))


def entry(backend="numpy", seconds=1e-3, **changes):
    """What a profile says of a backend's zscore: so many seconds, whatever the size."""
    key = Key("zscore", backend, "zscore", "float64", 1)
    facts = machine.facts_of(registry.find_backend(backend))
    points = (Point(100, 4, seconds), Point(10**8, 4, seconds))
    return Entry(key, facts, "n * d", "2026-01-01", points)._replace(**changes)


def written(path, *entries):
    update(path, lambda old: merged(old, entries))
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "profile.json"


def test_a_curve_is_a_power_of_work_between_its_points_and_goes_on_beyond():
    curve = Curve([Point(100, 1, 1e-6), Point(10_000, 1, 1e-4), Point(1_000_000, 1, 1e-2)])
    assert isclose(curve.seconds(1_000, 1), 1e-5)
    assert isclose(curve.seconds(1, 1), 1e-6), "a call costs something however small"
    assert isclose(curve.seconds(10**8, 1), 1.0), "as steep as between the last two points"
    flat = Curve([Point(10, 1, 1e-5), Point(100, 1, 1e-5)])
    assert flat.seconds(10_000, 1) > 5e-4, "two calls that cost little more than a call do not say that time stays"
    steep = Curve([Point(10, 1, 1e-9), Point(20, 1, 1.0)])
    assert steep.seconds(40, 1) < 3, "two noisy points do not make a prediction explode"


def test_a_curve_lies_between_its_lines_of_equal_width():
    curve = Curve([Point(1000, 1, 1e-6), Point(1000, 100, 1e-4)])
    assert isclose(curve.seconds(1000, 10), 1e-5)
    assert isclose(curve.seconds(1000, 5000), 1e-4)


def test_what_is_written_is_read(path):
    told = entry(undecided=((100, 4),), compiling=2.5, loading=0.25, importing=0.5)
    written(path, told)
    assert read(path).entries == {told.key: told}
    assert len(path.read_text().splitlines()) == 5, "an entry a line, so that two files can be compared by eye"


DAMAGE = {
    "truncated": lambda text: text[: len(text) // 2],
    "of the future": lambda text: text.replace('"format": 1', '"format": 2'),
    "another file": lambda text: "[1, 2, 3]",
    "no text": lambda text: "\0\0\0",
    "without entries": lambda text: '{"format": 1, "entries": 7}',
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_file_that_is_no_profile_is_one_sentence(path, damage):
    written(path, entry())
    path.write_text(DAMAGE[damage](path.read_text()))
    found = read(path)
    assert not found.entries
    assert len(found.ignored) == 1


EDITS = [{"threads": 0}, {"points": [[1, 1, -1.0]]}, {"points": []}, {"dtype": 7}, {"unit": None}]


@pytest.mark.parametrize("change", EDITS, ids=lambda change: next(iter(change)))
def test_of_an_edited_file_only_what_is_wrong_is_lost(path, change):
    written(path, entry(), entry("rust") if "rust" in registry.backends() else entry()._replace(unit="n"))
    document = json.loads(path.read_text())
    document["entries"][0].update(change)
    path.write_text(json.dumps(document))
    found = read(path)
    assert len(found.entries) == len(document["entries"]) - 1
    assert len(found.ignored) == 1


def test_entries_count_as_long_as_their_facts_hold(path):
    lost = {"facts": entry(facts="another processor"), "unit": entry(unit="n * d * d")}
    for name, each in lost.items():
        source = Source("yours", path, profile.Profile([profile._row(each)]), True)
        assert source.reason_against(each), name
        assert source.status().startswith("0 entries used, 1 ignored: 1 because ")
    assert Source("bundled", path, profile.Profile(), False).reason_against(lost["facts"]) is None
    gone = entry()._replace(key=entry().key._replace(backend="gone"))
    assert "not installed" in Source("yours", path, profile.Profile(), True).reason_against(gone)


def test_new_points_take_the_place_of_old_ones_and_other_facts_that_of_the_entry():
    old = {entry().key: entry(compiling=3.0, undecided=((100, 4),))}
    newer = entry(points=(Point(100, 4, 5e-3),))
    both = merged(old, [newer])[newer.key]
    assert both.points == (Point(100, 4, 5e-3), Point(10**8, 4, 1e-3))
    assert (both.compiling, both.undecided) == (3.0, ())
    other = newer._replace(facts="another processor")
    assert merged(old, [other]) == {other.key: other}


WRITE = """
import sys
from pathlib import Path
from acm_dispatch.selection.keeping import update
from acm_dispatch.selection.profile import Entry, Key, Point, merged
who = sys.argv[2]
for i in range(1, 26):
    entry = Entry(Key("zscore", who, f"k{i}", "float64", 1), "f", "n * d", "2026-01-01", (Point(1, 1, 1.0),))
    update(Path(sys.argv[1]), lambda old: merged(old, [entry]))
"""


def test_processes_that_write_at_once_lose_nothing(path):
    writers = [subprocess.Popen([sys.executable, "-c", WRITE, path, who]) for who in ("a", "b", "c")]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert len(read(path).entries) == 75


def test_a_writer_that_dies_leaves_the_old_file(path, monkeypatch):
    written(path, entry())
    monkeypatch.setattr("os.fsync", lambda handle: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        written(path, entry(seconds=9.0))
    assert read(path).entries == {entry().key: entry()}
    assert sorted(each.name for each in path.parent.iterdir()) == ["profile.json", "profile.json.lock"]


@pytest.fixture
def two_backends():
    """Two backends for zscore of which nothing is known but what a profile says."""
    made = [Backend("one"), Backend("two")]
    for backend in made:
        backend.kernel("zscore")(lambda *arguments: arguments[0].copy())
        acm_dispatch.register_backend(backend)
    yield made
    for backend in made:
        acm_dispatch.unregister_backend(backend.name)


def test_calls_go_to_the_fastest_of_the_profile(path, two_backends):
    written(path, entry(seconds=1e-3), entry("one", 1e-9), entry("two", 1e-10))
    with use(profile=path):
        told = acm_dispatch.explain("zscore", X)
    assert told.chosen == "two"
    assert told.decided_by == f"the profile {path} of 2026-01-01"
    written(path, entry("two", 1.0))
    read_again()
    with use(profile=path):
        assert acm_dispatch.explain("zscore", X).chosen == "one"
        assert acm_dispatch.explain("zscore", X.astype("float32")).chosen == "one", "what is known of another dtype"


def test_a_backend_that_was_never_measured_comes_after_those_that_were(two_backends):
    told = acm_dispatch.explain("zscore", X)
    assert [*told.verdicts][-2:] == ["one", "two"]
    assert told.chosen not in ("one", "two")


def test_what_an_author_measured_counts_relative_to_numpy(path, two_backends):
    one = two_backends[0]
    one.profile = written(path, entry(seconds=1e-3), entry("one", 1e-9))
    registry.changed()
    told = acm_dispatch.explain("zscore", X)
    assert told.chosen == "one"
    assert told.decided_by.startswith("the profile that one brings")


def test_a_kernel_that_a_profile_found_wrong_is_not_chosen(path, two_backends):
    wrong = entry("one", points=(), wrong="differs from the reference")
    wrong = wrong._replace(key=wrong.key._replace(kernel=two_backends[0].kernels["zscore"][0].name))
    written(path, entry(seconds=1e-3), wrong)
    with use("one", profile=path):
        told = acm_dispatch.explain("zscore", X)
    assert told.chosen != "one"
    assert "differs from the reference" in told.verdicts["one"]


USES = """
import sys, numpy, acm_dispatch
x = numpy.ones((100, 4))
print({acm_dispatch.explain("zscore", x).chosen for _ in range(250)}, acm_dispatch.explain("zscore", x).decided_by)
"""


def test_the_next_processes_use_what_was_written(path, monkeypatch):
    monkeypatch.setenv("ACM_DISPATCH_CACHE_DIR", str(path.parent))
    assert profile.user_path().parent == path.parent
    monkeypatch.setenv("ACM_DISPATCH_EXCLUDE", ",".join(registry.backends().keys() - {"numpy"}))
    written(profile.user_path(), entry())
    for _ in range(4):
        done = subprocess.run([sys.executable, "-c", USES], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "{'numpy'} your profile of 2026-01-01"


def draw(rng, n):
    return {"x": rng.normal(size=(n, 3))}


@pytest.fixture
def doubled():
    @operation("n d -> n d", work="n * d", nan="propagate", samples=Samples(draw))
    def doubled(x, *, backend=None):
        return x + x

    yield doubled
    del registry.operations["doubled"]
    acm_dispatch.numpy_backend._kernels.pop("doubled", None)
    registry.changed()


def slow(x):
    for _ in range(300):
        y = x + x
    return y


def test_tune_finds_the_faster_kernel_and_excludes_the_wrong_one(path, doubled):
    backends = {name: Backend(name) for name in ("good", "slow", "false")}
    backends["good"].kernel("doubled")(lambda x: np.add(x, x))
    backends["slow"].kernel("doubled", name="slow")(slow)
    backends["false"].kernel("doubled", name="false")(lambda x: x * 3)
    for backend in backends.values():
        acm_dispatch.register_backend(backend)
    try:
        done = acm_dispatch.tune(5, operations=["doubled"], profile=path, threads=[1], sizes=[60, 2000])
        assert {key.backend for key in done.wrong} == {"false"}
        assert all(sentence.startswith("differs from the reference in ") for sentence in done.wrong.values())
        assert {verdict.after for verdict in done.verdicts} <= {"good", "numpy"}
        with use(profile=path):
            told = acm_dispatch.explain("doubled", X)
            assert told.chosen in ("good", "numpy")
            assert "differs from the reference" in told.verdicts["false"]
    finally:
        for name in backends:
            acm_dispatch.unregister_backend(name)


def test_a_named_profile_says_who_has_a_cell_until_now(path, doubled):
    """Not the profile in force: a second run would find all those changes again."""
    backend = Backend("slow")
    backend.kernel("doubled")(slow)
    acm_dispatch.register_backend(backend)
    try:
        fastest = entry("slow", 1e-9, unit="n * d")
        written(path, fastest._replace(key=fastest.key._replace(operation="doubled", kernel="slow")))
        asked = {"operations": ["doubled"], "profile": path, "threads": [1], "dtypes": ["float64"], "sizes": [2000]}
        first, second = (acm_dispatch.tune(1, **asked) for _ in range(2))
        assert {verdict.before for verdict in first.verdicts} == {"slow"}
        assert {verdict.before for verdict in second.verdicts} == {"numpy"}
        assert second.changed == []
    finally:
        acm_dispatch.unregister_backend("slow")


def test_an_interrupted_run_keeps_what_it_measured(path):
    def stop(progress):
        if progress.done == 3:
            raise KeyboardInterrupt

    asked = {"operations": ["zscore"], "backends": ["numpy"], "threads": [1], "sizes": [60, 2000], "profile": path}
    with pytest.raises(KeyboardInterrupt):
        acm_dispatch.tune(60, **asked, show=stop)
    before = {key: len(each.points) for key, each in read(path).entries.items()}
    assert sum(before.values()) == 3
    first = []
    acm_dispatch.tune(60, **asked, show=lambda progress: first.append(progress.cell))
    assert sum(len(each.points) for each in read(path).entries.values()) > 3
    assert first[-3:] != first[:3], "what was measured before comes last"


class Disk(set):
    """Kernels whose machine code is there."""


def test_a_kernel_is_compiled_once_calls_have_lost_as_much_as_that_takes(path, doubled):
    backend = Backend("compiling", compiled=Disk())
    backend.kernel("doubled")(lambda x: np.add(x, x))
    acm_dispatch.register_backend(backend)
    facts = {name: machine.facts_of(registry.find_backend(name)) for name in ("numpy", "compiling")}
    points = {"numpy": (Point(400, 4, 1.5),), "compiling": (Point(400, 4, 0.5),)}
    keys = {name: Key("doubled", name, name, "float64", 1) for name in points}
    told = [Entry(keys[name], facts[name], "n * d", "2026-01-01", points[name], compiling=2.9) for name in points]
    written(path, *told)
    try:
        with use(profile=path), acm_dispatch.trace() as trace:
            for _ in range(5):
                doubled(X)
        assert [record.backend for record in trace.records] == ["numpy"] * 3 + ["compiling"] * 2
        assert backend.compiled == {("doubled", "float64")}
    finally:
        acm_dispatch.unregister_backend("compiling")


def test_what_is_compiled_in_first_calls_can_be_compiled_ahead(doubled):
    backends = [Backend("compiling", compiled=Disk()), Backend("plain")]
    for backend in backends:
        backend.kernel("doubled")(lambda x: np.add(x, x))
        acm_dispatch.register_backend(backend)
    try:
        done = warm_up(["doubled"], [backend.name for backend in backends])
        assert [(each.backend, each.dtype) for each in done] == [("compiling", "float64"), ("compiling", "float32")]
        assert backends[0].compiled == {("doubled", "float64"), ("doubled", "float32")}
    finally:
        for backend in backends:
            acm_dispatch.unregister_backend(backend.name)


def test_a_profile_that_is_not_there_is_no_error(tmp_path):
    with use(profile=tmp_path / "nothing.json"):
        acm_dispatch.zscore(X)
    with pytest.raises(acm_dispatch.ConfigurationError, match="profile is 3"):
        use(profile=3)


@pytest.mark.parametrize(
    "asked",
    [{"seconds": 0}, {"dtypes": ["int8"]}, {"threads": [0]}, {"sizes": []}],
    ids=lambda asked: next(iter(asked)),
)
def test_tune_says_what_it_cannot_do(asked):
    with pytest.raises(acm_dispatch.ConfigurationError, match=f"tune: {next(iter(asked))} is"):
        acm_dispatch.tune(**asked)


def test_words_switches_and_arrays_that_may_be_left_out_make_variants():
    def named(operation):
        return {(*options, *(given or ())) for options, given in variants_of(operation.operation)}

    assert named(acm_dispatch.zscore) == {(("method", "robust"),), ("center",), ("scale",)}
    assert named(acm_dispatch.impute) == {(("missing", "nan"),), ("fill",)}
    assert named(acm_dispatch.matmul) == set()


def test_variants_are_measured_after_typical_calls(path):
    cells = Session(path, [acm_dispatch.numpy_backend]).ordered(
        cells_of(acm_dispatch.zscore.operation, ["float64"], [1, 2])
    )
    kinds = [cell.is_variant for cell in cells]
    assert kinds == sorted(kinds)
    assert 0 < sum(kinds) < len(kinds) / 2 + 1
    asked = {"backends": ["numpy"], "dtypes": ["float64"], "threads": [1], "sizes": [2000]}
    acm_dispatch.tune(30, operations=["zscore"], **asked, profile=path)
    assert {key.variant for key in read(path).entries} == {"", "method=robust", "center", "scale"}


def test_a_variant_goes_by_its_own_curve_and_by_a_weaker_profile_s_before_another_variant_s(path, two_backends):
    robust = entry("two", 1e-9)._replace(key=entry("two").key._replace(variant="method=robust"))
    slow = entry(seconds=1.0)._replace(key=entry().key._replace(variant="method=robust"))
    written(path, entry(seconds=1e-3), entry("one", 1e-9), entry("two", 1e-3), robust, slow)
    with use(profile=path):
        assert acm_dispatch.explain("zscore", X).chosen == "one"
        assert acm_dispatch.explain("zscore", X, method="robust").chosen == "two"
    written(path.with_name("robust.json"), robust._replace(points=slow.points), slow)
    with use(profile=path.with_name("robust.json")):
        told = acm_dispatch.explain("zscore", X)
    assert told.predicted["numpy"].seconds < 1e-2, "the bundled profile has the very algorithm"
    assert told.predicted["two"].seconds < 1e-2, "as it compares to NumPy's"


def test_a_backend_without_the_variant_counts_relative_to_numpy(path, two_backends):
    """NumPy takes a thousand times longer for the variant; "one" was only measured without it."""
    slow = entry(seconds=1.0)._replace(key=entry().key._replace(variant="method=robust"))
    robust = entry("two", 0.5)._replace(key=entry("two").key._replace(variant="method=robust"))
    written(path, slow, robust)
    two_backends[0].profile = written(path.with_name("one.json"), entry(seconds=1e-3), entry("one", 0.9e-3))
    registry.changed()
    with use(profile=path):
        told = acm_dispatch.explain("zscore", X, method="robust").predicted
    assert told["two"].seconds == pytest.approx(0.5)
    assert told["one"].seconds == pytest.approx(0.9), "not the 0.9 ms that it takes for something else"


def test_what_starting_takes_is_known_from_whoever_has_seen_it(path, doubled):
    """A run that found the kernel started says nothing of its start."""
    backend = Backend("compiling", compiled=Disk())
    backend.kernel("doubled")(lambda x: np.add(x, x))
    acm_dispatch.register_backend(backend)
    facts = {name: machine.facts_of(registry.find_backend(name)) for name in ("numpy", "compiling")}
    keys = {name: Key("doubled", name, name, "float64", 1) for name in facts}
    warm = {name: Entry(keys[name], facts[name], "n * d", "2026-01-01", (Point(400, 4, 1.0),)) for name in facts}
    written(path, *warm.values())
    cold = warm["compiling"]._replace(compiling=2.9, loading=0.5)
    backend.profile = written(path.with_name("cold.json"), cold, warm["numpy"])
    registry.changed()
    try:
        with use(profile=path):
            assert acm_dispatch.explain("doubled", X).predicted["compiling"].start_up == 2.9
    finally:
        acm_dispatch.unregister_backend("compiling")
