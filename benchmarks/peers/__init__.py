"""What users would pick instead of us.

A peer is a function named for what it does. It gets the arrays of a case and returns the call to be measured: whatever
it does before that (imports, containers of its own, fitted estimators) is outside the clock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module, metadata, util
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..case import Case

Call = Callable[[], Any]

#: Package as peers name it -> (module to import, distribution that brings it).
PACKAGES = {
    "numpy": ("numpy", "numpy"),
    "scipy": ("scipy", "scipy"),
    "sklearn": ("sklearn", "scikit-learn"),
    "intelex": ("sklearnex", "scikit-learn-intelex"),
    "daal4py": ("daal4py", "scikit-learn-intelex"),
    "numba": ("numba", "numba"),
    "polars": ("polars", "polars"),
    "pandas": ("pandas", "pandas"),
    "bottleneck": ("bottleneck", "bottleneck"),
    "fastnanquantile": ("fastnanquantile", "fastnanquantile"),
    "numbagg": ("numbagg", "numbagg"),
    "numexpr": ("numexpr", "numexpr"),
    "screamer": ("screamer", "screamer"),
    "simsimd": ("simsimd", "simsimd"),
    "faiss": ("faiss", "faiss-cpu"),
    "torch": ("torch", "torch"),
    "treelite": ("treelite", "treelite"),
}

_FAMILIES = (
    "distances",
    "silhouette",
    "robust_stats",
    "normalization",
    "imputation",
    "lags",
    "quantiles",
    "correlation",
    "spectral",
    "sparse",
    "rolling",
    "ar1",
    "linalg",
    "pca",
    "kmeans",
    "isolation_forest",
    "moments",
    "streaming",
)


@dataclass(frozen=True)
class Peer:
    """One way to do what the cases under `key` do."""

    key: str
    package: str
    start: Callable[..., Call]
    finish: Callable[[Any], Any]
    dtypes: tuple[str, ...]
    data: str

    @property
    def name(self) -> str:
        """Package and function, as the report shows them."""
        return f"{self.package} {self.start.__name__.removeprefix(self.package + '_').replace('_', ' ')}"

    def fits(self, case: Case) -> bool:
        """Whether the peer can do the case (installed or not)."""
        return (
            self.key == case.key
            and case.dtype in self.dtypes
            and self.data in ("any", "missing" if case.missing else "clean")
        )


_peers: list[Peer] = []


def peer(
    key: str,
    package: str,
    *,
    finish: Callable[[Any], Any] = lambda result: result,
    dtypes: tuple[str, ...] = ("float64", "float32"),
    data: str = "any",
) -> Callable[[Callable[..., Call]], Callable[..., Call]]:
    """Decorator: registers a peer.

    Parameters
    ----------
    key : str
        `Case.key`.
    package : str
        Of `PACKAGES`; imported by the peer itself.
    finish : callable, optional
        Makes arrays of the call's result, outside the clock.
    dtypes : sequence of str
    data : {"any", "clean", "missing"}
        Which data it can do, or is meant for.
    """

    def register(start: Callable[..., Call]) -> Callable[..., Call]:
        _peers.append(Peer(key, package, start, finish, dtypes, data))
        return start

    return register


@cache
def all_peers() -> tuple[Peer, ...]:
    """Every peer of every family."""
    for family in _FAMILIES:
        import_module(f"{__name__}.{family}")
    return tuple(_peers)


def peers_of(case: Case) -> tuple[list[Peer], list[Peer]]:
    """The peers that fit a case: installed ones, absent ones."""
    fitting = [peer for peer in all_peers() if peer.fits(case)]
    return [p for p in fitting if installed(p.package)], [p for p in fitting if not installed(p.package)]


@cache
def installed(package: str) -> bool:
    """Whether the package can be imported here (looked up, not imported)."""
    return util.find_spec(PACKAGES[package][0]) is not None


def versions() -> dict[str, str | None]:
    """Version of each package, None where it is absent."""
    return {name: metadata.version(PACKAGES[name][1]) if installed(name) else None for name in PACKAGES}
