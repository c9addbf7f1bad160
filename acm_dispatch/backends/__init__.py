"""Who can compute; it knows no policy."""
