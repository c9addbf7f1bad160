"""The caller's settings, layer over layer; it knows no kernel."""
