"""Registers every operation that the compiled library has a function for."""

from acm_rs import _core, backend

# Public names of the library that are not operations.
_NOT_OPERATIONS = {"isa"}

for _name in sorted(set(_core.__all__) - _NOT_OPERATIONS):
    # Where a contract forbids NaN and infinity, the kernel finds them in the pass that computes.
    backend.kernel(_name, checks_finite=True)(getattr(_core, _name))
