"""Labels of rows and columns: arguments that share a labelled dimension are brought into one order.

The first array that names a dimension says what its order is. Another one with the same labels in another order is
rearranged; other labels are a mistake; numbering (a default index) is no label, such an array counts by position.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from ..errors import InvalidInput, shown
from .shapes import ArraySpec

#: What libraries call columns that were given no names.
_DEFAULT_NAMES = ("column_{}", "f{}")

#: How many labels an error shows.
_SHOWN = 6


class Order(NamedTuple):
    """The labels along a dimension, and what they are from, in words."""

    source: str
    labels: Any


def labels_of(value: Any) -> tuple[Any, ...]:
    """The labels of each axis, None for an axis without; empty where there are none at all."""
    owner = cast("type[Any]", type(value))
    if issubclass(owner, np.ndarray | np.generic):
        return (*[None] * value.ndim, value.dtype.names) if value.dtype.names else ()
    if issubclass(owner, Mapping):
        return (list(value),)
    if hasattr(owner, "dims") and hasattr(owner, "indexes"):  # xarray
        return tuple(value.indexes.get(dim) for dim in value.dims)
    if hasattr(owner, "iloc"):  # pandas and its like
        return (value.index, value.columns) if hasattr(owner, "columns") else (value.index,)
    if hasattr(owner, "collect"):  # a lazy frame, which would have to be resolved first, is refused anyway
        return ()
    for names in ("column_names", "columns"):  # Arrow; polars and its like
        if hasattr(owner, names):
            return None, list(getattr(value, names))
    return ()


def align(
    operation: str,
    names: Sequence[str],
    specs: Sequence[ArraySpec],
    values: Sequence[Any],
    arrays: Sequence[Any],
    orders: dict[str, Order] | None = None,
) -> list[Any]:
    """The arrays, read from `values`, with shared dimensions in the order of the first that labels them.

    A table of one row that stands for a vector becomes one. `orders` holds, and gets, the order of each dimension.

    Raises
    ------
    InvalidInput
        If labels differ from those of the array before, or repeat in another order.
    """
    orders = {} if orders is None else orders
    return [
        _in_order(operation, name, spec, value, array, orders) if isinstance(array, np.ndarray) else array
        for name, spec, value, array in zip(names, specs, values, arrays, strict=True)
    ]


def _in_order(operation: str, name: str, spec: ArraySpec, value: Any, array: Any, orders: dict[str, Order]) -> Any:
    labels = labels_of(value)
    if len(labels) == 2 and len(spec.dims) == 1 and len(array) == 1:
        labels, array = labels[1:], array[0]
    if not len(labels) == len(spec.dims) == array.ndim:
        return array  # without labels, or refused for its shape
    for axis, (dim, own) in enumerate(zip(spec.dims, labels, strict=True)):
        if own is None:
            continue
        if isinstance(value, Mapping) and dim not in orders:
            problem = "gives its numbers by name, which no argument before it has; expected a sequence"
            raise InvalidInput(operation, name, problem)
        order = orders.setdefault(dim, Order(f"`{name}`", own))
        if len(own) != len(order.labels) or _same(own, order.labels):
            continue  # what does not fit in length is refused for its shape
        if (places := _places(own, order)) is not None:
            array = array.take(places, axis)
        elif isinstance(value, Mapping) or not (_is_numbering(own) or _is_numbering(order.labels)):
            raise _other_labels(operation, name, own, order)
        elif _is_numbering(order.labels):
            orders[dim] = Order(f"`{name}`", own)
    return array


def _places(own: Any, order: Order) -> list[int] | None:
    """Where in `own` each label of `order` stands; None unless both have the same ones, each once."""
    places = {label: place for place, label in enumerate(own)}
    same = len(places) == len(own) and places.keys() == set(order.labels)
    return [places[label] for label in order.labels] if same else None


def _same(first: Any, second: Any) -> bool:
    """Whether labels are equal, in order; an index of pandas knows how to tell that fast."""
    if first is second or (hasattr(first, "equals") and type(first) is type(second)):
        return first is second or bool(first.equals(second))
    return list(first) == list(second)


def _is_numbering(labels: Any) -> bool:
    """Whether they only count from 0, as labels do that were never given."""
    given = list(labels)
    if given == list(range(len(given))):
        return True
    return any(given == [name.format(i) for i in range(len(given))] for name in _DEFAULT_NAMES)


def merged(operation: str, argument: str, first: Order | None, second: Order | None) -> Order | None:
    """The order of two that are to be the same; what is not known, or only numbered, says nothing.

    Raises
    ------
    InvalidInput
        Naming the second, if they differ.
    """
    known = [order for order in (first, second) if order is not None and not _is_numbering(order.labels)]
    if len(known) == 2 and not _same(known[0].labels, known[1].labels):
        raise _other_labels(operation, argument, known[1].labels, known[0], "in that order")
    return known[0] if known else None


def _other_labels(operation: str, argument: str, own: Any, order: Order, wanted: str = "in any order") -> InvalidInput:
    problem = f"is labelled {_told(own)}, where {order.source} has {_told(order.labels)}"
    return InvalidInput(operation, argument, f"{problem}; expected the same labels {wanted}, or none")


def _told(labels: Any) -> str:
    more = ", ..." if len(labels) > _SHOWN else ""
    return f"[{', '.join(shown(label) for label in list(labels)[:_SHOWN])}{more}]"
