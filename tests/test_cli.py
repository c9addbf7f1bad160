"""Every command says what it should, refuses in sentences with exit code 2, and keeps a script's exit code."""

import json
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

import acm_dispatch
from acm_dispatch import registry
from acm_dispatch.cli import app

PLAIN = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "NO_COLOR", "COLUMNS")}


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def invoke(monkeypatch):
    """Runs a command in this process, as into a pipe."""
    monkeypatch.setenv("COLUMNS", "160")
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def command(*words, program=("-m", "acm_dispatch"), **options):
    """Runs a command in a process of its own."""
    arguments = [sys.executable, *program, *map(str, words)]
    options = {"env": PLAIN, "capture_output": True, "text": True, "encoding": "utf-8", "timeout": 60, **options}
    return subprocess.run(arguments, check=False, **options)


# What the commands say.


def test_info_lists_every_operation_and_backend(invoke):
    result = invoke("info")
    assert result.exit_code == 0
    for name in [*registry.operations, *registry.compositions, *registry.backends()]:
        assert name in result.stdout
    assert re.search(r"zscore .*kernel", result.stdout)


def test_info_says_why_a_backend_cannot_run(invoke):
    def broken():
        raise OSError("its driver is gone")

    backends = [
        acm_dispatch.Backend("asleep", available=lambda: "no such device"),
        acm_dispatch.Backend("broken", available=broken),
        acm_dispatch.Backend("half", modules=["acm_no_such_module"]),
    ]
    for backend in backends:
        acm_dispatch.register_backend(backend)
    try:
        info, doctor = invoke("info"), invoke("doctor")
    finally:
        for backend in backends:
            acm_dispatch.unregister_backend(backend.name)
    assert info.exit_code == doctor.exit_code == 0
    assert "asleep cannot run: no such device" in info.stdout
    assert "cannot run: no such device" in doctor.stdout
    for output in (info.stdout, doctor.stdout):
        assert "its driver is gone" in output
        assert "acm_no_such_module" in output


def test_info_of_an_operation_tells_what_a_caller_and_a_kernel_have_to_know(invoke):
    page = invoke("info", "zscore").stdout
    for line in (
        r"shapes +n d, \[d\], \[d\] -> n d",
        r"center +\(d,\) float64 or float32; may be left out, then None",
        "tolerance +float64 1e-10 relative, 1e-12 absolute; float32 1e-05 relative, 1e-06 absolute",
        "relaxed +float64 1e-07 relative, 1e-09 absolute; float32 0.001 relative, 0.0001 absolute",
        "NaN +propagate: a result that depends on a NaN is NaN",
        r"work +n \* d",
        "method +one of 'standard', 'robust'; by default 'standard'",
        "ddof +an integer of at least 0; by default 0",
        "clip +a finite number of more than 0.0, or None; by default None",
        "parameters +x, center, scale, method, ddof, floor, clip",
        "cases +typical, quantised, ",
        r"mistakes +centre_of_other_length \(center\)",
        r"numpy +reference \(float64, float32; bitwise\)",
    ):
        assert re.search(line, page), line
    assert "after prepare" not in page
    assert re.search("homogeneous +x -> 1 ", invoke("info", "rolling_mean").stdout)
    assert re.search("window +an integer of at least 1; required", invoke("info", "rolling_mean").stdout)
    labels = invoke("info", "silhouette_samples").stdout
    assert re.search(r"labels +\(n,\) int64", labels)
    assert "`encode`: Labels as codes 0..k-1, every code in use." in labels


def test_info_of_a_composition_tells_what_it_is_made_of(invoke):
    page = invoke("info", "quantiles").stdout
    assert re.search(r"column_quantiles +n d -> ", page)
    assert re.search("q +required", page)
    assert "acm-dispatch info NAME" in page


def test_info_tells_why_a_backend_has_no_kernel(invoke):
    backends = [
        acm_dispatch.Backend("asleep", available=lambda: "no such device"),
        acm_dispatch.Backend("choosy", refuses={"zscore": "its columns are rows"}),
        acm_dispatch.Backend("picky"),
    ]
    backends[2].kernel("zscore", dtypes=["float32"], accuracy="relaxed", supports=lambda call: "not today")(print)
    for backend in backends:
        acm_dispatch.register_backend(backend)
    try:
        page = invoke("info", "zscore").stdout
    finally:
        for backend in backends:
            acm_dispatch.unregister_backend(backend.name)
    assert re.search("asleep +no such device", page)
    assert re.search("choosy +its columns are rows", page)
    assert re.search(r"picky +print \(float32; relaxed; not of every call\)", page)


