"""A pytest-native safety test framework for clinical language models."""
