"""What every kernel promises."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import numpy as np
import pytest

from acm_dispatch import InvalidInput, registry, use
from acm_dispatch.backends.backend import Accuracy
from acm_dispatch.execution.composition import Composition
from acm_dispatch.execution.dispatch import Operation

from .cases import LAYOUTS, Arguments, fault, in_dtype, laid_out, large_sample, sample, written
from .checks import accuracy_of, assert_agrees, assert_as_declared, assert_equivalent, expected, expected_of_large, run
from .fuzz import found_wrong, tiles_of, trials
from .parts import assert_combines
from .scales import assert_homogeneous

Subject = Operation | Composition

#: Random draws in a test; `make fuzz` makes 100,000.
_DRAWS = 6


def test_agrees_with_reference(subject: Subject, backend: str, sample_name: str, dtype: str) -> None:
    arguments = in_dtype(sample(subject, sample_name), dtype)
    declined: dict[str, str] = {}
    for layout in LAYOUTS:
        try:
            assert_agrees(subject, sample_name, dtype, laid_out(arguments, layout), backend)
        except pytest.skip.Exception as decline:
            declined[layout] = str(decline)
        except Exception as error:
            error.add_note(f"The arrays were {layout}:\n{written(arguments)}")
            raise
    if declined:
        reasons = " ".join(dict.fromkeys(declined.values()))
        pytest.skip(reasons if len(declined) == len(LAYOUTS) else f"{', '.join(declined)} arrays: {reasons}")


def test_reference_keeps_to_its_declaration(subject: Subject, reference_sample: str) -> None:
    problem = fault(subject, reference_sample)
    assert problem is None, f"{subject.name}: the sample {reference_sample} is none: {problem}"
    results = expected(subject, reference_sample, "float64")
    if isinstance(results, InvalidInput):
        drawn = reference_sample == "typical" or reference_sample in subject.samples.cases
        assert not drawn, f"a sample that is refused shows nothing: {results}"
    elif isinstance(subject, Operation):
        assert_as_declared(subject, sample(subject, reference_sample), results)


def test_reference_keeps_its_digits_at_every_scale(subject: Operation, scaled_reference: str) -> None:
    assert_homogeneous(subject, scaled_reference, "float64", lambda arguments: subject.reference(**arguments))


def test_keeps_its_digits_at_every_scale(subject: Subject, backend: str, homogeneous_sample: str, dtype: str) -> None:
    claim = _class_of(subject, backend)
    assert_homogeneous(subject, homogeneous_sample, dtype, lambda arguments: run(subject, arguments, backend), claim)


@pytest.mark.parametrize("block", range(2))
def test_agrees_on_random_draws(subject: Subject, backend: str, block: int) -> None:
    for trial in islice(trials(subject, block, tiles_of([backend])), _DRAWS):
        wrong = found_wrong(subject, trial, backend)
        assert wrong is None, wrong


def _on_threads(subject: Subject, arguments: Arguments, backend: str, threads: int) -> tuple[Any, ...] | str:
    with use(threads=threads):
        try:
            return run(subject, arguments, backend)
        except InvalidInput as error:
            return str(error)


def _class_of(subject: Subject, backend: str) -> Accuracy:
    """By which tolerance results are compared that are not the reference's."""
    return "relaxed" if accuracy_of(subject, backend) == "relaxed" else "tolerance"


def _assert_same(
    subject: Subject, arguments: Arguments, backend: str, dtype: str, results: list[tuple[Any, ...] | str]
) -> None:
    """Bit for bit, or within the tolerance where the backend leaves sums to a library that promises no more."""
    first, *others = results
    for other in others:
        if isinstance(first, str) or isinstance(other, str):
            assert first == other
        elif registry.find_backend(backend).thread_invariant:
            assert [np.asarray(part).tobytes() for part in other] == [np.asarray(part).tobytes() for part in first]
        else:
            assert_equivalent(subject, arguments, other, first, dtype, _class_of(subject, backend))


def test_does_not_depend_on_the_number_of_threads(subject: Subject, backend: str, sample_name: str) -> None:
    arguments = sample(subject, sample_name)
    _assert_same(
        subject,
        arguments,
        backend,
        "float64",
        [_on_threads(subject, arguments, backend, threads) for threads in (1, 2, 3)],
    )


