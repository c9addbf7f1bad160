"""What arguments are read from: a table of the kinds of arrays, and one rule for the types of their columns.

Numbers and truth values of at most 64 bits are read, missing ones as NaN; a column of nothing but missing values is
all NaN. Times, texts, categories, decimals and nested values are refused, and so is what is not in memory: nothing is
computed, and no file read, behind the caller's back.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from ..errors import InvalidInput, shortened

#: What libraries call the types of columns, in lower case -> NumPy's name; nothing for a column that only has gaps.
_TYPES = {
    "bool": "bool",
    "boolean": "bool",
    **{name: name for bits in (8, 16, 32, 64) for name in (f"int{bits}", f"uint{bits}")},
    "halffloat": "float16",
    "float16": "float16",
    "float": "float32",
    "float32": "float32",
    "double": "float64",
    "float64": "float64",
    "null": "",
}

#: What the values of a list or of a column of objects may be.
_NUMBERS = (bool, int, float, np.bool_, np.integer, np.floating)


class NotReadable(Exception):
    """Why a value is no array of numbers: the rest of the sentence that begins with the argument's name."""


class Kind(NamedTuple):
    """A kind of array: how it is known, and how it is read (a refusal is a `NotReadable`)."""

    name: str
    fits: Callable[[Any], bool]
    read: Callable[[Any], np.ndarray[Any, Any]]


def read(operation: str, argument: str, value: Any) -> np.ndarray[Any, Any]:
    """`value` as a NumPy array, of any dtype that is not a refusal in itself.

    Raises
    ------
    InvalidInput
        Naming the argument: lazy, sparse, not numeric, or not to be read at all.
    """
    return _or_refused(operation, argument, _read, value)


def opened(operation: str, argument: str, value: Any) -> Any:
    """What knows only Arrow's C interface as a table or column of pyarrow, which have names; anything else as it is."""
    return _or_refused(operation, argument, _from_arrow, value) if _is_only_arrow(value) else value


def _or_refused(operation: str, argument: str, reader: Callable[[Any], Any], value: Any) -> Any:
    """What `reader` makes of `value`; whatever a third-party array raises is a refusal."""
    try:
        return reader(value)
    except NotReadable as problem:
        raise InvalidInput(operation, argument, str(problem)) from problem.__cause__
    except MemoryError:
        raise
    except Exception as error:
        raise InvalidInput(
            operation, argument, f"cannot be read as an array of numbers ({shortened(str(error))})"
        ) from error


def _read(value: Any) -> np.ndarray[Any, Any]:
    value = _from_arrow(value) if _is_only_arrow(value) else value
    return next(kind.read(value) for kind in KINDS if kind.fits(value))


def _is_only_arrow(value: Any) -> bool:
    """Whether Arrow's C interface is all there is: lazy readers have more, and frames that NumPy knows."""
    if _has("__array__")(value) or _has("__dlpack__")(value) or any(kind.fits(value) for kind in LAZY):
        return False
    return _has("__arrow_c_stream__")(value) or _has("__arrow_c_array__")(value)


def _from_arrow(value: Any) -> Any:
    import pyarrow  # type: ignore[import-untyped] - it ships no types

    arrow = cast("Any", pyarrow)
    try:
        return arrow.table(value)
    except (TypeError, ValueError):
        return arrow.chunked_array(value) if _has("__arrow_c_stream__")(value) else arrow.array(value)


def _has(*attributes: str) -> Callable[[Any], bool]:
    """Whether a value's class has them all: what a frame itself has may be a column of that name."""
    return lambda value: all(hasattr(cast("Any", type(value)), attribute) for attribute in attributes)


def _is(*types: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, types)


def _is_from(*packages: str) -> Callable[[Any], bool]:
    return lambda value: type(value).__module__.partition(".")[0] in packages


def _refused(sentence: str) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        raise NotReadable(sentence)

    return read


def _lazy(what: str, how: str) -> Callable[[Any], Any]:
    return _refused(f"is a lazy {what}; expected one that is in memory (`{how}` makes one)")


def _is_lazy_collection(value: Any) -> bool:
    """Whether Dask's protocol says so: arrays that may wrap a lazy one (xarray's, pint's) have no graph if they do not.

    Dask's own are not asked, since that may build the graph.
    """
    return _has("__dask_graph__")(value) and (_is_from("dask")(value) or value.__dask_graph__() is not None)


def _is_dask_array(value: Any) -> bool:
    return _is_from("dask")(value) and _has("numblocks")(value)


