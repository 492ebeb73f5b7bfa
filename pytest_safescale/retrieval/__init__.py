"""A corpus in chunks, ranked for a query."""
