"""What the caller asks; it knows no kernel."""
