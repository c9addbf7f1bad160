"""Whose wish wins, where it is seen, and that it is gone afterwards."""

import asyncio
import json
import multiprocessing
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import acm_dispatch
from acm_dispatch import BackendError, BackendNotFoundError, ConfigurationError, DispatchWarning, registry, use, zscore

X = np.random.default_rng(0).normal(size=(40, 3))


def chosen(operation=zscore, x=X):
    return operation.explain(x).chosen


@pytest.fixture
def usual():
    """What runs where nobody wishes anything."""
    return chosen()


def test_use_prefers_and_leaves_nothing_behind(recorder):
    before = chosen()
    with use("recorder"):
        assert chosen() == "recorder"
        with use("numpy"):
            assert chosen() == "numpy"
        assert chosen() == "recorder"
    assert chosen() == before


def test_use_survives_exceptions(recorder):
    before = acm_dispatch.current_policy()
    with pytest.raises(ZeroDivisionError), use("recorder"), use(threads=1):
        raise ZeroDivisionError
    assert acm_dispatch.current_policy() is before


def test_one_use_object_is_reentrant(recorder):
    block = use("recorder")
    with block, use("numpy"), block:
        assert chosen() == "recorder"
    assert acm_dispatch.current_policy().parent is None


def test_use_decorates_functions_and_coroutines(recorder):
    @use("recorder")
    def inside():
        """Documented."""
        return chosen()

    @use("recorder")
    async def awaited():
        await asyncio.sleep(0)
        return chosen()

    assert inside() == "recorder"
    assert inside.__doc__ == "Documented."
    assert asyncio.run(awaited()) == "recorder"
    with pytest.raises(TypeError, match="generator"):
        use("numpy")(lambda: (yield))


def test_interleaved_tasks_do_not_see_each_other(recorder):
    seen = {"recorder": [], "numpy": []}

    async def task(name):
        with use(name):
            for _ in range(20):
                await asyncio.sleep(0)
                seen[name].append(chosen())

    async def both():
        await asyncio.gather(task("recorder"), task("numpy"))
        return chosen()

    before = chosen()
    assert asyncio.run(both()) == before
    assert {name: set(values) for name, values in seen.items()} == {"recorder": {"recorder"}, "numpy": {"numpy"}}


def test_use_is_not_seen_by_other_threads_but_set_backend_is(recorder, usual, fresh_settings):
    with ThreadPoolExecutor(1) as pool:
        with use("recorder"):
            assert pool.submit(chosen).result() == usual
        acm_dispatch.set_backend("recorder")
        assert pool.submit(chosen).result() == "recorder"
        acm_dispatch.set_backend(None)
        assert pool.submit(chosen).result() == usual


def test_set_backend_takes_effect_on_calls_already_planned(recorder, fresh_settings):
    zscore(X)
    acm_dispatch.set_backend("recorder")
    zscore(X)
    assert recorder.calls == ["zscore"]


def test_set_backend_for_one_operation(recorder, usual, fresh_settings):
    others = chosen(acm_dispatch.impute)
    acm_dispatch.set_backend("recorder", op="zscore")
    assert chosen() == "recorder"
    assert chosen(acm_dispatch.impute) == others
    acm_dispatch.set_backend(None, op=zscore)
    assert chosen() == usual


def test_strict_allows_nothing_else(usual, recorder):
    del recorder._kernels["zscore"]
    with use("recorder"):
        assert chosen() == usual
    with use("recorder", strict=True), pytest.raises(BackendError, match=r"zscore: .*\(recorder: has no kernel\)"):
        zscore(X)


def test_a_backend_says_why_it_leaves_an_operation_to_others(usual, recorder):
    del recorder._kernels["zscore"]
    recorder.refuses = {"zscore": "it only records"}
    with use("recorder", strict=True), pytest.raises(BackendError, match=r"recorder: it only records\)"):
        zscore(X)
    assert zscore.explain(X).verdicts["recorder"] == "it only records"


def test_what_runs_only_by_name_says_so(usual, recorder):
    assert zscore.explain(X).verdicts["recorder"] == "runs only where it is named: NumPy is as fast"
    with use("recorder"):
        assert chosen() == "recorder"


def test_strictness_belongs_to_the_list_it_came_with(recorder):
    with use("recorder", strict=True), use("numpy"):
        assert "recorder" in zscore.explain(X).verdicts


