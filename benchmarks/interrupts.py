"""How soon Ctrl-C ends a long kernel, in a fresh process."""

from __future__ import annotations

from typing import Any

from .process import run_python

#: Seconds from the signal to the exception.
NEED_SECONDS = 0.2

_PROGRAM = """
import json, os, signal, threading, time
import numpy as np, acm_dispatch

x = np.random.default_rng(0).normal(size={shape})
call = lambda x: {call}
call(x[:2000])
sent = []

def interrupt():
    sent.append(time.perf_counter())
    os.kill(os.getpid(), signal.SIGINT)

threading.Timer(0.3, interrupt).start()
try:
    call(x)
    print(json.dumps({{"failed": "the call was over before the signal came"}}))
except KeyboardInterrupt:
    print(json.dumps({{"seconds": time.perf_counter() - sent[0]}}))
"""

#: Calls of many seconds: of many tiles, and of few long ones.
_LONG = {
    "silhouette_samples": ((150_000, 10), "acm_dispatch.silhouette_samples(x, np.arange(len(x)) % 4, backend='rust')"),
    "spearman": ((3_000_000, 8), "acm_dispatch.spearman(x, backend='rust')"),
}


def measure(threads: int) -> dict[str, Any]:
    """For each long call the seconds that Ctrl-C took, or what failed."""
    return {
        name: run_python("-c", _PROGRAM.format(shape=shape, call=call), threads=threads)
        for name, (shape, call) in _LONG.items()
    }
