"""Nonsense for every argument of every public function: refused in a sentence, whatever it is."""

from __future__ import annotations

import decimal
import fractions
import inspect
import math
import random
import re
import warnings

import numpy as np
import pandas
import polars
import pyarrow
import pytest

import acm_dispatch
from acm_dispatch import BackendNotFoundError, ConfigurationError, InvalidInput, registry

LONG = "x" * 100_000


class Lying:
    """Says what it is told to, or raises it."""

    def __init__(self, **answers):
        self.answers = answers

    def _say(self, method):
        answer = self.answers.get(method, TypeError(f"no {method}"))
        if isinstance(answer, BaseException):
            raise type(answer)(*answer.args)
        return answer

    def __repr__(self):
        return self._say("repr") if "repr" in self.answers else "Lying()"

    def __hash__(self):
        return self._say("hash") if "hash" in self.answers else 7


def lying(**answers):
    """A `Lying` with these methods on its class."""
    methods = {
        f"__{name}__": lambda self, *arguments, _name=name: self._say(_name)
        for name in answers
        if name not in ("repr", "hash", "class_")
    }
    if "class_" in answers:
        methods["__class__"] = property(lambda self: answers["class_"])
    return type("Lying", (Lying,), methods)(**answers)


class Word(str):
    __slots__ = ()

    def __eq__(self, other):
        raise RuntimeError("compared")

    def __hash__(self):
        raise RuntimeError("hashed")


class Whole(int):
    def __index__(self):
        raise RuntimeError("asked")

    __int__ = __float__ = __index__


