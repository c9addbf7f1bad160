"""Loaded by every pytest run on the machine, so it does nothing unless the conformance kit is asked for."""

from __future__ import annotations


def pytest_load_initial_conftests(early_config, parser, args):
    """Bring in the kit's options and test generation for ``pytest --pyargs acm_dispatch.testing``."""
    if any("acm_dispatch.testing" in str(argument) for argument in args):
        early_config.pluginmanager.import_plugin("acm_dispatch.testing.plugin")
