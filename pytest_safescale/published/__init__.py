"""The paper's result files, and the figures by its released definitions."""