ODD = RuntimeError("odd")
NONSENSE = {
    "none": None,
    "true": True,
    "ellipsis": ...,
    "minus_one": -1,
    "zero": 0,
    "half": 0.5,
    "nan": math.nan,
    "infinity": math.inf,
    "two_to_the_62": 2**62,
    "two_to_the_64": 2**64,
    "ten_to_the_400": 10**400,
    "ten_to_the_5000": 10**5000,
    "complex": 1 + 2j,
    "decimal": decimal.Decimal("0.25"),
    "signalling_nan": decimal.Decimal("sNaN"),
    "huge_decimal": decimal.Decimal("1e999999"),
    "fraction": fractions.Fraction(1, 3),
    "text": "mean",
    "empty_text": "",
    "long_text": LONG,
    "bytes": b"1",
    "buffer": bytearray(b"1.5"),
    "lone_surrogate": "\ud800",
    "word": Word("linear"),
    "whole": Whole(3),
    "list": [],
    "ragged": [[1.0], [1.0, 2.0]],
    "nested": [[[[1.0]]]],
    "list_of_text": ["a", "b"],
    "list_of_none": [None, None],
    "list_of_huge": [10**400],
    "long_list": list(range(5000)),
    "itself": (lambda own: own.append(own) or own)([]),
    "dict": {},
    "dict_of_text": {"a": "b"},
    "set": {1.0, 2.0},
    "generator": (i for i in range(3)),
    "range": range(3),
    "function": len,
    "class": int,
    "module": math,
    "object": object(),
    "zero_dim": np.array(3),
    "zero_dim_float": np.array(0.5),
    "one_element": np.array([1.0]),
    "text_array": np.array(["a", "b"]),
    "object_array": np.array([None, object()], dtype=object),
    "times": np.array(["2024-01-01"], "datetime64[D]"),
    "duration": np.timedelta64(3, "D"),
    "void": np.zeros(2, "V8"),
    "structured": np.zeros(2, [("a", float), ("b", "U3")]),
    "longdouble": np.longdouble(3),
    "complex_array": np.zeros((3, 2), complex),
    "five_dim": np.zeros((1, 1, 1, 1, 1)),
    "no_columns": np.zeros((3, 0)),
    "read_only": np.broadcast_to(1.0, (3, 2)),
    "random_state": np.random.RandomState(0),
    "generator_of_numpy": np.random.default_rng(0),
    "pandas_frame": pandas.DataFrame({"a": [1.0, None]}),
    "pandas_text": pandas.Series(["a", LONG]),
    "pandas_time": pandas.Timestamp("2024-01-01"),
    "pandas_gap": pandas.NA,
    "pandas_category": pandas.Series(["a", "b"], dtype="category"),
    "polars_frame": polars.DataFrame({"a": [1.0, None]}),
    "polars_lazy": polars.DataFrame({"a": [1.0]}).lazy(),
    "polars_literal": polars.lit(3),
    "polars_series": polars.Series([3]),
    "arrow_integer": pyarrow.scalar(3),
    "arrow_text": pyarrow.scalar("linear"),
    "arrow_null": pyarrow.scalar(None),
    "arrow_time": pyarrow.scalar(pandas.Timestamp("2024-01-01")),
    "arrow_struct": pyarrow.scalar({"a": 1}),
    "arrow_array": pyarrow.array([1, None]),
    "index_text": lying(index="lower"),
    "index_raises": lying(index=ODD),
    "index_huge": lying(index=10**400),
    "index_true": lying(index=True),
    "float_text": lying(float="1.0"),
    "float_raises": lying(float=ODD),
    "bool_raises": lying(bool=ODD),
    "bool_text": lying(bool="yes"),
    "length_huge": lying(len=2**62, getitem=IndexError()),
    "length_negative": lying(len=-1, getitem=1.0),
    "length_text": lying(len="three", getitem=1.0),
    "iterates_odd": lying(iter=ODD),
    "iterates_text": lying(iter=iter("abc")),
    "array_text": lying(array="text"),
    "array_raises": lying(array=ODD),
    "array_of_objects": lying(array=np.array([object()])),
    "dlpack_odd": lying(dlpack=1, dlpack_device=(1, 0)),
    "arrow_odd": lying(arrow_c_stream=ODD),
    "getattr_raises": lying(getattr=ODD),
    "shape_lies": type("Shape", (), {"shape": property(lambda self: "ab"), "dtype": 3, "ndim": None})(),
    "hash_raises": lying(hash=ODD),
    "equal_raises": lying(eq=ODD, hash=hash("linear")),
    "repr_raises": lying(repr=ODD),
    "repr_long": lying(repr=LONG),
    "repr_no_text": lying(repr=3),
    "says_it_is_int": lying(class_=int),
    "says_it_is_text": lying(class_=str),
    "says_it_is_an_array": lying(class_=np.ndarray),
    "compares_odd": lying(lt=ODD, gt=ODD, le=ODD, ge=ODD, float=ODD, index=ODD),
}

#: What may come out: a refusal in a sentence of this package (the third of ``backend=``), or a lack of memory.
ALLOWED = (InvalidInput, ConfigurationError, BackendNotFoundError, MemoryError)


def _streamed(chunk, **arguments):
    statistics = acm_dispatch.StreamingStatistics(**arguments)
    statistics.update(chunk)


def _exported(model):
    acm_dispatch.IsolationForest.from_sklearn(model)


_X = np.random.default_rng(0).normal(size=(9, 2))
OTHERS = {
    "fit_isolation_forest": (
        acm_dispatch.fit_isolation_forest,
        {"x": _X, "n_trees": 3, "max_samples": 5, "random_state": 0},
    ),
    "StreamingStatistics": (_streamed, {"chunk": _X, "d": 2, "quantiles": [0.5], "covariance": False, "moments": 4}),
    "from_sklearn": (_exported, {"model": None}),
}
SUBJECTS = {**registry.operations, **registry.compositions}

#: Starts that are computed as often as they are asked for, however long that takes.
ENDLESS = {("kmeans", "n_init", "two_to_the_62")}


def _calls():
    """Each public function with small arguments."""
    for name, subject in SUBJECTS.items():
        arguments = dict(subject.samples.typical(np.random.default_rng(0), 12))
        parameters = inspect.signature(subject.function).parameters
        for parameter in parameters.values():
            if parameter.default is not inspect.Parameter.empty:
                arguments.setdefault(parameter.name, parameter.default)
        yield name, subject.function, arguments
    for name, (function, arguments) in OTHERS.items():
        yield name, function, arguments


