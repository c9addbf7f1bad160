"""Results at every scale: calls with inputs times 2**k, held to the powers of that factor that are declared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from ..backends.backend import Accuracy
from ..contract.declaration import TOLERANCE
from ..contract.scaling import Scaling
from ..errors import InvalidInput
from ..execution.composition import Composition
from ..execution.dispatch import Operation
from .cases import Arguments, fault, in_dtype, sample
from .checks import as_tuple, assert_equivalent, expected
from .judging import reference_of

Subject = Operation | Composition

#: How many scales the typical sample is tried at; the named ones, at the ends and half-way to them.
_MANY, _FEW = 11, 5


def homogeneous_samples(subject: Subject, dtype: str) -> list[str]:
    """The names of the samples that hold anything to scale, and whose numbers that dtype can hold."""
    names = ["typical", *subject.samples.cases] if subject.homogeneous else []
    sound = (name for name in names if fault(subject, name) is None)
    return [name for name in sound if _is_for(sample(subject, name), subject.homogeneous, dtype)]


def _is_for(arguments: Arguments, rules: tuple[Scaling, ...], dtype: str) -> bool:
    pairs = [(array, in_dtype({"": array}, dtype)[""]) for rule in rules for array in _arrays(arguments, rule)]
    fits = all((np.isfinite(a) == np.isfinite(b)).all() and ((a == 0) == (b == 0)).all() for a, b in pairs)
    return fits and any(can_scale(arguments, rule) for rule in rules)


def can_scale(arguments: Arguments, rule: Scaling) -> bool:
    return any(np.isfinite(array[array != 0]).any() for array in _arrays(arguments, rule))


def _arrays(arguments: Arguments, rule: Scaling) -> Iterator[np.ndarray[Any, Any]]:
    for name in rule.arguments:
        value = _part(arguments, name)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            yield value


def _part(arguments: Arguments, name: str) -> Any:
    whole, _, part = name.partition(".")
    value = arguments.get(whole)
    return getattr(value, part) if part else value


def assert_homogeneous(
    subject: Subject,
    sample_name: str,
    dtype: str,
    call: Callable[[Arguments], Any],
    accuracy: Accuracy = "tolerance",
) -> None:
    """`call` gives, at every scale, what the reference gives for the sample as it is."""
    wanted = expected(subject, sample_name, dtype)
    assert not isinstance(wanted, InvalidInput), f"a sample that is refused: {wanted}"
    arguments = in_dtype(sample(subject, sample_name), dtype)
    compare = partial(assert_equivalent, dtype=dtype, accuracy=accuracy)
    for rule in (rule for rule in subject.homogeneous if can_scale(arguments, rule)):
        low, high = scales(rule, arguments, wanted, dtype, reference_of(subject))
        count = _MANY if sample_name == "typical" else _FEW
        for exponent in sorted({0, *np.linspace(low, high, count).astype(int).tolist()}):
            assert_scaled(subject, rule, exponent, arguments, wanted, call, compare)


def assert_scaled(
    subject: Subject,
    rule: Scaling,
    exponent: int,
    arguments: Arguments,
    wanted: tuple[Any, ...],
    call: Callable[[Arguments], Any],
    compare: Callable[..., None],
) -> None:
    """`call`, with what `rule` names times 2**exponent, gives what is wanted of the arguments as they are."""
    try:
        results = as_tuple(call(_scaled(arguments, rule, exponent)))
        unscaled = tuple(map(_unscaled, results, wanted, (degree * exponent for degree in rule.degrees)))
        compare(subject, arguments, unscaled, wanted)
    except Exception as error:
        error.add_note(f"{', '.join(rule.arguments)} times 2**{exponent} (about {_decimal(exponent)})")
        raise


def _decimal(exponent: int) -> str:
    return f"1e{round(exponent * np.log10(2)):+}"


def scales(
    rule: Scaling,
    arguments: Arguments,
    wanted: tuple[Any, ...],
    dtype: str,
    reference: Callable[..., Any],
) -> tuple[int, int]:
    """The least and the largest k such that 2**k leaves all inputs normal numbers, and all results that count."""
    assert len(rule.degrees) == len(wanted), f"{len(rule.degrees)} degrees for {len(wanted)} results"
    limits = [_limits(array, 1, 0.0) for array in _arrays(arguments, rule)]
    _, atol = TOLERANCE[dtype]
    limits += [_limits(np.asarray(part), degree, atol) for part, degree in zip(wanted, rule.degrees, strict=True)]
    if rule.while_sums_fit:
        sums = as_tuple(reference(**{name: _magnitudes(value) for name, value in arguments.items()}))
        limits += [(-np.inf, _limits(part, degree, atol)[1]) for part, degree in zip(sums, rule.degrees, strict=True)]
    low, high = (int(bound) for bound in (max(low for low, _ in limits), min(high for _, high in limits)))
    if _overflowed(arguments, wanted):  # as smaller numbers they might not
        low = 0
    return min(low, 0), max(high, 0)


def _magnitudes(value: Any) -> Any:
    """Magnitudes of real numbers, 0 for what is not finite: next to infinity, terms must not overflow either."""
    if hasattr(value, "indptr"):
        return type(value)((_magnitudes(value.data), value.indices, value.indptr), shape=value.shape)
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return np.where(np.isfinite(value), np.abs(value), 0.0).astype(value.dtype)
    return value


def _overflowed(arguments: Arguments, wanted: tuple[Any, ...]) -> bool:
    finite = all(np.isfinite(value).all() for value in arguments.values() if isinstance(value, np.ndarray))
    return finite and any(np.isinf(part).any() for part in wanted)


def _limits(array: np.ndarray[Any, Any], degree: int, least: float) -> tuple[float, float]:
    """By which powers of 2**degree numbers can be multiplied and stay finite, and those beyond `least` normal."""
    if degree == 0:
        return -np.inf, np.inf
    sizes = np.abs(array[np.isfinite(array) & (array != 0)])
    if sizes.size == 0:
        return -np.inf, np.inf
    info = np.finfo(array.dtype)
    counted = sizes[sizes > least]
    shrunk = info.minexp + 1 - int(np.frexp(counted.min())[1]) if counted.size else -np.inf
    # What is within rounding of the largest number may round beyond it.
    bounds = shrunk / degree, (info.maxexp - int(np.frexp(1.001 * sizes.max())[1])) / degree
    return np.ceil(min(bounds)), np.floor(max(bounds))


def _scaled(arguments: Arguments, rule: Scaling, exponent: int) -> Arguments:
    scaled = dict(arguments)
    for name in rule.arguments:
        whole, _, part = name.partition(".")
        value = _part(scaled, name)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            times = np.ldexp(value, exponent)
            scaled[whole] = scaled[whole]._replace(**{part: times}) if part else times
    return scaled


def _unscaled(result: Any, wanted: Any, exponent: int) -> Any:
    """The result divided by 2**exponent, of the type and dtype that it has.

    Where infinity is wanted, other terms may have overflowed as well: NaN is then as right.
    """
    if exponent == 0:
        return result
    with np.errstate(all="ignore"):
        wide = np.ldexp(np.asarray(result, dtype=np.float64), -exponent)
        if wide.shape == np.shape(wanted):
            wide = np.where(np.isinf(wanted) & ~np.isfinite(wide), wanted, wide)
    return wide.astype(result.dtype) if isinstance(result, np.ndarray) else type(result)(wide)
