"""Registers every operation that the compiled library has a function for."""

from acm_rs import _core, backend

# Public names of the library that are not operations.
_NOT_OPERATIONS = {"isa"}

# Kernels that detect NaN and infinity themselves, in the pass that computes.
_CHECKS_FINITE = {"pairwise_distances_argmin", "pairwise_distances_argmin_min", "silhouette_samples"}

for _name in sorted(set(_core.__all__) - _NOT_OPERATIONS):
    backend.kernel(_name, checks_finite=_name in _CHECKS_FINITE)(getattr(_core, _name))
