"""The kit's random draws: they reach every option, shape and kind of number, and find what no sample shows."""

import contextlib
import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from acm_dispatch import (
    Backend,
    InvalidInput,
    Samples,
    operation,
    options,
    register_backend,
    registry,
    unregister_backend,
)
from acm_dispatch.contract.patterns import BASES, WORDS
from acm_dispatch.errors import BackendError
from acm_dispatch.execution.draws import arguments_of, redraw
from acm_dispatch.testing.cases import in_dtype
from acm_dispatch.testing.drawing import may_miss, trial_of
from acm_dispatch.testing.fuzz import Fuzzing, found_wrong, main, outcome, trials
from acm_dispatch.testing.judging import reference_of

SUBJECTS = [*registry.operations.values(), *registry.compositions.values()]
IDS = [subject.name for subject in SUBJECTS]


def _drawn(subject, count=60):
    return [trial_of(subject, seed) for seed in range(count)]


@pytest.mark.parametrize("subject", SUBJECTS, ids=IDS)
def test_every_argument_varies(subject):
    """Each option takes several values, each array several shapes."""
    seen = {}
    for trial in _drawn(subject):
        for name, value in arguments_of(subject, trial.draw).items():
            seen.setdefault(name, set()).add(str(getattr(value, "shape", value)))
    optional = set(getattr(subject, "option_names", ())) - seen.keys()
    assert not optional, f"never drawn: {optional}"
    few = [name for name, values in seen.items() if len(values) < 2]
    assert not few, f"always the same: {few}"


@pytest.mark.parametrize("subject", SUBJECTS, ids=IDS)
def test_most_draws_are_computed(subject):
    """What is refused shows little."""
    refused = 0
    for trial in itertools.islice(trials(subject, 1, ()), 20):
        try:
            reference_of(subject, trial.large)(**arguments_of(subject, trial.draw))
        except InvalidInput:
            refused += 1
    assert refused <= 12


def test_draws_are_the_same_every_time():
    for subject in SUBJECTS:
        trial = trial_of(subject, 5)
        assert trial == trial_of(subject, 5)
        first, second = arguments_of(subject, trial.draw), eval(f"redraw({subject.name!r}, {trial.draw})")
        assert first.keys() == second.keys()
        for name, value in first.items():
            if isinstance(value, np.ndarray):
                assert value.tobytes() == second[name].tobytes()


def test_draws_are_tall_square_and_wide_of_every_kind():
    drawn = [trial.draw for subject in SUBJECTS for trial in _drawn(subject, 30)]
    shapes = [(draw.dims["n"], draw.dims["d"]) for draw in drawn if {"n", "d"} <= draw.dims.keys()]
    assert sum(n > 50 * d > 0 for n, d in shapes) > 20
    assert sum(d > 50 * n > 0 for n, d in shapes) > 20
    assert sum(n == 0 or d == 0 for n, d in shapes) > 5
    words = {word for draw in drawn for word in draw.values.split()}
    assert words == {*BASES, *WORDS}


def test_no_gaps_where_they_are_forbidden():
    for subject in SUBJECTS:
        if not may_miss(subject):
            for trial in _drawn(subject, 20):
                for value in arguments_of(subject, trial.draw).values():
                    assert not isinstance(value, np.ndarray) or value.dtype.kind != "f" or np.isfinite(value).all()


#: Constants of the Rust sources that are sizes at which a kernel changes its ways.
_SIZE = re.compile(
    r"const [A-Z_]*(?:ROWS|COLUMNS|BLOCK|TILE|LANES|SIDE|DEPTH|WIDTH|CHUNK|BAND|KEPT|LONGEST|VALUES)\w*"
    r": usize = ([\d* <]+);"
)


def test_the_rust_backend_publishes_its_tiles():
    acm_rs = pytest.importorskip("acm_rs")
    sources = (Path(__file__).parents[1] / "backends/rust/crates").glob("*/src/**/*.rs")
    sizes = {eval(found) for source in sources for found in _SIZE.findall(source.read_text())}
    missing = {size for size in sizes if 3 < size <= 8192} - set(acm_rs.backend.tiles)
    assert len(sizes) > 15
    assert not missing, f"add {missing} to `tiles=` in backends/rust/python/acm_rs/__init__.py"


@pytest.fixture
def scaled_rows(own_operations):
    samples = Samples(lambda rng, n: {"x": rng.normal(size=(n, 4)), "power": 2})

    @operation(
        "n d -> n", work="n * d", nan="propagate", samples=samples, options={"power": options.integer(minimum=1)}
    )
    def toy_rows(x, power=1, *, backend=None):
        return (x**power).sum(axis=1)

    return toy_rows.operation


