"""Backends, their kernels and where they are registered; it knows no policy."""