def test_keyword_beats_use_and_exclude_beats_both(recorder):
    with use("numpy"):
        zscore(X, backend="recorder")
    assert recorder.calls == ["zscore"]
    with use(exclude=["recorder"]), pytest.raises(BackendError, match=r"excluded by use\(\)"):
        zscore(X, backend="recorder")


def test_environment_weakest_to_strongest(recorder, fresh_settings, monkeypatch):
    monkeypatch.setenv("ACM_DISPATCH_BACKEND", "numpy")
    monkeypatch.setenv("ACM_DISPATCH_BACKEND_ZSCORE", "recorder, numpy")
    fresh_settings()
    assert chosen() == "recorder"
    assert chosen(acm_dispatch.impute) == "numpy"
    with use("numpy"):
        assert chosen() == "numpy"
    assert acm_dispatch.config().rows[0] == ("backends", "numpy", "environment")


def test_disable_beats_everything(recorder, fresh_settings, monkeypatch):
    monkeypatch.setenv("ACM_DISPATCH_DISABLE", "yes")
    fresh_settings()
    with use("recorder", strict=True):
        zscore(X)
    assert recorder.calls == []
    assert zscore.explain(X).decided_by == "disabled by environment"


def test_config_file(recorder, fresh_settings, monkeypatch, tmp_path):
    file = tmp_path / "config.toml"
    file.write_text('backend = ["recorder"]\nthreads = 1\n[operations]\nimpute = "numpy"\n')
    monkeypatch.setenv("ACM_DISPATCH_CONFIG", str(file))
    fresh_settings()
    assert (chosen(), chosen(acm_dispatch.impute)) == ("recorder", "numpy")
    rows = {name: (value, origin) for name, value, origin in acm_dispatch.config().rows}
    assert rows["threads"] == (1, str(file))
    assert rows["accuracy"] == ("tolerance", "default")
    monkeypatch.setenv("ACM_DISPATCH_NUM_THREADS", "2")
    fresh_settings()
    assert ("threads", 2, "environment") in acm_dispatch.config().rows


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("BACKEND", "rsut", "did you mean 'rust'"),
        ("BAKCEND", "rust", "did you mean 'ACM_DISPATCH_BACKEND'"),
        ("NUM_THREADS", "many", "expected a whole number"),
        ("STRICT", "perhaps", "neither yes nor no"),
        ("ACCURACY", "exact", "expected one of 'bitwise'"),
        ("BACKEND_ZSCOER", "numpy", "no operation"),
        ("CONFIG", "/nonexistent/acm.toml", "cannot be read"),
    ],
)
def test_nonsense_in_the_environment_is_one_warning(fresh_settings, monkeypatch, variable, value, message):
    monkeypatch.setenv(f"ACM_DISPATCH_{variable}", value)
    fresh_settings()
    with pytest.warns(DispatchWarning, match=message) as caught:
        zscore(X)
    assert len(caught) == 1
    zscore(X[:3])


def test_a_strange_variable_is_not_taken_for_another(fresh_settings, monkeypatch):
    monkeypatch.setenv("ACM_DISPATCH_PROFILE", "fast.json")
    monkeypatch.setenv("ACM_DISPATCH_NUM_THREADS", "")
    fresh_settings()
    with pytest.warns(DispatchWarning, match="ACM_DISPATCH_PROFILE is not a setting$") as caught:
        zscore(X)
    assert len(caught) == 1, "an empty variable says nothing"


def test_unknown_names_and_values_are_sentences():
    with pytest.raises(BackendNotFoundError, match=r"no backend is called 'rsut'; .* did you mean 'rust'\?"):
        use("rsut")
    with pytest.raises(BackendNotFoundError, match="no backend is called 'nmpy'"):
        zscore(X, backend="nmpy")
    with pytest.raises(BackendNotFoundError):
        use(exclude=["x1"])
    with pytest.raises(ConfigurationError, match="threads is 0; expected at least 1"):
        use(threads=0)
    with pytest.raises(ConfigurationError, match="threads is True; expected a whole number"):
        use(threads=True)
    with pytest.raises(BackendNotFoundError, match="did you mean 'rust'"):
        use("Rust")
    with pytest.raises(ConfigurationError, match=r"zscore: backend is \['numpy'\]; expected the name of one"):
        zscore(X, backend=["numpy"])
    with pytest.raises(ConfigurationError, match="accuracy is 'exact'"):
        use(accuracy="exact")
    with pytest.raises(LookupError, match="did you mean 'zscore'"):
        acm_dispatch.set_backend("numpy", op="zscor")


