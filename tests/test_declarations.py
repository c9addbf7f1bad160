"""Operations that are declared wrongly, and twice."""

import functools
import math
from inspect import signature
from typing import Literal, get_args, get_origin, get_type_hints

import numpy as np
import pytest

import acm_dispatch
from acm_dispatch import Backend, DeclarationError, Samples, impute, operation, registry
from acm_dispatch.backends.backend import Kernel
from acm_dispatch.contract.options import integer, one_of
from acm_dispatch.execution.composition import composition

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
        ("x -> 1, 0 while they fit", "expected 'arrays -> degree of each result'"),
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


def _body(x, y, *, backend=None): ...
def _no_backend(x, y): ...
def _backend_with_default(x, y, *, backend="numpy"): ...
def _anything(x, *rest, backend=None): ...
def _one(x, *, backend=None): ...
def _left_out(x, y=None, *, backend=None): ...
def _default(x, y=1.0, *, backend=None): ...
def _option(x, ddof, *, backend=None): ...
def _default_option(x, *, ddof=0, backend=None): ...
def _hidden(x, _y, *, backend=None): ...
def _generator(x, y, *, backend=None):
    yield x


async def _coroutine(x, y, *, backend=None): ...


class _Callable:
    __name__ = "toy_object"

    def __call__(self, x, y, *, backend=None): ...


def _declare(body=_body, shapes="n d, m d -> n m", **changes):
    contract = {"work": "n * m * d", "nan": "skip", "samples": NO_SAMPLES, **changes}
    operation(shapes, **contract)(body)


def _samples(*, mistake=None, name="of_something"):
    samples = Samples(lambda rng, n: {})

    def draw(rng):
        return {}

    draw.__name__ = name
    (samples.mistake(mistake) if mistake else samples.case)(draw)
    return samples


