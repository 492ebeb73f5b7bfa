"""Families of edits: hypothesis strategies, by what they change."""