def test_accuracy_classes(recorder):
    recorder.kernel("zscore", accuracy="relaxed")(recorder._kernels["zscore"].function)
    with use("recorder"):
        assert zscore.explain(X).verdicts["recorder"] == "its kernel is relaxed, the policy asks for tolerance"
        with use(accuracy="relaxed"):
            assert chosen() == "recorder"
    with use(accuracy="bitwise"):
        assert chosen() == "numpy"


def test_policies_pickle_and_propagate(recorder, fresh_settings):
    acm_dispatch.set_backend("numpy", op="impute")
    with use("recorder", threads=1):
        policy = acm_dispatch.current_policy()
        carried = acm_dispatch.propagate(chosen)
    assert pickle.loads(pickle.dumps(policy)) is pickle.loads(pickle.dumps(policy))
    result = []
    thread = threading.Thread(target=lambda: result.append(carried()))
    thread.start()
    thread.join()
    assert result == ["recorder"]


def _in_child(name):
    return zscore(X, backend=name).tobytes()


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_child_processes_run_every_backend(method, usable):
    """The parent has used every backend before: a forked child finds no threads of theirs alive."""
    before = {name: _in_child(name) for name in usable}
    with multiprocessing.get_context(method).Pool(1) as pool:
        after = {name: pool.apply_async(_in_child, (name,)).get(timeout=120) for name in usable}
    assert before == after


def test_joblib_workers_run_every_backend(usable):
    import joblib

    results = joblib.Parallel(n_jobs=2)(joblib.delayed(_in_child)(name) for name in usable)
    assert results == [_in_child(name) for name in usable]


def test_policy_travels_to_joblib_workers():
    import joblib

    with use("numpy"):
        carried = acm_dispatch.propagate(chosen)
    assert joblib.Parallel(n_jobs=2)(joblib.delayed(carried)() for _ in range(2)) == ["numpy", "numpy"]


def test_trace_variable_prints_at_the_end():
    code = "import numpy, acm_dispatch; acm_dispatch.zscore(numpy.ones((4, 2)), backend='numpy')"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"ACM_DISPATCH_TRACE": "1"}, capture_output=True, text=True, check=True
    )
    assert "zscore" in done.stderr
    assert "4x2" in done.stderr


def test_trace_file_alone_asks_for_a_trace(tmp_path):
    code = "import numpy, acm_dispatch; acm_dispatch.zscore(numpy.ones((4, 2)), backend='numpy')"
    file = tmp_path / "trace.json"
    subprocess.run([sys.executable, "-c", code], env={"ACM_DISPATCH_TRACE_FILE": str(file)}, check=True)
    assert json.loads(file.read_text())["traceEvents"][0]["name"] == "zscore"


def test_a_generator_closed_late_takes_only_its_own_block_away(recorder):
    def generator():
        with use("numpy"):
            yield

    late = generator()
    next(late)
    with use("recorder", strict=True):
        late.close()
        assert chosen() == "recorder"
    assert acm_dispatch.current_policy().parent is None


def test_a_block_entered_in_another_context_ends_quietly(recorder):
    block = use("recorder")
    threading.Thread(target=block.__enter__).start()
    block.__exit__(None, None, None)
    assert acm_dispatch.current_policy().parent is None


def test_use_cannot_decorate_classes():
    with pytest.raises(TypeError, match="cannot decorate a class"):

        @use("numpy")
        class Model: ...


def test_use_cannot_decorate_async_generators():
    async def generator():
        yield

    with pytest.raises(TypeError, match="generator"):
        use("numpy")(generator)


def test_propagate_carries_coroutines(recorder):
    async def inside():
        await asyncio.sleep(0)
        return chosen()

    with use("recorder"):
        carried = acm_dispatch.propagate(inside)
    assert asyncio.run(carried()) == "recorder"


