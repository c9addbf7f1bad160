"""Operations on recordings larger than memory, read in order; it stands above the public API."""
