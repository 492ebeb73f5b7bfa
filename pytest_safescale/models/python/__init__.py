"""The user's own application as a model."""
