"""Peak memory of one call above its inputs, in a process of its own (Linux keeps the peak and lets it be reset)."""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np

import acm_dispatch

from .case import Case
from .cases import MEMORY_CASES
from .measure import OURS, ours
from .peers import peers_of
from .process import pin, run_python, without_paths

#: Beyond its result a call of ours may take this share of inputs and result, and so many megabytes a thread.
ALLOWED_SHARE, ALLOWED_TILES_MB = 0.1, 4.0

#: Of which the peers' dense matrices take 10 GB and a minute.
_WITHOUT_PEERS = {"sparse_correlation"}


def available() -> bool:
    """Whether the peak can be measured on this system."""
    return sys.platform == "linux"


def measure(case: Case, threads: int, backend: str | None) -> dict[str, Any]:
    """Peaks in MB: ours and every installed peer's, each in a fresh process."""
    peers = [] if case.operation in _WITHOUT_PEERS else peers_of(case)[0]
    names = [OURS, *(peer.name for peer in peers)]
    asked = ["--threads", str(threads), *(["--backend", backend] if backend else [])]
    runs = {name: run_python("-m", __name__, case.id, name, *asked, threads=threads) for name in names}
    inputs, result = (runs[OURS].get(name, 0.0) for name in ("inputs_mb", "result_mb"))
    allowed = result + ALLOWED_SHARE * (inputs + result) + ALLOWED_TILES_MB * threads
    return {"case": case.id, "runs": runs, "full_mb": _full_megabytes(case), "allowed_mb": allowed}


def _full_megabytes(case: Case) -> float:
    """The n x n (n x m) matrix of distances, or the data itself."""
    rows, others = (case.size[0],) * 2 if case.operation == "silhouette_score" else case.size[:2]
    return rows * others * np.dtype(case.dtype).itemsize / 1e6


def peak_above_inputs(call: Callable[[], Any]) -> tuple[float, Any]:
    """Megabytes that `call` adds to what is resident before it, at the most, and its result."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    result = call()
    return (_status("VmHWM") - before) / 1e6, result


def _status(entry: str) -> float:
    """Bytes of an entry of this process's status, which counts in 1024."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * float(next(line.split()[1] for line in lines if line.startswith(entry + ":")))


def bytes_of(result: Any) -> int:
    """Of the arrays that a result (an array, a tuple, a CSR matrix) is made of."""
    if hasattr(result, "indptr"):
        result = result.data, result.indices, result.indptr
    parts = result if isinstance(result, tuple) else (result,)
    return sum(int(getattr(part, "nbytes", 0)) for part in parts)


def _run(case: Case, name: str) -> dict[str, Any]:
    candidate = ours(case) if name == OURS else next(peer for peer in peers_of(case)[0] if peer.name == name)
    small = candidate.start(*case.small().draw())
    small()  # imports, compiles, starts threads
    drawn = case.draw()
    call = candidate.start(*drawn)
    peak, result = peak_above_inputs(call)
    sizes = {"inputs_mb": bytes_of(drawn) / 1e6, "result_mb": bytes_of(candidate.finish(result)) / 1e6}
    return {"peak_mb": peak, **sizes}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("case")
    parser.add_argument("candidate")
    parser.add_argument("--backend")
    parser.add_argument("--threads", type=int, required=True)
    asked = parser.parse_args()
    pin(asked.threads)
    case = next(case for case in MEMORY_CASES if case.id == asked.case)
    with acm_dispatch.use(asked.backend, strict=True) if asked.backend else nullcontext():
        try:
            print(json.dumps(_run(case, asked.candidate)))
        except Exception as error:  # a line in the report
            print(json.dumps({"failed": without_paths(f"{type(error).__name__}: {error}")}))


if __name__ == "__main__":
    main()
