"""The contract of an operation: shapes, arrays, options, samples; it knows no backend."""
