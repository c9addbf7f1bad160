"""What a program calls: recorded in blocks and by whole processes, tuned as it is, fixed in a lock."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import acm_dispatch
from acm_dispatch import record_workload, use
from acm_dispatch.execution.workload import Recorded, Workload, read_workload
from acm_dispatch.selection.costs import variant_of
from acm_dispatch.selection.profile import read
from acm_dispatch.selection.sources import read_again, sources
from acm_dispatch.tuning.called import cells_of_calls
from acm_dispatch.tuning.cells import drawn, place_of, variant_of_cell

X = np.ones((100, 4))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "workload.json"


def test_a_block_counts_its_calls_by_what_they_are():
    with record_workload() as workload:
        for _ in range(3):
            acm_dispatch.zscore(X, method="robust")
        acm_dispatch.impute(X.astype("float32"), fill=np.zeros(4, "float32"))
    acm_dispatch.zscore(X, method="robust")
    assert list(workload.calls.values()) == [3, 1]
    robust, imputed = workload.calls
    assert robust.operation == "zscore"
    assert robust.arrays == (("x", "float64", (100, 4)),)
    assert dict(robust.options)["method"] == "robust"
    assert imputed.arrays == (("x", "float32", (100, 4)), ("fill", "float32", (4,)))


def test_blocks_within_blocks_and_threads_that_were_given_one():
    with record_workload() as outer, use(threads=1):
        with record_workload() as inner:
            acm_dispatch.zscore(X)
        with ThreadPoolExecutor() as pool:
            pool.submit(acm_dispatch.propagate(acm_dispatch.zscore), X).result()
    assert list(inner.calls.values()) == [1]
    assert list(outer.calls.values()) == [2]
    assert {call.threads for call in outer.calls} == {1}


def test_a_call_that_fails_is_no_part_of_it():
    with record_workload() as workload, pytest.raises(acm_dispatch.InvalidInput):
        acm_dispatch.pairwise_euclidean(X, X[:, :2])
    assert not workload.calls


def test_nothing_is_around_a_kernel_while_it_is_off():
    def surroundings():
        return getattr(acm_dispatch.zscore.operation.plan(X, backend="numpy").call, "__name__", "none")

    plain = surroundings()
    with record_workload():
        assert surroundings() == "recording"
    assert surroundings() == plain != "recording"


def test_a_file_has_a_kind_of_call_a_line_and_is_added_to(path):
    for _ in range(2):
        with record_workload(path):
            acm_dispatch.zscore(X)
            acm_dispatch.column_quantiles(X, [0.25, 0.75])
    found = read_workload(path)
    assert list(found.calls.values()) == [2, 2]
    assert not found.ignored
    assert len(path.read_text().splitlines()) == 5
    with record_workload() as again:
        acm_dispatch.zscore(X)
        acm_dispatch.column_quantiles(X, [0.25, 0.75])
    assert again.calls.keys() == found.calls.keys(), "what is read is what was recorded"


def test_more_kinds_than_one_would_tune_do_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr("acm_dispatch.execution.workload._MOST_KINDS", 2)
    workload = Workload()
    for rows in (1, 2, 3, 4, 1):
        workload.count(Recorded("zscore", (("x", "float64", (rows, 1)),), (), 1))
    workload.count(Recorded("zscore", (), (("fill", []),), 1))
    assert list(workload.calls.values()) == [2, 1]
    assert workload.left_out == 3


def test_options_that_no_file_can_hold_are_counted(path):
    workload = Workload()
    workload.count(Recorded("zscore", (), (("fill", object()),), 1), 5)
    workload.save(path)
    assert not read_workload(path).calls


DAMAGE = {
    "truncated": lambda text: text[: len(text) // 2],
    "of the future": lambda text: text.replace('"format": 1', '"format": 2'),
    "another file": lambda text: "[1, 2, 3]",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_file_that_is_no_workload_is_one_sentence(path, damage):
    with record_workload(path):
        acm_dispatch.zscore(X)
    path.write_text(DAMAGE[damage](path.read_text()))
    found = read_workload(path)
    assert not found.calls
    assert len(found.ignored) == 1


@pytest.mark.parametrize(
    "change", [{"count": 0}, {"arrays": 7}, {"threads": "2"}, {"arrays": {"x": {"dtype": "float64", "shape": [-1]}}}]
)
def test_of_an_edited_file_only_what_is_wrong_is_lost(path, change):
    with record_workload(path):
        acm_dispatch.zscore(X)
        acm_dispatch.impute(X)
    document = json.loads(path.read_text())
    document["calls"][0].update(change)
    path.write_text(json.dumps(document))
    found = read_workload(path)
    assert [call.operation for call in found.calls] == ["zscore"]
    assert len(found.ignored) == 1


def points_of(path):
    return {
        (key.operation, key.dtype, key.variant, key.threads): {(point.work, point.width) for point in entry.points}
        for key, entry in read(path).entries.items()
    }


def test_tuning_measures_what_was_called_and_nothing_else(path, tmp_path):
    with record_workload(path), use(threads=1):
        acm_dispatch.zscore(X, method="robust")
        acm_dispatch.impute(X.astype("float32"), fill=np.zeros(4, "float32"))
        acm_dispatch.pairwise_euclidean(np.ones((30, 5)), np.ones((20, 5)))
    profile = tmp_path / "profile.json"
    done = acm_dispatch.tune(5, workload=path, backends=["numpy"], profile=profile)
    assert not done.ignored
    assert points_of(profile) == {
        ("zscore", "float64", "method=robust", 1): {(400, 5)},
        ("impute", "float32", "fill", 1): {(400, 5)},
        ("pairwise_euclidean", "float64", "y", 1): {(30 * 20 * 5, 5)},
    }


def test_every_operation_can_be_drawn_as_it_was_called():
    rng = np.random.default_rng(0)
    with record_workload() as workload, use("numpy", threads=1):
        for operation in acm_dispatch.registry.operations.values():
            if operation.body.__module__.startswith("acm_dispatch."):
                operation.function(**operation.samples.typical(rng, 200))
    called = cells_of_calls(workload)
    assert not called.ignored
    assert {cell.operation for cell in called.cells} == {call.operation for call in workload.calls}
    for cell in called.cells:
        operation = acm_dispatch.registry.operations[cell.operation]
        again = operation.bound(*operation.bind(**drawn(operation, cell).arguments))
        if operation.samples.drawing is None:
            assert again.work == place_of(operation, cell)[0]
        assert variant_of(operation, again.values) == variant_of_cell(operation, cell)


def test_kinds_of_the_same_magnitude_are_measured_once_and_those_with_most_work_first():
    with record_workload() as workload:
        for rows in (100, 101, 102, 10_000):
            acm_dispatch.zscore(np.ones((rows, 4)))
        for _ in range(1000):
            acm_dispatch.column_moments(X)
    assert [cell[:2] for cell in cells_of_calls(workload).cells] == [
        ("column_moments", 100),
        ("zscore", 10_000),
        ("zscore", 100),
    ]


def test_calls_of_what_is_gone_are_sentences():
    workload = Workload()
    for name, arrays in (("gone", {"x": (3, 4)}), ("zscore", {"y": (3, 4)}), ("zscore", {"x": (3,)})):
        workload.count(Recorded(name, tuple((n, "float64", shape) for n, shape in arrays.items()), (), 1))
    called = cells_of_calls(workload)
    assert not called.cells
    assert len(called.ignored) == 3


def test_a_workload_without_calls_is_refused(path):
    for nothing in (Workload(), path):
        with pytest.raises(acm_dispatch.ConfigurationError, match="expected a workload with calls in it"):
            acm_dispatch.tune(1, workload=nothing)


PROGRAM = """
import multiprocessing, sys
import numpy, acm_dispatch