_SHAPES = {
    "no_text": 3,
    "none": None,
    "no_arrow": "n d",
    "two_arrows": "n d -> n -> d",
    "empty": "",
    "no_input": " -> n",
    "no_output": "n d, m d -> ",
    "empty_array": "n d,, -> d",
    "trailing_comma": "n d, m d, -> n",
    "empty_output": "n d, m d -> n,, d",
    "only_a_kind": "n d, int -> n",
    "unknown_size": "n d, m d -> q",
    "unknown_in_expression": "n d, m d -> n d*(max_lag+1)",
    "spaces_in_expression": "n d, m d -> d * 2",
    "number_in_input": "n 2, m d -> n",
    "expression_in_input": "n d+1, m d -> n",
    "open_bracket": "n d, [m d -> n",
    "nested_brackets": "n d, [[m=n d]] -> n",
    "brackets_inside": "n [d], m d -> n",
    "brackets_in_output": "n d, m d -> [n]",
    "default_outside_brackets": "n d, m=n d -> n",
    "unknown_default": "n d, [m=q d] -> n",
    "default_of_a_default": "n d, [m=k d], [k=n d] -> n",
    "empty_default": "n d, [m= d] -> n",
    "unknown_where_left_out": "n d, [k d] -> n k",
    "first_left_out": "[n d], m d -> n",
    "keyword": "n if, m if -> n",
    "function": "n len, m len -> n",
    "underscore": "n _d, m _d -> n",
    "no_identifier": "n d\u00b2, m d\u00b2 -> n",
    "index_result": "n d, m d -> index n",
    "question_in_input": "n ?, m d -> n",
    "divided": "n d, m d -> n/2",
    "attribute": "n d, m d -> n.real",
    "lambda": "n d, m d -> (lambda:n)()",
    "float_result": "n d, m d -> n*2.0",
    "fails_at_zero": "n d, m d -> n//d",
    "injected": "n d, m d -> __import__('os')",
    "more_arrays_than_parameters": "n d, m d, k d -> n",
}
_WORK = {
    "no_text": 5,
    "none": None,
    "empty": "",
    "broken": "n *",
    "divided": "n / d",
    "unknown": "n * q",
    "float": "1.5 * n",
    "text": "'n'",
    "truth": "True",
    "call": "print(n)",
    "method": "n.bit_length()",
    "index": "n[0]",
    "comprehension": "sum(n for i in range(d))",
    "walrus": "(k := n)",
    "statement": "n = 3",
    "two_lines": "n\nd",
    "modulo_zero": "n % d",
    "power": "n ** d",
    "huge_power": "10 ** 10 ** 10",
    "deep": "(" * 500 + "n" + ")" * 500,
    "list": "[n]",
    "starred": "max(*d)",
    "backtick": "`n`",
    "null": "n\0",
}
_OPERATIONS = {
    **{f"shapes_{name}": (lambda text=text: _declare(shapes=text)) for name, text in _SHAPES.items()},
    **{f"work_{name}": (lambda text=text: _declare(work=text)) for name, text in _WORK.items()},
    "no_function": lambda: _declare(3),
    "builtin": lambda: _declare(len),
    "class": lambda: _declare(dict),
    "partial": lambda: _declare(functools.partial(_body, 1)),
    "callable_object": lambda: _declare(_Callable()),
    "lambda": lambda: _declare(lambda x, y, *, backend=None: x),
    "no_backend": lambda: _declare(_no_backend),
    "backend_with_default": lambda: _declare(_backend_with_default),
    "anything": lambda: _declare(_anything),
    "hidden_parameter": lambda: _declare(_hidden),
    "generator": lambda: _declare(_generator),
    "coroutine": lambda: _declare(_coroutine),
    "too_few_parameters": lambda: _declare(_one),
    "bracket_without_default": lambda: _declare(_body, "n d, [m=n d] -> n"),
    "default_without_bracket": lambda: _declare(_left_out),
    "default_is_an_array": lambda: _declare(_default),
    "nan_none": lambda: _declare(nan=None),
    "nan_list": lambda: _declare(nan=["skip"]),
    "nan_other": lambda: _declare(nan="forbidden"),
    "samples_none": lambda: _declare(samples=None),
    "samples_function": lambda: _declare(samples=lambda rng, n: {}),
    "samples_class": lambda: _declare(samples=Samples),
    "mistake_of_another_argument": lambda: _declare(samples=_samples(mistake="z")),
    "options_none": lambda: _declare(options=None),
    "options_list": lambda: _declare(options=["ddof"]),
    "option_missing": lambda: _declare(_option, "n d -> n", work="n"),
    "option_unknown": lambda: _declare(options={"ddof": integer()}),
    "check_no_callable": lambda: _declare(_option, "n d -> n", work="n", options={"ddof": 3}),
    "check_none": lambda: _declare(_option, "n d -> n", work="n", options={"ddof": None}),
    "check_of_one_argument": lambda: _declare(_option, "n d -> n", work="n", options={"ddof": lambda value: value}),
    "check_maker": lambda: _declare(_option, "n d -> n", work="n", options={"ddof": integer}),
    "check_refuses_default": lambda: _declare(
        _default_option, "n d -> n", work="n", options={"ddof": integer(minimum=1)}
    ),
    "check_gives_a_list": lambda: _declare(
        _default_option, "n d -> n", work="n", options={"ddof": lambda operation, argument, value: [value]}
    ),
    "work_of_an_option_that_is_a_word": lambda: _declare(
        _default_option, "n d -> n", work="n * ddof", options={"ddof": lambda operation, argument, value: 0.5}
    ),
    "option_is_a_dimension": lambda: _declare(_option, "n ddof -> n", work="n", options={"ddof": integer()}),
    "tolerance_none": lambda: _declare(tolerance=None),
    "tolerance_number": lambda: _declare(tolerance=1e-6),
    "tolerance_of_one_dtype": lambda: _declare(tolerance={"float64": (0.0, 0.0)}),
    "tolerance_negative": lambda: _declare(tolerance={"float64": (0.0, 0.0), "float32": (-1.0, 0.0)}),
    "tolerance_nan": lambda: _declare(tolerance={"float64": (math.nan, 0.0), "float32": (0.0, 0.0)}),
    "tolerance_single": lambda: _declare(tolerance={"float64": 1e-6, "float32": 1e-6}),
    "tolerance_text": lambda: _declare(tolerance={"float64": ("a", "b"), "float32": (0.0, 0.0)}),
    "prepare_number": lambda: _declare(prepare=3),
    "returns_text": lambda: _declare(returns="Model"),
    "agrees_true": lambda: _declare(agrees=True),
    "widens_text": lambda: _declare(widens="yes"),
    "homogeneous_none": lambda: _declare(homogeneous=None),
    "homogeneous_unknown": lambda: _declare(homogeneous="z -> 1"),
    "homogeneous_no_degree": lambda: _declare(homogeneous="x -> much"),
    "homogeneous_degrees": lambda: _declare(homogeneous="x -> 1, 1"),
}
_PARTS = {
    "samples_none": lambda: Samples(None),
    "samples_text": lambda: Samples("typical"),
    "samples_of_one_argument": lambda: Samples(lambda rng: {}),
    "samples_on_a_function": lambda: Samples(lambda rng, n: {}, lambda rng, n: {}),
    "case_none": lambda: Samples(lambda rng, n: {}).case(None),
    "case_without_arguments": lambda: Samples(lambda rng, n: {}).case(lambda: {"x": X}),
    "case_without_name": lambda: Samples(lambda rng, n: {}).case(functools.partial(lambda rng: {})),
    "mistake_without_argument": lambda: Samples(lambda rng, n: {}).mistake(lambda rng: {}),
    "mistake_number": lambda: Samples(lambda rng, n: {}).mistake(3),
    "mistake_of_nothing": lambda: Samples(lambda rng, n: {}).mistake("x")(None),
    "name_none": lambda: Backend(None),
    "name_number": lambda: Backend(3),
    "name_empty": lambda: Backend(""),
    "name_upper_case": lambda: Backend("Mine"),
    "name_with_dash": lambda: Backend("my-own"),
    "modules_one_text": lambda: Backend("mine", modules="mine.kernels"),
    "modules_number": lambda: Backend("mine", modules=3),
    "modules_of_modules": lambda: Backend("mine", modules=[math]),
    "available_text": lambda: Backend("mine", available="yes"),
    "available_false": lambda: Backend("mine", available=False),
    "available_of_one_argument": lambda: Backend("mine", available=lambda self: None),
    "bind_number": lambda: Backend("mine", bind=3),
    "bind_of_one_argument": lambda: Backend("mine", bind=lambda function: function),
    "arrays_none": lambda: Backend("mine", arrays=None),
    "arrays_module": lambda: Backend("mine", arrays=np),
    "arrays_without_copies": lambda: Backend("mine", arrays="tpu"),
    "to_device_text": lambda: Backend("mine", arrays="tpu", to_device="tpu", to_host="cpu"),
    "thread_invariant_text": lambda: Backend("mine", thread_invariant="yes"),
    "refuses_list": lambda: Backend("mine", refuses=["zscore"]),
    "refuses_none": lambda: Backend("mine", refuses={"zscore": None}),
    "version_tuple": lambda: Backend("mine", version=(1, 0)),
    "kernel_without_name": lambda: Backend("mine").kernel(lambda x: x),
    "kernel_number": lambda: Backend("mine").kernel(3),
    "kernel_none": lambda: Backend("mine").kernel(None),
    "dtypes_text": lambda: Backend("mine").kernel("zscore", dtypes="float64"),
    "dtypes_number": lambda: Backend("mine").kernel("zscore", dtypes=64),
    "dtypes_none": lambda: Backend("mine").kernel("zscore", dtypes=None),
    "dtypes_empty": lambda: Backend("mine").kernel("zscore", dtypes=()),
    "dtypes_types": lambda: Backend("mine").kernel("zscore", dtypes=[np.float64]),
    "dtypes_nested": lambda: Backend("mine").kernel("zscore", dtypes=[["float64"]]),
    "dtypes_unknown": lambda: Backend("mine").kernel("zscore", dtypes=["float16"]),
    "accuracy_none": lambda: Backend("mine").kernel("zscore", accuracy=None),
    "accuracy_list": lambda: Backend("mine").kernel("zscore", accuracy=["bitwise"]),
    "accuracy_array": lambda: Backend("mine").kernel("zscore", accuracy=np.zeros(3)),
    "accuracy_number": lambda: Backend("mine").kernel("zscore", accuracy=1e-6),
    "checks_finite_number": lambda: Backend("mine").kernel("zscore", checks_finite=1),
    "opt_in_text": lambda: Backend("mine").kernel("zscore", opt_in="yes"),
    "kernel_name_number": lambda: Backend("mine").kernel("zscore", name=5),
    "supports_true": lambda: Backend("mine").kernel("zscore", supports=True),
    "supports_without_arguments": lambda: Backend("mine").kernel("zscore", supports=lambda: None),
    "kernel_of_nothing": lambda: Backend("mine").kernel("zscore")(None),
    "kernel_of_a_number": lambda: Backend("mine").kernel("zscore")(3),
    "added_function": lambda: Backend("mine").add(lambda x: x),
    "added_name": lambda: Backend("mine").add(Kernel(3, len)),
    "composed_of_nothing": lambda: composition(samples=NO_SAMPLES)(_one),
    "composed_of_names": lambda: composition("impute", samples=NO_SAMPLES)(_one),
    "composed_of_functions": lambda: composition(len, samples=NO_SAMPLES)(_one),
    "composed_without_samples": lambda: composition(impute, samples=None)(_one),
    "composed_no_function": lambda: composition(impute, samples=NO_SAMPLES)(3),
    "composed_without_backend": lambda: composition(impute, samples=NO_SAMPLES)(_no_backend),
    "made_of_list": lambda: composition(impute, samples=NO_SAMPLES, made_of=["x"])(_one),
    "made_of_unknown": lambda: composition(impute, samples=NO_SAMPLES, made_of={"fill": "model"})(_one),
    "composition_homogeneous": lambda: composition(impute, samples=NO_SAMPLES, homogeneous="z -> 1")(_one),
    "composition_mistake": lambda: composition(impute, samples=_samples(mistake="z"))(_one),
    "one_of_numbers": lambda: one_of(1, 2),
    "one_of_nothing": lambda: one_of(),
    "integer_text": lambda: integer(minimum="0"),
}


