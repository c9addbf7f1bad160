"""Fast NumPy kernels, loaded like any backend's, and array code that CuPy's share; no reference uses them."""