def job(count):
    for _ in range(count):
        acm_dispatch.zscore(numpy.ones((100, 4)), backend="numpy")

if __name__ == "__main__":
    job(2)
    workers = [multiprocessing.get_context(sys.argv[1]).Process(target=job, args=(5,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_every_process_of_a_program_adds_its_calls(path, tmp_path, method):
    (tmp_path / "program.py").write_text(PROGRAM)
    command = [sys.executable, tmp_path / "program.py", method]
    environment = {**os.environ, "ACM_DISPATCH_WORKLOAD": str(path)}
    programs = [subprocess.Popen(command, env=environment) for _ in range(2)]
    assert [program.wait() for program in programs] == [0, 0]
    assert list(read_workload(path).calls.values()) == [24]


def test_a_file_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    program = "import numpy, acm_dispatch; acm_dispatch.zscore(numpy.ones((9, 2)))"
    environment = {**os.environ, "ACM_DISPATCH_WORKLOAD": str(tmp_path / "file" / "workload.json")}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stderr.startswith("acm_dispatch: the workload cannot be written to ")
    assert len(done.stderr.splitlines()) == 1


@pytest.fixture
def calls():
    with record_workload() as workload, use(threads=1):
        acm_dispatch.zscore(X)
        acm_dispatch.zscore(X, method="robust")
        acm_dispatch.column_quantiles(X, [0.5])
    return workload


def backend_of(name, *arguments, **options):
    return acm_dispatch.explain(name, *arguments, **options).chosen


def test_a_lock_repeats_decisions_whatever_costs_say(tmp_path, calls):
    with use("numpy"):
        frozen = acm_dispatch.freeze(tmp_path / "lock.json", calls)
    assert str(frozen).startswith("3 decisions (3 on numpy); ")
    with use(profile=frozen.path, threads=1):
        told = acm_dispatch.explain("zscore", np.ones((101, 4)))
        assert (told.chosen, told.decided_by) == ("numpy", f"the profile {frozen.path}")
        assert backend_of("zscore", X, method="robust") == "numpy"
        with acm_dispatch.trace() as trace:
            acm_dispatch.zscore(X)
    assert trace.records[0].kernel == frozen.decisions[1].kernel == "zscore_in_place"


def test_a_call_that_is_in_no_lock_is_a_matter_of_policy(tmp_path, calls):
    path = acm_dispatch.freeze(tmp_path / "lock.json", calls).path
    large = np.ones((50_000, 4))
    with use(profile=path, threads=1):
        assert backend_of("zscore", large) == backend_of("zscore", large)
        assert acm_dispatch.explain("zscore", large).decided_by != f"the profile {path}"
    with use(profile=path, threads=1, on_missing="error"):
        acm_dispatch.zscore(X)
        sentence = "has no call on float64 with about 196,608 units of work in 5 columns, threads=1"
        with pytest.raises(acm_dispatch.BackendError, match=sentence):
            acm_dispatch.zscore(large)
        with pytest.raises(acm_dispatch.BackendError, match="has no call on float32"):
            acm_dispatch.zscore(X.astype("float32"))
        assert sentence in acm_dispatch.explain("zscore", large).verdicts["numpy"]
        assert len(acm_dispatch.zscore(large, backend="numpy")) == len(large), "a call that names its backend is none"
        assert len(acm_dispatch.zscore(np.ones((0, 4)))) == 0


def locked(path, *decisions):
    path.write_text(json.dumps({"format": 1, "entries": [], "decisions": list(decisions)}))
    read_again()
    return path


DECISION = {
    "operation": "rolling_mean",
    "dtype": "float64",
    "threads": 1,
    "variant": "",
    "work": 384,
    "width": 5,
    "backend": "numpy",
    "kernel": "rolling_mean",
    "options": {},
}


def test_a_lock_whose_kernel_is_gone_says_so(tmp_path):
    zscore = {**DECISION, "operation": "zscore", "kernel": "gone"}
    path = locked(tmp_path / "lock.json", zscore)
    with use(profile=path, threads=1, on_missing="error"):
        told = acm_dispatch.explain("zscore", X)
        with pytest.raises(acm_dispatch.BackendError, match="numpy: has no kernel gone"):
            acm_dispatch.zscore(X)
    assert told.chosen is None
    locked(path, {**zscore, "backend": "another"})
    with (
        use(profile=path, threads=1, on_missing="error"),
        pytest.raises(acm_dispatch.BackendError, match="says another/gone"),
    ):
        acm_dispatch.zscore(X)
    with use(profile=path, threads=1):
        acm_dispatch.zscore(X)


def test_numbers_among_the_options_tell_where_they_decided(tmp_path):
    backend = acm_dispatch.Backend("windows")
    for name in ("short", "long"):
        backend.kernel("rolling_mean", name=name)(lambda *arguments: arguments[0].copy())
    acm_dispatch.register_backend(backend)
    options = acm_dispatch.rolling_mean.operation.plan(X, 3) and dict(
        acm_dispatch.rolling_mean.operation._request(X, 3).call.options
    )
    other = {**options, "window": 30}
    short = {**DECISION, "backend": "windows", "kernel": "short", "options": options}
    long = {**short, "kernel": "long", "options": other}
    try:
        path = locked(tmp_path / "lock.json", short, long)
        with use(profile=path, threads=1, on_missing="error"):
            plans = [acm_dispatch.rolling_mean.operation.plan(X, window).kernel.name for window in (3, 30)]
            assert plans == ["short", "long"]
            assert acm_dispatch.explain("rolling_mean", X, 7).chosen is None
        locked(path, short)
        with use(profile=path, threads=1, on_missing="error"):
            assert acm_dispatch.rolling_mean.operation.plan(X, 7).kernel.name == "short"
    finally:
        acm_dispatch.unregister_backend("windows")


def test_of_an_edited_lock_only_what_is_wrong_is_lost(tmp_path):
    path = locked(tmp_path / "lock.json", DECISION, {**DECISION, "threads": 0}, {**DECISION, "kernel": 3}, [])
    (source, *_) = sources(str(path))
    assert len(source.lock) == 1
    assert source.status().startswith("1 decisions, 0 entries used, 3 ignored: 1 because a decision is not understood")


REPEATS = """
import sys, numpy, acm_dispatch
with acm_dispatch.use(profile=sys.argv[1], on_missing="error", threads=1):
    x = numpy.ones((100, 4))
    print({(plan.backend, plan.kernel.name) for plan in (acm_dispatch.zscore.operation.plan(x) for _ in range(250))})
"""


def test_the_same_backend_in_a_thousand_repetitions_across_processes(tmp_path, calls):
    frozen = acm_dispatch.freeze(tmp_path / "lock.json", calls)
    (plain,) = (d for d in frozen.decisions if (d.operation, d.variant) == ("zscore", ""))
    for _ in range(4):
        done = subprocess.run([sys.executable, "-c", REPEATS, frozen.path], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == str({(plain.backend, plain.kernel)})


def test_freezing_what_nothing_recorded_is_refused(tmp_path):
    with pytest.raises(acm_dispatch.ConfigurationError, match="nothing records here"):
        acm_dispatch.freeze(tmp_path / "lock.json")
    with record_workload(), pytest.raises(acm_dispatch.ConfigurationError, match="expected one with calls in it"):
        acm_dispatch.freeze(tmp_path / "lock.json")
    with record_workload():
        acm_dispatch.zscore(X)
        assert len(acm_dispatch.freeze(tmp_path / "lock.json").decisions) == 1
