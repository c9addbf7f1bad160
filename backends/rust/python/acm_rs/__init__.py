"""Rust kernels for `acm_dispatch`. Importing this loads neither NumPy nor the compiled library."""

from functools import partial
from importlib import import_module
from typing import Any

from acm_dispatch import Backend

# Each kernel takes the number of threads as its first argument.
backend = Backend("rust", modules=("acm_rs.kernels",), bind=partial, version="0.1.0")


def __getattr__(name: str) -> Any:
    """The names of the migration plan, when they are first asked for."""
    if not name.startswith("_"):
        migration = import_module("acm_rs.migration")
        if name in migration.__all__:
            return getattr(migration, name)
    raise AttributeError(f"module 'acm_rs' has no attribute {name!r}")
