"""How large objects are that travel between workers, for Dask's accounts of memory."""

from __future__ import annotations

from typing import Any


def register(sizeof: Any) -> None:
    """Called by Dask when it first asks for the size of something."""

    @sizeof.register_lazy("acm_dispatch")
    def _() -> None:
        from acm_dispatch.ops.sketch import QuantileSketch

        @sizeof.register(QuantileSketch)
        def size_of_sketch(sketch: QuantileSketch) -> int:
            return sketch.nbytes
