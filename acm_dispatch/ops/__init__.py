"""The operations, one module a family: contract, samples, reference; none knows which kernel runs it."""
