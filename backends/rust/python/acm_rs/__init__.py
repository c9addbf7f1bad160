"""Rust kernels for `acm_dispatch`. Importing this loads neither NumPy nor the compiled library."""

from functools import partial
from importlib import import_module
from typing import Any

from acm_dispatch import Backend

#: Rows, columns and lanes at which kernels change their ways: the constants of the crates, so that no shape about them
#: goes untried. A test compares them with the sources.
_TILES = (4, 6, 7, 8, 11, 16, 24, 32, 64, 96, 128, 256, 512, 1000, 1024, 2000, 2048, 4096, 8192)


def _instruction_set() -> str:
    return str(import_module("acm_rs._core").isa())


# Each kernel takes the number of threads as its first argument.
backend = Backend(
    "rust",
    modules=("acm_rs.kernels",),
    bind=partial,
    by_place=("pairwise_distances_argmin_min", "rolling_slope"),
    tiles=_TILES,
    version="0.1.0",
    build=_instruction_set,
)


def __getattr__(name: str) -> Any:
    """The names of the migration plan, when they are first asked for."""
    if not name.startswith("_"):
        migration = import_module("acm_rs.migration")
        if name in migration.__all__:
            return getattr(migration, name)
    raise AttributeError(f"module 'acm_rs' has no attribute {name!r}")
