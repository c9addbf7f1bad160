"""What becomes of a call whose kernel fails by its own fault: another one runs it, and says so."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import acm_dispatch
from acm_dispatch import Backend, DispatchWarning, InvalidInput, Samples, operation, use

X = np.random.default_rng(1).normal(size=(30, 4))


class PanicException(BaseException):
    """As PyO3 raises it."""


@pytest.fixture
def fragile(own_operations):
    """An operation, and a backend whose kernel raises what `backend.error` holds, on whose behalf `use` is entered."""

    @operation("n d -> n d", work="n * d", nan="propagate", samples=Samples(lambda rng, n: {}))
    def fragile_double(x, *, backend=None):
        if x[0, 0] == 77:
            raise TypeError("77 cannot be doubled")
        if x[0, 0] == 78:
            raise InvalidInput("fragile_double", "x", "begins with 78")
        return 2 * x

    backend = Backend("fragile")
    backend.calls = 0

    @backend.kernel("fragile_double")
    def double(x):
        backend.calls += 1
        if backend.error is not None:
            raise backend.error
        return 2 * x

    backend.error = RuntimeError("index 97 out of range")
    acm_dispatch.register_backend(backend)
    with use(fallback="warn"):
        yield fragile_double, backend
    acm_dispatch.unregister_backend("fragile")


@pytest.mark.parametrize("warm", [False, True], ids=["slow_path", "hot_path"])
def test_the_next_kernel_runs_the_call_and_one_warning_asks_for_a_report(fragile, warm):
    double, backend = fragile
    if warm:
        backend.error, error = None, backend.error
        double(X)
        backend.error = error
    with pytest.warns(DispatchWarning) as caught:
        results = [double(X) for _ in range(3)]
    assert all((result == 2 * X).all() for result in results)
    (warning,) = caught
    assert warning.filename == __file__
    text = str(warning.message)
    assert text.startswith(
        "fragile_double: the kernel fragile/double failed on float64 with n = 30, d = 4 (RuntimeError: index 97"
    )
    assert "numpy/reference ran the call" in text
    assert "Please report this" in text
    assert backend.calls == 1 + warm


def test_the_kernel_is_out_of_use_and_explain_says_so(fragile):
    double, backend = fragile
    with pytest.warns(DispatchWarning, match="fragile"):
        double(X)
    said = "out of use in this process since it raised RuntimeError: index 97 out of range"
    assert double.explain(X).verdicts["fragile"] == said
    assert double.plan(X).declined["fragile"] == said
    with use("fragile"):
        assert double.explain(X).chosen == "numpy"
    with use(fallback="error"):  # what asks to see errors sees them
        assert double.explain(X).chosen == "fragile"
    assert double.explain(X, backend="fragile").chosen == "fragile"
    backend.error = None
    backend.kernel("fragile_double")(lambda x: x)
    assert double.explain(X).chosen == "fragile", "a new kernel has failed nowhere"


def test_a_call_that_names_its_backend_sees_the_error(fragile):
    double, _ = fragile
    with pytest.raises(RuntimeError, match="index 97") as caught:
        double(X, backend="fragile")
    assert caught.value.__notes__ == ["raised by backend 'fragile' in acm_dispatch operation 'fragile_double'"]
    assert double.explain(X).chosen == "fragile"


@pytest.mark.parametrize("settings", [{"fallback": "error"}, {"strict": True}])
def test_policies_that_leave_nothing_else_see_the_error(fragile, settings):
    double, _ = fragile
    with use("fragile", **settings), pytest.raises(RuntimeError, match="index 97"):
        double(X)
    assert double.explain(X).chosen == "fragile"


def test_silence_is_silent_and_still_shown(fragile):
    double, _ = fragile
    with use(fallback="silent"), warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (double(X) == 2 * X).all()
    assert double.explain(X).verdicts["fragile"].startswith("out of use")


def test_what_every_kernel_raises_is_the_call_s_fault(fragile):
    double, backend = fragile
    backend.error = TypeError("no such number")
    with pytest.raises(TypeError, match="no such number"):
        double(np.full((3, 2), 77.0))
    with pytest.raises(InvalidInput, match="begins with 78"):
        double(np.full((3, 2), 78.0))
    assert double.explain(X).chosen == "fragile"


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("none left"),
        RecursionError("too deep"),
        TimeoutError("too late"),
        KeyboardInterrupt(),
        SystemExit(3),
        asyncio.CancelledError(),
        InvalidInput("fragile_double", "x", "is wrong"),
        acm_dispatch.ConfigurationError("not so"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_is_no_fault_of_the_kernel_goes_on(fragile, error):
    double, backend = fragile
    backend.error = error
    with pytest.raises(type(error)) as caught:
        double(X)
    assert caught.value is error
    assert double.explain(X).chosen == "fragile"


@pytest.mark.parametrize(
    "error", [PanicException("in Rust"), ZeroDivisionError(), ImportError("gone"), OSError(28, "full")]
)
def test_faults_of_every_kind(fragile, error):
    double, backend = fragile
    backend.error = error
    with pytest.warns(DispatchWarning, match=type(error).__name__):
        assert (double(X) == 2 * X).all()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs an alarm")
def test_a_time_limit_of_the_caller_is_kept(own_operations):
    class Late(Exception):
        pass

    def handler(*_):
        raise Late

    @operation("n d -> n d", work="n * d", nan="propagate", samples=Samples(lambda rng, n: {}))
    def endless(x, *, backend=None):
        return x

    backend = Backend("endless")

    @backend.kernel("endless")
    def wait(x):
        while True:
            pass

    acm_dispatch.register_backend(backend)
    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with use(fallback="warn"), pytest.raises(Late):
            endless(X)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        acm_dispatch.unregister_backend("endless")


def test_traces_show_the_failure_and_what_ran_instead(fragile):
    double, _ = fragile
    with acm_dispatch.trace() as trace, pytest.warns(DispatchWarning, match="failed"):
        double(X)
    failed, done = trace.records
    assert (failed.backend, failed.error) == ("fragile", "RuntimeError: index 97 out of range")
    assert (done.backend, done.error) == ("numpy", None)
    assert done.declined["fragile"] == "raised RuntimeError: index 97 out of range"
    assert "raised RuntimeError: index 97" in str(trace)


def test_doctor_shows_what_is_out_of_use(fragile):
    double, _ = fragile
    with pytest.warns(DispatchWarning, match="failed"):
        double(X)
    from acm_dispatch.cli.doctor import _backends

    (state,) = [row[3] for row in _backends() if row[0] == "fragile"]
    assert state.startswith(
        "ready; fragile_double is out of use in this process since it raised RuntimeError: index 97"
    )


def test_many_threads_warn_once(fragile):
    double, _ = fragile
    barrier = threading.Barrier(8)

    def call(_):
        barrier.wait()
        with use(fallback="warn"):
            return double(X)

    with pytest.warns(DispatchWarning) as caught, ThreadPoolExecutor(8) as pool:
        assert all((result == 2 * X).all() for result in pool.map(call, range(8)))
    assert len(caught) == 1


def test_a_fast_form_of_numpy_gives_way_to_the_reference(own_operations):
    from acm_dispatch.backends.numpy import numpy_backend

    @operation("n d -> n d", work="n * d", nan="propagate", samples=Samples(lambda rng, n: {}))
    def toy_fast(x, *, backend=None):
        return 2 * x

    numpy_backend.kernel("toy_fast")(lambda x: 1 / 0)
    with use(fallback="warn"), pytest.warns(DispatchWarning, match="numpy/<lambda> failed .*ZeroDivisionError"):
        assert (toy_fast(X) == 2 * X).all()
    with pytest.raises(ZeroDivisionError):
        toy_fast(X, backend="numpy")


IN_NEW_PROCESS = """
import numpy, acm_dispatch
backend = acm_dispatch.Backend("fragile")
backend.kernel("zscore")(lambda *arguments: 1 / 0)
acm_dispatch.register_backend(backend)
with acm_dispatch.use("fragile"):
    acm_dispatch.zscore(numpy.ones((3, 2)))
"""


@pytest.mark.parametrize(
    ("value", "code", "said"), [("", 0, "Please report"), ("error", 1, "by zero"), ("silent", 0, "")]
)
def test_the_environment_decides_and_warning_is_the_default(value, code, said):
    environment = {name: text for name, text in os.environ.items() if name != "ACM_DISPATCH_FALLBACK"}
    environment |= {"ACM_DISPATCH_FALLBACK": value} if value else {}
    command = [sys.executable, "-c", IN_NEW_PROCESS]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert said in done.stderr if said else done.stderr == ""
