"""A run, free of pytest: from settings to cases, and from their records to a conclusion."""
