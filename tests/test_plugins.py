"""Third-party backends: one that works, and several that are broken and harm nothing."""

import os
import re
import subprocess
import sys
import warnings

import numpy as np
import pytest

import acm_dispatch
from acm_dispatch import registry
from acm_dispatch.backends import backend as backend_module

BROKEN = {
    "raises": ("raise RuntimeError('not today')", "raises", r"its manifest does not import (RuntimeError: not today)"),
    "exits": ("raise SystemExit(3)", "exits", "its manifest does not import (SystemExit: 3)"),
    "no_backend": ("backend = 3", "no_backend", "is a int; expected an acm_dispatch.Backend"),
    "twice": ("from acm_dispatch import Backend; backend = Backend('numpy')", "numpy", "is already registered"),
    "late": (
        "from acm_dispatch import Backend; backend = Backend('late', modules=['nowhere_to_be_found'])",
        "late",
        "its kernels do not import (ModuleNotFoundError",
    ),
    "unknown": (
        "from acm_dispatch import Backend; backend = Backend('unknown'); backend.kernel('zscor')(print)",
        "unknown",
        "it has a kernel for 'zscor', which is no operation; did you mean 'zscore'?",
    ),
}


#: A Rust panic reaches Python as a `BaseException` that is no `Exception`; not even its text can be had here.
PANIC = """
from acm_dispatch import Backend

class Panic(BaseException):
    def __str__(self):
        raise RuntimeError

def panic(*_):
    raise Panic
"""
BROKEN |= {
    "panics": (f"{PANIC}\npanic()", "panics", "its manifest does not import (Panic)"),
    "mute": (f"{PANIC}\nbackend = Backend('mute', available=panic)", "mute", "it cannot say whether it is available"),
}
#: What is no reason to warn: it shows in `explain`, and in `doctor` as a backend that cannot run.
SILENT = ("mute",)


def run_with(tmp_path, name, *command):
    """Run Python with `command` in a new process where the broken plugin `name` is installed."""
    body, entry, _ = BROKEN[name]
    (tmp_path / f"plugin_{name}.py").write_text(body)
    info = tmp_path / f"plugin_{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: plugin-{name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[acm_dispatch.backends]\n{entry} = plugin_{name}:backend\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    return subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_a_warning_and_never_more(tmp_path, name):
    code = """
import numpy, acm_dispatch
x = numpy.ones((3, 2))
acm_dispatch.zscore(x)
print(acm_dispatch.zscore.explain(x).chosen)
"""
    done = run_with(tmp_path, name, "-c", code)
    assert done.returncode == 0, done.stderr
    if name in SILENT:
        assert done.stderr == ""
        return
    assert BROKEN[name][2] in done.stderr
    (place,) = re.findall(r"(.*): DispatchWarning", done.stderr)
    assert place in ("<string>:4", "<string>:5"), "the line that called or asked"


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_a_row_in_doctor(tmp_path, name):
    done = run_with(tmp_path, name, "-m", "acm_dispatch", "doctor")
    assert done.returncode == 0, done.stderr
    assert BROKEN[name][2][:30] in " ".join(done.stdout.split())


class Panic(BaseException):
    """As PyO3 raises it: no `Exception`."""


def _raising(error):
    def fail(*_):
        raise error

    return fail


@pytest.fixture
def odd():
    """A backend whose parts are replaced by ones that fail."""
    backend = acm_dispatch.Backend("odd")
    backend.kernel("zscore")(lambda x, *options: x)
    acm_dispatch.register_backend(backend)
    yield backend
    backend.available = lambda: None
    acm_dispatch.unregister_backend("odd")


def _break(backend, part, error, monkeypatch):
    if part == "supports":
        backend.kernel("zscore", supports=_raising(error))(lambda x, *options: x)
    elif part == "kernels":
        monkeypatch.setattr(backend_module, "import_module", _raising(error))
        backend.modules, backend._loaded = ("kernels",), False
    else:
        setattr(backend, part, _raising(error))


