"""What an operation means; it knows no backend."""