def test_every_option_and_preparation_is_told_in_words():
    from acm_dispatch.cli.info import description

    for name in [*registry.operations, *registry.compositions]:
        page = description(name)
        assert "accepts:" not in page, "a check without `expects`"
        assert "has no docstring" not in page


def test_a_check_without_words_is_told_by_its_docstring(own_operations):
    def even(operation, argument, value):
        """Numbers that two divides."""
        return value

    samples = acm_dispatch.Samples(lambda rng, n: {"x": rng.normal(size=(n, 2))})

    @acm_dispatch.operation("n d -> n d", work="n * d", nan="propagate", samples=samples, options={"by": even})
    def scaled_evenly(x, by=2, *, backend=None):
        return x * by

    from acm_dispatch.cli.info import description

    assert "what `even` accepts: Numbers that two divides.; by default 2" in description("scaled_evenly")
    assert "scaled_evenly: has no docstring" in description("scaled_evenly")


def test_doctor_examines_everything(invoke, monkeypatch):
    monkeypatch.setattr(registry, "problems", [registry.Problem("odd (odd-plugin)", "its manifest does not import")])
    monkeypatch.setitem(registry.INSTALL, "abacus", "pip install abacus")
    result = invoke("doctor")
    assert result.exit_code == 0
    for part in ("Versions", "Processor", "Backends", "Manifests", "Broken plugins", "Settings"):
        assert part in result.stdout
    assert re.search(rf"numpy +{re.escape(np.__version__)} +{len(registry.operations)} +ready", result.stdout)
    assert re.search(r"abacus .*not installed; pip install abacus", result.stdout)
    assert "odd (odd-plugin)" in result.stdout
    assert re.search(r"usable threads +\d+ \(", result.stdout)
    assert re.search(r"accuracy +tolerance +default", result.stdout)


def test_doctor_says_how_the_rust_library_was_built(invoke):
    core = pytest.importorskip("acm_rs._core")
    assert re.fullmatch(r"rustc \S+.*, release, opt-level 3(, \w+=.*)*", core.build())
    assert re.search(r"Rust kernels are built by +rustc \d", invoke("doctor").stdout)


def test_explain_prints_the_explanation_without_the_arrays(invoke):
    result = invoke("explain", "pairwise_euclidean", "--shape", "1e6x50", "--shape", "8x50", "--dtype", "float32")
    assert result.exit_code == 0
    assert result.stdout.startswith("pairwise_euclidean (n = 1,000,000, d = 50, m = 8; float32")
    assert "runs it" in result.stdout


def test_explain_completes_arrays_whose_size_is_known_and_takes_options(invoke):
    assert "n = 300, d = 4" in invoke("explain", "silhouette_samples", "--shape", "300x4").stdout
    result = invoke("explain", "zscore", "--shape", "300x4", "--option", "method=robust", "--option", "clip=3")
    assert result.exit_code == 0
    assert (
        "runs it by zscore_in_place (backend=)"
        in invoke("explain", "zscore", "--shape", "30x4", "--backend", "numpy").stdout
    )


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ("kmeans --shape 900x5 --option n_clusters=8", ["lloyd_step", "pairwise_euclidean (n = 4, d = 5, m = 900"]),
        ("silhouette_score --shape 900x5", ["silhouette_samples (n = 900, d = 5"]),
        ("quantiles --shape 900x5 --option q=0.5", ["column_quantiles (n = 900, d = 5"]),
        ("pca_spe_t2 --shape 900x5 --shape 2x5", ["spe_t2 (n = 900, d = 5, k = 2"]),
        ("isolation_forest_score --shape 900x5 --shape 7x31", ["mean_path_length (n = 900, d = 5, t = 7, m = 217"]),
        ("sparse_matmul --shape 90x5 --shape 5x4 --dtype float32", ["csr_matmul (z = 90, p = 91, c = 5, k = 4"]),
        ("sparse_matvec --shape 90x5 --shape 5", ["csr_matvec (z = 90, p = 91, c = 5"]),
    ],
)
def test_explain_tells_what_a_composition_is_made_of(invoke, words, parts):
    result = invoke("explain", *words.split(), "--backend", "numpy")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{words.split()[0]} is made of\n")
    assert all(part in result.stdout for part in parts)


