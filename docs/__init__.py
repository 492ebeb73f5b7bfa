"""The documentation, and the scripts that build its site, its pictures and its live report."""
