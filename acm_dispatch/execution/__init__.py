"""What surrounds a kernel; it decides nothing."""
