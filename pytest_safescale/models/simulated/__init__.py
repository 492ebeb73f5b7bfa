"""Models with known rates: for planning, and for testing what is estimated."""
