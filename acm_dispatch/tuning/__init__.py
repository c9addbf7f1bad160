"""Measuring runs that write profiles; it stands above the public API and no call passes through it."""
