"""The manifest: where the kernels are, what they cost, and why this machine may not run them."""

from importlib.util import find_spec
from pathlib import Path

from acm_dispatch import Backend


def missing() -> str | None:
    return None if find_spec("bottleneck") else "bottleneck is not installed: `pip install bottleneck`"


backend = Backend(
    "bottleneck",
    modules=["acm_bottleneck.kernels"],
    available=missing,
    # Rows at which a sum starts anew.
    tiles=[1024],
    by_place=["rolling_mean"],
    version="1.0",
    profile=Path(__file__).with_name("costs.json"),
)
