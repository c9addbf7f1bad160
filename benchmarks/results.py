"""From the times of a case to what can be said of it: medians, paired ratios, needs met or missed."""

from __future__ import annotations

import statistics
from typing import Any

from .case import OWN_FLOAT64, Case
from .measure import OURS, OURS_IN_FLOAT64

#: Interquartile range in units of the median from which on a row is marked noisy.
NOISY_SPREAD = 0.3

_PEERS_SHOWN_AS_BEST = ("exact", "loses digits", "inexact")


def quartiles(values: list[float]) -> tuple[float, float, float]:
    """First quartile, median, third quartile."""
    if len(values) < 2:
        return values[0], values[0], values[0]
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def summarise(case: Case, raw: dict[str, Any]) -> dict[str, Any]:
    """One row of the report, its peers included; ``failed`` says why there is nothing to compare."""
    row: dict[str, Any] = {
        "id": case.id,
        "operation": case.key,
        "size": case.label,
        "dtype": case.dtype,
        "data": case.data,
        "floor_ms": case.floor_ms,
        "failed": raw.get("failed", ""),
        "backend": raw.get("backend"),
        "load_average": raw.get("load_average"),
        "absent": raw.get("absent", []),
        "peers": [],
        "needs": [],
    }
    candidates = raw.get("candidates", [])
    own = next((c for c in candidates if c["package"] == OURS), {"failed": row["failed"], "times": {}})
    row["failed"] = row["failed"] or own["failed"]
    row["peers"] = [_against(own, c) for c in candidates if c["package"] not in (OURS, OURS_IN_FLOAT64)]
    row["wide"] = next((_against(own, c) for c in candidates if c["package"] == OURS_IN_FLOAT64), None)
    if row["failed"]:
        row["needs"] = [{"against": name, "least": least, "state": "FAILED"} for name, least in case.need.items()]
        return row
    row.update(_own_numbers(case, own))
    measured = [p for p in row["peers"] if p.get("ms") is not None and p["accuracy"] in _PEERS_SHOWN_AS_BEST]
    row["best"] = min(measured, key=lambda peer: peer["ms"], default=None)
    row["needs"] = [_need(name, least, row, measured) for name, least in case.need.items()]
    row["noisy"] = row["spread"] > NOISY_SPREAD or bool(row["best"] and row["best"]["spread"] > NOISY_SPREAD)
    return row


def _own_numbers(case: Case, own: dict[str, Any]) -> dict[str, Any]:
    low, middle, high = quartiles(list(own["times"].values()))
    floor = middle * 1e3 / case.floor_ms if case.floor_ms else None
    return {
        "ms": middle * 1e3,
        "spread": (high - low) / middle,
        "times_floor": floor,
        "first_ms": own["first_seconds"] * 1e3,
        "accuracy": own["accuracy"],
        "deviation": own["deviation"],
        "samples": len(own["times"]),
    }


def _against(own: dict[str, Any], peer: dict[str, Any]) -> dict[str, Any]:
    """A peer's median and the median of its ratios to ours, round by round, with quartiles."""
    known = {name: peer[name] for name in ("name", "package", "accuracy", "deviation", "failed")}
    if peer["failed"] or not peer["times"]:
        return known
    low, middle, high = quartiles(list(peer["times"].values()))
    known |= {"ms": middle * 1e3, "spread": (high - low) / middle, "first_ms": peer["first_seconds"] * 1e3}
    known["samples"] = len(peer["times"])
    if ratios := [time / own["times"][number] for number, time in peer["times"].items() if number in own["times"]]:
        known["ratio"] = list(quartiles(ratios))
    return known


def _need(name: str, least: float, row: dict[str, Any], measured: list[dict[str, Any]]) -> dict[str, Any]:
    """Whether the ratio to the best peer (of a package) reaches `least`."""
    rivals = _rivals(name, row, measured)
    rival = min(rivals, key=lambda peer: peer["ms"], default=None)
    need: dict[str, Any] = {"against": name, "least": least, "ratio": rival["ratio"][1] if rival else None}
    if rival is None:
        return need | {"state": "not measured"}
    return need | {"state": "met" if need["ratio"] >= least and row["accuracy"] == "exact" else "MISSED"}


def _rivals(name: str, row: dict[str, Any], measured: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Which candidates a need is about."""
    if name == OWN_FLOAT64:
        return [row["wide"]] if row["wide"] and "ratio" in row["wide"] else []
    if name == "exact":
        return [peer for peer in measured if peer["accuracy"] == "exact"]
    return measured if name == "best" else [peer for peer in measured if name in (peer["package"], peer["name"])]


def state_of(row: dict[str, Any]) -> str:
    """The worst of the row's needs: "FAILED" (no times), "MISSED", "not measured" (no such peer), "met", or ""."""
    states = {need["state"] for need in row["needs"]}
    if row["failed"]:
        return "FAILED"
    return next((state for state in ("MISSED", "not measured", "met") if state in states), "")
