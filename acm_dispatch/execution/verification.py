"""Whether a kernel's result means what the reference's does, by the operation's own contract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from ..backends.backend import Accuracy
from ..backends.transfer import to_host
from ..contract.declaration import Declaration
from ..errors import described


def difference(
    contract: Declaration,
    values: Sequence[Any],
    result: Any,
    expected: Any,
    dtype: str,
    accuracy: Accuracy = "tolerance",
) -> str | None:
    """The sentence how `result` breaks the contract, or None where it keeps it.

    Parameters
    ----------
    contract : Declaration
    values : sequence
        The canonical arguments of the call, for contracts whose measure of equality looks at them.
    result, expected : array or tuple of arrays
        What the kernel gave, and the reference.
    dtype : str
    accuracy : {"bitwise", "tolerance", "relaxed"}
        What the kernel claims; bits are not compared, since the reference itself depends on where arrays lie.
    """
    actual, wanted = _parts(result), _parts(expected)
    if len(actual) != len(wanted):
        return f"gives {len(actual)} results, where the reference gives {len(wanted)}"
    rtol, atol = (contract.relaxed if accuracy == "relaxed" else contract.tolerance)[dtype]
    if contract.agrees is not None:
        arguments = dict(zip(contract.parameters, values, strict=True))
        try:
            contract.agrees(actual, wanted, rtol, atol, *([arguments] if contract.agrees_by_arguments else []))
        except (AssertionError, ValueError) as error:
            return f"differs from the reference ({described(error)})"
        return None
    return next(filter(None, (_differs(a, b, rtol, atol) for a, b in zip(actual, wanted, strict=True))), None)


def _parts(result: Any) -> tuple[Any, ...]:
    if hasattr(result, "indptr"):
        result = result.data, result.indices, result.indptr
    parts = cast("tuple[Any, ...]", result) if isinstance(result, tuple) else (result,)
    return tuple(np.asarray(to_host(part)) for part in parts)


def _differs(actual: Any, wanted: Any, rtol: float, atol: float) -> str | None:
    if (actual.shape, actual.dtype) != (wanted.shape, wanted.dtype):
        return f"gives {actual.dtype} of shape {actual.shape}, where the reference gives {wanted.dtype} {wanted.shape}"
    if wanted.dtype.kind != "f":
        wrong = np.count_nonzero(actual != wanted)
        return f"differs from the reference in {wrong:,} of {wanted.size:,} numbers" if wrong else None
    with np.errstate(all="ignore"):
        far = ~np.isclose(actual, wanted, rtol, atol, equal_nan=True)
        if not far.any():
            return None
        worst = np.nanmax(np.abs(np.subtract(actual, wanted, dtype=np.float64)), initial=0.0, where=far)
    return f"differs from the reference in {np.count_nonzero(far):,} of {far.size:,} numbers, by up to {worst:.3g}"
