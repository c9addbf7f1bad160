"""Figures and pages of what was measured; it measures nothing."""
