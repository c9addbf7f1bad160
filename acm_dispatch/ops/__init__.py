"""The operations, one module a family, or two where one would be long; none knows which kernel runs it."""
