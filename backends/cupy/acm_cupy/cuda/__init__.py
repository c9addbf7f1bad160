"""CUDA C++ kernels, compiled by CuPy where they first run, and what launches them.

A family's text is `<family>.cu` after the headers that it shares (`HEADERS`), and its launchers are in `<family>.py`.
They stand before the array code of the same operation, which runs what they decline and is what they are held to.
"""
