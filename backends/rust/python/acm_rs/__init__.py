"""Rust kernels for `acm_dispatch`. Importing this loads neither NumPy nor the compiled library."""

from functools import partial

from acm_dispatch import Backend

# Each kernel takes the number of threads as its first argument.
backend = Backend("rust", modules=("acm_rs.kernels",), bind=partial, version="0.1.0")
