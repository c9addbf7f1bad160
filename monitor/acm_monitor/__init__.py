"""Condition monitoring of a sensor recording: the job behind ``acm-monitor`` and ``acm-dispatch demo``.

Only the public API of `acm_dispatch` is used here, so this is also what an application looks like. A recording is
loaded or simulated, analysed through dispatched calls, and shown on the terminal and as an HTML report.
"""
