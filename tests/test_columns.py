"""One rule for the columns of every source: what is read, as what, and what is refused."""

from __future__ import annotations

import datetime
import decimal
from itertools import product

import numpy as np
import pandas
import polars
import pyarrow
import pytest

from acm_dispatch import InvalidInput
from acm_dispatch.contract.arrays import canonicalise
from acm_dispatch.contract.shapes import parse

NUMBERS = {
    **{f"int{bits}": [-(2 ** (bits - 1)), 3, 2 ** (bits - 1) - 1] for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": [0, 3, 2**bits - 1] for bits in (8, 16, 32, 64)},
    "bool": [True, False, True],
    "float16": [0.5, -2.0, 1.5],
    "float32": [0.5, -2.0, 0.25],
    "float64": [0.5, -2.0, 1e300],
    "null": [None, None, None],
}
OTHERS = {
    "decimal": [decimal.Decimal("1.50"), decimal.Decimal("2.25"), decimal.Decimal("0.75")],
    "date": [datetime.date(2024, 1, day) for day in (1, 2, 3)],
    "time": [datetime.datetime(2024, 1, day) for day in (1, 2, 3)],
    "duration": [datetime.timedelta(hours=hours) for hours in (1, 2, 3)],
    "text": ["1", "2", "3"],
    "category": ["1", "2", "1"],
    "nested": [[1.0], [2.0], [3.0]],
}
ARROW = {
    **{name: pyarrow.type_for_alias(name) for name in NUMBERS},
    "decimal": pyarrow.decimal128(5, 2),
    "date": pyarrow.date32(),
    "time": pyarrow.timestamp("us"),
    "duration": pyarrow.duration("us"),
    "text": pyarrow.string(),
    "category": pyarrow.dictionary(pyarrow.int8(), pyarrow.string()),
    "nested": pyarrow.list_(pyarrow.float64()),
}
POLARS = {
    **{f"int{bits}": getattr(polars, f"Int{bits}") for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": getattr(polars, f"UInt{bits}") for bits in (8, 16, 32, 64)},
    "bool": polars.Boolean,
    "float32": polars.Float32,
    "float64": polars.Float64,
    "null": polars.Null,
    "decimal": polars.Decimal(5, 2),
    "date": polars.Date,
    "time": polars.Datetime("us"),
    "text": polars.String,
    "duration": polars.Duration("us"),
    "category": polars.Categorical,
    "nested": polars.List(polars.Float64),
}
NULLABLE = {
    **{f"int{bits}": f"Int{bits}" for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": f"UInt{bits}" for bits in (8, 16, 32, 64)},
    "bool": "boolean",
    "float32": "Float32",
    "float64": "Float64",
    "text": "string",
    "category": "category",
    "time": "datetime64[us, UTC]",
    "duration": "timedelta64[us]",
}
NUMPY = {**dict.fromkeys(NUMBERS), "time": "datetime64[us]", "duration": "timedelta64[us]", "text": "U1"}


def _arrow(name, values):
    if name == "float16":
        values = [None if value is None else np.float16(value) for value in values]
    return (
        pyarrow.array(values, ARROW["text"]).dictionary_encode()
        if name == "category"
        else pyarrow.array(values, ARROW[name])
    )


def _numpy(name, values):
    """Values and mask; no gap has a place in NumPy but under a mask."""
    known = next((value for value in values if value is not None), 0)
    filled = [known if value is None else value for value in values]
    return np.array(filled, NUMPY[name] or name), np.array([value is None for value in values], bool)


def _structured(name, values):
    data, mask = _numpy(name, values)
    return np.ma.array([(value,) for value in data], [("a", data.dtype)], mask=[(gap,) for gap in mask])


#: How each source holds values of a type (None: it has no such type); the first list are frames, then single columns.
FRAMES = {
    "pandas": lambda name, values: (
        pandas.DataFrame({"a": _numpy(name, values)[0]})
        if name in NUMPY and None not in values and name != "null"
        else None
    ),
    "pandas_objects": lambda name, values: pandas.DataFrame({"a": pandas.Series(values, dtype=object)}),
    "pandas_nullable": lambda name, values: (
        pandas.DataFrame({"a": pandas.Series(values, dtype=NULLABLE[name])}) if name in NULLABLE else None
    ),
    "pandas_arrow": lambda name, values: pandas.DataFrame(
        {"a": pandas.Series(pandas.arrays.ArrowExtensionArray(_arrow(name, values)))}
    ),
    "polars": lambda name, values: (
        polars.DataFrame({"a": polars.Series(values, dtype=POLARS[name])}) if name in POLARS else None
    ),
    "arrow_table": lambda name, values: pyarrow.table({"a": _arrow(name, values)}),
    "arrow_batch": lambda name, values: pyarrow.record_batch({"a": _arrow(name, values)}),
    "structured": lambda name, values: (  # NumPy itself fails to mask a float16 field
        _structured(name, values) if name in NUMPY and name not in ("null", "float16") else None
    ),
    "lists": lambda name, values: [[value] for value in values],
}
COLUMNS = {
    "pandas_column": lambda name, values: pandas.Series(values, dtype=NULLABLE[name]) if name in NULLABLE else None,
    "pandas_array": lambda name, values: pandas.array(values, dtype=NULLABLE[name]) if name in NULLABLE else None,
    "polars_column": lambda name, values: polars.Series(values, dtype=POLARS[name]) if name in POLARS else None,
    "arrow_array": _arrow,
    "arrow_chunks": lambda name, values: pyarrow.chunked_array([_arrow(name, values[:1]), _arrow(name, values[1:])]),
    "masked": lambda name, values: (
        np.ma.masked_array(*_numpy(name, values)) if name in NUMPY and name != "null" else None
    ),
    "list": lambda name, values: values,
}
SOURCES = {**FRAMES, **COLUMNS}

#: Those whose columns have no type: their values are what they hold, and floats are float64.
UNTYPED = ("pandas_objects", "lists", "list")

GAPS = {"no_gaps": (0, 1, 2), "some": (0, None, 2), "only_gaps": (None, None, None), "empty": ()}


def _given(values, gaps):
    return [None if place is None else values[place] for place in GAPS[gaps]]


def _read(source, value):
    dims = "n d" if source in FRAMES else "n"
    (array,) = canonicalise("test", ["x"], parse(f"{dims} -> n").inputs, [value])
    return array


def _cases(types):
    """Every source x type x gaps; without what a source has no type for, or no type at all (a list of nothing)."""
    cases = []
    for (source, make), name, gaps in product(SOURCES.items(), types, GAPS):
        values = [None if place is None else types[name][place] for place in GAPS[gaps]]
        if types is OTHERS and source in UNTYPED and (set(map(type, values)) <= {type(None)} or name == "nested"):
            continue
        value = make(name, values)
        if value is not None:
            cases.append(pytest.param(source, value, name, values, id=f"{source}-{name}-{gaps}"))
    return cases


def _read(source, value):
    dims = "n d" if source in FRAMES else "n"
    (array,) = canonicalise("test", ["x"], parse(f"{dims} -> n").inputs, [value])
    return array


@pytest.mark.parametrize(("source", "value", "name", "values"), _cases(NUMBERS))
def test_numbers_are_read_and_gaps_are_nan(source, value, name, values):
    array = _read(source, value)
    narrow = name in ("float16", "float32") and source not in UNTYPED
    assert array.dtype == (np.float32 if narrow else np.float64)
    wanted = np.array([np.nan if value is None else float(value) for value in values])
    np.testing.assert_array_equal(array.ravel(), wanted)
    assert array.ndim == (2 if source in FRAMES and (values or source != "lists") else 1)


@pytest.mark.parametrize(("source", "value", "name", "values"), _cases(OTHERS))
def test_what_is_no_number_is_refused(source, value, name, values):
    with pytest.raises(InvalidInput, match=r"^test: `x` (has a column that is not numeric|has dtype)"):
        _read(source, value)


MIXED = {"bool": [True, None, False], "int64": [1, None, 3], "float32": [0.5, None, 1.5], "null": [None] * 3}


@pytest.mark.parametrize("others", [("bool", "int64", "null"), ("int64",), ("bool",), ("null",), ()])
@pytest.mark.parametrize("source", ["polars", "arrow_table", "arrow_batch", "pandas_arrow", "pandas_nullable"])
def test_columns_of_several_types_have_one_dtype(source, others):
    """float32 where all columns with a type of their own are; float64, which holds integers, everywhere else."""
    names = [name for name in ("float32", *others) if source != "pandas_nullable" or name in NULLABLE]
    columns = {
        "polars": lambda name: polars.Series(MIXED[name], dtype=POLARS[name]),
        "pandas_nullable": lambda name: pandas.Series(MIXED[name], dtype=NULLABLE.get(name)),
        "pandas_arrow": lambda name: pandas.Series(pandas.arrays.ArrowExtensionArray(_arrow(name, MIXED[name]))),
    }.get(source, lambda name: _arrow(name, MIXED[name]))
    frame = {"polars": polars.DataFrame, "arrow_table": pyarrow.table, "arrow_batch": pyarrow.record_batch}
    array = _read(source, frame.get(source, pandas.DataFrame)({name: columns(name) for name in names}))
    assert array.dtype == (np.float32 if set(names) <= {"float32", "null"} else np.float64)
    wanted = [[np.nan if value is None else float(value) for value in MIXED[name]] for name in names]
    np.testing.assert_array_equal(array, np.transpose(wanted))


@pytest.mark.parametrize("source", ["pandas_column", "pandas_array", "polars_column", "arrow_array", "arrow_chunks"])
def test_labels_keep_every_digit(source):
    values = [2**53 + 1, -(2**63), 2**63 - 1]
    (array,) = canonicalise("test", ["x"], parse("int n -> n").inputs, [COLUMNS[source]("int64", values)])
    assert array.dtype == np.int64
    assert array.tolist() == values
    with pytest.raises(InvalidInput, match="`x` holds missing values; expected integers"):
        canonicalise("test", ["x"], parse("int n -> n").inputs, [COLUMNS[source]("int64", [*values, None])])