def test_propagate_carries_traces_into_threads(recorder):
    with acm_dispatch.trace() as trace, ThreadPoolExecutor(1) as pool:
        pool.submit(acm_dispatch.propagate(zscore), X).result()
    assert [record.operation for record in trace.records] == ["zscore"]


def test_concurrent_changes_of_the_process_all_count(recorder, fresh_settings):
    names = list(registry.operations)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: acm_dispatch.set_backend("recorder", op=name), names))
    assert {row[0] for row in acm_dispatch.config().rows} >= {f"backends of {name}" for name in names}


@pytest.mark.parametrize(
    "call",
    [
        lambda: use("numpy", strict="false"),
        lambda: use(["numpy"]),
        lambda: acm_dispatch.set_backend(["numpy"]),
        lambda: acm_dispatch.set_backend("numpy", op="zscore", strict=True),
    ],
)
def test_wishes_of_the_wrong_kind_are_refused(call):
    with pytest.raises(ConfigurationError):
        call()


def test_blas_keeps_its_threads_whatever_runs_at_once():
    threadpoolctl = pytest.importorskip("threadpoolctl")
    before = {pool["filepath"]: pool["num_threads"] for pool in threadpoolctl.threadpool_info()}

    def work(_):
        with use("numpy", threads=1):
            acm_dispatch.impute(X)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(200)))
    after = {pool["filepath"]: pool["num_threads"] for pool in threadpoolctl.threadpool_info()}
    assert {path: after[path] for path in before} == before


def _call_between_changes():
    zscore(X)
    acm_dispatch.set_backend("numpy", op="impute")
    zscore(X)


def test_variables_may_name_what_comes_later(fresh_settings, monkeypatch):
    """A backend or an operation of the user's own is there only after something has been called already."""
    monkeypatch.setenv("ACM_DISPATCH_BACKEND_ZSCORE", "latecomer")
    fresh_settings()
    with pytest.warns(DispatchWarning, match="no backend is called 'latecomer'") as caught:
        _call_between_changes()
    assert len(caught) == 1
    latecomer = acm_dispatch.Backend("latecomer")
    latecomer.kernel("zscore")(lambda x, *options: "late")
    acm_dispatch.register_backend(latecomer)
    try:
        assert zscore(X) == "late"
    finally:
        acm_dispatch.unregister_backend("latecomer")
    np.testing.assert_allclose(zscore(X), zscore(X, backend="numpy"), rtol=1e-10)


def test_a_variable_for_a_composition_names_its_operation(fresh_settings, monkeypatch):
    monkeypatch.setenv("ACM_DISPATCH_BACKEND_SILHOUETTE_SCORE", "numpy")
    fresh_settings()
    with pytest.warns(DispatchWarning, match="is made of other operations; ask for silhouette_samples"):
        zscore(X)


def test_settings_read_by_many_threads_at_once_warn_once(fresh_settings, monkeypatch):
    monkeypatch.setenv("ACM_DISPATCH_BACKEND", "rsut")
    fresh_settings()
    with pytest.warns(DispatchWarning) as caught, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: acm_dispatch.config(), range(64)))
    assert len(caught) == 1


def test_exclude_takes_one_name_or_any_collection(recorder):
    for exclude in ("recorder", ["recorder"], {"recorder"}, (name for name in ["recorder"])):
        with use("recorder", exclude=exclude):
            assert chosen() != "recorder"
    with pytest.raises(ConfigurationError, match="exclude is 5; expected names of backends"):
        use(exclude=5)


@pytest.mark.parametrize("nonsense", [5, ["zscore"], None.__class__])
def test_what_is_no_operation_is_a_sentence(nonsense):
    with pytest.raises(acm_dispatch.OperationNotFoundError, match="operation"):
        acm_dispatch.explain(nonsense, X)


def test_propagate_cannot_carry_generators():
    def generator():
        yield

    with pytest.raises(TypeError, match="generator"):
        acm_dispatch.propagate(generator)


def test_trace_of_the_config_file_prints_at_the_end_and_off_prints_nothing(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text("trace = true\n")
    code = "import numpy, acm_dispatch; acm_dispatch.zscore(numpy.ones((4, 2)), backend='numpy')"
    for environment, count in [({}, 1), ({"ACM_DISPATCH_TRACE": "0"}, 0)]:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={"ACM_DISPATCH_CONFIG": str(file), **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr.count("zscore") == count