@pytest.mark.parametrize("declare", _OPERATIONS.values(), ids=_OPERATIONS)
def test_nonsense_in_an_operation_is_refused_where_it_is_declared(declare):
    before = dict(registry.operations)
    with pytest.raises(DeclarationError) as caught:
        declare()
    assert len(str(caught.value)) < 600
    assert registry.operations == before


@pytest.mark.parametrize("declare", _PARTS.values(), ids=_PARTS)
def test_nonsense_in_samples_backends_and_compositions_is_refused_where_it_is_declared(declare):
    before = dict(registry.compositions)
    with pytest.raises(DeclarationError) as caught:
        declare()
    assert len(str(caught.value)) < 600
    assert registry.compositions == before


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (_OPERATIONS["shapes_unknown_size"], "^_body: a dimension of its results names q, which is no dimension"),
        (_OPERATIONS["shapes_empty_array"], "^_body: shapes 'n d,, -> d': an array has no dimensions"),
        (_OPERATIONS["shapes_no_output"], "^_body: shapes 'n d, m d -> ': an array has no dimensions"),
        (_OPERATIONS["work_broken"], r"^_body: work= is 'n \*', which is no expression"),
        (_OPERATIONS["work_divided"], "^_body: work= is 'n / d', which divides by `/`; expected an integer expression"),
        (_OPERATIONS["shapes_more_arrays_than_parameters"], r"^_body: shapes have 3 arrays; its parameters are"),
        (_OPERATIONS["samples_none"], "^_body: samples is None; expected Samples"),
        (_OPERATIONS["check_no_callable"], r"^_option: options\['ddof'\] is 3; expected a callable"),
        (_OPERATIONS["mistake_of_another_argument"], "^_body: its sample 'of_something' is to be blamed on 'z'"),
    ],
)
def test_refusals_name_operation_and_sample(declare, message):
    with pytest.raises(DeclarationError, match=message):
        declare()


