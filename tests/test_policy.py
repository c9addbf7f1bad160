"""Which setting wins, where it is seen, and that it is gone afterwards."""

import asyncio
import gc
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import acm_dispatch
from acm_dispatch import BackendError, BackendNotFoundError, ConfigurationError, DispatchWarning, use, zscore
from acm_dispatch.policy import layers
from acm_dispatch.policy.settings import Settings

X = np.random.default_rng(0).normal(size=(40, 3))


def chosen(operation=zscore, x=X):
    return operation.explain(x).chosen


@pytest.fixture
def usual():
    """What runs where nothing is asked for."""
    return chosen()


def test_use_prefers_and_leaves_nothing_behind(recorder):
    before = chosen()
    with use("recorder"):
        assert chosen() == "recorder"
        with use("numpy"):
            assert chosen() == "numpy"
        assert chosen() == "recorder"
    assert chosen() == before


def _count_policies():
    gc.collect()
    # Of its very type: to ask a dead weak proxy for its class is an error.
    return sum(type(thing) is layers.Policy for thing in gc.get_objects())


def test_distinct_blocks_do_not_fill_the_memory():
    def enter(count):
        """`count` blocks of which no two are alike, each inside another."""
        for threads in range(count):
            layers.ROOT.child(Settings(threads=-threads)).child(Settings(threads=threads))

    enter(1000)  # as many as are kept, and more
    least = _count_policies()
    tracemalloc.start()
    try:
        enter(5000)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert _count_policies() <= least + 2
    assert held < 500_000, "0.4 kB or more each without a bound"
    assert len(layers.ROOT._children) <= 2 * layers._KEPT


def test_a_policy_in_use_is_never_dropped(recorder, fresh_settings):
    """Whatever has been entered since: it stays one object, and changes of the process reach its plans."""
    with use("numpy", threads=3) as mine:
        zscore(X)
        for threads in range(1, 3 * layers._KEPT):
            mine.child(Settings(threads=threads))
            layers.ROOT.child(Settings(threads=threads))
        assert layers.ROOT.child(mine.settings) is mine
        assert acm_dispatch.current_policy() is mine
        before = mine.plans
        acm_dispatch.set_backend("recorder", op="impute")
        assert mine.plans is not before, "its plans are forgotten with all others"
        assert chosen() == "numpy"


def test_threads_that_enter_the_same_block_share_its_policy():
    barrier = threading.Barrier(8)

    def enter(count):
        barrier.wait()
        return layers.ROOT.child(Settings(threads=count))

    with ThreadPoolExecutor(8) as pool:
        for count in range(3000, 3100):
            assert len({id(found) for found in pool.map(enter, [count] * 8)}) == 1


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


def test_use_is_not_seen_by_other_threads_but_set_backend_is(recorder, usual, fresh_settings, nobody_told):
    with ThreadPoolExecutor(1) as pool:
        with use("recorder"), pytest.warns(DispatchWarning, match="runs outside every block"):
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
    assert zscore.explain(X).verdicts["recorder"] == "runs only where its backend is named"
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
    recorder.kernel("zscore", accuracy="relaxed", opt_in=True)(recorder._kernels["zscore"][0].function)
    with use("recorder"):
        assert zscore.explain(X).verdicts["recorder"] == "its kernel is relaxed, the policy asks for tolerance"
        with use(accuracy="relaxed"):
            assert chosen() == "recorder"
    with use(accuracy="bitwise"):
        assert chosen() == "numpy"


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


@pytest.mark.parametrize(
    "call",
    [
        lambda: use("numpy", strict="false"),
        lambda: use(["numpy"]),
        lambda: acm_dispatch.set_backend(["numpy"]),
        lambda: acm_dispatch.set_backend("numpy", op="zscore", strict=True),
    ],
)
def test_settings_of_the_wrong_kind_are_refused(call):
    with pytest.raises(ConfigurationError):
        call()


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