def test_results_of_parts_combine(subject: Subject, backend: str, part_sample: str) -> None:
    assert_combines(subject, backend, part_sample)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_agrees_on_many_tiles(subject: Subject, backend: str, dtype: str) -> None:
    arguments = in_dtype(large_sample(subject), dtype)
    results = [_on_threads(subject, arguments, backend, threads) for threads in (1, 2, 3)]
    assert not isinstance(results[0], str), results[0]
    wanted = expected_of_large(subject, dtype)
    assert_equivalent(subject, arguments, results[0], wanted, dtype, _class_of(subject, backend))
    _assert_same(subject, arguments, backend, dtype, results)


def test_refuses(subject: Subject, backend: str, mistake: str) -> None:
    blamed, draw = subject.samples.mistakes[mistake]
    with pytest.raises(InvalidInput) as caught:
        run(subject, dict(draw(np.random.default_rng(0))), backend)
    assert caught.value.argument == blamed


def _assert_refused(operation: Operation, backend: str, argument: str, value: Any) -> None:
    arguments = {**sample(operation, "typical"), argument: value}
    with pytest.raises(InvalidInput, match=f"^{operation.name}: `{argument}` ") as caught:
        run(operation, arguments, backend)
    assert caught.value.argument == argument


def test_refuses_what_is_no_array_of_numbers(subject: Operation, backend: str, argument: str) -> None:
    shape = (5,) * len(subject.shapes.inputs[subject.array_names.index(argument)].dims)
    for dtype in ("object", "complex128", "datetime64[s]", "<U3"):
        _assert_refused(subject, backend, argument, np.zeros(shape, dtype))
    _assert_refused(subject, backend, argument, [[1.0, 2.0], [3.0]])


def test_refuses_wrong_dimensions(subject: Operation, backend: str, argument: str) -> None:
    spec = subject.shapes.inputs[subject.array_names.index(argument)]
    kind = np.int64 if spec.integer else np.float64
    _assert_refused(subject, backend, argument, np.zeros((2,) * (len(spec.dims) + 1), kind))
    earlier = subject.shapes.inputs[: subject.array_names.index(argument)]
    if {dim for other in earlier for dim in other.dims} & set(spec.dims):
        _assert_refused(subject, backend, argument, np.zeros((1009,) * len(spec.dims), kind))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_refuses_missing_values_where_forbidden(
    subject: Operation, backend: str, finite_argument: str, dtype: str, value: float
) -> None:
    arguments = in_dtype(laid_out(sample(subject, "typical"), "contiguous"), dtype)
    given = arguments[finite_argument]
    for place in (0, given.size // 2, given.size - 1):
        spoilt = given.copy()
        spoilt.flat[place] = value
        with pytest.raises(InvalidInput, match=f"`{finite_argument}` holds NaN or infinity"):
            run(subject, {**arguments, finite_argument: spoilt}, backend)


def _spoilt(arguments: Arguments, name: str, place: int) -> Arguments:
    spoilt = arguments[name].copy()
    spoilt.flat[place] = np.nan
    return {**arguments, name: spoilt}


def test_blames_the_first_array_with_missing_values(subject: Operation, backend: str, finite_argument: str) -> None:
    later = subject.array_names[subject.array_names.index(finite_argument) + 1 :]
    for arguments in (sample(subject, "typical"), large_sample(subject)):
        spoilt = _spoilt(arguments, finite_argument, -1)
        for name in later:
            if isinstance(value := spoilt.get(name), np.ndarray) and value.dtype.kind == "f":
                spoilt = _spoilt(spoilt, name, 0)
        with pytest.raises(InvalidInput, match=f"`{finite_argument}` holds NaN or infinity"):
            run(subject, spoilt, backend)


def test_refuses_missing_values_though_there_is_nothing_to_compute(
    subject: Operation, backend: str, finite_argument: str
) -> None:
    own = subject.shapes.inputs[subject.array_names.index(finite_argument)].dims
    others = {dim for spec in subject.shapes.inputs if not spec.optional for dim in spec.dims} - set(own)
    for name in (f"no_{dim}" for dim in sorted(others)):
        if not isinstance(expected(subject, name, "float64"), InvalidInput):
            with pytest.raises(InvalidInput, match=f"`{finite_argument}` holds NaN or infinity"):
                run(subject, _spoilt(sample(subject, name), finite_argument, 0), backend)


def test_runs_in_many_threads_at_once(subject: Subject, backend: str) -> None:
    arguments = sample(subject, "typical")
    alone = _on_threads(subject, arguments, backend, threads=2)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda _: _on_threads(subject, arguments, backend, threads=2), range(8)))
    _assert_same(subject, arguments, backend, "float64", [alone, *together])


def test_pickles(subject: Subject, backend: str) -> None:
    assert pickle.loads(pickle.dumps(subject.function)) is subject.function
