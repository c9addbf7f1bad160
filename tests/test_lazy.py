"""What is not in memory is refused, with the way to get it there.

Only polars and Arrow are installed here; stand-ins with the protocol of the others show that nothing computes them.
"""

import numpy as np
import pandas
import polars
import pyarrow
import pyarrow.dataset
import pytest

from acm_dispatch import InvalidInput, explain, kmeans, pairwise_euclidean, pca_spe_t2, quantiles, zscore
from acm_dispatch.ops.pca import PCAModel

X = np.array([[1.0, 4.0], [2.0, 8.0], [3.0, 5.0]])


class Untouchable:
    """Nothing may compute it."""

    shape, ndim, dtype = (3, 2), 2, np.dtype(float)

    def __array__(self, *arguments, **options):
        raise AssertionError("computed")


def stand_in(module="somewhere", **attributes):
    return type("Lazy", (Untouchable,), {"__module__": module, **attributes})()


def method(self, *arguments):
    raise AssertionError("called")


def graph(self):
    return {"a": "graph"}


def no_graph(self):
    return None


LAZY = {
    "dask": (stand_in("dask.array.core", __dask_graph__=method, compute=method), r"`\.compute\(\)`"),
    "dask_frame": (
        stand_in("dask.dataframe.dask_expr", __dask_graph__=method, compute=method, iloc=0, columns=["a", "b"]),
        r"`\.compute\(\)`",
    ),
    "dask_delayed": (stand_in("dask.delayed", __dask_graph__=method, compute=method), r"`\.compute\(\)`"),
    "speaks_dask": (stand_in(__dask_graph__=graph, __array_function__=method), r"`\.compute\(\)`"),
    "xarray_on_dask": (
        stand_in("xarray", dims=("t", "s"), indexes={}, chunks=((3,), (2,)), __dask_graph__=graph, compute=method),
        r"`\.compute\(\)`",
    ),
    "lazy_array": (stand_in("cubed", compute=method), r"`\.compute\(\)`"),
    "spark": (stand_in("pyspark.sql", toPandas=method, collect=method, columns=["a", "b"]), r"`\.toPandas\(\)`"),
    "pandas_on_spark": (stand_in("pyspark.pandas", to_spark=method, iloc=0, columns=[]), r"`\.to_pandas\(\)`"),
    "duckdb": (stand_in("_duckdb", fetchnumpy=method, to_table=method, __arrow_c_stream__=method), r"`\.df\(\)`"),
    "ibis": (stand_in("ibis.expr", execute=method, __arrow_c_stream__=method, schema=method), r"`\.execute\(\)`"),
    "narwhals": (stand_in("narwhals", collect=method, columns=["a"]), r"`\.collect\(\)`"),
    "polars": (polars.DataFrame(X).lazy(), r"`\.collect\(\)`"),
    "arrow_dataset": (pyarrow.dataset.dataset(pyarrow.table({"a": [1.0]})), r"`\.to_table\(\)`"),
    "arrow_reader": (pyarrow.table({"a": [1.0]}).to_reader(), r"`\.read_all\(\)`"),
    "h5py": (stand_in("h5py._hl.dataset", chunks=None, dims=()), r"`\[\.\.\.\]`"),
    "zarr": (stand_in("zarr.core.array", chunks=(3, 2)), r"`\[\.\.\.\]`"),
    "netcdf": (stand_in("netCDF4"), r"`\[\.\.\.\]`"),
    "tensorstore": (stand_in("tensorstore"), r"`\.read\(\)\.result\(\)`"),
}


@pytest.mark.parametrize(("value", "way"), LAZY.values(), ids=LAZY)
def test_what_is_lazy_is_refused_with_the_way_to_get_it(value, way):
    refusal = rf"is a lazy \w+; expected one that is in memory \({way} makes one\)"
    for call in (zscore, lambda x: zscore([x, x]), lambda x: explain("zscore", x), zscore.reference, zscore.plan):
        with pytest.raises(InvalidInput, match="^zscore: `x` " + refusal):
            call(value)
    with pytest.raises(InvalidInput, match="^pairwise_euclidean: `y` " + refusal):
        pairwise_euclidean(X, value)


@pytest.mark.parametrize(("value", "way"), LAZY.values(), ids=LAZY)
def test_compositions_and_models_refuse_it_too(value, way):
    with pytest.raises(InvalidInput, match=r"^kmeans: `init` is a lazy"):
        kmeans(X, 3, init=value)
    with pytest.raises(InvalidInput, match=r"^quantiles: `x` is a lazy"):
        quantiles(value, 0.5)
    with pytest.raises(InvalidInput, match=r"^pca_spe_t2: `model` has a `mean` that is a lazy"):
        pca_spe_t2(X, PCAModel(value, np.eye(2), np.ones(2)))


class Quantity:
    """What may wrap a lazy array (pint's quantities, xarray's arrays), and here does not."""

    compute, __dask_graph__ = method, no_graph

    def __array__(self, *arguments, **options):
        return X


class DataArray(Quantity):
    dims, indexes, chunks = ("t", "s"), {}, None


@pytest.mark.parametrize(
    "value",
    [
        DataArray(),
        Quantity(),
        pandas.DataFrame(X, columns=["compute", "collect"]),
        pandas.DataFrame(X, columns=["tocsr", "execute"]),
        polars.DataFrame(X, schema=["read_all", "toPandas"]),
        X.view(np.dtype([("compute", float), ("collect", float)])).ravel().view(np.recarray),
        np.broadcast_to(X, X.shape),
    ],
    ids=["xarray", "pint", "columns", "more_columns", "polars_columns", "record_fields", "view"],
)
def test_what_is_in_memory_is_read_whatever_its_columns_are_called(value):
    np.testing.assert_array_equal(zscore(value), zscore(X))
