"""One call of an operation with everything that plans and choices depend on, worked out once."""

from __future__ import annotations

from typing import Any, NamedTuple

from .declaration import Declaration


class BoundCall(NamedTuple):
    """Canonical arguments in the operation's order, and what follows from them.

    `key` is that of the call's plan, `kind` the package that its arrays belong to, `dtype` that of its real arrays
    (of the first one where there is none), `backend` the keyword.
    """

    contract: Declaration
    values: list[Any]
    dims: dict[str, int]
    backend: str | None
    work: int
    key: Any
    kind: str
    dtype: str

    @property
    def options(self) -> dict[str, Any]:
        """The arguments that are not arrays, by name."""
        names = self.contract.option_names
        return dict(zip(names, self.values[len(self.values) - len(names) :], strict=True))

    @property
    def numbers(self) -> int:
        """How many numbers its arrays and its results hold."""
        arrays = self.values[: len(self.contract.array_names)]
        return sum(array.size for array in arrays if array is not None) + self.contract.result_size(
            self.dims, self.values
        )
