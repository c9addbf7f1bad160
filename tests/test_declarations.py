"""Operations that are declared wrongly, and twice."""

import numpy as np
import pytest

from acm_dispatch import DeclarationError, Samples, operation
from acm_dispatch.composition import composition

X = np.random.default_rng(1).normal(size=(30, 4))
NO_SAMPLES = Samples(lambda rng, n: {})


@pytest.mark.parametrize(
    ("shapes", "options", "message"),
    [
        ("n d", {}, "expected 'inputs -> outputs'"),
        ("n 2 -> n", {}, "'2' is not a dimension name"),
        ("n d -> n d", {"missing": lambda *a: a}, "options= must name exactly"),
    ],
)
def test_wrong_declarations_are_sentences(shapes, options, message):
    with pytest.raises(DeclarationError, match=message):

        @operation(shapes, work="n", nan="skip", samples=NO_SAMPLES, options=options)
        def toy_wrong(x, *, backend=None): ...


@pytest.mark.parametrize(
    ("work", "nan", "message"),
    [("n * k", "skip", "work= names k, which is no dimension"), ("n", "forbidden", "nan='forbidden'; expected one of")],
)
def test_wrong_rules_are_sentences(work, nan, message):
    with pytest.raises(DeclarationError, match=message):

        @operation("n d -> n", work=work, nan=nan, samples=NO_SAMPLES)
        def toy_wrong(x, *, backend=None): ...


def test_declaration_needs_backend_last_and_a_new_name():
    with pytest.raises(DeclarationError, match="its last parameter must be"):

        @operation("n -> n", work="n", nan="skip", samples=NO_SAMPLES)
        def toy_wrong(x): ...

    with pytest.raises(DeclarationError, match="an operation named 'impute' is already declared"):

        @operation("n -> n", work="n", nan="skip", samples=NO_SAMPLES)
        def impute(x, *, backend=None): ...


def _declared(factor):
    @operation("n d -> n d", work="n * d", nan="propagate", samples=NO_SAMPLES)
    def toy_again(x, *, backend=None):
        return factor * x

    return toy_again


def test_a_cell_run_twice_declares_its_operation_again(own_operations):
    np.testing.assert_array_equal(_declared(1)(X), X)
    np.testing.assert_array_equal(_declared(2)(X), 2 * X)


@pytest.mark.parametrize(
    ("homogeneous", "message"),
    [
        ("x", "expected 'arrays -> degree of each result'"),
        ("x -> one, 0", "expected 'arrays -> degree of each result'"),
        ("x -> 1", "has 1 degrees; the shapes have 2 results"),
        ("x, labels -> 1, 0", "names 'labels', which is no array of real numbers"),
        ("y -> 1, 0", "names 'y', which is no array of real numbers"),
        ("x -> 1, 0;", "expected 'arrays -> degree of each result'"),
    ],
)
def test_wrong_homogeneity_is_a_sentence(homogeneous, message):
    with pytest.raises(DeclarationError, match=f"toy_wrong: homogeneous=.*{message}"):

        @operation(
            "n d, int n -> n, int n", work="n", nan="skip", samples=NO_SAMPLES, options={}, homogeneous=homogeneous
        )
        def toy_wrong(x, labels, *, backend=None): ...

    with pytest.raises(DeclarationError, match="toy_wrong: homogeneous='z -> 1' names 'z'"):

        @composition(samples=NO_SAMPLES, homogeneous="z -> 1")
        def toy_wrong(x, *, backend=None): ...


def test_scaled_samples_reach_the_ends_of_both_dtypes():
    samples = Samples(lambda rng, n: {"x": np.ones((n, 2)), "y": np.ones(2)})
    samples.add_scaled("x")
    scales = [draw(None)["x"].max() for draw in samples.cases.values()]
    assert [f"scaled_by_1e{round(np.log10(scale))}" for scale in scales] == list(samples.cases)
    for dtype in (np.float64, np.float32):
        limits = np.log10(float(np.finfo(dtype).tiny)), np.log10(float(np.finfo(dtype).max))
        reached = [scale for scale in np.log10(scales) if limits[0] < scale < limits[1]]
        assert min(reached) < limits[0] + 5
        assert max(reached) > limits[1] - 6
    assert all(draw(None)["y"].max() == 1 for draw in samples.cases.values())