def test_work_may_be_written_in_any_way_that_python_reads(own_operations):
    @operation(
        "n d, [m=n d] -> n m", work=" n*d*max(m,1) if n>0 and d>0 else 0  # as scipy's", nan="skip", samples=NO_SAMPLES
    )
    def toy_spelled(x, y=None, *, backend=None):
        return np.zeros((len(x), len(x if y is None else y)))

    assert toy_spelled(X).shape == (30, 30)
    assert toy_spelled.operation.amount({"n": 0, "d": 4, "m": 3}, [X, X]) == 0


@pytest.mark.parametrize("name", sorted({*registry.operations, *registry.compositions} & set(acm_dispatch.__all__)))
def test_words_that_an_option_takes_are_known_to_type_checkers(name):
    """They are those that the check takes; a word by default without a `Literal` would let misspellings pass."""
    public = getattr(acm_dispatch, name)
    declared = registry.operations.get(name)
    hints = get_type_hints(declared.body if declared else public)
    words = {option: get_args(hint) for option, hint in hints.items() if get_origin(hint) is Literal}
    by_default = {p.name for p in signature(public).parameters.values() if isinstance(p.default, str)}
    assert words.keys() == by_default - {"init"}, "`init` of kmeans is a word or an array"
    for option, check in (declared.options if declared else {}).items():
        if option in words:
            assert check.expects == f"one of {', '.join(map(repr, words[option]))}"
