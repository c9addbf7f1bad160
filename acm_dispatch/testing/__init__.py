"""The conformance kit: proves any backend against the contracts of all operations.

    pytest --pyargs acm_dispatch.testing --backend=mine

Nothing in it knows an operation or a backend by name: operations, their traps and mistakes come from the registry, so
a new operation or kernel is tested without a line of test code. Without ``--backend`` every usable backend is tested.
"""
