"""Our kernels through the dispatcher against what users would pick instead: ``python -m benchmarks``."""