def test_version_and_help(invoke):
    assert invoke("--version").stdout.strip() == acm_dispatch.__version__
    assert "doctor" in invoke("--help").stdout


def test_demo_is_the_command_of_the_monitor(invoke, monkeypatch):
    assert "--report" in invoke("demo", "-h").stdout
    assert invoke("demo", "--clusters", "1..4").exit_code == 2
    assert invoke("demo", "--clusters").exit_code == 2
    monkeypatch.setitem(sys.modules, "acm_monitor", None)
    monkeypatch.delitem(sys.modules, "acm_monitor.command")
    result = invoke("demo")
    assert result.exit_code == 2
    assert "install it with `pip install acm-dispatch-monitor`" in result.stderr


# Refusals.


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["explain", "zscor", "--shape", "9x9"], "no operation is called 'zscor'; did you mean 'zscore'?"),
        (["explain", "qqqq", "--shape", "9x9"], "no operation is called 'qqqq'; `acm-dispatch info` lists them"),
        (["explain", "pca_spe_t2", "--shape", "9x9"], "x (n, d), model (two sizes); give a --shape for model"),
        (["explain", "pca_spe_t2", "--shape", "9x9", "--shape", "3"], "no model can be made of the shape 3"),
        (["explain", "kmeans", "--shape", "9x9"], "kmeans also needs --option n_clusters=..."),
        (["explain", "kmean", "--shape", "9x9"], "no operation is called 'kmean'; did you mean 'kmeans'?"),
        (["info", "zscor"], "no operation is called 'zscor'; did you mean 'zscore'?"),
        (["info", "kmean"], "no operation is called 'kmean'; did you mean 'kmeans'?"),
        (["info", "qqqq"], "no operation is called 'qqqq'; `acm-dispatch info` lists them"),
        (["explain", "zscore", "--shape", "9xa"], "--shape is '9xa'; expected sizes such as 10000x50"),
        (["explain", "zscore", "--shape", "9"], "zscore: `x` has shape (9,); expected 2-D (n, d)"),
        (
            ["explain", "impute", *["--shape", "9x9"] * 3],
            "impute takes x (n, d), fill (d,) (optional); 3 shapes were given",
        ),
        (["explain", "pairwise_distances_argmin", "--shape", "9x9"], "x (n, d), y (m, d); give a --shape for y"),
        (["explain", "zscore", "--shape", "9x9", "--dtype", "float"], None),
        (["explain", "zscore", "--shape", "9x9", "--dtype", "real"], "--dtype is 'real'; expected a NumPy type"),
        (["explain", "zscore", "--shape", "9x9", "--dtype", "complex128"], "zscore: `x` has dtype complex128"),
        (["explain", "zscore", "--shape", "9x9", "--backend", "numpi"], "no backend is called 'numpi'"),
        (["explain", "zscore", "--shape", "9x9", "--option", "mode=x"], "zscore takes method, ddof, floor, clip"),
        (["explain", "zscore", "--shape", "9x9", "--option", "ddof=-1"], "`ddof` is -1; expected at least 0"),
        (["explain", "zscore", "--shape", "1e15x1e6"], "does not fit this machine"),
        (["run", "nothing.py"], "script nothing.py does not exist"),
        (["run", "--trace-file", "no/folder/t.json", __file__], "the trace cannot be written: folder"),
        (["explain", "zscore"], "Missing option '--shape'"),
        (["flight"], "No such command 'flight'"),
    ],
)
def test_refusals_are_sentences(invoke, words, sentence):
    result = invoke(*words)
    if sentence is None:
        assert result.exit_code == 0
        return
    assert result.exit_code == 2, result.output
    assert sentence in result.stderr
    assert "Traceback" not in result.output
    assert result.stdout == ""