def _with_kernel(kernel, **manifest):
    backend = Backend("toy", **manifest)
    backend.kernel("toy_rows")(kernel)
    register_backend(backend)
    return backend


def _right(x, power):
    with np.errstate(all="ignore"):
        return (x.astype(float) ** power).sum(axis=1).astype(x.dtype)


def _wrong_beyond_a_tile(x, power):
    """Forgets the last column of a second tile of 300."""
    return _right(x[:, :-1] if x.shape[1] > 300 else x, power)


def _wrong_for_high_powers(x, power):
    return _right(x, min(power, 40))


def _writes_into_its_input(x, power):
    result = _right(x, power)
    x[:1] = 0
    return result


def _panics_when_narrow(x, power):
    if x.shape[1] == 1:
        raise RuntimeError("bug in the kernel: attempt to divide by zero")
    return _right(x, power)


def _warns(x, power):
    return np.log(x * 0.0).sum(axis=1) * 0.0 + _right(x, power)


@pytest.mark.parametrize(
    ("kernel", "shown"),
    [
        (_wrong_beyond_a_tile, "'d': 301"),
        (_wrong_for_high_powers, "'power': 4"),
        (_writes_into_its_input, "an input was modified"),
        (_panics_when_narrow, "RuntimeError: bug in the kernel: attempt to divide by zero"),
        (_warns, "RuntimeWarning: divide by zero"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_wrong_kernel_is_found_and_shown_as_a_sample(scaled_rows, kernel, shown):
    _with_kernel(kernel, tiles=(300,))
    try:
        lines = []
        Fuzzing(["toy"], ["toy_rows"], 0, lines.append).run(200)
        text = "\n".join(lines)
        assert "toy_rows on toy (" in text
        assert shown in text
        assert "lambda rng: redraw('toy_rows', " in text
    finally:
        unregister_backend("toy")


def test_a_right_kernel_passes(scaled_rows):
    _with_kernel(_right)
    try:
        assert main(["--backend", "toy", "--operation", "toy_rows", "--draws", "150", "--seed", "3"]) == 0
    finally:
        unregister_backend("toy")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--operation", "zscor"], "zscor is no operation"),
        (["--backend", "nump"], "no backend is called 'nump'"),
        (["--backend", "toy", "--operation", "zscore"], "toy has no kernel of zscore"),
    ],
)
def test_a_run_that_would_try_nothing_is_refused(scaled_rows, capsys, arguments, message):
    _with_kernel(_right)
    try:
        with pytest.raises(SystemExit, match="2"):
            main([*arguments, "--draws", "1"])
    finally:
        unregister_backend("toy")
    assert message in capsys.readouterr().err


def test_a_found_sample_can_be_pasted(scaled_rows):
    """The printed line makes the case that fails."""
    _with_kernel(_wrong_beyond_a_tile, tiles=(300,))
    try:
        trial = next(t for t in trials(scaled_rows, 0, (300,)) if outcome(scaled_rows, t, "toy").wrong)
        line = found_wrong(scaled_rows, trial, "toy").splitlines()[-1].strip()
        samples = Samples(lambda rng, n: {})
        exec(line, {"samples": samples, "redraw": redraw})
        ((_, draw),) = samples.cases.items()
        arguments = draw(None)
        assert arguments["x"].shape[1] > 300
        assert not np.array_equal(scaled_rows.function(**arguments, backend="toy"), scaled_rows.reference(**arguments))
    finally:
        unregister_backend("toy")


EXTREME = np.array([[1e300, -1e300, 1e-308], [3.0, np.inf, 5e-324], [-1e250, 1e290, np.nan], [0.0, 1e200, -0.0]])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("subject", SUBJECTS, ids=IDS)
def test_no_warning_of_numpy_leaks_out(usable, subject, dtype):
    """Whatever the numbers: what becomes of them the contract says."""
    arguments = in_dtype(dict(subject.samples.typical(np.random.default_rng(0), 40)), dtype)
    for name, value in arguments.items():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            with np.errstate(over="ignore"):
                extreme = EXTREME.ravel().astype(dtype)
            allowed = extreme if may_miss(subject) else extreme[np.isfinite(extreme)]
            arguments[name] = value.copy()
            arguments[name].flat[: allowed.size] = allowed[: value.size]
    for backend in usable:
        with contextlib.suppress(InvalidInput, BackendError):
            subject.function(**arguments, backend=backend)
