"""Which kernel runs a call; it runs nothing."""