def _is_in_chunks(value: Any) -> bool:
    return _has("dims", "indexes", "chunks")(value) and bool(value.chunks)


def _is_computed(value: Any) -> bool:
    return _has("compute")(value) and not _has("__dask_graph__")(value)


def _as_columns(value: Any) -> np.ndarray[Any, Any]:
    """A NumPy array; a masked one with NaN for what is masked, a structured one with a last axis of its fields."""
    if value.dtype.names is not None:
        fields = [_as_columns(value[name]) for name in value.dtype.names]
        if strange := [str(field.dtype) for field in fields if field.dtype.kind not in "biuf"]:
            raise NotReadable(_not_numeric(strange))
        return np.stack([field.astype(_common(fields), copy=False) for field in fields], axis=-1)
    # `np.ma` is imported before a masked array is made, never here: an import may hang in a forked child.
    if not isinstance(value, getattr(sys.modules.get("numpy.ma"), "MaskedArray", ())):
        return np.asarray(value)
    if not np.ma.is_masked(value) or value.dtype.kind not in "biuf":
        return value.data
    least = np.float32 if value.dtype.kind == "f" else np.float64
    return value.astype(np.result_type(value.dtype, least)).filled(np.nan)


def _from_list(value: Any) -> np.ndarray[Any, Any]:
    for item in _one_of_each_type(value):
        lazy = next((kind for kind in LAZY if kind.fits(item)), None)
        if lazy is not None:
            lazy.read(item)
    array: np.ndarray[Any, Any] = np.asarray(value)
    return _from_objects(array) if array.dtype.kind == "O" else array


def _from_scalar(value: Any) -> np.ndarray[Any, Any]:
    return _from_list(value.as_py())


def _one_of_each_type(value: Any) -> list[Any]:
    """An element of each type that a list holds."""
    if not _is(list, tuple)(value):
        return []
    found: dict[Any, Any] = {type(item): item for item in value}
    return list(found.values())


