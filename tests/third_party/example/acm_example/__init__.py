"""The manifest: it names the module that holds the kernels and imports nothing heavy."""

from acm_dispatch import Backend

backend = Backend("example", modules=["acm_example.kernels"], version="1.0")
