"""One call of an operation with everything that plans and choices depend on, worked out once."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..contract.declaration import Declaration


class BoundCall(NamedTuple):
    """Canonical arguments in the operation's order, and what follows from them.

    `key` is that of the call's plan, `kind` the package that its arrays belong to, `dtype` that of its real arrays
    (of the first one where there is none), `backend` the keyword, `results` about how many numbers the results hold.
    """

    contract: Declaration
    values: list[Any]
    dims: dict[str, int]
    backend: str | None
    work: int
    key: Any
    kind: str
    dtype: str
    options: dict[str, Any]
    results: int

    @property
    def numbers(self) -> int:
        """How many numbers its arrays and its results hold."""
        arrays = self.values[: len(self.contract.array_names)]
        return sum(array.size for array in arrays if array is not None) + self.contract.result_size(
            self.dims, self.values
        )
