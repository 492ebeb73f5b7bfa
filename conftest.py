"""Marks the root of the tests; the plugin itself comes in by its entry point, as for every user."""
