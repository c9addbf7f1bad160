"""``python -m benchmarks.roofline``: how fast the CUDA kernels could be, by counting; nothing is measured.

Bytes, double-precision instructions and launches of a call, the time that each alone would take on three cards by their
data sheets, and how much of the arithmetic's rate the kernel's inner loop leaves: what it issues beside arithmetic, and
what it loads from shared memory. Of columns, which memory bounds, what moves beside what must. Needs NVIDIA's compiler
from the rig: `make roofline`.
"""

from __future__ import annotations

from typing import NamedTuple

from acm_cupy.cuda.distances import TILE
from acm_cupy.cuda.program import options, source
from nvrtc import inner_loops

#: Columns that an inner loop adds at a time (tiles.cuh).
STEP = 4

#: Microseconds from one launch of CuPy to the next.
LAUNCH = 8.0


class Card(NamedTuple):
    """Multiprocessors, their clock in GHz, double-precision instructions of a warp a clock, memory in GB/s; and sm."""

    multiprocessors: int
    clock: float
    doubles: float
    bandwidth: float
    architecture: str


CARDS = {
    "A100": Card(108, 1.41, 1.0, 1555, "sm_80"),
    "H100": Card(132, 1.83, 2.0, 3350, "sm_90"),
    "RTX 4090": Card(128, 2.52, 1 / 16, 1008, "sm_89"),
}


class Work(NamedTuple):
    """A call: its kernel and family, pairs of rows that are computed, columns, bytes that must move, launches."""

    size: str
    family: str
    kernel: str
    pairs: float
    columns: int
    moved: float
    launches: int


def whole(count: int, tile: int = TILE) -> int:
    """`count` up to whole tiles."""
    return -(-count // tile) * tile


def works(n: int, d: int = 50, centres: int = 256, clusters: int = 4) -> list[Work]:
    """Calls on `n` rows in float64."""
    rows, tiles = whole(n), whole(n) // TILE
    of_clusters = clusters * whole(n // clusters)
    return [
        Work(f"{n} x {n}", "distances", "pairwise_euclidean", rows * rows, d, 8 * (2 * n * d + n * n), 1),
        Work(
            f"{n}, itself", "distances", "pairwise_euclidean", (tiles + 1) * tiles / 2 * TILE**2, d, 8 * n * (d + n), 1
        ),
        Work(f"{n} x {centres}", "distances", "nearest_rows", rows * whole(centres), d, 8 * n * (d + 2), 1),
        Work(f"{n}, {clusters} clusters", "silhouette", "silhouettes", rows * of_clusters, d, 8 * n * (d + 3), 2),
    ]


def bound(work: Work, card: Card) -> tuple[float, float, float]:
    """Microseconds by arithmetic (what tiles compute in vain included), by memory, and the share of the loop's rate."""
    loop = inner_loops(source(work.family), card.architecture, options("float64"))[work.kernel]
    doubles, shared = loop["sub.f64"] + loop["fma.rn.f64"], loop["ld.shared.f64"]
    # Four instructions of warps are issued a clock; a load from shared memory by a warp takes one clock.
    clocks = max(doubles / card.doubles, loop.total() / 4, shared)
    instructions = 2 * work.pairs * whole(work.columns, STEP) / 32
    arithmetic = instructions / card.doubles / card.multiprocessors / (card.clock * 1e3)
    return arithmetic, work.moved / (card.bandwidth * 1e3), doubles / card.doubles / clocks


class Sweep(NamedTuple):
    """A call on columns: how often their bytes move and must move, where they are more than a cache holds; launches."""

    operation: str
    moved: float
    least: float
    launches: int


#: Of a column, the part that the bracket of a median holds (`acm_cupy.cuda.search`): written, and read again.
GATHERED = 2 * 0.072

#: A chunk of rows is read with those of the window before it (`acm_cupy.cuda.rolling`): of a million rows 64 with 1984.
ROLLED = 1 + 64 / 1984

#: A number that depends on another one of the whole column takes a pass of its own. Where double precision is slow (RTX
#: 4090), sums take longer than their bytes.
SWEEPS = [
    Sweep("column_mean_variance", 1, 1, 2),
    Sweep("column_moments", 1, 1, 2),
    Sweep("column_sums", 1, 1, 2),
    Sweep("zscore, standard", 3, 3, 3),
    Sweep("zscore, given", 2, 2, 1),
    Sweep("column_median_mad", 2 + 2 * GATHERED, 2, 5),
    Sweep("zscore, robust", 4 + 2 * GATHERED, 4, 6),
    Sweep("column_quantiles, 3 levels", 1 + 3 * GATHERED, 1, 3),
    Sweep("impute, median", 3 + GATHERED, 3, 4),
    Sweep("impute, given", 2, 2, 1),
    Sweep("ffill", 2, 2, 2),
    Sweep("ar1_residuals", 2, 2, 1),
    Sweep("lagged_features, three lags", 4, 4, 1),
    Sweep("rolling, window of 60", 1 + ROLLED, 2, 1),
]


def print_sweeps(n: int, d: int = 50) -> None:
    """Print what moves in float64, and the time it takes on each card."""
    print(f"\n| {n} x {d} | launches | bytes moved / least | " + " | ".join(f"{name}, us" for name in CARDS) + " |")
    print("|---|---|---|" + "---|" * len(CARDS))
    for sweep in SWEEPS:
        times = (8 * n * d * sweep.moved / (card.bandwidth * 1e3) + sweep.launches * LAUNCH for card in CARDS.values())
        shown = " | ".join(f"{time:.0f}" for time in times)
        print(f"| `{sweep.operation}` | {sweep.launches} | {sweep.moved / sweep.least:.2f} | {shown} |")


def main() -> None:
    """Print the tables in Markdown."""
    print("| kernel | rows | card | launches | arithmetic, us | memory, us | with launches, us | rate of the loop |")
    print("|---|---|---|---|---|---|---|---|")
    for work in [work for n in (10_000, 100_000) for work in works(n)]:
        for name, card in CARDS.items():
            arithmetic, memory, share = bound(work, card)
            total = max(arithmetic / share, memory) + work.launches * LAUNCH
            times = f"{arithmetic:.0f} | {memory:.0f} | {total:.0f}"
            print(f"| `{work.kernel}` | {work.size} | {name} | {work.launches} | {times} | {share:.0%} |")
    print_sweeps(1_000_000)


if __name__ == "__main__":
    main()