CALLS = {name: (function, arguments) for name, function, arguments in _calls()}
PLACES = [(name, argument) for name, (_, arguments) in CALLS.items() for argument in arguments]


def _assert_refused_or_right(name, changes, backend=None):
    function, arguments = CALLS[name]
    given = {**arguments, **{argument: NONSENSE[value] for argument, value in changes.items()}}
    if backend is not None and "backend" in arguments and "backend" not in changes:
        given["backend"] = backend
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of NumPy about the numbers themselves
        try:
            function(**given)
        except ALLOWED as error:
            assert len(str(error)) < 1500, "a message as long as the value"
            if isinstance(error, InvalidInput):
                assert re.match(r"[\w.]+: `\w+` ", str(error)), str(error)
                assert error.argument in changes or error.argument in arguments, str(error)


@pytest.mark.parametrize(("name", "argument"), PLACES, ids=[f"{name}-{argument}" for name, argument in PLACES])
def test_each_argument_alone(name, argument):
    for value in NONSENSE:
        if (name, argument, value) in ENDLESS:
            continue
        try:
            _assert_refused_or_right(name, {argument: value})
        except BaseException as error:
            error.add_note(f"{name}({argument}={value})")
            raise


@pytest.mark.parametrize("value", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_no_operation(value):
    with pytest.raises(acm_dispatch.OperationNotFoundError, match="no operation") as caught:
        acm_dispatch.explain(value, _X)
    assert len(str(caught.value)) < 400


#: Backends that a process without the stand-ins of conftest.py has, too.
USABLE = [name for name in acm_dispatch.zscore.kernels() if not name.startswith("cupy_on_")]


@pytest.mark.parametrize("backend", USABLE)
def test_two_arguments_at_once_on_every_backend(backend):
    rng = random.Random(backend)
    for _ in range(400):
        name = rng.choice(list(SUBJECTS))
        arguments = [argument for argument in CALLS[name][1] if argument != "backend"]
        changes = {rng.choice(arguments): rng.choice(list(NONSENSE)) for _ in range(2)}
        if ENDLESS & {(name, *change) for change in changes.items()}:
            continue
        try:
            _assert_refused_or_right(name, changes, backend)
        except BaseException as error:
            error.add_note(f"{name}({changes}, backend={backend})")
            raise


#: Results of 8 PiB and more.
TOO_LARGE = {
    "8_pib": lambda backend: acm_dispatch.lagged_features(np.zeros((2, 1)), 2**49 - 1, backend=backend),
    "beyond_64_bits": lambda backend: acm_dispatch.lagged_features(np.zeros((9, 3)), 2**62, backend=backend),
    "one_dimension_beyond": lambda backend: acm_dispatch.lagged_features(np.zeros((0, 9)), 2**62, backend=backend),
    "twice": lambda backend: [acm_dispatch.lagged_features(np.zeros((2, 1)), 2**62, backend=backend)] * 2,
    "float32": lambda backend: acm_dispatch.lagged_features(np.zeros((4, 1), np.float32), 2**49, backend=backend),
    "trees": lambda backend: acm_dispatch.fit_isolation_forest(_X, n_trees=2**60),
    "columns": lambda backend: acm_dispatch.StreamingStatistics(2**60),
    "covariance": lambda backend: acm_dispatch.StreamingStatistics(2**31, covariance=True),
    "reference": lambda backend: acm_dispatch.lagged_features.reference(np.zeros((2, 1)), 2**60),
}


@pytest.mark.parametrize("backend", USABLE)
@pytest.mark.parametrize("call", TOO_LARGE.values(), ids=TOO_LARGE)
def test_what_fits_no_memory_is_a_memory_error(call, backend):
    for _ in range(2):
        with pytest.raises(MemoryError):
            call(backend)


#: A function, its nonsense or sense as keywords, and the plain value that means the same.
PLAIN = [
    (acm_dispatch.zscore, "ddof", pyarrow.scalar(1), 1),
    (acm_dispatch.zscore, "ddof", polars.Series([1])[0], 1),
    (acm_dispatch.zscore, "ddof", np.array(1), 1),
    (acm_dispatch.zscore, "floor", pyarrow.scalar(0.5), 0.5),
    (acm_dispatch.zscore, "floor", decimal.Decimal("0.5"), 0.5),
    (acm_dispatch.zscore, "method", pyarrow.scalar("robust"), "robust"),
    (acm_dispatch.quantiles, "q", pyarrow.scalar(0.5), 0.5),
    (acm_dispatch.quantiles, "q", pyarrow.array([0, 1]), [0, 1]),
    (acm_dispatch.quantiles, "q", polars.Series([0.5]), [0.5]),
]


@pytest.mark.parametrize(("function", "argument", "value", "plain"), PLAIN)
def test_scalars_that_hold_a_plain_value_are_that_value(function, argument, value, plain):
    np.testing.assert_array_equal(function(_X, **{argument: value}), function(_X, **{argument: plain}))


@pytest.mark.parametrize(
    ("function", "options", "message"),
    [
        (acm_dispatch.zscore, {"method": LONG}, "`method` is 'xxx"),
        (acm_dispatch.zscore, {"ddof": 10**400}, "`ddof` is an integer of 1,329 bits; expected a 64-bit integer"),
        (acm_dispatch.zscore, {"ddof": lying(index="lower")}, r"`ddof` is Lying\(\); expected an integer"),
        (acm_dispatch.zscore, {"ddof": lying(index=ODD, repr=ODD)}, "`ddof` is .*Lying"),
        (acm_dispatch.zscore, {"clip": polars.lit(3)}, "`clip` is .*; expected a number"),
        (acm_dispatch.zscore, {"center": [LONG] * 2}, "`center` has dtype <U100000"),
        (acm_dispatch.zscore, {"center": pandas.Series([LONG] * 2)}, "`center` has dtype "),
        (acm_dispatch.column_quantiles, {"q": 10**400}, "`q` cannot be read as an array of numbers"),
        (acm_dispatch.column_quantiles, {"q": [2.0] * 9999}, r"`q` is \[2.0, 2.0, .*\.\.\.\]; expected numbers"),
        (acm_dispatch.column_quantiles, {"q": ["0.5"]}, "`q` is .*; expected numbers from 0 to 1"),
        (acm_dispatch.zscore, {"backend": 3}, "backend is 3; expected the name of one"),
    ],
)
def test_messages_are_short_sentences(function, options, message):
    with pytest.raises((InvalidInput, ConfigurationError), match=rf"^{function.__name__}: {message}") as caught:
        function(_X, **options)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "call",
    [
        lambda: acm_dispatch.zscore(_X, backend=LONG),
        lambda: acm_dispatch.use(LONG),
        lambda: acm_dispatch.use(threads=LONG),
        lambda: acm_dispatch.use(strict=LONG),
        lambda: acm_dispatch.use(exclude=[LONG]),
        lambda: acm_dispatch.use(accuracy=LONG),
        lambda: acm_dispatch.explain(LONG, _X),
        lambda: acm_dispatch.explain([LONG], _X),
        lambda: acm_dispatch.set_backend(LONG),
        lambda: acm_dispatch.set_backend("numpy", op=LONG),
        lambda: acm_dispatch.unregister_backend(LONG),
        lambda: acm_dispatch.register_backend(LONG),
        lambda: acm_dispatch.Backend(f"{LONG} "),
        lambda: acm_dispatch.Backend("mine").kernel("zscore", accuracy=LONG),
        lambda: acm_dispatch.Backend("mine").kernel("zscore", dtypes=LONG),
    ],
)
def test_settings_and_declarations_repeat_no_long_value(call):
    with pytest.raises(acm_dispatch.DispatchError) as caught:
        call()
    assert len(str(caught.value)) < 500
