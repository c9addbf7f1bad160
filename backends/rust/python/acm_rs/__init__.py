"""Rust kernels for `acm_dispatch`. Importing this loads neither NumPy nor the compiled library."""

from functools import partial

from acm_dispatch import Backend

backend = Backend("rust", modules=("acm_rs.kernels",), bind=partial, version="0.1.0", install="acm-dispatch-rust")