@pytest.mark.parametrize("error", [Panic("a bug"), SystemExit(3), GeneratorExit(), RuntimeError("x" * 10**6)])
@pytest.mark.parametrize("part", ["available", "supports", "bind", "kernels"])
def test_whatever_a_plugin_raises_the_next_backend_runs(odd, part, error, monkeypatch):
    for name in acm_dispatch.zscore.kernels():
        registry.unusable(registry.find_backend(name))  # before imports fail
    _break(odd, part, error, monkeypatch)
    x = np.array([[1.0, 2.0], [4.0, 3.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", acm_dispatch.DispatchWarning)
        with acm_dispatch.use("odd"):
            np.testing.assert_allclose(acm_dispatch.zscore(x), acm_dispatch.zscore(x, backend="numpy"))
        with acm_dispatch.use("odd", strict=True), pytest.raises(acm_dispatch.BackendError) as told:
            acm_dispatch.zscore(x)
    assert type(error).__name__ in str(told.value)
    assert len(str(told.value)) < 1000


@pytest.mark.parametrize("part", ["available", "supports", "bind"])
def test_ctrl_c_goes_through_a_plugin(odd, part, monkeypatch):
    _break(odd, part, KeyboardInterrupt(), monkeypatch)
    with acm_dispatch.use("odd"), pytest.raises(KeyboardInterrupt):
        acm_dispatch.zscore(np.ones((3, 2)))


def test_entry_points_that_cannot_be_read_harm_nobody(tmp_path):
    info = tmp_path / "garbled-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: garbled\nVersion: 1.0\n")
    (info / "entry_points.txt").write_bytes(b"[acm_dispatch.backends]\n\xff\xfe = \x00\n")
    code = "import numpy, acm_dispatch as a; a.zscore(numpy.ones((3, 2))); print(*a.registry.backends())"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {"numpy", "example"} <= set(done.stdout.split())
    assert done.stderr.count("its entry points cannot be read (UnicodeDecodeError") == 1


def test_metadata_without_a_name_harms_nobody(tmp_path):
    info = tmp_path / "nameless-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text("[acm_dispatch.backends]\nnameless = no_such_module:backend\n")
    code = "import numpy, acm_dispatch; acm_dispatch.zscore(numpy.ones((3, 2)))"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "plugin nameless" in done.stderr


def test_a_manifest_may_register_its_backend_itself(tmp_path):
    BROKEN["itself"] = (
        "from acm_dispatch import Backend, register_backend; backend = Backend('itself'); register_backend(backend)",
        "itself",
        "",
    )
    try:
        done = run_with(tmp_path, "itself", "-c", "import acm_dispatch; print(*acm_dispatch.registry.backends())")
    finally:
        del BROKEN["itself"]
    assert "itself" in done.stdout.split()
    assert done.stderr == ""


def test_answers_that_mean_nothing_are_reasons():
    odd = acm_dispatch.Backend("odd", available=lambda: True)
    acm_dispatch.register_backend(odd)
    try:
        verdict = acm_dispatch.zscore.explain(np.ones((3, 2))).verdicts["odd"]
    finally:
        acm_dispatch.unregister_backend("odd")
    assert verdict == "declined, answering True where None or a sentence was expected"


def test_the_example_is_found_through_its_entry_point():
    assert registry.find_backend("example").version == "1.0"
    x = np.array([[1.0], [2.0], [4.0]])
    median, mad = acm_dispatch.column_median_mad(x, missing="nan", backend="example")
    assert (median[0], mad[0]) == (2.0, 1.4826)


def test_the_example_declines_with_sentences():
    x = np.array([[1.0], [np.inf]])
    with pytest.raises(acm_dispatch.BackendError, match="example: only missing='nonfinite'"):
        acm_dispatch.impute(x, missing="nan", backend="example")
    with pytest.raises(acm_dispatch.BackendError, match="example: a fill of NaN is not supported"):
        acm_dispatch.impute(x, [np.nan], backend="example")


def test_the_kit_proves_the_example():
    command = [sys.executable, "-m", "pytest", "--pyargs", "acm_dispatch.testing", "--backend=example"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "example has kernels for 2 of" in done.stdout
    assert "declined: a fill of NaN is not supported" in done.stdout


def test_the_kit_says_at_once_which_backend_it_cannot_test():
    command = [sys.executable, "-m", "pytest", "-q", "--pyargs", "acm_dispatch.testing", "--backend=exampel"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert done.stderr.startswith("ERROR: no backend is called 'exampel'; installed: ")
    assert "did you mean 'example'?" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_without_threadpoolctl_numpy_keeps_its_own_threads(monkeypatch):
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    with acm_dispatch.use("numpy", threads=1):
        assert acm_dispatch.impute([[1.0], [np.nan]], missing="nan")[1, 0] == 1.0


def test_registering_a_taken_name_is_refused():
    with pytest.raises(acm_dispatch.DeclarationError, match="already registered"):
        acm_dispatch.register_backend(acm_dispatch.Backend("numpy"))
    with pytest.raises(acm_dispatch.DeclarationError, match="lower-case identifier"):
        acm_dispatch.Backend("My Backend")


def test_what_is_no_backend_is_refused():
    with pytest.raises(acm_dispatch.DeclarationError, match=r"'mine' is a str; expected an acm_dispatch\.Backend"):
        acm_dispatch.register_backend("mine")
    with pytest.raises(acm_dispatch.DeclarationError, match="lower-case identifier"):
        acm_dispatch.Backend(3)
    with pytest.raises(acm_dispatch.BackendNotFoundError, match="did you mean 'example'"):
        acm_dispatch.unregister_backend("exampel")
    with pytest.raises(acm_dispatch.DeclarationError, match="last resort"):
        acm_dispatch.unregister_backend("numpy")


@pytest.mark.parametrize(
    ("register", "message"),
    [
        (lambda backend: backend.kernel(lambda x: x), r"expected a name, as in @backend.kernel\(\"zscore\"\)"),
        (lambda backend: backend.kernel(acm_dispatch.zscore), "expected a name"),
        (lambda backend: backend.kernel("zscore", dtypes="float64"), "dtypes 'float64' of zscore are not among"),
        (lambda backend: backend.kernel("zscore", dtypes=["double"]), "not among"),
        (lambda backend: backend.kernel("zscore", accuracy="exact"), "accuracy 'exact' of zscore is none of"),
    ],
)
def test_kernels_declared_wrongly_are_sentences(register, message):
    with pytest.raises(acm_dispatch.DeclarationError, match="backend odd: .*" + message):
        register(acm_dispatch.Backend("odd"))


def _twice(call):
    call()
    call()


def test_a_kernel_that_comes_late_for_no_operation_is_reported_once():
    odd = acm_dispatch.Backend("odd")
    acm_dispatch.register_backend(odd)
    x = np.ones((3, 2))
    try:
        acm_dispatch.zscore.explain(x)
        odd.kernel("zscor")(print)
        with pytest.warns(
            acm_dispatch.DispatchWarning, match=r"odd: it has a kernel for 'zscor'.*mean 'zscore'"
        ) as found:
            _twice(lambda: acm_dispatch.zscore.explain(x))
        assert len(found) == 1
        assert [problem.source for problem in registry.problems].count("odd") == 1
    finally:
        acm_dispatch.unregister_backend("odd")
    assert "odd" not in [problem.source for problem in registry.problems]


def test_a_backend_whose_availability_ends_in_exit_is_out():
    odd = acm_dispatch.Backend("odd", available=lambda: sys.exit(3))
    acm_dispatch.register_backend(odd)
    try:
        verdict = acm_dispatch.zscore.explain(np.ones((3, 2))).verdicts["odd"]
    finally:
        acm_dispatch.unregister_backend("odd")
    assert verdict == "it cannot say whether it is available (SystemExit: 3)"


def in_new_process(code, **environment):
    """What `code` prints in a process where no backend has been looked for."""
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


def test_a_backend_can_be_taken_out_before_it_was_found():
    code = "import acm_dispatch as a; a.unregister_backend('example'); print(*a.registry.backends())"
    assert "example" not in in_new_process(code).stdout.split()


EAGER = """
import numpy
from acm_dispatch import Backend, zscore, registry

backend = Backend("eager")
backend.kernel("zscore")(lambda x, *options: x)
zscore(numpy.ones((3, 2)))
"""


def test_what_a_manifest_calls_while_half_is_known_does_not_last(tmp_path):
    BROKEN["eager"] = EAGER, "eager", ""
    code = """
import numpy, acm_dispatch
x = numpy.array([[5.0, 6.0]] * 3)
acm_dispatch.zscore(x)
print(acm_dispatch.zscore(x)[0, 0], *acm_dispatch.config().rows[0])
"""
    os.environ["ACM_DISPATCH_BACKEND"] = "eager"
    try:
        done = run_with(tmp_path, "eager", "-c", code)
    finally:
        del BROKEN["eager"], os.environ["ACM_DISPATCH_BACKEND"]
    assert done.stdout.split() == ["5.0", "backends", "eager", "environment"], done.stderr
    assert done.stderr == ""


FIRST_CALLS = """
import sys, threading, warnings
import numpy, acm_dispatch

sys.setswitchinterval(1e-6)
acm_dispatch.register_backend(acm_dispatch.Backend("half", modules=["nowhere_to_be_found"]))
acm_dispatch.set_backend("half")
x, failures = numpy.ones((40, 3)), []
barrier = threading.Barrier(8)

def first_calls():
    try:
        for name in ("zscore", "impute", "column_median_mad", "pearson", "ffill", "bfill", "column_sums"):
            barrier.wait()
            getattr(acm_dispatch, name)(x)
    except BaseException as error:
        failures.append(repr(error))
        barrier.abort()

threads = [threading.Thread(target=first_calls) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(failures), len([p for p in acm_dispatch.registry.problems if p.source == "half"]), *failures)
"""


def test_many_threads_may_make_the_first_calls_at_once():
    for _ in range(3):
        assert in_new_process(FIRST_CALLS).stdout.split()[:2] == ["0", "1"]


# Distributions that only declare operations.

OPERATIONS = """
from acm_dispatch import Samples, operation

samples = Samples(lambda rng, n: {"x": rng.normal(size=(n, 4))})

@operation("n d -> d", work="n * d", nan="propagate", samples=samples)
def column_total(x, *, backend=None):
    \"\"\"The sum of each column.\"\"\"
    return x.sum(axis=0)
"""


@pytest.fixture
def declared(tmp_path):
    """Runs Python in a process with a distribution that declares an operation, or whose module has that body."""

    def run(*command, body=OPERATIONS):
        (tmp_path / "spans.py").write_text(body)
        info = tmp_path / "spans-1.0.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: spans\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[acm_dispatch.operations]\nspans = spans\n")
        path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
        arguments = [sys.executable, *command]
        return subprocess.run(
            arguments, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False, timeout=120
        )

    return run


def test_a_distribution_of_operations_is_found(declared):
    code = "import acm_dispatch, numpy as np; print(acm_dispatch.explain('column_total', np.ones((9, 2))).chosen)"
    assert declared("-c", code).stdout.strip() == "numpy"
    assert "column_total" in declared("-m", "acm_dispatch", "info").stdout
    doctor = declared("-m", "acm_dispatch", "doctor").stdout
    assert "spans" in doctor


def test_the_kit_proves_operations_of_another_distribution(declared):
    kit = ("-m", "pytest", "-q", "--pyargs", "acm_dispatch.testing", "--backend=numpy", "-k", "column_total")
    result = declared(*kit, "-p", "no:cacheprovider")
    assert result.returncode == 0, result.stdout
    assert " passed" in result.stdout


def test_operations_that_do_not_import_are_a_sentence(declared):
    code = "import acm_dispatch, numpy as np; print(acm_dispatch.zscore(np.ones((3, 1))).sum())"
    result = declared("-c", code, body="raise RuntimeError('not today')")
    assert result.stdout.strip() == "0.0"
    assert "plugin spans (spans): its operations do not import (RuntimeError: not today)" in result.stderr