def _from_objects(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Numbers, truth values and gaps that have no common type."""
    kinds = set(map(type, array.flat))
    gaps = {kind for kind in kinds if kind is type(None) or kind.__name__ == "NAType"}
    if strange := sorted(kind.__name__ for kind in kinds - gaps if not issubclass(kind, _NUMBERS)):
        raise NotReadable(f"has dtype object, with values of type {', '.join(strange)}; expected real numbers")
    return np.array([np.nan if type(item) in gaps else float(item) for item in array.flat]).reshape(array.shape)


def _from_frame(frame: Any) -> np.ndarray[Any, Any]:
    types, columns = _columns(frame)
    if strange := [str(dtype) for dtype in types if _type_name(dtype) is None]:
        raise NotReadable(_not_numeric(strange))
    if len(set(types)) == 1 and _is_one_block(frame, types[0]):
        return np.asarray(frame)
    read = [_from_column(column, dtype) for column, dtype in zip(columns, types, strict=True)]
    known = [array for array, dtype in zip(read, types, strict=True) if _type_name(dtype) != ""]
    matrix = np.empty((len(read), len(read[0]) if read else len(frame)), _common(known))
    for row, array in zip(matrix, read, strict=True):
        row[...] = array
    return matrix.T


def _is_one_block(frame: Any, dtype: Any) -> bool:
    """Whether columns that are all of this type go into a matrix at once, gaps and all."""
    return dtype.kind != "O" if isinstance(dtype, np.dtype) else _is_from("polars")(frame) and dtype.is_float()


def _columns(frame: Any) -> tuple[list[Any], Iterator[Any]]:
    """The types of a frame's columns, and the columns: of pandas and its like, of Arrow, of polars and its like."""
    if hasattr(frame, "iloc"):
        return list(frame.dtypes), (frame.iloc[:, i] for i in range(frame.shape[1]))
    if hasattr(frame, "column_names"):
        return list(frame.schema.types), (frame.column(i) for i in range(frame.num_columns))
    columns = [frame[name] for name in frame.columns]
    return [column.dtype for column in columns], iter(columns)


def _common(arrays: Sequence[np.ndarray[Any, Any]]) -> np.dtype[Any]:
    """The dtype of columns together: as float64 holds integers, float32 is for columns that are all float32."""
    if not arrays:
        return np.dtype(np.float64)
    common = np.result_type(*arrays)
    mixed = common.kind == "f" and any(array.dtype.kind != "f" for array in arrays)
    return np.result_type(common, np.float64) if mixed else common


def _type_name(dtype: Any) -> str | None:
    """NumPy's name of a column's type ("object" as well, whose values decide); None if it holds no numbers."""
    if isinstance(dtype, np.dtype):
        return dtype.name if dtype.kind in "biufcO" else None
    name = str(dtype).lower().removesuffix("[pyarrow]")
    sparse = re.match(r"sparse\[(\w+)", name)
    return _TYPES.get(sparse[1] if sparse else name)


def _from_column(column: Any, dtype: Any = None) -> np.ndarray[Any, Any]:
    """One column, as its own library makes an array of it, with NaN for what is missing."""
    if dtype is None:
        dtype = column.type if _has("type")(column) else column.dtype
    name = _type_name(dtype)
    if name is None:
        raise NotReadable(f"has dtype {shortened(str(dtype))}; expected real numbers")
    if name == "":
        return np.full(len(column), np.nan)
    if isinstance(dtype, np.dtype):
        return _from_objects(np.asarray(column)) if dtype.kind == "O" else np.asarray(column)
    if not _gaps(column):
        return np.asarray(column, dtype=name)
    floating = np.float32 if name in ("float16", "float32") else np.float64
    if _has("isna")(column):
        return column.to_numpy(dtype=floating, na_value=np.nan)
    return np.asarray(column).astype(floating, copy=False)  # NumPy makes NaN of None


def _gaps(column: Any) -> int:
    """How many values are missing: polars has a method for it, Arrow a property, pandas neither."""
    if _has("isna")(column):
        return int(column.isna().sum())
    return column.null_count if _is(int)(column.null_count) else column.null_count()


def _not_numeric(types: Sequence[str]) -> str:
    return f"has a column that is not numeric ({shortened(', '.join(dict.fromkeys(types)))})"


#: What is not in memory. The order matters: a relation of DuckDB also has `to_table`, a frame of Spark `collect`.
LAZY = (
    Kind("xarray over chunks", _is_in_chunks, _lazy("array", ".compute()")),
    Kind(
        "Dask array",
        _is_dask_array,
        _refused(
            "is a lazy array; expected one in memory (`.compute()`), or acm-dispatch-dask, which takes it by blocks"
        ),
    ),
    Kind("Dask", _is_lazy_collection, _lazy("array", ".compute()")),
    Kind("lazy array", _is_computed, _lazy("array", ".compute()")),
    Kind("Spark frame", _has("toPandas"), _lazy("frame", ".toPandas()")),
    Kind("pandas on Spark", _has("to_spark"), _lazy("frame", ".to_pandas()")),
    Kind("DuckDB relation", _has("fetchnumpy"), _lazy("relation", ".df()")),
    Kind("lazy frame", _has("collect"), _lazy("frame", ".collect()")),
    Kind("ibis expression", _has("execute"), _lazy("expression", ".execute()")),
    Kind("Arrow reader", _has("read_all"), _lazy("stream", ".read_all()")),
    Kind("Arrow dataset", _has("to_table"), _lazy("dataset", ".to_table()")),
    Kind("TensorStore", _is_from("tensorstore"), _lazy("dataset", ".read().result()")),
    Kind("dataset in a file", _is_from("h5py", "zarr", "netCDF4", "tables"), _lazy("dataset", "[...]")),
)

#: Every kind of array in host memory or refused; the first that fits reads it. (Device arrays stay where they are.)
KINDS = (
    Kind("NumPy", _is(np.ndarray, np.generic), _as_columns),
    Kind("Arrow scalar", _has("as_py"), _from_scalar),
    Kind("list or number", _is(list, tuple, int, float), _from_list),
    Kind(
        "sparse matrix", _has("tocsr"), _refused("is a sparse matrix; expected a dense array (`.toarray()` makes one)")
    ),
    *LAZY,
    Kind(
        "mapping",
        _is(Mapping),
        _refused("is a mapping; expected an array, or numbers by the names of the columns of another argument"),
    ),
    Kind("xarray", _has("dims", "indexes"), np.asarray),
    Kind("pandas frame", _has("iloc", "columns"), _from_frame),
    Kind("Arrow table", _has("column_names", "schema"), _from_frame),
    Kind("polars frame", _has("columns", "schema"), _from_frame),
    Kind("pandas column", _has("isna", "to_numpy"), _from_column),
    Kind("Arrow or polars column", _has("null_count", "to_numpy"), _from_column),
    Kind("array", _has("__array__"), np.asarray),
    Kind("DLPack", _has("__dlpack__"), np.from_dlpack),
    Kind("anything else", _is(object), np.asarray),
)