def test_ctrl_c_is_one_line(invoke, monkeypatch):
    def stopped(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("acm_dispatch.cli.doctor.examine", stopped)
    result = invoke("doctor")
    assert (result.exit_code, result.stderr) == (130, "Interrupted.\n")


@pytest.mark.parametrize("package", ["rich", "typer"])
def test_without_the_extra_one_sentence_says_what_to_install(package):
    code = f"import sys; sys.modules[{package!r}] = None; from acm_dispatch.__main__ import main; main()"
    result = command("info", program=("-c", code))
    assert result.returncode == 2
    assert result.stderr.strip().splitlines()[-1].endswith('install it with `pip install "acm-dispatch[cli]"`')
    assert f"needs {package}" in result.stderr
    assert "Traceback" not in result.stderr


# Running scripts.

SCRIPT = """
import sys, threading
import helper
import numpy as np
import acm_dispatch

x = np.arange(12.0).reshape(4, 3)
thread = threading.Thread(target=lambda: acm_dispatch.zscore(x))
thread.start()
thread.join()
acm_dispatch.zscore(x)
print(sys.argv[1:], __name__)
if sys.argv[1] in helper.CODES:
    sys.exit(helper.CODES[sys.argv[1]])
if sys.argv[1] in helper.ERRORS:
    raise helper.ERRORS[sys.argv[1]]
"""
HELPER = """
CODES = {"--seven": 7, "--word": "a last word"}
ERRORS = {"--boom": ValueError("boom"), "--stop": KeyboardInterrupt}
"""


@pytest.fixture
def script(tmp_path):
    (tmp_path / "helper.py").write_text(HELPER)
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return path


def test_run_shows_the_calls_of_every_thread_and_passes_arguments(script, tmp_path):
    trace_file = tmp_path / "trace.json"
    result = command("run", "--trace", "--trace-file", trace_file, script, "--well", "--trace", "-h")
    assert result.returncode == 0, result.stderr
    assert result.stdout == "['--well', '--trace', '-h'] __main__\n"
    assert "2 dispatched calls" in result.stderr
    assert re.search(r"zscore +4x3 +float64 +\w+ +.* 2 ", result.stderr), "one row for equal calls"
    assert result.stderr.count("zscore") == 1, "the table is printed once"
    assert len(json.loads(trace_file.read_text())["traceEvents"]) == 2


@pytest.mark.parametrize(
    ("ending", "code", "said"),
    [
        ("--seven", 7, ""),
        ("--word", 1, "a last word"),
        ("--boom", 1, "ValueError: boom"),
        ("--stop", 130, "Interrupted."),
    ],
)
def test_run_keeps_the_script_s_exit_code(script, ending, code, said):
    result = command("run", script, ending)
    assert result.returncode == code
    assert said in result.stderr
    assert "2 dispatched calls" in result.stderr, "the table comes however the script ends"
    assert "runpy" not in result.stderr, "the traceback is the script's own"


@pytest.mark.skipif(sys.platform == "win32", reason="there, SIGINT cannot be sent to another process")
def test_run_can_be_stopped(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import signal, time\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n")
    with script.open("a") as file:
        file.write("print('ready', flush=True)\ntime.sleep(600)\n")
    arguments = [sys.executable, "-m", "acm_dispatch", "run", "--no-trace", str(script)]
    with subprocess.Popen(arguments, env=PLAIN, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=300)
    assert (process.returncode, errors) == (130, "Interrupted.\n")


# In pipes and on terminals.


def test_pipes_get_plain_text_and_warnings_are_sentences():
    result = command("doctor", env={**PLAIN, "ACM_DISPATCH_BACKEND": "numpi"})
    assert result.returncode == 0
    assert "\x1b" not in result.stdout + result.stderr
    assert max(map(len, result.stdout.splitlines())) <= 120
    assert "Warning: environment: no backend is called 'numpi'" in result.stderr
    assert "DispatchWarning" not in result.stderr


def test_colours_on_terminals_unless_they_are_not_wanted(invoke, monkeypatch):
    colour = re.compile(r"\x1b\[[0-9;]*3[0-7]m")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert colour.search(invoke("info").stdout)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colour.search(invoke("info").stdout)
