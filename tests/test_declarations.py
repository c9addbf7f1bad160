"""Operations that are declared wrongly, and twice."""

import numpy as np
import pytest

from acm_dispatch import DeclarationError, Samples, operation

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
