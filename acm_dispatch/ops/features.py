"""The features that a model was made from: their names, where the data had any, and how many they were."""

from __future__ import annotations

from typing import Any

from ..contract.labels import Order, labels_of, merged
from ..contract.sources import opened
from ..errors import InvalidInput


def feature_names(x: Any) -> tuple[Any, ...] | None:
    """The names of the columns of `x`, in order; None where they have none, or are only numbered."""
    labels = labels_of(opened("feature_names", "x", x))
    if len(labels) != 2 or labels[-1] is None:
        return None
    order = merged("feature_names", "x", Order("`x`", labels[-1]), None)
    return None if order is None else tuple(order.labels)


def require_features(operation: str, argument: str, x: Any, names: Any) -> None:
    """`InvalidInput` where the columns of `x` have other names than a model knew, or these in another order.

    Where either has no names, columns count by position.
    """
    found = feature_names(x)
    if found is not None and names is not None and len(found) == len(names):
        merged(operation, argument, Order("`x`", found), Order("the model", names))


def require_width(operation: str, argument: str, width: int, expected: int | None) -> None:
    """`InvalidInput` where a model was made of another number of columns."""
    if expected is not None and expected != width:
        raise InvalidInput(operation, argument, f"was made from {expected} columns; `x` has {width}")
